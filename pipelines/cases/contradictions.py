"""Facts that cannot all be true: `contradictions.yaml`, rules as data with their own examples."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from core.case_records import FactValue
from core.errors import InvalidInput
from core.languages import Language
from pipelines.cases.data_files import Row, packaged, read_yaml
from pipelines.cases.schema import FactKind, shipped_schema

Facts = Mapping[str, FactValue]
_Name = Annotated[str, StringConstraints(min_length=3, max_length=200)]


class _OneOf(Row):
    fact: str
    any_of: tuple[bool | str, ...] = Field(min_length=1)


class _When(Row):
    all: tuple[_OneOf, ...] = ()
    greater: tuple[str, str] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "_When":
        if bool(self.all) == (self.greater is not None):
            raise ValueError("`when` needs `all` or `greater`, and not both")
        return self


class _RuleRow(Row):
    id: str = Field(pattern=r"^[a-z][a-z0-9-]+$")
    when: _When
    leave_out: tuple[str, ...] = Field(min_length=1)
    names: tuple[_Name, _Name, _Name]
    source: str = Field(min_length=4)
    passes: tuple[dict[str, FactValue], ...] = Field(min_length=1)
    fails: tuple[dict[str, FactValue], ...] = Field(min_length=1)


class _File(Row):
    rules: tuple[_RuleRow, ...]


@dataclass(frozen=True)
class Contradiction:
    """A rule and what it is told by; `uses`: the facts it reads, `leave_out`: those that an import leaves out."""

    id: str
    uses: frozenset[str]
    leave_out: tuple[str, ...]
    names: Mapping[Language, str]
    source: str
    speaks: Callable[[Facts], bool]


def contradictions_in(facts: Facts) -> tuple[Contradiction, ...]:
    """Return the rules that these facts break."""
    return tuple(rule for rule in shipped_rules() if rule.speaks(facts))


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[Contradiction, ...]:
    """Return the rules that come with the product."""
    return read_rules(packaged("contradictions.yaml"), "contradictions.yaml")


def read_rules(text: str, name: str) -> tuple[Contradiction, ...]:
    """Return rules written in YAML, tried on their examples. Raises `InvalidInput` naming what is wrong."""
    found: list[Contradiction] = []
    known = shipped_schema().facts
    for row in read_yaml(text, _File, name).rules:
        uses = frozenset([*(one.fact for one in row.when.all), *(row.when.greater or ())])
        stray = [fact for fact in (*uses, *row.leave_out) if fact not in known]
        if stray or row.id in {rule.id for rule in found}:
            raise InvalidInput(f"{name}: the rule {row.id!r} stands twice, or names no fact", advice="mend the rule")
        names = dict(zip((Language.RU, Language.KK, Language.EN), row.names, strict=True))
        rule = Contradiction(row.id, uses, row.leave_out, names, row.source, _condition(row.when))
        if any(rule.speaks(facts) for facts in row.passes) or not all(rule.speaks(facts) for facts in row.fails):
            raise InvalidInput(f"{name}: the rule {row.id!r} fails its own examples", advice="mend the rule")
        found.append(rule)
    return tuple(found)


def _condition(when: _When) -> Callable[[Facts], bool]:
    if when.greater is not None:
        first, second = when.greater
        if shipped_schema().get(first).kind is FactKind.DATE:
            return lambda facts: _later(facts.get(first), facts.get(second))
        return lambda facts: _above(facts.get(first), facts.get(second))
    wanted = tuple((one.fact, frozenset(one.any_of)) for one in when.all)
    return lambda facts: all(facts.get(fact) in values for fact, values in wanted)


def _above(first: FactValue | None, second: FactValue | None) -> bool:
    return isinstance(first, int | float) and isinstance(second, int | float) and first > second


def _later(first: FactValue | None, second: FactValue | None) -> bool:
    """Compare two moments; a day without a time is compared by the day, one with an offset only with another such."""
    if not isinstance(first, str) or not isinstance(second, str):
        return False
    try:
        a, b = datetime.fromisoformat(first), datetime.fromisoformat(second)
    except ValueError:
        return False
    if len(first) == len("2026-03-01") or len(second) == len("2026-03-01"):
        return a.date() > b.date()
    return (a.tzinfo is None) == (b.tzinfo is None) and a > b
