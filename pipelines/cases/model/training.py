"""Past cases -> the model of causes: views by stage, each calibrated on periods it was not trained on."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from core.case_records import FireCase
from core.errors import InvalidInput
from pipelines.cases.model.calibration import best_temperature, set_threshold, tempered
from pipelines.cases.model.encoding import Facts, Matrix, learn_encoder
from pipelines.cases.model.learned import LearnedModel, View
from pipelines.cases.model.likeness import LikenessPlan, train_likeness
from pipelines.cases.model.networks import Labels, NetworkPlan, train_networks
from pipelines.cases.schema import FactKind, FactSchema, Stage

Say = Callable[[str], None]

STAGES = ((Stage.SCENE,), (Stage.SCENE, Stage.DOCUMENTS), (Stage.SCENE, Stage.DOCUMENTS, Stage.FOUND_SOURCE))
"""Facts of each view. Late facts come when the cause is mostly known, and free text is not used."""

FORMAT = 1
LEAST_CASES = 50
LEAST_CAUSES = 2


@dataclass(frozen=True)
class TrainingPlan:
    """How a model is trained. `periods`: equal parts in time; each is judged by what the others taught, to calibrate.

    Over `one_period_from` cases only the last period is judged: the figures are as sure, and training takes a third.
    """

    networks: NetworkPlan = field(default_factory=NetworkPlan)
    likeness: LikenessPlan = field(default_factory=LikenessPlan)
    network_share: float = 0.6
    coverage: float = 0.9
    periods: int = 2
    one_period_from: int = 20_000
    seed: int = 928


@dataclass(frozen=True)
class Trained:
    """A new model with what it was trained on: the hash of the cases, their number and period, and the plan."""

    model: LearnedModel
    data_hash: str
    cases: int
    first_day: str
    last_day: str
    plan: TrainingPlan


def views_of(schema: FactSchema, cases: Iterable[FireCase]) -> tuple[tuple[str, ...], ...]:
    """Return the facts of each view: those of the stages that the cases know, in the order of the schema."""
    seen = {fact for case in cases for fact in case.facts}
    kinds = (FactKind.CATEGORY, FactKind.NUMBER, FactKind.YES_NO)
    usable = [fact for fact in schema.facts.values() if fact.id in seen and fact.kind in kinds]
    return nested([tuple(fact.id for fact in usable if fact.stage in stages) for stages in STAGES])


def nested(lists: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return lists of facts of which each holds the one before; empty ones and repetitions left out."""
    views: list[tuple[str, ...]] = []
    for listed in lists:
        facts = tuple(dict.fromkeys((*(views[-1] if views else ()), *listed)))
        if facts and (not views or len(facts) > len(views[-1])):
            views.append(facts)
    return tuple(views)


def data_hash(cases: Iterable[FireCase]) -> str:
    """Return the sha256 of what is learnt from: ids, days, causes and facts, in any order of the cases."""
    total = hashlib.sha256()
    for line in sorted(
        json.dumps([c.id, str(c.occurred_on), c.cause, sorted(c.facts.items())], ensure_ascii=False) for c in cases
    ):
        total.update(line.encode() + b"\n")
    return total.hexdigest()


def train(
    cases: Iterable[FireCase],
    views: Sequence[Sequence[str]],
    plan: TrainingPlan | None = None,
    say: Say = lambda _: None,
) -> Trained:
    """Return the model learnt from the cases of established cause; the same for the same cases, views and plan.

    Raises `InvalidInput` when there are too few cases or causes to learn from.
    """
    plan = plan or TrainingPlan()
    closed = sorted(
        (case for case in cases if case.cause is not None), key=lambda c: (c.occurred_on is None, c.occurred_on, c.id)
    )
    causes = tuple(sorted({case.cause for case in closed if case.cause is not None}))
    if len(closed) < LEAST_CASES or len(causes) < LEAST_CAUSES or not views:
        detail = f"{len(closed)} closed cases of {len(causes)} causes: a model needs {LEAST_CASES} of {LEAST_CAUSES}"
        raise InvalidInput(detail, advice="load more cases with an established cause (`qorgan cases load`)")
    place = {cause: number for number, cause in enumerate(causes)}
    labels = np.array([place[case.cause] for case in closed if case.cause is not None], dtype=np.int64)
    facts = [case.facts for case in closed]
    made: list[View] = []
    judged: list[Matrix] = []
    truths: list[Labels] = []
    for number, listed in enumerate(views, start=1):
        say(f"view {number} of {len(views)}: {len(listed)} facts, {len(closed)} cases")
        chances, truth = _judged_by_others(facts, labels, len(causes), listed, plan)
        temperature = best_temperature(chances, truth)
        judged.append(tempered(chances, temperature))
        truths.append(truth)
        made.append(_learn(facts, labels, len(causes), listed, plan, temperature))
    threshold = set_threshold(np.vstack(judged), np.concatenate(truths), plan.coverage)
    hashed = data_hash(closed)
    days = [str(case.occurred_on) for case in closed if case.occurred_on]
    version = f"{days[-1] if days else 'undated'}-{_fingerprint(hashed, views, plan)}"
    model = LearnedModel(version, causes, plan.coverage, threshold, tuple(made))
    return Trained(model, hashed, len(closed), days[0] if days else "", days[-1] if days else "", plan)


def _fingerprint(hashed: str, views: Sequence[Sequence[str]], plan: TrainingPlan) -> str:
    described = json.dumps([FORMAT, hashed, [list(view) for view in views], asdict(plan)])
    return hashlib.sha256(described.encode()).hexdigest()[:12]


def _learn(
    facts: Sequence[Facts], labels: Labels, causes: int, used: Sequence[str], plan: TrainingPlan, temperature: float = 1
) -> View:
    encoder = learn_encoder(facts, used)
    encoded = encoder.encode(facts)
    networks = train_networks(encoded, labels, causes, plan.networks, plan.seed)
    likeness = train_likeness(encoded, labels, causes, plan.likeness, plan.seed)
    return View(tuple(used), encoder, networks, likeness, temperature, plan.network_share)


def _judged_by_others(
    facts: Sequence[Facts], labels: Labels, causes: int, used: Sequence[str], plan: TrainingPlan
) -> tuple[Matrix, Labels]:
    """Return the probabilities that models which never saw a period give to it, and the true causes."""
    parts = np.array_split(np.arange(len(facts)), plan.periods if len(facts) < plan.one_period_from else 4)
    judged, truth = [], []
    for part in parts if len(facts) < plan.one_period_from else parts[-1:]:
        rest = np.setdiff1d(np.arange(len(facts)), part)
        view = _learn([facts[i] for i in rest], labels[rest], causes, used, plan)
        judged.append(view.raw([facts[i] for i in part]))
        truth.append(labels[part])
    return np.vstack(judged), np.concatenate(truth)
