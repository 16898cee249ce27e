"""Ordering of found clauses by what they say of the question.

Reciprocal rank fusion (Cormack et al. 2009) of the arms picks the candidates; a linear score of a few signals orders
them. The weights were set on the tuning half of the dev questions, see `docs/adr/0010-search.md`.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.records import Clause, PathStep
from knowledge_base.search.analysis import terms
from knowledge_base.search.lookup import same_step
from knowledge_base.search.query import Query

RRF_K = 20
CONTEXT_CREDIT = 0.75
MAX_HEADING_WORDS = 8
MAX_ANALYSED_CHARS = 20_000
ANALYSED_KEPT = 8192
"""Clauses whose terms are kept in memory (some 20 KB each at most)."""


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
    dense: float  # cosine of the embeddings from `COSINE_LOW` to `COSINE_HIGH`, 0 where the dense arms did not find it
    lexical: float  # BM25 relative to the best candidate of its language
    phrases: float  # share of the question's neighbouring ideas that are neighbours in the clause
    place: float = 0.0  # stands where the question points to («ст. 410», «форма 4-СОВП»), or names that place
    title: float = 0.0  # share of the clause's own heading (a defined term) that the question says


@dataclass(frozen=True)
class Weights:
    """Weights of the signals in the final score."""

    fused: float = 0.16
    coverage: float = 1.0
    dense: float = 0.05
    lexical: float = 0.08
    phrases: float = 0.08
    place: float = 0.6
    title: float = 0.12
    title_of_definition: float = 0.6  # instead of `title` where a term's meaning is asked for

    def score(self, signals: Signals, *, definition: bool = False) -> float:
        """Return the weighted sum."""
        return (
            self.fused * signals.fused
            + self.coverage * signals.coverage
            + self.dense * signals.dense
            + self.lexical * signals.lexical
            + self.phrases * signals.phrases
            + self.place * signals.place
            + (self.title_of_definition if definition else self.title) * signals.title
        )


COSINE_LOW, COSINE_HIGH = 0.78, 0.92
"""Between these the cosines of e5 lie: unrelated texts near the lower, answers near the upper."""


def closeness(cosine: float) -> float:
    """Return a cosine of e5 vectors as 0..1."""
    return min(max((cosine - COSINE_LOW) / (COSINE_HIGH - COSINE_LOW), 0.0), 1.0)


def fuse(arms: Iterable[Arm], k: int = RRF_K) -> dict[str, float]:
    """Return id -> fused score, the sum of weight / (k + rank) over the arms that found it."""
    scores: dict[str, float] = {}
    for arm in arms:
        for rank, found in enumerate(dict.fromkeys(arm.ids), start=1):
            scores[found] = scores.get(found, 0.0) + arm.weight / (k + rank)
    return scores


@dataclass(frozen=True)
class Analysed:
    """A clause as terms: credit of each present, and where in its text each stands."""

    present: Mapping[str, float]
    places: Mapping[str, Sequence[int]]


@lru_cache(maxsize=ANALYSED_KEPT)
def analysed(clause: Clause) -> Analysed:
    """Return the terms of a clause: those it says itself with credit 1, those above it with `CONTEXT_CREDIT`."""
    context = " ".join((*clause.breadcrumb, clause.heading, *clause.columns))
    present = dict.fromkeys(terms(context, clause.language), CONTEXT_CREDIT)
    places: dict[str, list[int]] = {}
    for at, term in enumerate(terms(clause.text[:MAX_ANALYSED_CHARS], clause.language)):
        present[term] = 1.0
        places.setdefault(term, []).append(at)
    return Analysed(present, places)


def neighbouring(query: Query, clause: Clause, window: int = 4) -> float:
    """Return the share of neighbouring ideas of the question that stand within `window` words in the clause."""
    ideas = [i for i in query.ideas if i.wordings.get(clause.language)]
    if len(ideas) < 2:
        return 0.0
    places = analysed(clause).places
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
    near = sum(_close(a, b, window * 2) for a, b in itertools.pairwise(spots))
    return near / (len(ideas) - 1)


MENTION = 0.8
"""Value of the place signal for a clause that does not stand in a place the question points to but names its number."""


def placed(clause: Clause, places: Sequence[Sequence[PathStep]], present: Mapping[str, float]) -> float:
    """Return the place signal of a clause for the places a question points to."""
    best = 0.0
    for steps in places:
        if all(any(same_step(held, step) for held in clause.path) for step in steps):
            return 1.0
        if steps and present.get(f"n:{steps[0].number}", 0.0) >= 1.0:
            best = MENTION
    return best


def titled(query: Query, clause: Clause) -> float:
    """Return the share of a short heading of the clause's own that the question says."""
    words = set(terms(clause.heading, clause.language)) if clause.heading else set()
    bases = {w for w in words if w.startswith("l:")}
    if not bases or len(bases) > MAX_HEADING_WORDS:
        return 0.0
    said = {
        term
        for idea in query.ideas
        for wording in idea.wordings.get(clause.language, ())
        for word in wording.words
        for term in word
    }
    prefixes = {t[2:] for t in said if t.startswith("p:")}
    return sum(b in said or b[2:7] in prefixes for b in bases) / len(bases)


def _close(a: Sequence[int], b: Sequence[int], window: int) -> bool:
    return any(abs(x - y) <= window for x in a[:50] for y in b[:50])


def relative(scores: Mapping[str, float]) -> dict[str, float]:
    """Scale scores so that the best is 1."""
    best = max(scores.values(), default=0.0)
    return {key: value / best for key, value in scores.items()} if best > 0 else dict.fromkeys(scores, 0.0)
