"""Fire cases: facts with their history, closing, files of past fires."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.cases import CaseState, FactChange, StoredCase
from core.jobs.records import JobState
from core.languages import Language
from pipelines.cases.schema import Fact, FactKind, Stage

Value = bool | float | str
_FACTS: dict[str, JsonValue] = {
    "object": "14.4",
    "place_of_origin": "Печь",
    "storeys": 1,
    "heating": "stove",
    "heating_in_use": True,
}


class _OfRecord(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CaseIn(BaseModel):
    """A case as it is first entered; facts that are not known yet are left out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Баня, улица Лесная", "facts": _FACTS}]}
    )

    title: str = Field(default="", max_length=200)
    occurred_on: date | None = Field(default=None, description="Day of the fire")
    territory: str | None = Field(default=None, max_length=9, description="КАТО code; the sender's unless given")
    facts: dict[str, Value] = Field(default={}, max_length=200)


class CaseEditIn(BaseModel):
    """Changes of facts. `undo` takes back the last change of each fact; `cause` there opens a closed case again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"set": {"ignition_source": "Печь"}, "undo": []}]}
    )

    set: dict[str, Value | None] = Field(default={}, max_length=200, description="null empties the fact")
    undo: list[str] = Field(default=[], max_length=200)


class CloseIn(BaseModel):
    """The established cause."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"cause": "6.1"}]})

    cause: str = Field(
        min_length=1, max_length=300, description="Code of the classifier, or a category of the loaded cases"
    )


class CaseBriefOut(BaseModel):
    """A case as a list shows it."""

    id: str
    title: str
    state: CaseState
    occurred_on: date | None
    territory: str | None = Field(description="КАТО code; null: not known")
    cause: str | None = Field(description="Established; null while the case is open")
    source: str = Field(description="File and row of an import, or who entered it")
    import_id: str | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class FactChangeOut(_OfRecord):
    """A change of a fact, or of the cause."""

    ordinal: int
    fact: str
    value: Value | None = Field(description="null: emptied")
    before: Value | None
    actor: str
    at: datetime
    undone_at: datetime | None
    undone_by: str


class CaseOut(CaseBriefOut):
    """A case with its facts as they stand and how they came to be."""

    facts: dict[str, Value]
    history: list[FactChangeOut]
    closed_by: str


class CasePageOut(BaseModel):
    """A page of cases, the latest changed first."""

    items: list[CaseBriefOut]
    next_cursor: str | None


class ImportAccepted(BaseModel):
    """A file taken in; follow its import at `url`."""

    import_id: str
    url: str = Field(examples=["/v1/cases/imports/0c0f6c1e"])


class IssueOut(BaseModel):
    """One thing wrong in a file. `row`: as a spreadsheet numbers it."""

    row: int
    column: str
    kind: str = Field(examples=["unknown-code"])
    outcome: str = Field(description="row refused, value left out, kept")
    detail: str
    value: str = Field(description="As it stands in the cell; personal data masked")


class ImportOut(BaseModel):
    """An import: how far it is and, once it is done, what it found."""

    id: str
    state: JobState
    progress: float = Field(ge=0, le=1)
    error: dict[str, str] | None
    report: dict[str, object] | None = Field(description="Counts of rows, cases, issues by kind; the first issues")
    saved: dict[str, int] | None = Field(description="added, changed, unchanged, kept_as_people_left_them")
    issues: list[IssueOut] = Field(description="A page of all issues")
    next_offset: int | None


class OptionOut(BaseModel):
    """A value a fact may have."""

    value: str
    name: str
    group: str = ""


class FactOut(BaseModel):
    """What a fact is."""

    id: str
    name: str
    kind: FactKind
    stage: Stage
    group: str
    unit: str
    least: float | None
    most: float | None
    options: list[OptionOut]
    source: str


class SchemaOut(BaseModel):
    """All facts, and the causes of the classifier."""

    language: Literal["ru", "kk", "en"]
    facts: list[FactOut]
    causes: list[OptionOut]


def brief_out(stored: StoredCase) -> CaseBriefOut:
    """Return a case as a list shows it."""
    return CaseBriefOut.model_validate(_fields(stored))


def case_out(stored: StoredCase, changes: tuple[FactChange, ...]) -> CaseOut:
    """Return the whole case."""
    history = [FactChangeOut.model_validate(change) for change in changes]
    return CaseOut.model_validate(
        {**_fields(stored), "facts": dict(stored.case.facts), "history": history, "closed_by": stored.closed_by}
    )


def fact_out(fact: Fact, language: Language) -> FactOut:
    """Return what a fact is, in a language."""
    options = [OptionOut(value=value, name=names[language]) for value, names in fact.options.items()]
    if fact.classifier is not None:
        options += [
            OptionOut(value=code.code, name=code.names[language], group=code.group)
            for code in fact.classifier.codes.values()
        ]
    return FactOut(
        id=fact.id,
        name=fact.names[language],
        kind=fact.kind,
        stage=fact.stage,
        group=fact.group,
        unit=fact.unit,
        least=fact.least,
        most=fact.most,
        options=options,
        source=fact.source,
    )


def _fields(stored: StoredCase) -> dict[str, object]:
    case = stored.case
    return {
        "id": case.id,
        "title": case.title,
        "state": stored.state,
        "occurred_on": case.occurred_on,
        "territory": case.territory,
        "cause": case.cause,
        "source": case.source,
        "import_id": stored.import_id,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
        "closed_at": stored.closed_at,
    }
