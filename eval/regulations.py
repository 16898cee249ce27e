"""`qorgan eval regulations`: loads a set's acts, asks its questions, measures search and answers beside baselines."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from agents.assistant.assistant import QuoteAssistant
from agents.assistant.ranking import ranked
from core.errors import InvalidInput
from core.languages import Language
from core.records import Act, Answer, Clause
from core.settings import Settings
from eval.loaded_acts import Loaded, Say, loaded_acts
from eval.metrics import Measure, mean, ndcg, reciprocal_rank
from eval.questions import Question, facts_said, folded, is_also_ok, read_questions, right_ranks
from knowledge_base.search.ranking import Weights
from knowledge_base.search.search import ArmWeights, ClauseSearch, Scope

DEPTH = 10
LEXICAL_ONLY = (ArmWeights(1.0, 0.0, 0.0, 0.0), Weights(0.0, 0.0, 0.0, 1.0, 0.0))
DENSE_ONLY = (ArmWeights(0.0, 1.0, 0.0, 1.0), Weights(0.0, 0.0, 1.0, 0.0, 0.0))


@dataclass(frozen=True)
class Case:
    """What came of one question."""

    question: Question
    ranks: tuple[int, ...]
    lexical_ranks: tuple[int, ...]
    dense_ranks: tuple[int, ...]
    answer: Answer
    seconds: float
    facts: float
    citations_right: tuple[bool, ...]
    quotes_verified: tuple[bool, ...]
    foreign: bool

    @property
    def answered(self) -> bool:
        """Whether an answer was shown."""
        return self.answer.status == "answered"


def run(data: Path, settings: Settings, out: Path | None = None, say: Say = lambda _: None) -> dict[str, object]:
    """Measure a set and return the result that is also written to `out`.

    Raises InvalidInput when the folder is not in the format of `docs/eval-formats.md`.
    """
    if not (data / "questions.jsonl").exists() or not (data / "acts").is_dir():
        raise InvalidInput(f"{data} has no acts/ and questions.jsonl", advice="see docs/eval-formats.md for the format")
    questions = read_questions(data / "questions.jsonl")
    with loaded_acts(data, settings, say) as loaded:
        say(f"asking {len(questions)} questions")
        cases = measure(questions, loaded, settings)
        metrics = summarise(cases, loaded)
        result: dict[str, object] = {
            "task": "regulations",
            "metrics": {name: round(m.value, 4) for name, m in metrics.items()},
            "intervals": {name: m.as_json() for name, m in metrics.items()},
            "by_kind": by_kind(cases),
            "versions": dict(loaded.knowledge.versions),
            "acts": {name: {"share_in_clauses": r.get("share_in_clauses")} for name, r in loaded.reports.items()},
            "failures": loaded.failures,
            "cases": [_case_json(c, loaded) for c in cases],
        }
    if out is not None:
        out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return result


def measure(questions: Sequence[Question], loaded: Loaded, settings: Settings) -> list[Case]:
    """Ask every question: full search, both single arms, and the answer, timed."""
    today = datetime.now(UTC).date()
    assistant = QuoteAssistant(
        lambda: loaded.knowledge, max_chars=settings.search.max_question_chars, today=lambda: today
    )
    acts = {a.id: a for a in loaded.store.acts()}
    assistant.answer(questions[0].text)  # models are loaded at the first question; that is not an answer's time
    return [_case(q, loaded, acts, assistant, today) for q in questions]


def _case(question: Question, loaded: Loaded, acts: dict[str, Act], assistant: QuoteAssistant, today: object) -> Case:
    started = time.perf_counter()
    answer = assistant.answer(question.text)
    seconds = time.perf_counter() - started
    citations = [c for claim in answer.claims for c in claim.citations]
    cited = loaded.store.clauses_by_id([c.clause_id for c in citations])
    shown = [cited[c.clause_id] for c in citations]
    texts = [f"{c.quote} {c.clause_label} {c.act_number} {c.act_title}" for c in citations]
    return Case(
        question=question,
        ranks=_ranks(question, ranked(question.text, loaded.knowledge, DEPTH), loaded, acts),
        lexical_ranks=_ranks(question, _single(question, loaded, *LEXICAL_ONLY), loaded, acts),
        dense_ranks=_ranks(question, _single(question, loaded, *DENSE_ONLY), loaded, acts),
        answer=answer,
        seconds=seconds,
        facts=facts_said(question, texts) if question.facts else 0.0,
        citations_right=tuple(_is_right(question, clause, loaded, acts) for clause in shown),
        quotes_verified=tuple(cited[c.clause_id].text[c.start : c.end] == c.quote for c in citations),
        foreign=any(acts[c.act_id].jurisdiction != loaded.knowledge.home for c in citations),
    )


def _single(question: Question, loaded: Loaded, arms: ArmWeights, weights: Weights) -> list[Clause]:
    """Return what one arm alone finds: the baseline."""
    full = loaded.base.search
    single = ClauseSearch(full.index, full.embedder, full.source, full.builder, full.lexicons, weights, arms)
    query = loaded.base.builder.build(question.text, question.language)
    scope = Scope(datetime.now(UTC).date(), jurisdictions=frozenset({loaded.knowledge.home}))
    return [f.clause for f in single.find(query, scope, DEPTH)]


def _is_right(question: Question, clause: Clause, loaded: Loaded, acts: Mapping[str, Act]) -> bool:
    return bool(_ranks(question, [clause], loaded, acts)) or is_also_ok(question, clause, acts)


def _ranks(question: Question, clauses: Sequence[Clause], loaded: Loaded, acts: Mapping[str, Act]) -> tuple[int, ...]:
    stored = loaded.store.clauses_by_id([c.twin_id for c in clauses if c.twin_id])
    twins = {c.id: stored[c.twin_id] for c in clauses if c.twin_id in stored}
    return tuple(right_ranks(question, clauses, acts, twins))


def summarise(cases: Sequence[Case], loaded: Loaded) -> dict[str, Measure]:
    """Return the metrics by name."""
    asked = [c for c in cases if c.question.answerable]
    traps = [c for c in cases if not c.question.answerable]
    same = [c for c in asked if not c.question.cross]
    cross = [c for c in asked if c.question.cross]
    answered = [c for c in asked if c.answered]
    russian = [c for c in same if c.question.language is Language.RU]
    kazakh = [c for c in same if c.question.language is Language.KK]
    metrics: dict[str, Measure] = {}
    for k in (1, 5, 10):
        metrics[f"recall_at_{k}_same"] = _recall(same, k)
    metrics["mrr_same"] = mean([reciprocal_rank(c.ranks) for c in same])
    metrics["ndcg_at_10_same"] = mean([ndcg(c.ranks, len(c.question.gold)) for c in same])
    metrics["recall_at_5_cross"] = _recall(cross, 5)
    metrics["mrr_cross"] = mean([reciprocal_rank(c.ranks) for c in cross])
    for language, own in (("ru", russian), ("kk", kazakh)):
        searched = [c for c in own if c.question.kind not in ("quote_clause", "quote_to_clause")]
        metrics[f"recall_at_5_{language}"] = _recall(own, 5)
        metrics[f"recall_at_5_bm25_only_{language}"] = _recall(own, 5, "lexical_ranks")
        metrics[f"recall_at_5_dense_only_{language}"] = _recall(own, 5, "dense_ranks")
        metrics[f"recall_at_5_{language}_by_search"] = _recall(searched, 5)
        metrics[f"recall_at_5_bm25_only_{language}_by_search"] = _recall(searched, 5, "lexical_ranks")
        metrics[f"recall_at_5_dense_only_{language}_by_search"] = _recall(searched, 5, "dense_ranks")
    metrics["recall_at_5_dense_only_cross"] = _recall(cross, 5, "dense_ranks")
    metrics["facts_present"] = mean([c.facts for c in asked if c.question.facts])
    metrics["abstain_recall"] = mean([float(not c.answered) for c in traps])
    metrics["abstain_precision"] = mean([float(not c.question.answerable) for c in cases if not c.answered])
    metrics["false_abstain"] = mean([float(not c.answered) for c in asked])
    metrics["quotes_verified"] = mean([float(v) for c in cases for v in c.quotes_verified])
    metrics["citation_precision"] = mean([float(r) for c in answered for r in c.citations_right])
    metrics["answers_with_right_citation"] = mean([float(any(c.citations_right)) for c in answered])
    metrics["wrong_jurisdiction_rate"] = mean([float(c.foreign) for c in cases if c.answered])
    metrics["verbatim_exact"] = mean([float(_verbatim(c)) for c in asked if c.question.kind == "quote_clause"])
    metrics["quote_to_clause"] = mean(
        [float(bool(c.citations_right) and c.citations_right[0]) for c in asked if c.question.kind == "quote_to_clause"]
    )
    seconds = sorted(c.seconds for c in cases)
    metrics["answer_p50_ms"] = _single_figure(1000 * float(np.percentile(seconds, 50)), len(seconds))
    metrics["answer_p95_ms"] = _single_figure(1000 * float(np.percentile(seconds, 95)), len(seconds))
    shares = [
        float(str(r["share_in_clauses"])) for r in loaded.reports.values() if r.get("share_in_clauses") is not None
    ]
    metrics["share_of_source_in_clauses"] = mean(shares)
    return metrics


def _recall(cases: Sequence[Case], k: int, which: str = "ranks") -> Measure:
    found = [sum(r <= k for r in getattr(c, which)) / len(c.question.gold) for c in cases if c.question.gold]
    return mean(found)


def _single_figure(value: float, n: int) -> Measure:
    return Measure(value, n, value, value)


def _verbatim(case: Case) -> bool:
    quotes = folded(" ".join(c.quote for claim in case.answer.claims[:1] for c in claim.citations))
    all_quotes = folded(" ".join(c.quote for claim in case.answer.claims for c in claim.citations))
    return any(folded(g.quote) in quotes or folded(g.quote) in all_quotes for g in case.question.gold)


def by_kind(cases: Sequence[Case]) -> Mapping[str, Mapping[str, float | int]]:
    """Return, for each kind of question, how many there are, recall@5 and the share answered."""
    table: dict[str, dict[str, float | int]] = {}
    for kind in sorted({c.question.kind for c in cases}):
        own = [c for c in cases if c.question.kind == kind]
        row: dict[str, float | int] = {
            "n": len(own),
            "answered": round(mean([float(c.answered) for c in own]).value, 3),
        }
        if own[0].question.answerable:
            row["recall_at_5"] = round(_recall(own, 5).value, 3)
            row["facts_present"] = round(mean([c.facts for c in own]).value, 3)
        table[kind] = row
    return table


def _case_json(case: Case, loaded: Loaded) -> dict[str, object]:
    citations = [c for claim in case.answer.claims for c in claim.citations]
    return {
        "id": case.question.id,
        "kind": case.question.kind,
        "status": case.answer.status,
        "abstention": case.answer.abstention,
        "ranks": list(case.ranks),
        "ranks_bm25_only": list(case.lexical_ranks),
        "ranks_dense_only": list(case.dense_ranks),
        "facts": round(case.facts, 3),
        "cited": [f"{c.act_number} {c.clause_label}" for c in citations],
        "right": list(case.citations_right),
        "ms": round(1000 * case.seconds, 1),
    }
