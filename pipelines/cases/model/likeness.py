"""Logistic regression on likeness to past cases: cases alike in most facts vote alike, in any combination of facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.cases.model.encoding import Encoded, Matrix
from pipelines.cases.model.networks import Labels, softmax

ARRAYS: Final = ("landmarks", "seasons", "rows", "weights", "shares", "bias")
_WORDS = 0.7  # likeness of two values whose names are of the same words
_LEAST_EIGENVALUE = 1e-4
_SEASON_WIDTH = 0.6  # in the cosine of the year
_BIAS_PENALTY = 0.01


@dataclass(frozen=True)
class LikenessPlan:
    """How it is trained. `sum_share`: of the kernel that adds likeness by fact; the rest multiplies it.

    Of more than `most_cases` cases, so many are drawn: the networks learn from all.
    """

    landmarks: int = 400
    penalty: float = 0.1
    sum_share: float = 0.6
    iterations: int = 40
    lost: float = 0.3
    most_cases: int = 8000


@dataclass(frozen=True)
class Likeness:
    """A trained regression: `landmarks` (m, facts), `seasons` (m,), `weights` (m, causes), `shares` (facts + 1,)."""

    landmarks: NDArray[np.int64]
    seasons: Matrix
    rows: Matrix
    weights: Matrix
    shares: Matrix
    bias: Matrix
    sum_share: float

    def predict(self, encoded: Encoded) -> Matrix:
        """Return the probabilities, shape (n, causes)."""
        kernel = _kernel(encoded, self.landmarks, self.seasons, self.rows, self.shares, self.sum_share)
        return softmax(kernel @ self.weights + self.bias)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what was learnt by name, for a file."""
        return {**{name: getattr(self, name) for name in ARRAYS}, "sum_share": np.array([self.sum_share])}


def read_likeness(arrays: Mapping[str, NDArray[np.generic]]) -> Likeness:
    """Return the regression of a file's arrays. Raises KeyError when one is missing."""
    return Likeness(
        landmarks=arrays["landmarks"].astype(np.int64),
        **{name: arrays[name].astype(np.float64) for name in ARRAYS if name != "landmarks"},
        sum_share=float(arrays["sum_share"].astype(np.float64)[0]),
    )


def fact_shares(encoded: Encoded) -> Matrix:
    """Return how much each fact, and last the season, may tell cases apart: from its entropy, .3 to .8."""
    shares = []
    for column in encoded.codes.T:
        counts = np.bincount(column).astype(np.float64)
        parts = counts[counts > 0] / counts.sum()
        shares.append(0.3 + 0.5 * min(1.0, float(-(parts * np.log(parts)).sum()) / np.log(32)))
    return np.array([*shares, 0.5 if encoded.season.any() else 0.0])


def _alike(left: Matrix, right: Matrix, same: NDArray[np.bool_]) -> Matrix:
    """Return the likeness of values, 0..1: of rows (tokens) `left` x `right`; 1 where they are the same."""
    norms = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)[None]
    cosine = np.divide(left @ right.T, norms, out=np.zeros_like(norms), where=norms > 0)
    return np.where(same, 1.0, _WORDS * np.clip(cosine, 0, 1))


def _kernel(
    encoded: Encoded, landmarks: NDArray[np.int64], seasons: Matrix, rows: Matrix, shares: Matrix, sum_share: float
) -> Matrix:
    """Return the likeness of cases to the landmarks, shape (n, m); a fact not known on either side is unlike."""
    gap = encoded.season[:, None] - seasons[None]
    near = np.exp(-(gap**2) / (2 * _SEASON_WIDTH**2))
    product = (1 - shares[-1]) + shares[-1] * near
    total = shares[-1] * near
    for column in range(encoded.codes.shape[1]):
        left, at_left = np.unique(encoded.codes[:, column], return_inverse=True)
        right, at_right = np.unique(landmarks[:, column], return_inverse=True)
        same = (left[:, None] == right[None]) & (left[:, None] > 0)
        alike = _alike(encoded.rows[left], rows[right], same)[at_left][:, at_right]
        product = product * ((1 - shares[column]) + shares[column] * alike)
        total = total + shares[column] * alike
    kernel: Matrix = sum_share * total / max(float(shares.sum()), 1e-9) + (1 - sum_share) * product
    return kernel


def train_likeness(encoded: Encoded, labels: Labels, causes: int, plan: LikenessPlan, seed: int) -> Likeness:
    """Return the regression trained by L-BFGS on landmarks drawn from the cases (Nyström; Williams and Seeger 2001)."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    if len(encoded) > plan.most_cases:
        kept_cases = np.sort(rng.permutation(len(encoded))[: plan.most_cases])
        encoded = Encoded(encoded.codes[kept_cases], encoded.rows, encoded.season[kept_cases])
        labels = labels[kept_cases]
    picked = rng.permutation(len(encoded))[: plan.landmarks]
    landmarks, seasons = encoded.codes[picked], encoded.season[picked]
    shares = fact_shares(encoded)
    place = (landmarks, seasons, encoded.rows, shares, plan.sum_share)
    values, vectors = np.linalg.eigh(_kernel(Encoded(landmarks, encoded.rows, seasons), *place))
    kept = values > _LEAST_EIGENVALUE * values.max()
    spread = vectors[:, kept] / np.sqrt(values[kept])
    less = Encoded(encoded.codes * (rng.random(encoded.codes.shape) >= plan.lost), encoded.rows, encoded.season)
    features = np.vstack([_kernel(part, *place) @ spread for part in (encoded, less)]).astype(np.float32)
    truth = np.concatenate([labels, labels])
    shape = (features.shape[1] + 1, causes)
    start = np.zeros(shape)
    start[-1] = np.log(np.bincount(labels, minlength=causes) + 0.2)
    penalties = np.full((shape[0], 1), plan.penalty)
    penalties[-1] = _BIAS_PENALTY
    lines = np.arange(len(truth))

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(shape)
        chances = softmax((features @ weights[:-1].astype(np.float32)).astype(np.float64) + weights[-1])
        value = -0.5 * np.log(np.maximum(chances[lines, truth], 1e-12)).sum()
        chances[lines, truth] -= 1
        slope = np.vstack([features.T @ chances.astype(np.float32), chances.sum(axis=0)]).astype(np.float64) * 0.5
        return float(value + 0.5 * (penalties * weights**2).sum()), (slope + penalties * weights).ravel()

    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": plan.iterations}).x
    weights = found.reshape(shape)
    return Likeness(landmarks, seasons, encoded.rows, spread @ weights[:-1], shares, weights[-1], plan.sum_share)
