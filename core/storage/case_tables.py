"""The tables of fire cases; see `core.storage.tables` for what holds of all tables."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, Json

_CASE = "cases.id"


class CaseRow(Base):
    """A case with its facts as they stand."""

    __tablename__ = "cases"
    __table_args__ = (Index(None, "updated_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    source: Mapped[str]
    occurred_on: Mapped[date | None] = mapped_column(index=True)
    territory: Mapped[str | None] = mapped_column(index=True)  # КАТО code; none: not known
    cause: Mapped[str | None] = mapped_column(index=True)
    facts: Mapped[Json]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    created_by: Mapped[str]
    import_id: Mapped[str | None] = mapped_column(index=True)
    edited: Mapped[bool]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str]


class CaseChangeRow(Base):
    """One change of a fact or of the cause. Rows are added and marked as undone, never rewritten."""

    __tablename__ = "case_changes"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fact: Mapped[str]
    value: Mapped[object | None] = mapped_column(JSON(none_as_null=True))  # none: emptied
    before: Mapped[object | None] = mapped_column(JSON(none_as_null=True))
    actor: Mapped[str]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str]


class CaseSuggestionRow(Base):
    """A suggestion of causes as it was shown; the score is filled in when the case is closed."""

    __tablename__ = "case_suggestions"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    model_version: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    coverage: Mapped[float]
    facts: Mapped[Json]
    ranking: Mapped[list[object]] = mapped_column(JSON)  # [cause, probability, in_set] of each
    score: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))  # rank, probability, in_set


class CaseModelRow(Base):
    """A version of the model of causes."""

    __tablename__ = "case_models"

    version: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    data_sha256: Mapped[str]
    cases: Mapped[int]
    metrics: Mapped[Json]
    card: Mapped[str]
    blob: Mapped[str | None]
    note: Mapped[str]
    parameters: Mapped[Json]
