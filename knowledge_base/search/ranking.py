"""Ordering of found clauses by what they say of the question.

Reciprocal rank fusion (Cormack et al. 2009) of the arms picks the candidates; a linear score of a few signals orders them.
The weights were set on the tuning half of the dev questions, see `docs/adr/0010-search.md`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.records import Clause
from knowledge_base.search.analysis import terms
from knowledge_base.search.query import Query

RRF_K = 20
CONTEXT_CREDIT = 0.75


@dataclass(frozen=True)
class Arm:
    """One ranked list of unit or clause ids, best first, and how much its vote weighs."""

    name: str
    ids: Sequence[str]
    weight: float = 1.0


@dataclass(frozen=True)
class Signals:
    """What speaks for a candidate, each 0..1."""

    fused: float  # reciprocal rank fusion, relative to the best candidate
    coverage: float  # share of the question's importance that the clause says
    dense: float  # cosine of the embeddings, 0 where the dense arms did not find it
    lexical: float  # BM25 relative to the best candidate of its language
    phrases: float  # share of the question's neighbouring ideas that are neighbours in the clause


@dataclass(frozen=True)
class Weights:
    """Weights of the signals in the final score."""

    fused: float = 0.35
    coverage: float = 0.35
    dense: float = 0.9
    lexical: float = 0.2
    phrases: float = 0.15

    def score(self, signals: Signals) -> float:
        """Return the weighted sum."""
        return (
            self.fused * signals.fused
            + self.coverage * signals.coverage
            + self.dense * signals.dense
            + self.lexical * signals.lexical
            + self.phrases * signals.phrases
        )


def fuse(arms: Iterable[Arm], k: int = RRF_K) -> dict[str, float]:
    """Return id -> fused score, the sum of weight / (k + rank) over the arms that found it."""
    scores: dict[str, float] = {}
    for arm in arms:
        for rank, found in enumerate(dict.fromkeys(arm.ids), start=1):
            scores[found] = scores.get(found, 0.0) + arm.weight / (k + rank)
    return scores


def present_terms(clause: Clause, extra_context: str = "") -> dict[str, float]:
    """Return term -> credit for what a clause says itself (1) and what stands above it (`CONTEXT_CREDIT`)."""
    context = " ".join((*clause.breadcrumb, clause.heading, *clause.columns, extra_context))
    present = dict.fromkeys(terms(context, clause.language), CONTEXT_CREDIT)
    present.update(dict.fromkeys(terms(clause.text, clause.language), 1.0))
    return present


def neighbouring(query: Query, clause: Clause, window: int = 4) -> float:
    """Return the share of neighbouring ideas of the question that stand within `window` words in the clause."""
    ideas = [i for i in query.ideas if i.wordings.get(clause.language)]
    if len(ideas) < 2:
        return 0.0
    places: dict[str, list[int]] = {}
    for at, term in enumerate(terms(clause.text, clause.language)):
        places.setdefault(term, []).append(at)
    spots = [
        sorted(
            at
            for wording in idea.wordings[clause.language]
            for word in wording.words
            for term in word
            for at in places.get(term, ())
        )
        for idea in ideas
    ]
    near = sum(_close(a, b, window * 2) for a, b in zip(spots, spots[1:], strict=False))
    return near / (len(ideas) - 1)


def _close(a: Sequence[int], b: Sequence[int], window: int) -> bool:
    return any(abs(x - y) <= window for x in a[:50] for y in b[:50])


def relative(scores: Mapping[str, float]) -> dict[str, float]:
    """Scale scores so that the best is 1."""
    best = max(scores.values(), default=0.0)
    return {key: value / best for key, value in scores.items()} if best > 0 else dict.fromkeys(scores, 0.0)
