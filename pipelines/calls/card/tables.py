"""The data files of the card, checked when read: each loader refuses nonsense and names the file and the place."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError

SERVICES = ("101", "102", "103", "104", "109", "112-rescue")
CallClass = Literal["emergency", "non_emergency", "false"]
TRUTHS = ("injured", "dead", "trapped", "children")
"""Circumstances that are read from what is said of people rather than from cues of their own."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Table = TypeVar("_Table", bound=_Row)


class Family(_Row):
    """What several types share: their cues by weight, and what a keyword tag of a category adds."""

    cues: dict[float, tuple[str, ...]]
    tags: dict[str, float] = {}


class Names(_Row):
    """A name in the three languages of the service."""

    ru: str = Field(min_length=1)
    kk: str = Field(min_length=1)
    en: str = Field(min_length=1)


class IncidentType(_Row):
    """One kind of incident; `alone`: its cues count without its family's; `operator`: what an operator says then."""

    id: str = Field(pattern=r"^[a-z][a-z_]+$")
    names: Names
    call_class: CallClass | None = Field(alias="class")
    family: str | None = None
    default: bool = False
    alone: bool = False
    yields: bool = False
    cues: dict[float, tuple[str, ...]] = {}
    operator: dict[float, tuple[str, ...]] = {}
    tags: dict[str, float] = {}


class Incidents(_Row):
    """`incidents.yaml`."""

    source: str = Field(min_length=10)
    families: dict[str, Family]
    types: tuple[IncidentType, ...] = Field(min_length=2)


class ServiceRow(_Row):
    """A service, and the circumstances any of which sends it; none: always."""

    id: Literal["101", "102", "103", "104", "109", "112-rescue"]
    when: tuple[str, ...] = ()


class UrgencyRow(_Row):
    """An urgency, 1 (life) .. 4, and the circumstances any of which makes it so; none: always."""

    value: int = Field(alias="is", ge=1, le=4)
    when: tuple[str, ...] = ()


class DispatchRule(_Row):
    """Services in order and urgency rows for one type."""

    services: tuple[ServiceRow, ...]
    urgency: tuple[UrgencyRow, ...] = Field(min_length=1)


class Dispatch(_Row):
    """`dispatch.yaml`."""

    source: str = Field(min_length=10)
    circumstances: dict[str, tuple[str, ...]]
    announced: dict[Literal["101", "102", "103", "104", "112-rescue"], tuple[str, ...]] = {}
    rules: dict[str, DispatchRule]


class Hazard(_Row):
    """One danger, by its name on the card."""

    id: str
    name: str
    cues: tuple[str, ...] = Field(min_length=1)


class Hazards(_Row):
    """`hazards.yaml`."""

    source: str = Field(min_length=10)
    hazards: tuple[Hazard, ...]


class PeopleCues(_Row):
    """`people.yaml`: cues about people, and the operator's questions about them."""

    source: str = Field(min_length=10)
    hurt: tuple[str, ...]
    hurt_not: tuple[str, ...]
    dead: tuple[str, ...]
    dead_not: tuple[str, ...]
    trapped: tuple[str, ...]
    trapped_not: tuple[str, ...]
    minor: tuple[str, ...]
    child: tuple[str, ...]
    child_not: tuple[str, ...]
    child_danger: tuple[str, ...]
    questions: dict[str, tuple[str, ...]]


class FalseSign(_Row):
    """A sign for or against a false call, in one side's words."""

    id: str
    who: Literal["caller", "operator"]
    weight: float = Field(gt=0)
    cues: tuple[str, ...] = Field(min_length=1)


class FalseCalls(_Row):
    """`false_calls.yaml`."""

    source: str = Field(min_length=10)
    threshold: float = Field(gt=0)
    signs: tuple[FalseSign, ...]
    against: tuple[FalseSign, ...]
    unclear_words: int = Field(ge=0)


class QualityCues(_Row):
    """What an operator says that does one item of a conversation; `answers`: words of the caller that complete it."""

    id: str
    names: Names
    cues: tuple[str, ...]
    not_cues: tuple[str, ...] = ()
    asked_only: bool = False
    last_turns: int | None = None
    first_turns: int | None = None


class Quality(_Row):
    """`quality.yaml`."""

    source: str = Field(min_length=10)
    items: tuple[QualityCues, ...]


class Question(_Row):
    """A question worth asking for some types; `answered` are words of the caller that answer it unasked."""

    id: str = Field(pattern=r"^[a-z][a-z_]+$")
    field: str
    texts: Names
    urgent: bool = False
    types: tuple[str, ...] = ()
    not_types: tuple[str, ...] = ()
    filled_by: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


class Questions(_Row):
    """`questions.yaml`."""

    source: str = Field(min_length=10)
    questions: tuple[Question, ...]


def read_table(text: str, schema: type[_Table], name: str) -> _Table:
    """Return the table written in YAML. Raises ConfigurationError naming the file and the place in it."""
    try:
        return schema.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name}: {error}", advice="Write the file as YAML.") from error
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise ConfigurationError(f"{name}: {places}", advice="Mend the rows named.") from error


def _load(name: str, schema: type[_Table]) -> _Table:
    text = files("pipelines.calls.card").joinpath(name).read_text(encoding="utf-8")
    return read_table(text, schema, name)


@lru_cache(maxsize=1)
def incidents() -> Incidents:
    """Return the incident types."""
    table = _load("incidents.yaml", Incidents)
    unknown = {t.family for t in table.types} - set(table.families) - {None}
    repeated = _repeated([t.id for t in table.types])
    if unknown or repeated:
        raise ConfigurationError(
            f"incidents.yaml: unknown families {sorted(map(str, unknown))}, repeated types {repeated}",
            advice="Mend the rows named.",
        )
    return table


@lru_cache(maxsize=1)
def dispatch() -> Dispatch:
    """Return the dispatch table; every incident type has its rule, every circumstance is defined."""
    table = _load("dispatch.yaml", Dispatch)
    check_dispatch(table, {t.id for t in incidents().types})
    return table


def check_dispatch(table: Dispatch, types: set[str]) -> None:
    """Raise ConfigurationError where a type has no rule or a rule names a circumstance that is not defined."""
    known = set(table.circumstances) | set(TRUTHS)
    for name, rule in table.rules.items():
        used = {c.removeprefix("!") for when in _conditions(rule) for c in when}
        if used - known:
            raise ConfigurationError(
                f"dispatch.yaml: rule {name} names circumstances not defined: {sorted(used - known)}",
                advice="Define them under `circumstances`.",
            )
        if rule.urgency[-1].when:
            raise ConfigurationError(
                f"dispatch.yaml: rule {name} has no urgency without `when`", advice="Add one as the last row."
            )
    if types - set(table.rules):
        raise ConfigurationError(
            f"dispatch.yaml: no rule for {sorted(types - set(table.rules))}", advice="Add a rule for each."
        )


def _conditions(rule: DispatchRule) -> list[tuple[str, ...]]:
    return [row.when for row in rule.services] + [row.when for row in rule.urgency]


@lru_cache(maxsize=1)
def hazards() -> Hazards:
    """Return the hazards."""
    return _load("hazards.yaml", Hazards)


@lru_cache(maxsize=1)
def people_cues() -> PeopleCues:
    """Return the cues about people."""
    return _load("people.yaml", PeopleCues)


@lru_cache(maxsize=1)
def false_calls() -> FalseCalls:
    """Return the signs of a false call."""
    return _load("false_calls.yaml", FalseCalls)


@lru_cache(maxsize=1)
def quality() -> Quality:
    """Return the items of an operator's conversation."""
    return _load("quality.yaml", Quality)


@lru_cache(maxsize=1)
def questions() -> Questions:
    """Return the questions a dispatcher may still have to ask."""
    table = _load("questions.yaml", Questions)
    types = {t.id for t in incidents().types} | set(incidents().families)
    for question in table.questions:
        unknown = (set(question.types) | set(question.not_types)) - types
        if unknown:
            raise ConfigurationError(
                f"questions.yaml: {question.id} names unknown types {sorted(unknown)}", advice="Mend the row."
            )
    return table


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def type_names() -> Mapping[str, Names]:
    """Return the name of every incident type in the languages of the service."""
    return {t.id: t.names for t in incidents().types}
