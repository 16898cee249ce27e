"""The model of causes as it is used: one view for each stage of what is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.cases.model.calibration import in_set, tempered
from pipelines.cases.model.encoding import MONTH, FactEncoder, Facts
from pipelines.cases.model.likeness import Likeness
from pipelines.cases.model.networks import Networks
from pipelines.cases.model.port import Probabilities


@dataclass(frozen=True)
class View:
    """What was learnt from the facts of one stage and those before it: the scene, papers, the source found."""

    facts: tuple[str, ...]
    encoder: FactEncoder
    networks: Networks
    likeness: Likeness
    temperature: float = 1.0
    network_share: float = 0.5

    def predict(self, cases: Sequence[Facts]) -> Probabilities:
        """Return the calibrated probabilities, shape (n, causes)."""
        return tempered(self.raw(cases), self.temperature)

    def raw(self, cases: Sequence[Facts]) -> Probabilities:
        """Return the probabilities before calibration, shape (n, causes)."""
        encoded = self.encoder.encode(cases)
        share = self.network_share
        mixed: Probabilities = share * self.networks.predict(encoded) + (1 - share) * self.likeness.predict(encoded)
        return mixed


@dataclass(frozen=True)
class LearnedModel:
    """A `CaseModel`. A case is judged by the narrowest view that holds all its known facts.

    So a fact of a later stage, such as the ignition source, plays no part until it is entered. `views`: each holds the
    facts of the one before.
    """

    version: str
    causes: tuple[str, ...]
    coverage: float
    threshold: float
    views: tuple[View, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        """Ids of the facts it uses."""
        return self.views[-1].facts

    @cached_property
    def _used(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(view.facts) for view in self.views)

    def predict(self, facts: Facts) -> Probabilities:
        """Return the probabilities of one case, shape (causes,)."""
        result: Probabilities = self.predict_many([facts])[0]
        return result

    def predict_many(self, cases: Sequence[Facts]) -> Probabilities:
        """Return the probabilities of many cases, shape (n, causes)."""
        chances = np.zeros((len(cases), len(self.causes)))
        chosen = np.array([self._view(facts) for facts in cases], dtype=np.int64)
        for number, view in enumerate(self.views):
            lines = np.flatnonzero(chosen == number)
            if len(lines):
                chances[lines] = view.predict([cases[line] for line in lines.tolist()])
        return chances

    def _view(self, facts: Facts) -> int:
        known = frozenset(facts) & self._used[-1]
        return next(number for number, used in enumerate(self._used) if known <= used)

    def prediction_set(self, probabilities: Probabilities) -> frozenset[str]:
        """Return the causes of the set that holds the true one with `coverage`."""
        members = in_set(probabilities[None, :], self.threshold)[0]
        return frozenset(cause for cause, member in zip(self.causes, members, strict=True) if member)

    def known_values(self, fact: str) -> frozenset[str]:
        """Return the categories of a fact seen in training."""
        if fact == MONTH and fact in self.facts:
            return frozenset(str(month) for month in range(1, 13))
        for view in self.views:
            if fact in view.facts:
                return view.encoder.known_values(fact)
        return frozenset()
