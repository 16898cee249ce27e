"""Emergency calls: transcript, tags, the card and what people do with it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.call_records import CARD_FIELDS, LegName, TagKind
from core.calls import CallNote, CallSource, CallState, CardChange, CardHistory
from core.languages import Language

Value = bool | int | str | list[str]


class _OfRecord(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CallAccepted(BaseModel):
    """A recording taken in; its transcript is at `url` when the job is done."""

    call_id: str
    job_id: str
    url: str = Field(examples=["/v1/calls/5b0c8a0e-8f0e-5c55-9a61-1d2a3b4c5d6e"])
    job_url: str = Field(
        description="The job's progress; with `Accept: text/event-stream`, as events",
        examples=["/v1/calls/5b0c8a0e-8f0e-5c55-9a61-1d2a3b4c5d6e/job"],
    )


class FailureOut(_OfRecord):
    """Why a call could not be processed."""

    code: str = Field(examples=["not-audio"])
    detail: str
    advice: str


class CallBriefOut(_OfRecord):
    """A call as a list shows it."""

    id: str
    source: CallSource
    state: CallState
    started_at: datetime
    duration_s: float | None
    language: Language | None
    territory: str | None = Field(description="КАТО code of the centre that received it; null: not known")
    file_name: str
    call_class: str | None = Field(description="emergency, non_emergency or false", examples=["emergency"])
    incident_type: str | None = Field(examples=["fire_residential"])
    urgency: int | None = Field(description="1 (life) to 4")
    place: str = Field(description="Settlement, street, house; empty: not known", examples=["Кокшетау, улица Абая, 5"])
    notes: tuple[str, ...] = Field(description=f"What a reader is told: {', '.join(CallNote)}")
    reviewed_at: datetime | None
    failure: FailureOut | None


class CallPageOut(BaseModel):
    """A page of calls, the latest first."""

    items: list[CallBriefOut]
    next_cursor: str | None


class WordOut(_OfRecord):
    """A word as it was heard."""

    text: str
    start_s: float
    end_s: float
    probability: float


class SegmentOut(_OfRecord):
    """A stretch of speech of one leg; times are seconds from the start of the call."""

    leg: LegName
    start_s: float
    end_s: float
    text: str
    words: tuple[WordOut, ...]


class EvidenceOut(_OfRecord):
    """The words of the call that something stands on."""

    leg: LegName
    start_s: float
    end_s: float
    text: str


class TagOut(_OfRecord):
    """Something noticed in the call."""

    kind: TagKind
    label: str = Field(description="Category of a keyword, class of a sound, level of distress", examples=["fire"])
    phrase: str = Field(
        description="Of a keyword: its dictionary form; of one with no single form, the words said", examples=["гореть"]
    )
    asserted: bool = Field(description="Of a keyword: said as a fact; false: negated, asked, supposed or figurative")
    confidence: float = Field(ge=0, le=1)
    evidence: EvidenceOut


class CardFieldOut(_OfRecord):
    """A field of the card: a suggestion with its evidence, or what a person entered."""

    name: str = Field(examples=["street"])
    value: Value | None = Field(description="null: a person emptied the field", examples=["улица Абая"])
    confidence: float = Field(ge=0, le=1)
    set_by: Literal["model", "person"]
    note: str
    evidence: tuple[EvidenceOut, ...]
    suggested: Value | None = Field(default=None, description="What the model suggests where a person's word stands")
    undoable: bool = Field(default=False, description="Whether a person's change can be taken back")


class CardChangeOut(_OfRecord):
    """One change of the card; nothing is ever rewritten."""

    name: str
    value: Value | None
    set_by: Literal["model", "person"]
    confidence: float
    actor: str
    at: datetime
    undone_at: datetime | None


class CardOut(BaseModel):
    """The incident card, in the order of its fields. A field that is not known is absent."""

    fields: list[CardFieldOut]
    history: list[CardChangeOut]


class MissingQuestionOut(_OfRecord):
    """Something the operator did not learn."""

    id: str
    field: str = Field(examples=["callback_phone"])
    urgent: bool


class QualityItemOut(_OfRecord):
    """One thing an operator should do in a call, and whether it was done."""

    id: str = Field(examples=["asked_address"])
    done: bool
    evidence: tuple[EvidenceOut, ...]


class DecisionIn(BaseModel):
    """What a person decides about a call. Nothing is sent by it: a person does that."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"services": ["101", "103"], "note": "Есть пострадавший"}]},
    )

    services: list[str] = Field(max_length=10, description="Services whose sending is accepted; the lead one first")
    note: str = Field(default="", max_length=2000)


class DecisionOut(_OfRecord):
    """A decision as it was kept."""

    services: tuple[str, ...]
    note: str
    actor: str
    at: datetime


class CallOut(CallBriefOut):
    """A whole call."""

    created_at: datetime
    legs: tuple[LegName, ...] = Field(description="Who is heard; `mixed`: one channel holds both")
    versions: dict[str, str] = Field(description="Models that were used", examples=[{"transcriber": "whisper-base"}])
    audio_url: str | None
    segments: list[SegmentOut]
    tags: list[TagOut]
    card: CardOut
    missing: list[MissingQuestionOut]
    quality: list[QualityItemOut]
    decisions: list[DecisionOut]


class CardEditIn(BaseModel):
    """A person's changes of a card: values to put in (null empties a field), fields whose last change is undone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"set": {"house": "15", "flat": None}}, {"undo": ["house"]}]},
    )

    set: dict[str, Value | None] = Field(default={}, max_length=30)
    undo: list[str] = Field(default=[], max_length=30)


def card_out(history: CardHistory) -> CardOut:
    """Return the card as it stands, emptied fields included, with every change."""
    standing = sorted(history.standing(), key=lambda change: CARD_FIELDS.index(change.name))
    fields = [_field(history, change) for change in standing if change.value is not None or change.set_by == "person"]
    return CardOut(fields=fields, history=[CardChangeOut.model_validate(change) for change in history.changes])


def _field(history: CardHistory, change: CardChange) -> CardFieldOut:
    field = CardFieldOut.model_validate(change)
    if change.set_by == "person":
        model = history.suggested(change.name)
        if model is not None:
            field.suggested = list(model.value) if isinstance(model.value, tuple) else model.value
    field.undoable = history.undoable(change.name) is not None
    return field
