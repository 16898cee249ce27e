"""The facts of a case as controls: what matters now first, the rest folded by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.investigator.wording import Wording
from api.pages.messages import Messages
from api.schemas.causes import NextCheckOut
from core.case_records import FactValue, FireCase
from core.cases import CAUSE, FactChange
from core.languages import Language
from pipelines.cases.model.port import CaseModel
from pipelines.cases.schema import Fact, FactKind, FactSchema

GROUPS = (
    "object",
    "place",
    "structures",
    "damage",
    "time",
    "weather",
    "witnesses",
    "electrical",
    "heating",
    "alarm",
    "source",
    "culprit",
    "laboratory",
    "text",
)
_MOST_NOW = 6
_UNITS = {"m2": "м²", "m/s": "м/с"}


@dataclass(frozen=True)
class ShownFact:
    """A fact as a control; `control`: choice, words (free, with `options` to choose from), number, text, date."""

    id: str
    name: str
    control: str
    value: str  # as the control holds it
    shown: str  # as people read it
    options: tuple[tuple[str, str], ...]  # value and label
    unit: str
    least: float | None
    most: float | None
    late: bool
    changed_by: str
    changed_at: datetime | None
    undoable: bool
    unknown: bool  # no past fire had this value
    check: NextCheckOut | None  # how to learn it, and what it would tell


@dataclass(frozen=True)
class FactSheet:
    """The facts of a case: those that would tell most now, those known, the others by group."""

    now: tuple[ShownFact, ...]
    known: tuple[ShownFact, ...]
    rest: Mapping[str, tuple[ShownFact, ...]]


def fact_sheet(
    case: FireCase,
    changes: Sequence[FactChange],
    schema: FactSchema,
    t: Messages,
    model: CaseModel | None,
    checks: Sequence[NextCheckOut],
    unknown: Mapping[str, FactValue],
) -> FactSheet:
    """Return the facts of a case ready to be drawn."""
    standing = {change.fact: change for change in changes if change.undone_at is None and change.fact != CAUSE}
    by_fact = {check.fact: check for check in checks}
    drawer = _Drawer(case, standing, t, model, by_fact, unknown)
    now = [fact for fact in by_fact if fact not in case.facts][:_MOST_NOW]
    others = [fact for fact in schema.facts if fact not in case.facts and fact not in now]
    groups = {group: tuple(f for f in others if schema.facts[f].group == group) for group in GROUPS}
    return FactSheet(
        now=tuple(drawer.draw(fact, schema.facts.get(fact)) for fact in now),
        known=tuple(drawer.draw(fact, schema.facts.get(fact)) for fact in _in_order(case.facts, schema)),
        rest={
            group: tuple(drawer.draw(fact, schema.facts[fact]) for fact in facts)
            for group, facts in groups.items()
            if facts
        },
    )


def _in_order(facts: Mapping[str, FactValue], schema: FactSchema) -> list[str]:
    order = {fact: place for place, fact in enumerate(schema.facts)}
    return sorted(facts, key=lambda fact: (order.get(fact, len(order)), fact))


class _Drawer:
    def __init__(
        self,
        case: FireCase,
        standing: Mapping[str, FactChange],
        t: Messages,
        model: CaseModel | None,
        checks: Mapping[str, NextCheckOut],
        unknown: Mapping[str, FactValue],
    ) -> None:
        self._case, self._standing, self._t = case, standing, t
        self._model, self._checks, self._unknown = model, checks, unknown

    def draw(self, fact_id: str, fact: Fact | None) -> ShownFact:
        value = self._case.facts.get(fact_id)
        words = Wording(FactSchema({fact_id: fact} if fact else {}), self._t.language)
        change = self._standing.get(fact_id)
        options = self._options(fact_id, fact, words)
        return ShownFact(
            id=fact_id,
            name=words.fact(fact_id),
            control=_control(fact, value, options),
            value=_held(value),
            shown="" if value is None else words.value(fact_id, value),
            options=options,
            unit=_unit(fact, self._t.language),
            least=fact.least if fact else None,
            most=fact.most if fact else None,
            late=bool(fact and fact.stage in ("found_source", "late")),
            changed_by=change.actor if change else "",
            changed_at=change.at if change else None,
            undoable=change is not None,
            unknown=fact_id in self._unknown,
            check=self._checks.get(fact_id),
        )

    def _options(self, fact_id: str, fact: Fact | None, words: Wording) -> tuple[tuple[str, str], ...]:
        if fact and fact.kind is FactKind.YES_NO:
            return (("true", words.value(fact_id, True)), ("false", words.value(fact_id, False)))
        if fact and fact.kind is not FactKind.CATEGORY:
            return ()
        seen = self._model.known_values(fact_id) if self._model else frozenset()
        own = [*fact.options] if fact else []
        own += list(fact.classifier.codes) if fact and fact.classifier and not seen else []
        named = [(value, words.value(fact_id, value)) for value in dict.fromkeys(own)]
        more = sorted(((value, words.value(fact_id, value)) for value in seen - set(own)), key=lambda pair: pair[1])
        return (*named, *more)


def _control(fact: Fact | None, value: FactValue | None, options: Sequence[tuple[str, str]]) -> str:
    if fact is None:
        return "number" if isinstance(value, float | int) and not isinstance(value, bool) else "words"
    kinds = {FactKind.NUMBER: "number", FactKind.TEXT: "text", FactKind.DATE: "date", FactKind.YES_NO: "choice"}
    if fact.kind in kinds:
        return kinds[fact.kind]
    held = _held(value)
    closed = bool(options) and (fact.options or fact.classifier) and (not held or held in dict(options))
    return "choice" if closed else "words"


def _held(value: FactValue | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float | int) else value


def _unit(fact: Fact | None, language: Language) -> str:
    if fact is None or fact.unit not in ("m2", "m/s", "°C"):
        return ""
    return fact.unit if fact.unit == "°C" else (fact.unit if language is Language.EN else _UNITS[fact.unit])
