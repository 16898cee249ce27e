"""Probabilities that mean what they say, and sets that hold the cause as often as stated."""

import numpy as np
from numpy.typing import NDArray

from pipelines.cases.model.encoding import Matrix
from pipelines.cases.model.networks import Labels, softmax

_FLOOR = 1e-9
_TEMPERATURES = np.geomspace(0.5, 3.0, 73)


def tempered(chances: Matrix, temperature: float) -> Matrix:
    """Return probabilities with their logarithms divided by a temperature; the order of the causes stays."""
    return softmax(np.log(np.maximum(chances, _FLOOR)) / temperature)


def log_loss(chances: Matrix, labels: Labels) -> float:
    """Return the mean negative logarithm of the true cause's probability."""
    return float(-np.log(np.maximum(chances[np.arange(len(labels)), labels], _FLOOR)).mean())


def best_temperature(chances: Matrix, labels: Labels) -> float:
    """Return the temperature of least log loss on cases that were not trained on (Guo et al. 2017)."""
    return float(min(_TEMPERATURES, key=lambda t: log_loss(tempered(chances, float(t)), labels)))


def set_threshold(chances: Matrix, labels: Labels, coverage: float) -> float:
    """Return the probability from which a cause belongs to the set: the smallest sets that hold the true cause

    in `coverage` of cases like these (least ambiguous sets; Sadinle, Lei and Wasserman 2019), with the finite-sample
    correction of split conformal prediction. `chances`: of cases that were not trained on.
    """
    scores = np.sort(chances[np.arange(len(labels)), labels])[::-1]
    needed = int(np.ceil((len(scores) + 1) * coverage))
    return 0.0 if needed > len(scores) else float(scores[needed - 1])


def in_set(chances: Matrix, threshold: float) -> NDArray[np.bool_]:
    """Return which causes are in the set, shape of `chances`; the most probable one always is."""
    members: NDArray[np.bool_] = chances >= min(threshold, 1.0)
    members[np.arange(len(chances)), chances.argmax(axis=1)] = True
    return members


def calibration_error(chances: Matrix, labels: Labels, bins: int = 15) -> float:
    """Return the expected calibration error of the first cause (Naeini et al. 2015), equal-width bins."""
    sure = chances.max(axis=1)
    right = chances.argmax(axis=1) == labels
    which = np.minimum((sure * bins).astype(int), bins - 1)
    total = 0.0
    for chosen in np.unique(which):
        here = which == chosen
        total += abs(float(sure[here].mean()) - float(right[here].mean())) * float(here.mean())
    return total
