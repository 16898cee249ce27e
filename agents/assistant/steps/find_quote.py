"""Finds the clause that a quoted text comes from."""

from dataclasses import replace

from agents.assistant.context import Abstained, Answered, Ask
from agents.assistant.intents import Intent
from agents.assistant.language import language_of
from agents.assistant.messages import message
from agents.assistant.quotes import quote_claims, warnings_for
from core.records import Abstention, Clause
from knowledge_base.citations import fold_text
from knowledge_base.search.quoting import Match, matches, parts

READ = 40
"""Clauses read for a quote."""

BARE_NEAR = 0.93
"""Least similarity of a question without quotation marks that repeats a norm's words."""


def find_quote(ask: Ask) -> Ask:
    """Answer with the clause that holds the quoted words; abstain where none does but one was quoted."""
    if ask.intent is not Intent.FIND_CLAUSE:
        return ask
    wanted = ask.quote or _without_frame(ask.question)
    found = _clauses_like(ask, wanted)
    best = matches(wanted, found)
    if best and (ask.quote is not None or best[0].similarity >= BARE_NEAR):
        return _answer(ask, wanted, best)
    if ask.quote is not None:
        raise Abstained(Abstention.NO_SOURCE, message("no_source.quote_not_found", ask.spoken), found[:2])
    return ask


def _clauses_like(ask: Ask, wanted: str) -> list[Clause]:
    assert ask.scope is not None
    language = language_of(wanted) or ask.spoken
    query = ask.knowledge.builder.build(wanted, language)
    hits = ask.knowledge.search.find(query, ask.scope, READ)
    return [h.clause for h in hits]


def _without_frame(question: str) -> str:
    """Return the question up to the dash or colon that sets its framing words apart."""
    pieces = [
        p for p in question.replace(" - ", "\n").replace(" – ", "\n").replace(" — ", "\n").split("\n") if p.strip()
    ]
    return max(pieces, key=len) if pieces else question


def _answer(ask: Ask, wanted: str, best: list[Match]) -> Ask:
    same = [m for m in best if m.similarity >= best[0].similarity - 0.005][:2]
    longest = max(parts(wanted) or [wanted], key=len)
    chosen: list[Clause] = []
    for match in same:
        if not any(fold_text(c.text) == fold_text(match.clause.text) for c in chosen):
            chosen.append(match.clause)
    claims = quote_claims(ask, chosen, must_hold=longest)
    raise Answered(replace(ask, claims=claims, warnings=warnings_for(ask, claims)))
