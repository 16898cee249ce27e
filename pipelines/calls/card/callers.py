"""The card's fields about people: those hurt, dead, trapped, children, and the one who calls."""

from collections.abc import Iterable, Sequence

from core.call_records import CardField, Segment, Tag
from pipelines.calls.card.incident import read_incident
from pipelines.calls.card.names import find_name
from pipelines.calls.card.people import People, people_fields
from pipelines.calls.card.phones import find_phone
from pipelines.calls.card.text import CallText, read_text


def note_people(segments: Iterable[Segment], tags: Sequence[Tag]) -> tuple[CardField, ...]:
    """Return injured_count .. caller_name. Without any sign the counts are 0 and the flags False, at confidence 0.3."""
    text = read_text(segments)
    return note_people_in(text, read_incident(text, tags).people)


def note_people_in(text: CallText, people: People) -> tuple[CardField, ...]:
    """Return the fields for a text and its people already read."""
    found = (find_phone(text), find_name(text))
    return (*people_fields(people), *(field for field in found if field is not None))
