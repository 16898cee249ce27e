"""The tables of calls; see `core.storage.tables` for what holds of all tables."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables import Base, Json

JsonList = list[object]
_CALL = "calls.id"


class CallRow(Base):
    """A call; the card's fields that lists show and choose by are repeated here."""

    __tablename__ = "calls"
    __table_args__ = (Index(None, "started_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    created_by: Mapped[str]
    territory: Mapped[str | None] = mapped_column(index=True)  # КАТО code; none: not known
    audio_sha256: Mapped[str | None] = mapped_column(index=True)
    sound_sha256: Mapped[str | None] = mapped_column(index=True)
    file_name: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    job_id: Mapped[str | None]
    duration_s: Mapped[float | None]
    legs: Mapped[list[str]]
    language: Mapped[str | None]
    versions: Mapped[dict[str, str]]
    notes: Mapped[list[str]]
    failure: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    call_class: Mapped[str | None]
    incident_type: Mapped[str | None] = mapped_column(index=True)
    urgency: Mapped[int | None]
    place: Mapped[str]
    reviewed_at: Mapped[datetime | None]


class CallSegmentRow(Base):
    """A committed stretch of speech; never changes once written, except when a recording is transcribed anew."""

    __tablename__ = "call_segments"

    call_id: Mapped[str] = mapped_column(ForeignKey(_CALL, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    leg: Mapped[str]
    start_s: Mapped[float]
    end_s: Mapped[float]
    words: Mapped[JsonList] = mapped_column(JSON)  # [text, start_s, end_s, probability] of each


class CallTagRow(Base):
    """Something noticed in a call."""

    __tablename__ = "call_tags"

    call_id: Mapped[str] = mapped_column(ForeignKey(_CALL, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    label: Mapped[str]
    phrase: Mapped[str]
    asserted: Mapped[bool]
    confidence: Mapped[float]
    evidence: Mapped[JsonList] = mapped_column(JSON)  # [leg, start_s, end_s, text]


class CardChangeRow(Base):
    """One change of a card field, the model's or a person's. Rows are added and marked as undone, never rewritten."""

    __tablename__ = "call_card_changes"

    call_id: Mapped[str] = mapped_column(ForeignKey(_CALL, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    set_by: Mapped[str]
    value: Mapped[object | None] = mapped_column(JSON(none_as_null=True))  # none: emptied
    confidence: Mapped[float]
    evidence: Mapped[JsonList] = mapped_column(JSON)
    note: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str]


class CallQuestionRow(Base):
    """A question the operator has not asked yet."""

    __tablename__ = "call_questions"

    call_id: Mapped[str] = mapped_column(ForeignKey(_CALL, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question: Mapped[str]
    field: Mapped[str]
    urgent: Mapped[bool]


class CallQualityRow(Base):
    """Whether the operator did one of the things a conversation needs."""

    __tablename__ = "call_quality"

    call_id: Mapped[str] = mapped_column(ForeignKey(_CALL, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item: Mapped[str]
    done: Mapped[bool]
    evidence: Mapped[JsonList] = mapped_column(JSON)


class CallDecisionRow(Base):
    """What a person decided about a call; the latest one stands."""

    __tablename__ = "call_decisions"

    call_id: Mapped[str] = mapped_column(ForeignKey(_CALL, ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    services: Mapped[list[str]]
    note: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
