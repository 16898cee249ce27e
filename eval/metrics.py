"""Figures with their uncertainty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Case = TypeVar("Case")

RESAMPLES = 2000
_SEED = 20


@dataclass(frozen=True)
class Measure:
    """A mean with the number of cases and a bootstrap 95 % interval."""

    value: float
    n: int
    low: float
    high: float

    def as_json(self) -> dict[str, float | int]:
        """Return the measure for a result file, rounded to four places."""
        return {"value": round(self.value, 4), "n": self.n, "low": round(self.low, 4), "high": round(self.high, 4)}


def mean(values: Sequence[float]) -> Measure:
    """Return the mean of per-case values with its percentile bootstrap interval (Efron 1979, 2000 resamples)."""
    if not values:
        return Measure(float("nan"), 0, float("nan"), float("nan"))
    data = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(_SEED).integers(0, len(data), size=(RESAMPLES, len(data)))
    means = data[picks].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Measure(float(data.mean()), len(data), float(low), float(high))


def statistic(cases: Sequence[Case], figure: Callable[[Sequence[Case]], float], resamples: int = 1000) -> Measure:
    """Return `figure` of all cases with its interval over resampled cases: for figures that are not means (F1, WER)."""
    if not cases:
        return Measure(float("nan"), 0, float("nan"), float("nan"))
    rng = np.random.default_rng(_SEED)
    drawn = [figure([cases[i] for i in rng.integers(0, len(cases), len(cases))]) for _ in range(resamples)]
    known = [value for value in drawn if not np.isnan(value)]
    low, high = np.percentile(known, [2.5, 97.5]) if known else (float("nan"), float("nan"))
    return Measure(float(figure(cases)), len(cases), float(low), float(high))


def reciprocal_rank(ranks: Sequence[int]) -> float:
    """Return 1 / the best rank (from 1), 0 where there is none."""
    return 1.0 / min(ranks) if ranks else 0.0


def ndcg(ranks: Sequence[int], wanted: int, k: int = 10) -> float:
    """Return the normalised discounted cumulative gain at k with equal gains; `ranks` of the right results, from 1."""
    gain = sum(1 / np.log2(r + 1) for r in ranks if r <= k)
    best = sum(1 / np.log2(r + 1) for r in range(1, min(wanted, k) + 1))
    return float(gain / best) if best else 0.0
