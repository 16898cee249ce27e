"""Trains a new version of the model of causes and lets it answer, unless it is worse than the one that does."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from core.blobs import BlobStore
from core.case_records import FireCase
from core.cases import CaseModelVersion, ModelState
from core.errors import Conflict, InvalidInput
from pipelines.cases.model.card import model_card
from pipelines.cases.model.figures import Judgement, difference, judge
from pipelines.cases.model.packing import pack, unpack
from pipelines.cases.model.training import Trained, TrainingPlan, train, views_of
from pipelines.cases.schema import FactSchema

Say = Callable[[str], None]

LATER_SHARE = 0.2
"""Of the closed cases, the latest, on which a recipe is judged before it is trained on all of them."""
TOLERANCE = 0.01  # nats of log loss: less is noise of the arithmetic, not of the cases


class Versions(Protocol):
    """Where versions are kept (`core.storage.case_models.CaseModelStore`)."""

    def add(self, model: CaseModelVersion) -> CaseModelVersion:
        """Keep a version; an active one retires the one before."""
        ...

    def active(self) -> CaseModelVersion | None:
        """Return the version that answers."""
        ...


@dataclass(frozen=True)
class Comparison:
    """The candidate's figures and the current model's on the same later cases, which neither was trained on.

    `gap`, `low`, `high`: how much the candidate's log loss is above the current one's; None without a current model.
    `current_saw`: the current model was trained on some of these cases, so that it looks better than it is; then the
    figures it had on its own later cases decide.
    """

    candidate: dict[str, float]
    current: dict[str, float] | None = None
    gap: float | None = None
    low: float | None = None
    high: float | None = None
    current_saw: bool = False

    @property
    def is_worse(self) -> bool:
        """Whether the candidate may not replace the current model."""
        if self.current is None or self.gap is None:
            return False
        return self.gap > TOLERANCE


@dataclass(frozen=True)
class Update:
    """What came of a training."""

    version: CaseModelVersion
    comparison: Comparison

    @property
    def replaced(self) -> bool:
        """Whether the new version answers now."""
        return self.version.state is ModelState.ACTIVE


def update(
    cases: Iterable[FireCase],
    schema: FactSchema,
    versions: Versions,
    blobs: BlobStore,
    *,
    actor: str,
    force_reason: str | None = None,
    plan: TrainingPlan | None = None,
    say: Say = lambda _: None,
) -> Update:
    """Train on the closed cases, compare on the latest of them, keep the version and let it answer.

    A worse one is kept as refused, without its weights, unless `force_reason` says why it is to answer all the same.
    Raises `InvalidInput` with too few cases, `Conflict` when this very model is kept already.
    """
    if force_reason is not None and not force_reason.strip():
        raise InvalidInput("forcing a worse model needs a reason", advice="say why with --reason")
    closed = sorted(
        (case for case in cases if case.cause is not None),
        key=lambda case: (case.occurred_on is not None, case.occurred_on or date.min, case.id),
    )
    views = views_of(schema, closed)
    split = round(len(closed) * (1 - LATER_SHARE))
    earlier, later = closed[:split], closed[split:]
    say(f"judging the recipe: {len(earlier)} earlier cases, {len(later)} later ones")
    candidate = judge(train(earlier, views, plan, say).model, later)
    comparison = _compare(candidate, later, versions.active(), blobs)
    say(f"training on all {len(closed)} cases")
    trained = train(closed, views, plan, say)
    active = versions.active()
    if active is not None and active.version == trained.model.version:
        raise Conflict(
            f"the model {active.version} was trained on these very cases", advice="load or close more cases first"
        )
    accepted = force_reason is not None or not comparison.is_worse
    version = _version(trained, comparison, accepted, actor, force_reason)
    if accepted:
        version = replace(version, blob=blobs.put(pack(trained.model)))
    return Update(versions.add(version), comparison)


def _compare(
    candidate: Judgement, later: Sequence[FireCase], active: CaseModelVersion | None, blobs: BlobStore
) -> Comparison:
    if active is None or active.blob is None:
        return Comparison(candidate.metrics)
    current = judge(unpack(blobs.get(active.blob)), later)
    gap, low, high = difference(candidate, current)
    saw = str(active.parameters.get("last_day", "")) >= str(later[0].occurred_on or "")
    if saw and "log_loss" in active.metrics:
        gap = candidate.metrics["log_loss"] - active.metrics["log_loss"]
        return Comparison(candidate.metrics, dict(active.metrics), gap, None, None, current_saw=True)
    return Comparison(candidate.metrics, current.metrics, gap, low, high)


def _version(
    trained: Trained, comparison: Comparison, accepted: bool, actor: str, reason: str | None
) -> CaseModelVersion:
    note = ""
    if comparison.is_worse:
        note = f"log loss {comparison.gap:+.3f} against the current model on the same later cases"
        note += f"; replaced all the same: {reason}" if accepted else ""
    now = datetime.now(UTC)
    # a version once refused may be forced later: the same data then makes the same model under another name
    name = trained.model.version if accepted else f"{trained.model.version}-refused-{now:%Y%m%d%H%M%S}"
    return CaseModelVersion(
        version=name,
        state=ModelState.ACTIVE if accepted else ModelState.REFUSED,
        created_at=now,
        created_by=actor,
        data_sha256=trained.data_hash,
        cases=trained.cases,
        metrics=comparison.candidate,
        card=model_card(trained, comparison.candidate, comparison.current),
        note=note,
        parameters={
            "views": [list(view.facts) for view in trained.model.views],
            "first_day": trained.first_day,
            "last_day": trained.last_day,
            "coverage": trained.model.coverage,
            "seed": trained.plan.seed,
        },
    )
