"""Records of emergency calls: what was said, what was noticed in it, and the card that is filled from it.

Names are those of the API, the live events and the pane. Times are seconds from the start of the call.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

FieldValue = str | int | bool | tuple[str, ...]
"""What a card field may hold; a tuple is an ordered list (services: the lead one first)."""


class LegName(StrEnum):
    """Whose side of the call."""

    CALLER = "caller"
    OPERATOR = "operator"
    MIXED = "mixed"  # a recording that holds both in one channel


@dataclass(frozen=True)
class Word:
    """One recognised word, as written by the transcriber, with its punctuation."""

    text: str
    start_s: float
    end_s: float
    probability: float = 1.0


@dataclass(frozen=True)
class Segment:
    """A stretch of speech of one leg. Committed text never changes; the tail of a live call may."""

    leg: LegName
    start_s: float
    end_s: float
    words: tuple[Word, ...]
    committed: bool = True

    @property
    def text(self) -> str:
        """The words joined with spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class Evidence:
    """Words of the call that something stands on."""

    leg: LegName
    start_s: float
    end_s: float
    text: str  # as transcribed


class TagKind(StrEnum):
    """What sort of thing was noticed."""

    KEYWORD = "keyword"
    SOUND = "sound"
    DISTRESS = "distress"
    SPEAKER = "speaker"


@dataclass(frozen=True)
class Tag:
    """Something noticed in a call.

    `label`: for a keyword its category ("fire", "gas", ...), for a sound its class ("siren", ...), for distress
    "calm", "anxious", "panic" or "aggressive".
    """

    kind: TagKind
    label: str
    evidence: Evidence
    confidence: float  # 0..1
    asserted: bool = True  # of a keyword: said as a fact; False: negated, asked, hypothetical or figurative
    phrase: str = ""  # of a keyword: its dictionary form; of one with no single form, the words said


@dataclass(frozen=True)
class CardField:
    """One field of an incident card: a suggestion with its evidence, or what a person entered."""

    name: str
    value: FieldValue
    confidence: float  # 0..1; 1 when a person set it
    evidence: tuple[Evidence, ...] = ()
    set_by: Literal["model", "person"] = "model"
    note: str = ""  # where the value is not in the evidence's words: "gazetteer", ...


CARD_FIELDS: tuple[str, ...] = (
    "call_class",  # emergency | non_emergency | false
    "incident_type",
    "services",  # 101 102 103 104 109 112-rescue, the lead one first
    "urgency",  # 1 (life) .. 4
    "region",
    "district",
    "settlement",
    "street",
    "house",  # or the kilometre of a road: "34 км"
    "flat",
    "landmark",
    "kato",
    "injured_count",
    "dead_count",
    "people_trapped",
    "trapped_count",
    "children_involved",
    "callback_phone",  # +7XXXXXXXXXX
    "caller_name",
    "hazards",
)
"""Every field of a card, in the order of the pane. A field that is not known is absent."""


@dataclass(frozen=True)
class IncidentCard:
    """The card of a call  # карточка происшествия. Holds each field at most once."""

    fields: tuple[CardField, ...] = ()

    def get(self, name: str) -> CardField | None:
        """Return the field, or None where it is not known."""
        return next((field for field in self.fields if field.name == name), None)

    def value(self, name: str) -> FieldValue | None:
        """Return the field's value, or None where it is not known."""
        field = self.get(name)
        return None if field is None else field.value

    def with_edit(self, field: CardField) -> "IncidentCard":
        """Return the card with the field put in or replaced, unless a person set it and `field` is the model's."""
        held = self.get(field.name)
        if held is not None and held.set_by == "person" and field.set_by == "model":
            return self
        others = tuple(f for f in self.fields if f.name != field.name)
        return IncidentCard(tuple(sorted((*others, field), key=lambda f: CARD_FIELDS.index(f.name))))


@dataclass(frozen=True)
class MissingQuestion:
    """Something the operator has not learnt yet; `id` names its texts in the message files."""

    id: str
    field: str  # of the card
    urgent: bool


@dataclass(frozen=True)
class QualityItem:
    """One thing an operator should do in a call, and whether it was done."""

    id: str  # greeted, asked_address, confirmed_address, asked_phone, asked_injured, gave_instructions, ...
    done: bool
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """All that the text and sound of a call say; made anew from all committed segments, never patched."""

    tags: tuple[Tag, ...] = ()
    card: IncidentCard = IncidentCard()
    missing: tuple[MissingQuestion, ...] = ()
    quality: tuple[QualityItem, ...] = ()
