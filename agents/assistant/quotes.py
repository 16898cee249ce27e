"""From found clauses to claims: which of their sentences to show, word for word."""

from collections.abc import Sequence

from agents.assistant.context import Ask
from agents.assistant.messages import message
from core.languages import Language
from core.records import CONTAINERS, Citation, Claim, Clause, Level, RedactionStatus
from knowledge_base.citations import cite, locate
from knowledge_base.clauses.labels import act_name, label
from knowledge_base.search.analysis import terms
from knowledge_base.search.query import Query
from knowledge_base.sentences import Sentence, sentences

WHOLE_CLAUSE_CHARS = 700
"""A clause up to this long is quoted whole."""

MAX_QUOTE_CHARS = 6000
MAX_SENTENCES = 4
MAX_PARTS = 20


def quote_claims(ask: Ask, clauses: Sequence[Clause], must_hold: str = "", whole: bool = False) -> tuple[Claim, ...]:
    """Return one claim for each clause. `must_hold`: words the quote should contain; `whole`: quote all of it."""
    claims = []
    for clause in clauses:
        texts = [clause.text] if whole else _chosen(ask, clause, must_hold)
        citations = tuple(c for text in texts if (c := _cite(ask, clause, text[:MAX_QUOTE_CHARS])))
        if citations:
            claims.append(Claim(" … ".join(c.quote for c in citations), citations))
    return tuple(claims)


def _cite(ask: Ask, clause: Clause, text: str) -> Citation | None:
    norms = ask.knowledge.norms
    return cite(text, clause, norms.act(clause.act_id), norms.redaction(clause.redaction_id), label(clause, ask.spoken))


def cite_whole(ask: Ask, clause: Clause) -> Citation | None:
    """Return a citation of a clause as the nearest thing found, its first sentences only."""
    return _cite(ask, clause, clause.text[:WHOLE_CLAUSE_CHARS])


def _chosen(ask: Ask, clause: Clause, must_hold: str) -> list[str]:
    """Return the spans of a clause to show: all of a short one, else its lead and the sentences that answer."""
    if len(clause.text) <= WHOLE_CLAUSE_CHARS:
        return [clause.text]
    pieces = list(sentences(clause.text))
    if must_hold and (span := locate(must_hold, clause.text)):
        held = [s for s in pieces if s.start < span[1] and s.end > span[0]]
        return _joined(clause.text, [pieces[0], *held])
    query = ask.query or ask.knowledge.builder.build(ask.question, ask.spoken)
    ranked = sorted(pieces[1:], key=lambda s: -sentence_score(query, s.text, clause.language))
    best = [pieces[0], *ranked[: MAX_SENTENCES - 1]]
    return _joined(clause.text, best)


def sentence_score(query: Query, text: str, language: Language) -> float:
    """Return how much of the question a sentence says, with a little for holding numbers."""
    present = dict.fromkeys(terms(text, language), 1.0)
    return query.coverage(language, present) + 0.05 * any(c.isdigit() for c in text)


def _joined(text: str, chosen: Sequence[Sentence]) -> list[str]:
    """Return the chosen sentences in order, neighbours as one span."""
    spans: list[list[int]] = []
    for sentence in sorted({(s.start, s.end) for s in chosen}):
        if spans and not text[spans[-1][1] : sentence[0]].strip():
            spans[-1][1] = sentence[1]
        else:
            spans.append([*sentence])
    return [text[a:b] for a, b in spans]


def expand(ask: Ask, clause: Clause) -> list[Clause]:
    """Return the clause, or for one that only holds others (an article with parts) itself and those under it."""
    own = ask.knowledge.norms.children(clause.id)
    if clause.level not in CONTAINERS and clause.level is not Level.ARTICLE:
        return [clause]
    inner = [c for c in own if not (c.text and c.text in clause.text)]
    return [clause, *inner[:MAX_PARTS]]


def warnings_for(ask: Ask, claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return what a reader of the quotes must know: lapsed acts, another language, another country's norm."""
    norms = ask.knowledge.norms
    found: dict[str, None] = dict.fromkeys(ask.warnings)
    for citation in (c for claim in claims for c in claim.citations):
        act, redaction = norms.act(citation.act_id), norms.redaction(citation.redaction_id)
        if not redaction.in_force_on(ask.as_of) and redaction.status is not RedactionStatus.UNKNOWN:
            since = {"ru": " с {}", "kk": " ({} бастап)", "en": " since {}"}[ask.spoken]
            by = {"ru": " (заменён: {})", "kk": " (ауыстырған: {})", "en": " (replaced by {})"}[ask.spoken]
            text = message(
                "warning.lapsed",
                ask.spoken,
                act=act_name(act, ask.spoken),
                since=since.format(redaction.valid_to.strftime("%d.%m.%Y")) if redaction.valid_to else "",
                by=by.format(redaction.replaced_by) if redaction.replaced_by else "",
            )
            found[text] = None
        if act.jurisdiction != ask.knowledge.home:
            text = message(
                "warning.other_jurisdiction", ask.spoken, act=act_name(act, ask.spoken), jurisdiction=act.jurisdiction
            )
            found[text] = None
    if any(c.language is not ask.spoken for claim in claims for c in claim.citations):
        found[message("warning.other_language", ask.spoken)] = None
    return tuple(found)


__all__ = ["cite_whole", "expand", "quote_claims", "sentence_score", "warnings_for"]
