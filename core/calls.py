"""A call as it is kept: where it came from, how far its processing is, its card with all edits, what was decided.

What was said and noticed in it is in `core.call_records`. Times of the day are aware, in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from core.call_records import CardField, Evidence, FieldValue, IncidentCard, LegName
from core.languages import Language


class CallSource(StrEnum):
    """How a call reached the service."""

    LIVE = "live"
    RECORDING = "recording"


class CallState(StrEnum):
    """How far a call is."""

    WAITING = "waiting"  # a recording, kept, not yet begun
    WORKING = "working"
    LIVE = "live"  # under way on the line
    DONE = "done"
    FAILED = "failed"


class CallNote(StrEnum):
    """What whoever reads a call's transcript is told about it; faults of the sound stand there by their kind."""

    LANGUAGE_NOT_RELIABLE = "language-not-reliable"  # the model does not write this language well
    NO_SPEECH = "no-speech"  # nobody was heard
    ONE_CHANNEL = "one-channel"  # who says what is not known
    SILENT_LEG = "silent-leg"  # one side was not heard at all
    TRUNCATED = "truncated"  # the file ends before its sound does
    CLIPPING = "clipping"  # a leg was recorded too loud
    RESTORED = "restored"  # a live call finished from what was on disk


@dataclass(frozen=True)
class CallFailure:
    """Why a call could not be processed, fit to be shown."""

    code: str
    detail: str
    advice: str


@dataclass(frozen=True)
class NewCall:
    """What is known when a call is taken in. `territory`: КАТО code of the centre that received it."""

    id: str
    source: CallSource
    started_at: datetime
    created_by: str  # actor, as in the audit
    territory: str | None = None
    audio_sha256: str | None = None  # blob of the file as it was sent
    file_name: str = ""
    size_bytes: int = 0
    job_id: str | None = None
    language: Language | None = None  # as told by whoever sent it


@dataclass(frozen=True)
class Call:
    """A call of the records; the fields of its card that a list shows are repeated here."""

    id: str
    source: CallSource
    state: CallState
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    created_by: str
    territory: str | None
    audio_sha256: str | None
    sound_sha256: str | None  # blob of the decoded sound, WAV
    file_name: str
    size_bytes: int
    job_id: str | None
    duration_s: float | None
    legs: tuple[LegName, ...]
    language: Language | None
    versions: dict[str, str]
    notes: tuple[str, ...]
    failure: CallFailure | None
    call_class: str | None
    incident_type: str | None
    urgency: int | None
    place: str  # settlement, street, house; empty: not known
    reviewed_at: datetime | None


@dataclass(frozen=True)
class CallFilter:
    """Which calls a list is to hold; None: all of them. `since` counts in, `until` does not."""

    source: CallSource | None = None
    state: CallState | None = None
    call_class: str | None = None
    incident_type: str | None = None
    urgency: int | None = None
    reviewed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class CallPage:
    """Some calls, the latest first."""

    calls: tuple[Call, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class CardChange:
    """One change of a card field; `value` None: the field was emptied. An undone change stays in the history."""

    ordinal: int
    name: str
    set_by: Literal["model", "person"]
    value: FieldValue | None
    confidence: float
    evidence: tuple[Evidence, ...]
    note: str
    actor: str
    at: datetime
    undone_at: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True)
class CardHistory:
    """A card with everything that was ever put in it, in order: nothing a person or the model set is lost."""

    changes: tuple[CardChange, ...] = ()

    @property
    def card(self) -> IncidentCard:
        """The card as it stands: a person's latest word, else the model's; emptied fields are absent."""
        made = IncidentCard()
        for change in self.standing():
            if change.value is not None:
                made = made.with_edit(_field(change))
        return made

    def standing(self) -> tuple[CardChange, ...]:
        """Return the change that stands for each field ever set, emptied ones too."""
        latest: dict[str, CardChange] = {}
        for change in self.changes:
            held = latest.get(change.name)
            if change.undone_at is None and not (held and held.set_by == "person" and change.set_by == "model"):
                latest[change.name] = change
        return tuple(latest.values())

    def suggested(self, name: str) -> CardField | None:
        """Return what the model suggests for the field now, whatever a person set."""
        last = next((c for c in reversed(self.changes) if c.name == name and c.set_by == "model"), None)
        return _field(last) if last is not None and last.value is not None else None

    def undoable(self, name: str) -> CardChange | None:
        """Return the person's change that an undo would take back."""
        changes = (c for c in reversed(self.changes) if c.name == name and c.set_by == "person" and not c.undone_at)
        return next(changes, None)


@dataclass(frozen=True)
class CallDecision:
    """What a person decided about a call: the services whose sending is accepted. Nothing is sent by it."""

    services: tuple[str, ...]
    note: str
    actor: str
    at: datetime
    ordinal: int = field(default=0)


def _field(change: CardChange) -> CardField:
    assert change.value is not None
    return CardField(
        change.name, change.value, change.confidence, change.evidence, set_by=change.set_by, note=change.note
    )
