"""What a model is worth on cases it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.case_records import FireCase
from pipelines.cases.model.calibration import calibration_error, in_set
from pipelines.cases.model.encoding import Matrix
from pipelines.cases.model.learned import LearnedModel
from pipelines.cases.model.networks import Labels

_LEAST_CHANCE = 1e-6
_RESAMPLES = 1000


@dataclass(frozen=True)
class Judgement:
    """The figures of a model, and the loss of each case for comparing two models case by case."""

    metrics: dict[str, float]
    losses: Matrix  # -ln of the true cause's probability, shape (n,)


def judge(model: LearnedModel, cases: Sequence[FireCase]) -> Judgement:
    """Return the figures on closed cases; a cause the model does not know is a miss."""
    place = {cause: number for number, cause in enumerate(model.causes)}
    labels: Labels = np.array([place.get(case.cause or "", -1) for case in cases], dtype=np.int64)
    chances = model.predict_many([case.facts for case in cases])
    lines, known = np.arange(len(cases)), labels >= 0
    order = np.argsort(-chances, axis=1, kind="stable")
    hits = order == labels[:, None]
    sets = in_set(chances, model.threshold)
    losses = -np.log(np.maximum(np.where(known, chances[lines, labels], 0.0), _LEAST_CHANCE))
    metrics = {f"top{k}": float(hits[:, :k].any(axis=1).mean()) for k in (1, 3, 5)}
    metrics |= {
        "log_loss": float(losses.mean()),
        "ece": calibration_error(chances, labels),
        "set_coverage": float(np.where(known, sets[lines, labels], False).mean()),
        "set_size": float(sets.sum(axis=1).mean()),
        "cases": float(len(cases)),
    }
    return Judgement(metrics, losses)


def difference(candidate: Judgement, current: Judgement) -> tuple[float, float, float]:
    """Return how much the candidate's loss is above the current one's, with a bootstrap 95 % interval of the pairs."""
    gaps = candidate.losses - current.losses
    picks = np.random.default_rng(928).integers(0, len(gaps), size=(_RESAMPLES, len(gaps)))
    low, high = np.percentile(gaps[picks].mean(axis=1), [2.5, 97.5])
    return float(gaps.mean()), float(low), float(high)
