"""A saved mapping: how the columns of one source become the facts of cases. YAML; docs/eval-formats.md describes it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from core.case_records import FactValue
from core.errors import InvalidInput, NotFound
from core.languages import Language
from pipelines.cases.classifier import folded
from pipelines.cases.data_files import Row, read_yaml
from pipelines.cases.schema import FactKind, FactRow, FactSchema, shipped_schema

CAUSE = "cause"
"""Names the cause in `values`, where facts are named by their ids."""

DatePart = Literal["month", "season", "weekday", "hour"]
_Text = Annotated[str, StringConstraints(max_length=500)]
_Column = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def _as_written(value: object) -> object:
    """YAML reads `9` as a number and `no` as false; of the first the text is known, of the second it is not."""
    if isinstance(value, bool):
        raise ValueError("put words such as yes, no, on, off in quotes")
    return str(value) if isinstance(value, int | float) else value


_Word = Annotated[str, BeforeValidator(_as_written), _Text]
_MOST_BYTES = 4 * 1024 * 1024


class DateColumn(Row):
    """Where the day of the fire stands. `format`: `iso`, or as `strptime` reads it."""

    column: _Column
    format: str = Field(default="iso", min_length=2, max_length=60)
    timezone: str | None = Field(default=None, description="Moments with an offset are turned to this zone's time")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        try:
            return value and ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("there is no such time zone; write it as Asia/Almaty") from None


class FactColumn(Row):
    """Where a fact stands, and how its value is taken from the column."""

    column: _Column | None = None
    from_date: DatePart | None = None
    missing: tuple[_Word, ...] = ()
    before: str = Field(default="", max_length=20, description="Only what stands before the first such mark")
    after: str = Field(default="", max_length=20, description="Only what stands after the first such mark")
    format: str = Field(default="iso", min_length=2, max_length=60)

    @model_validator(mode="after")
    def _from_one_place(self) -> "FactColumn":
        if (self.column is None) == (self.from_date is None):
            raise ValueError("a fact needs `column` or `from_date`, and not both")
        return self


class CauseColumn(Row):
    """Where the established cause stands. `open`: what stands there when it is not established."""

    column: _Column
    open: tuple[_Word, ...] = ()
    groups: dict[str, tuple[_Word, ...]] = Field(
        default={}, description="Name of a group -> its causes; those in none, and codes, group by themselves"
    )


class Exclusion(Row):
    """Rows that are not to become cases: those whose column is one of `any_of` or contains one of `contains`."""

    column: _Column
    any_of: tuple[_Word, ...] = ()
    contains: tuple[_Word, ...] = ()
    reason: str = Field(min_length=3, max_length=200)

    @model_validator(mode="after")
    def _excludes_something(self) -> "Exclusion":
        if not self.any_of and not any(self.contains):
            raise ValueError("an exclusion needs `any_of` or `contains`")
        return self

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(map(folded, self.any_of))

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        return tuple(folded(part) for part in self.contains if part.strip())

    def excludes(self, cell: str) -> bool:
        """Tell whether a row with this cell is left out."""
        text = folded(cell)
        return text in self._exact or any(part in text for part in self._parts)


class CaseMapping(Row):
    """The mapping of one source. Columns are named by the header's words (case and spaces aside)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    language: Language = Field(description="Of the source's categories")
    id: tuple[_Column, ...] = Field(default=(), description="Columns that name a case together; none: the whole row")
    date: DateColumn | None = None
    cause: CauseColumn | None = None
    title: _Column | None = None
    territory: _Column | None = Field(default=None, description="Column of the КАТО code")
    missing: tuple[_Word, ...] = Field(default=(), description="What stands for `not known` in any column of a fact")
    facts: dict[str, FactColumn]
    values: dict[str, dict[_Word, FactValue]] = Field(default={}, description="Fact or `cause` -> the source's -> ours")
    exclude: tuple[Exclusion, ...] = ()
    lists: dict[str, tuple[str, ...]] = Field(default={}, description="Named lists of facts, such as scene and full")
    own_facts: tuple[FactRow, ...] = ()
    encoding: Literal["utf-8", "utf-16", "cp1251", "kz1048", "cp866"] | None = None
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    sheet: str | None = Field(default=None, max_length=100, description="Of a workbook; the first one unless given")

    @field_validator("facts", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if isinstance(value, dict):
            return {fact: {"column": given} if isinstance(given, str) else given for fact, given in value.items()}
        return value

    @model_validator(mode="after")
    def _names_facts_there_are(self) -> "CaseMapping":
        known = self.schema_of_facts.facts
        for fact, column in self.facts.items():
            if fact not in known:
                raise ValueError(f"`facts` names {fact!r}, neither a fact of the schema nor one of `own_facts`")
            if column.from_date and self.date is None:
                raise ValueError(f"the fact {fact!r} is taken from the date, and `date` is missing")
        for name in self.values:
            if name != CAUSE and name not in self.facts:
                raise ValueError(f"`values` names {name!r}, which `facts` does not map")
        for listed, facts in self.lists.items():
            stray = [fact for fact in facts if fact not in self.facts]
            if stray:
                raise ValueError(f"the list {listed!r} names {stray[0]!r}, which `facts` does not map")
        return self

    @cached_property
    def schema_of_facts(self) -> FactSchema:
        """The facts of the product and those of the mapping's own."""
        try:
            return shipped_schema().extended(self.own_facts)
        except InvalidInput as error:
            raise ValueError(error.detail) from error

    @cached_property
    def columns(self) -> frozenset[str]:
        """Every column the mapping names."""
        return frozenset(self._columns())

    def list_of(self, name: str) -> tuple[str, ...]:
        """Return a named list of facts. Without it: `scene` and `full` by the stages; else `InvalidInput`.

        `scene`: facts seen at the scene. `full`: these and what papers tell; never the ignition source or later facts,
        nor free text.
        """
        stages = {"scene": ("scene",), "full": ("scene", "documents")}.get(name)
        if name in self.lists:
            return self.lists[name]
        if stages is None:
            raise InvalidInput(f"the mapping {self.name!r} has no list {name[:40]!r}", advice="add it under `lists`")
        facts = self.schema_of_facts.facts
        return tuple(f for f in self.facts if facts[f].stage in stages and facts[f].kind is not FactKind.TEXT)

    def group_of(self, cause: str) -> str:
        """Return the group of a cause: as the mapping says, the classifier's for a code, else the cause itself."""
        return self._groups.get(cause) or (cause.partition(".")[0] if cause[:1].isdigit() and "." in cause else cause)

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        groups = self.cause.groups if self.cause else {}
        return {cause: group for group, causes in groups.items() for cause in causes}

    def _columns(self) -> Iterator[str]:
        yield from self.id
        for place in (self.date, self.cause):
            if place is not None:
                yield place.column
        yield from (column for column in (self.title, self.territory) if column)
        yield from (fact.column for fact in self.facts.values() if fact.column)
        yield from (exclusion.column for exclusion in self.exclude)


def read_mapping(text: str, name: str = "mapping") -> CaseMapping:
    """Return the mapping written in YAML; raise `InvalidInput` that names the line and what is wrong there."""
    return read_yaml(text, CaseMapping, name)


def load_mapping(path: Path) -> CaseMapping:
    """Return the mapping of a file. Raises `NotFound`, `InvalidInput`."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES)
        return read_mapping(content.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the mapping {path.name} is not UTF-8", advice="save it as UTF-8") from error
    except OSError as error:
        raise NotFound(f"the mapping {path} cannot be read", advice="check the path") from error
