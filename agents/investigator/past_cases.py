"""Past cases as an index: the most similar ones, base rates, and what is usually found.

A fact is one column of small integers, so that comparing a case with a hundred thousand takes milliseconds. How much
a fact counts is its mutual information with the cause (bits) among these cases, less what the same fact shows of
shuffled causes: a fact of many values that says nothing weighs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.case_records import FactValue, FireCase, SimilarCase

_ABSENT = -1
_OTHER = -2  # a value that no past case has
_MOST_DISTINCT_NUMBERS = 12
_NUMBER_BINS = 10
_SHUFFLE_SEED = 20240928

Codes = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """Past cases by similarity, the most similar first: rows of the index and similarities 0..1, shape (k,) each."""

    rows: NDArray[np.int64]
    similarities: Floats


@dataclass(frozen=True)
class _Column:
    """A fact of all past cases: `codes` of shape (n,); `values[code]` stands for the value (a number: its bin)."""

    codes: Codes
    values: tuple[FactValue, ...]
    lookup: Mapping[str, int]
    edges: NDArray[np.float64] | None  # of a number: upper edges of its bins but the last

    def code(self, value: FactValue) -> int:
        if self.edges is not None:
            if isinstance(value, bool | str):
                return _OTHER
            return int(np.searchsorted(self.edges, float(value), side="left"))
        return self.lookup.get(_name(value), _OTHER)


class PastCases:
    """Closed cases with their causes. Immutable, safe to use from several threads."""

    def __init__(self, cases: Sequence[FireCase]) -> None:
        """Index `cases`; those without a cause are left out."""
        self._cases = tuple(case for case in cases if case.cause is not None)
        self.causes: tuple[str, ...] = tuple(sorted({case.cause for case in self._cases if case.cause is not None}))
        numbers = {cause: number for number, cause in enumerate(self.causes)}
        self.cause_codes: Codes = np.array([numbers[case.cause or ""] for case in self._cases], dtype=np.int32)
        self._rows_of = {case.id: row for row, case in enumerate(self._cases)}
        self._rows_by_cause = {cause: np.flatnonzero(self.cause_codes == number) for cause, number in numbers.items()}
        places = sorted({case.territory or "" for case in self._cases})
        numbered = {place: number for number, place in enumerate(places)}
        self.territories: tuple[Codes, tuple[str | None, ...]] = (
            np.array([numbered[case.territory or ""] for case in self._cases], dtype=np.int32),
            tuple(place or None for place in places),
        )
        """Territory of every row as a number, and what the numbers stand for."""
        self._shares = np.bincount(self.cause_codes, minlength=len(self.causes)) / max(len(self), 1)
        names = sorted({fact for case in self._cases for fact in case.facts})
        self._columns = {fact: _column([case.facts.get(fact) for case in self._cases]) for fact in names}
        order = np.random.default_rng(_SHUFFLE_SEED).permutation(len(self._cases))
        self.weights: dict[str, float] = {
            fact: _informative(column.codes, self.cause_codes, self.cause_codes[order])
            for fact, column in self._columns.items()
        }

    def __len__(self) -> int:
        return len(self._cases)

    def case(self, row: int) -> FireCase:
        """Return the past case of a row."""
        return self._cases[row]

    def find(self, case_id: str) -> FireCase | None:
        """Return a past case by its id."""
        row = self._rows_of.get(case_id)
        return None if row is None else self._cases[row]

    def similarities(self, facts: Mapping[str, FactValue], without: str = "") -> Floats:
        """Return how similar every past case is, float32, shape (n,): the share of the weight of `facts` that agrees.

        `without`: id of a case that is not compared (itself); it gets -1.
        """
        similarity = np.zeros(len(self), dtype=np.float32)
        known = {fact: value for fact, value in facts.items() if fact in self._columns}
        weights = {fact: self.weights[fact] for fact in known}
        if not sum(weights.values()):
            weights = dict.fromkeys(known, 1.0)
        total = sum(weights.values())
        for fact, value in known.items():
            column = self._columns[fact]
            if weights[fact] > 0 and (code := column.code(value)) != _OTHER:
                similarity += np.float32(weights[fact] / total) * (column.codes == code)
        if (row := self._rows_of.get(without)) is not None:
            similarity[row] = -1.0
        return similarity

    def nearest(self, similarities: Floats, count: int) -> Neighbours:
        """Return the `count` most similar cases, the most similar first."""
        rows = _top(similarities, count)
        return Neighbours(rows, similarities[rows])

    def with_cause(
        self, similarities: Floats, cause: str, count: int, visible: NDArray[np.bool_] | None = None
    ) -> Neighbours:
        """Return the most similar cases of one cause; `visible`, shape (n,), limits them to what a person may see."""
        rows = self._rows_by_cause.get(cause, np.empty(0, dtype=np.int64))
        if visible is not None:
            rows = rows[visible[rows]]
        chosen = rows[_top(similarities[rows], count)]
        return Neighbours(chosen, similarities[chosen])

    def base_rates(self, fact: str, value: FactValue | None, strength: float = 10.0) -> dict[str, float]:
        """Return the share of each cause among cases whose `fact` is `value`, drawn to the share among all.

        `strength`: how many cases the share among all counts for, so that three garages do not make a rule (Laplace's
        rule with a prior). An unknown value gives the shares among all.
        """
        if not len(self):
            return {}
        overall = self._shares
        column = self._columns.get(fact)
        if column is None or value is None or (code := column.code(value)) == _OTHER:
            return dict(zip(self.causes, overall.tolist(), strict=True))
        same = self.cause_codes[column.codes == code]
        counts = np.bincount(same, minlength=len(self.causes))
        shares = (counts + strength * overall) / (len(same) + strength)
        return dict(zip(self.causes, shares.tolist(), strict=True))

    def found_values(self, fact: str, near: Neighbours, weights: NDArray[np.float64]) -> dict[FactValue, float]:
        """Return how often each value of `fact` was found in `near`, weighed by `weights`, shape (k,); sums to 1.

        Empty where the fact was hardly ever found there.
        """
        column = self._columns.get(fact)
        if column is None:
            return {}
        codes = column.codes[near.rows]
        known = codes != _ABSENT
        mass = float(weights[known].sum())
        if known.sum() < max(5, 0.01 * len(codes)) or mass <= 0:
            return {}
        shares = np.bincount(codes[known], weights=weights[known], minlength=len(column.values)) / mass
        return {column.values[code]: float(shares[code]) for code in np.flatnonzero(shares)}

    def beside(self, facts: Mapping[str, FactValue], row: int, similarity: float) -> SimilarCase:
        """Return a past case as it stands beside `facts`; the facts that weigh most come first."""
        past = self._cases[row]
        both = sorted((f for f in facts if f in past.facts), key=lambda f: (-self.weights.get(f, 0.0), f))
        equal = {f for f in both if self._columns[f].code(facts[f]) == self._columns[f].codes[row]}
        return SimilarCase(
            case_id=past.id,
            cause=past.cause or "",
            similarity=float(min(max(similarity, 0.0), 1.0)),
            shared=tuple(f for f in both if f in equal),
            different=tuple(f for f in both if f not in equal),
        )


def _name(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _column(values: Sequence[FactValue | None]) -> _Column:
    known = [value for value in values if value is not None]
    if known and not any(isinstance(value, bool | str) for value in known):
        return _numbers([None if value is None else float(value) for value in values])
    lookup: dict[str, int] = {}
    stand_for: list[FactValue] = []
    codes = np.full(len(values), _ABSENT, dtype=np.int32)
    for row, value in enumerate(values):
        if value is None:
            continue
        name = _name(value)
        if name not in lookup:
            lookup[name] = len(lookup)
            stand_for.append(value)
        codes[row] = lookup[name]
    return _Column(codes, tuple(stand_for), lookup, None)


def _numbers(values: Sequence[float | None]) -> _Column:
    """Bin numbers: each its own while they are few, else tenths of the cases."""
    numbers = np.array([np.nan if value is None else value for value in values])
    known = numbers[~np.isnan(numbers)]
    distinct = np.unique(known)
    if len(distinct) <= _MOST_DISTINCT_NUMBERS:
        edges = (distinct[:-1] + distinct[1:]) / 2
    else:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _NUMBER_BINS + 1)[1:-1]))
    codes = np.full(len(numbers), _ABSENT, dtype=np.int32)
    binned = np.searchsorted(edges, known, side="left").astype(np.int32)
    codes[~np.isnan(numbers)] = binned
    medians = [
        float(np.median(known[binned == code])) if (binned == code).any() else 0.0 for code in range(len(edges) + 1)
    ]
    return _Column(codes, tuple(medians), {}, edges)


def _informative(codes: Codes, causes: Codes, shuffled: Codes) -> float:
    return max(0.0, _mutual_information(codes, causes) - _mutual_information(codes, shuffled))


def _mutual_information(codes: Codes, causes: Codes) -> float:
    """Return the mutual information, bits, where the first column is known, times the share of such rows."""
    known = codes != _ABSENT
    if not known.any():
        return 0.0
    width = int(causes.max()) + 1
    joint = np.unique(codes[known].astype(np.int64) * width + causes[known], return_counts=True)[1]
    alone = np.bincount(codes[known])
    causes_alone = np.bincount(causes[known])
    return float((_entropy(alone) + _entropy(causes_alone) - _entropy(joint)) * known.mean())


def _entropy(counts: NDArray[np.int64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _top(values: Floats, count: int) -> NDArray[np.int64]:
    """Return the positions of the `count` largest non-negative values, the largest first."""
    if len(values) > count:
        positions = np.argpartition(-values, count)[:count]
        positions.sort()
    else:
        positions = np.arange(len(values))
    positions = positions[values[positions] >= 0]
    return positions[np.argsort(-values[positions], kind="stable")].astype(np.int64)
