"""Evidence of the model that was used: what each fact adds to the log-odds of a cause, against not knowing it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.case_records import Argument, FactValue
from pipelines.cases.model.port import Probabilities

LEAST_LOG_ODDS = 0.05
"""A fact that moves a cause by less (5 % of its odds) argues neither for nor against it."""

_LEAST_PROBABILITY = 1e-6


def without_each(facts: Mapping[str, FactValue], names: Sequence[str]) -> list[dict[str, FactValue]]:
    """Return the facts without the first of `names`, without the second, ..."""
    return [{fact: value for fact, value in facts.items() if fact != name} for name in names]


def log_odds(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the natural log-odds, of the same shape; probabilities of 0 and 1 are held off by a millionth."""
    held = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(np.log(held) - np.log1p(-held), dtype=np.float64)


def arguments(
    facts: Mapping[str, FactValue],
    names: Sequence[str],
    whole: Probabilities,
    removed: Probabilities,
    cause: int,
    most: int,
) -> tuple[tuple[Argument, ...], tuple[Argument, ...]]:
    """Return the arguments for and against a cause, the weightiest first, at most `most` of each.

    `whole`: shape (n_causes,); `removed`: shape (len(names), n_causes), row i without the fact `names[i]`.
    The first argument for is the fact whose removal lowers the probability most, the first against the one whose
    removal raises it most.
    """
    if not names:
        return (), ()
    moves = log_odds(whole)[cause] - log_odds(removed)[:, cause]
    held = [Argument(name, facts[name], float(move)) for name, move in zip(names, moves, strict=True)]
    speaking_for = sorted((a for a in held if a.log_odds >= LEAST_LOG_ODDS), key=lambda a: (-a.log_odds, a.fact))
    against = sorted((a for a in held if a.log_odds <= -LEAST_LOG_ODDS), key=lambda a: (a.log_odds, a.fact))
    return tuple(speaking_for[:most]), tuple(against[:most])
