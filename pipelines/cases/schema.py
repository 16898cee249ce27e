"""Facts of a fire case as data: `facts.yaml`, to which a deployment or a mapping adds facts of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from core.errors import InvalidInput
from core.languages import Language
from pipelines.cases.classifier import Classifier, classifier
from pipelines.cases.data_files import Row, packaged, read_yaml

_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
_Names = tuple[_Name, _Name, _Name]


class FactKind(StrEnum):
    """What values a fact has."""

    CATEGORY = "category"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    TEXT = "text"


class Stage(StrEnum):
    """When a fact is known."""

    SCENE = "scene"
    DOCUMENTS = "documents"
    FOUND_SOURCE = "found_source"  # nearly the cause: used only once entered
    LATE = "late"


class FactRow(Row):
    """A row of `facts.yaml`, or of `own_facts` in a mapping."""

    id: _Id
    kind: FactKind
    stage: Stage
    group: _Id
    names: _Names = Field(description="ru, kk, en")
    source: str = Field(min_length=4, max_length=300)
    unit: str = ""
    least: float | None = None
    most: float | None = None
    classifier: str | None = Field(default=None, pattern="^(objects|causes)$")
    options: dict[str, _Names] = Field(default={})

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "FactRow":
        number = self.kind is FactKind.NUMBER
        if (self.unit or self.least is not None or self.most is not None) and not number:
            raise ValueError("only a number has a unit, a least and a most value")
        if number and (not self.unit or self.least is None or self.most is None or self.least > self.most):
            raise ValueError("a number needs its unit, its least and its most value")
        if (self.options or self.classifier) and self.kind is not FactKind.CATEGORY:
            raise ValueError("only a category has options or a classifier")
        return self


class _File(Row):
    facts: tuple[FactRow, ...]


@dataclass(frozen=True)
class Fact:
    """What a fact is. `least` and `most` are in `unit`; `options` are ids with their names."""

    id: str
    kind: FactKind
    stage: Stage
    group: str
    names: Mapping[Language, str]
    source: str
    unit: str
    least: float | None
    most: float | None
    classifier: Classifier | None
    options: Mapping[str, Mapping[Language, str]]

    def name_of(self, value: object, language: Language) -> str:
        """Return what a value of this fact is called; a value without a name is called by itself."""
        text = str(value)
        if text in self.options:
            return self.options[text][language]
        code = self.classifier.codes.get(text) if self.classifier else None
        return code.names[language] if code else text


@dataclass(frozen=True)
class FactSchema:
    """All facts, in the order in which they are shown."""

    facts: Mapping[str, Fact]

    def get(self, fact: str) -> Fact:
        """Return a fact; raise `InvalidInput` when there is none of this id."""
        found = self.facts.get(fact)
        if found is None:
            raise InvalidInput(f"there is no fact {fact[:40]!r}", advice="GET /v1/cases/schema lists the facts")
        return found

    def extended(self, rows: Iterable[FactRow]) -> "FactSchema":
        """Return the schema with more facts; raise `InvalidInput` when one has the id of another."""
        more = [_fact(row) for row in rows]
        taken = [fact.id for fact in more if fact.id in self.facts]
        if taken or len({fact.id for fact in more}) < len(more):
            raise InvalidInput(f"the fact {(taken or ['of one id'])[0]!r} stands twice", advice="rename your own fact")
        return FactSchema({**self.facts, **{fact.id: fact for fact in more}})


@lru_cache(maxsize=1)
def shipped_schema() -> FactSchema:
    """Return the facts that come with the product."""
    return read_schema(packaged("facts.yaml"), "facts.yaml")


def read_schema(text: str, name: str) -> FactSchema:
    """Return the facts written in YAML; raise `InvalidInput` that names the line."""
    return FactSchema({}).extended(read_yaml(text, _File, name).facts)


def _fact(row: FactRow) -> Fact:
    return Fact(
        id=row.id,
        kind=row.kind,
        stage=row.stage,
        group=row.group,
        names=_named(row.names),
        source=row.source,
        unit=row.unit,
        least=row.least,
        most=row.most,
        classifier=classifier(row.classifier) if row.classifier else None,
        options={option: _named(names) for option, names in row.options.items()},
    )


def _named(names: _Names) -> dict[Language, str]:
    return dict(zip((Language.RU, Language.KK, Language.EN), names, strict=True))
