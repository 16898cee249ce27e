"""Fires of our own and a plain model of their causes, for tests of what is built on any model."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from agents.investigator.advising import CauseAdviser, Sources, latest
from core.case_records import FactValue, FireCase
from core.storage.cases import CaseStore
from pipelines.cases.model.port import Probabilities

USUAL = {
    "3.1": {
        "object": ["1.1", "1.2"],
        "power": ["live"],
        "place_of_origin": ["Кухня", "Комната"],
        "heating": ["central"],
    },
    "6.1": {"object": ["1.2", "1.3"], "power": ["live", "none"], "place_of_origin": ["Печь"], "heating": ["stove"]},
    "11": {
        "object": ["1.1"],
        "power": ["live", "none"],
        "place_of_origin": ["Комната", "Балкон"],
        "heating": ["central"],
    },
    "1": {"object": ["1.3", "2.1"], "power": ["none"], "place_of_origin": ["Снаружи"], "heating": ["none"]},
}
"""What is usual of the fires of each cause; one value in five is drawn from the fires of another."""

SOURCES = {"3.1": "Провод", "6.1": "Печь", "11": "Сигарета", "1": "Спички"}


def past_fires(count: int, seed: int = 5) -> list[FireCase]:
    """Return closed cases, each with some facts not known."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        cause = chance.choices(list(USUAL), weights=[4, 3, 3, 2])[0]
        facts: dict[str, FactValue] = {"storeys": float(chance.randint(1, 9)), "object_area": chance.uniform(20, 900)}
        for fact in USUAL[cause]:
            drawn = USUAL[chance.choice(list(USUAL)) if chance.random() < 0.2 else cause][fact]
            if chance.random() < 0.9:
                facts[fact] = chance.choice(drawn)
        if chance.random() < 0.7:
            facts["ignition_source"] = SOURCES[cause]
        facts["smoking"] = (cause == "11") != (chance.random() < 0.1)
        day = date(2024, 1, 1) + timedelta(days=number % 700)
        made.append(FireCase(f"past-{number}", facts, day, cause, f"Пожар {number}", f"sample:{number}"))
    return made


@dataclass
class PlainCauseModel:
    """Naive Bayes with Laplace's rule, over facts that are words or yes/no; sets are the smallest of 90 %."""

    cases: Sequence[FireCase]
    version: str = "plain-1"
    coverage: float = 0.9
    causes: tuple[str, ...] = field(init=False)
    facts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        counts = Counter(case.cause or "" for case in self.cases)
        self.causes = tuple(sorted(counts))
        words = {f for case in self.cases for f, value in case.facts.items() if isinstance(value, bool | str)}
        self.facts = tuple(sorted(words))
        self._prior = np.log([counts[cause] / len(self.cases) for cause in self.causes])
        self._tables = {fact: self._table(fact) for fact in self.facts}

    def _table(self, fact: str) -> dict[FactValue, Probabilities]:
        seen = Counter((case.cause, case.facts[fact]) for case in self.cases if fact in case.facts)
        values = {value for _, value in seen}
        totals = {cause: sum(seen[cause, value] for value in values) for cause in self.causes}
        return {
            value: np.log([(seen[c, value] + 1) / (totals[c] + len(values)) for c in self.causes]) for value in values
        }

    def predict(self, facts: Mapping[str, FactValue]) -> Probabilities:
        scores = self._prior.copy()
        for fact, value in facts.items():
            scores = scores + self._tables.get(fact, {}).get(value, 0.0)
        raised = np.exp(scores - scores.max())
        return np.asarray(raised / raised.sum(), dtype=np.float64)

    def predict_many(self, cases: Sequence[Mapping[str, FactValue]]) -> Probabilities:
        return np.array([self.predict(facts) for facts in cases]).reshape(len(cases), len(self.causes))

    def prediction_set(self, probabilities: Probabilities) -> frozenset[str]:
        chosen, mass = set(), 0.0
        for number in np.argsort(-probabilities, kind="stable"):
            chosen.add(self.causes[int(number)])
            mass += float(probabilities[number])
            if mass >= self.coverage:
                break
        return frozenset(chosen)

    def known_values(self, fact: str) -> frozenset[str]:
        return frozenset(str(value) for value in self._tables.get(fact, {}) if isinstance(value, str))


def plain_adviser(cases: CaseStore) -> CauseAdviser:
    """Return an adviser on a store: its model is learnt from the closed cases that were there when first asked."""
    learnt: list[PlainCauseModel] = []

    def model() -> PlainCauseModel | None:
        if not learnt and (closed := list(cases.closed_cases())):
            learnt.append(PlainCauseModel(closed))
        return learnt[0] if learnt else None

    return CauseAdviser(Sources(model, lambda most: latest(cases.closed_cases(), most), lambda: len(learnt)))
