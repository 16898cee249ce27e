"""The port of the model of causes: what a suggestion needs of it, and nothing of how it was learnt."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.case_records import FactValue

Probabilities = NDArray[np.float64]
"""Calibrated: float64, shape (n_causes,) in the order of `CaseModel.causes`, sums to 1; (n, n_causes) of many."""


class CaseModel(Protocol):
    """Facts of a fire -> calibrated probabilities of its causes. Immutable, safe to call from several threads.

    Absent facts and values that were never seen are normal: the model answers for them too.
    """

    @property
    def version(self) -> str:
        """Names this model among all ever trained; kept with every suggestion it made."""
        ...

    @property
    def causes(self) -> tuple[str, ...]:
        """Ids of the causes it tells apart, in the order of the probabilities."""
        ...

    @property
    def coverage(self) -> float:
        """Stated share of cases whose cause is in `prediction_set`, e.g. 0.9."""
        ...

    @property
    def facts(self) -> tuple[str, ...]:
        """Ids of the facts it uses; others change nothing."""
        ...

    def predict(self, facts: Mapping[str, FactValue]) -> Probabilities:
        """Return the probabilities of one case, shape (n_causes,)."""
        ...

    def predict_many(self, cases: Sequence[Mapping[str, FactValue]]) -> Probabilities:
        """Return the probabilities of many cases at once, shape (n, n_causes); the same as one by one."""
        ...

    def prediction_set(self, probabilities: Probabilities) -> frozenset[str]:
        """Return the causes of the set that holds the true one with `coverage`; `probabilities` of one case."""
        ...

    def known_values(self, fact: str) -> frozenset[str]:
        """Return the categories of a fact seen in training; empty for numbers and for facts it does not use."""
        ...
