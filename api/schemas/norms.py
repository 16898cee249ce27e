"""Acts, redactions, clauses, search results."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from core.languages import Language
from core.records import Act, Clause, Level, Redaction, RedactionStatus


class _OfRecord(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class BoxOut(_OfRecord):
    """A rectangle on a page: PDF points, origin top left."""

    x0: float
    y0: float
    x1: float
    y1: float


class RedactionOut(_OfRecord):
    """One wording of an act with the dates it holds for."""

    id: str
    act_id: str
    valid_from: date | None = Field(description="First day it holds; null: not known")
    valid_to: date | None = Field(description="First day it no longer holds; null: open")
    status: RedactionStatus
    languages: tuple[Language, ...]
    source_name: str
    source_sha256: str
    replaced_by: str | None = None


class ActOut(_OfRecord):
    """A normative act."""

    id: str
    jurisdiction: str = Field(description="ISO 3166-1 alpha-2", examples=["KZ"])
    kind: str = Field(examples=["building code"])
    number: str = Field(description="As printed", examples=["СП РК 2.02-101-2022"])
    titles: dict[Language, str]
    aliases: tuple[str, ...] = ()
    issuer: str | None = None
    adopted_on: date | None = None


class ActWithRedactions(ActOut):
    """An act in a list."""

    redactions: list[RedactionOut] = Field(description="Newest first")


class ActPage(BaseModel):
    """A page of acts."""

    items: list[ActWithRedactions]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null at the end")


class PathStepOut(_OfRecord):
    """One step of a clause's place in its act."""

    level: Level
    number: str


class ClauseOut(_OfRecord):
    """A clause, verbatim."""

    id: str
    act_id: str
    redaction_id: str
    language: Language
    level: Level
    number: str = Field(description="As printed", examples=["5.2.3"])
    path: tuple[PathStepOut, ...]
    breadcrumb: tuple[str, ...] = Field(description="Headings of the containers above, outermost first")
    heading: str
    text: str
    ordinal: int
    parent_id: str | None
    page: int | None
    box: BoxOut | None
    cells: tuple[str, ...]
    columns: tuple[str, ...]
    twin_id: str | None = Field(description="The same clause in the other language")
    repealed: bool


class ClauseInContextOut(BaseModel):
    """A clause where it stands."""

    clause: ClauseOut
    whole: ClauseOut = Field(description="The clause itself, or the one whose text holds it")
    act: ActOut
    redaction: RedactionOut
    before: list[ClauseOut] = Field(description="Neighbours before it, in source order")
    after: list[ClauseOut] = Field(description="Neighbours after it, in source order")
    table: ClauseOut | None = Field(description="Of a table row: its table")
    twin: ClauseOut | None


class FoundOut(BaseModel):
    """A clause found, and how well it matches."""

    score: float
    act: ActOut
    clause: ClauseOut


class SearchOut(BaseModel):
    """The clauses found, best first."""

    items: list[FoundOut]


def act_out(act: Act) -> ActOut:
    """Return the shape of an act."""
    return ActOut.model_validate(act)


def redaction_out(redaction: Redaction) -> RedactionOut:
    """Return the shape of a redaction."""
    return RedactionOut.model_validate(redaction)


def clause_out(clause: Clause) -> ClauseOut:
    """Return the shape of a clause."""
    return ClauseOut.model_validate(clause)
