"""What a live call tells those who follow it; docs/live-calls.md says when, with examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import orjson

from core.call_records import CardField, Evidence, FieldValue, LegName, MissingQuestion, Tag, Word

EndReason = Literal["ended", "source-lost", "too-long", "server-stopped"]
Shed = Literal["tail", "beam"]


@dataclass(frozen=True)
class Event:
    """Root of the events; the fields of each are its JSON."""

    type: ClassVar[str]


@dataclass(frozen=True)
class CallStarted(Event):
    """The first event of a call."""

    type: ClassVar[str] = "call.started"
    call_id: str
    legs: tuple[LegName, ...]
    sample_rate: int
    encoding: str
    language: str
    reliable_languages: tuple[str, ...]


@dataclass(frozen=True)
class TranscriptCommitted(Event):
    """Words that will not change, to be appended to a segment."""

    type: ClassVar[str] = "transcript.committed"
    leg: LegName
    segment: int
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]
    final: bool


@dataclass(frozen=True)
class TranscriptTail(Event):
    """What follows the committed text of a leg for now."""

    type: ClassVar[str] = "transcript.tail"
    leg: LegName
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class RaisedTag:
    """A tag with the id it keeps."""

    id: str
    kind: str
    label: str
    phrase: str
    asserted: bool
    confidence: float
    evidence: Evidence

    @classmethod
    def of(cls, tag_id: str, tag: Tag) -> "RaisedTag":
        """Return the tag under its id."""
        return cls(tag_id, tag.kind.value, tag.label, tag.phrase, tag.asserted, round(tag.confidence, 3), tag.evidence)


@dataclass(frozen=True)
class TagRaised(Event):
    """Something was noticed, or what was noticed has changed."""

    type: ClassVar[str] = "tag.raised"
    tag: RaisedTag


@dataclass(frozen=True)
class TagWithdrawn(Event):
    """Later words say otherwise."""

    type: ClassVar[str] = "tag.withdrawn"
    id: str


@dataclass(frozen=True)
class CardFieldSet(Event):
    """A field of the card as it stands now; `value` None: it is not known any more."""

    type: ClassVar[str] = "card.field"
    field: str
    value: FieldValue | None
    confidence: float
    set_by: str
    note: str
    evidence: tuple[Evidence, ...]

    @classmethod
    def of(cls, name: str, field: CardField | None) -> "CardFieldSet":
        """Return the event of a field, None where it went away."""
        if field is None:
            return cls(name, None, 0.0, "model", "", ())
        return cls(name, field.value, round(field.confidence, 3), field.set_by, field.note, field.evidence)


@dataclass(frozen=True)
class PromptMissing(Event):
    """All that the operator has not learnt yet."""

    type: ClassVar[str] = "prompt.missing"
    questions: tuple[MissingQuestion, ...]


@dataclass(frozen=True)
class DispatchSuggested(Event):
    """Services that the call's words ask for; nothing is sent."""

    type: ClassVar[str] = "dispatch.suggested"
    services: tuple[str, ...]
    urgency: int | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Lag(Event):
    """How far the transcript is behind, and what is left out because of it."""

    type: ClassVar[str] = "lag"
    lag_s: float
    shed: tuple[Shed, ...]


@dataclass(frozen=True)
class CallError(Event):
    """Something went wrong; the call goes on."""

    type: ClassVar[str] = "error"
    code: str
    detail: str
    advice: str
    leg: LegName | None = None
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class CallEnded(Event):
    """The last event of a call."""

    type: ClassVar[str] = "call.ended"
    reason: EndReason
    duration_s: float
    job_id: str | None


def committed(leg: LegName, segment: int, words: Sequence[Word], *, final: bool) -> TranscriptCommitted:
    """Return the event of newly committed words; none, when a segment only ends."""
    rounded = tuple(_rounded(word) for word in words)
    start_s, end_s = (rounded[0].start_s, rounded[-1].end_s) if rounded else (0.0, 0.0)
    text = " ".join(word.text for word in rounded)
    return TranscriptCommitted(leg, segment, start_s, end_s, text, rounded, final)


def encode(seq: int, at_s: float, event: Event) -> bytes:
    """Return the event as one line of JSON, as it is kept and sent."""
    body = {name: value for name, value in vars(event).items() if not (isinstance(event, CallError) and value is None)}
    return orjson.dumps({"seq": seq, "type": event.type, "at_s": round(at_s, 2), **body})


def _rounded(word: Word) -> Word:
    return Word(word.text, round(word.start_s, 3), round(word.end_s, 3), round(word.probability, 3))
