"""All that the words of a call say: keywords, place, incident, people, what to ask yet, how the operator did."""

from collections.abc import Sequence

from core.call_records import Analysis, IncidentCard, Segment, Tag, TagKind
from pipelines.calls.card.callers import note_people_in
from pipelines.calls.card.incident import incident_fields, read_incident
from pipelines.calls.card.operator import review_text
from pipelines.calls.card.questions import missing_in
from pipelines.calls.card.text import read_text
from pipelines.calls.keywords import tag_keywords
from pipelines.calls.place import locate_incident


def analyse(segments: Sequence[Segment], noticed: Sequence[Tag] = ()) -> Analysis:
    """Return the analysis of the committed segments; the same segments give the same analysis.

    `noticed`: tags of sound, distress and speaker, kept beside the keywords. They never change the card: how a voice
    sounds says nothing of who must go, or how fast.
    """
    said = tuple(segment for segment in segments if segment.committed)
    text = read_text(said)
    keywords = tag_keywords(said)
    incident = read_incident(text, keywords)
    card = IncidentCard()
    for field in (
        *incident_fields(text, incident),
        *(locate_incident(said) if said else ()),
        *(note_people_in(text, incident.people) if said else ()),
    ):
        card = card.with_edit(field)
    others = tuple(tag for tag in noticed if tag.kind is not TagKind.KEYWORD)
    return Analysis(
        tags=tuple(sorted((*keywords, *others), key=lambda t: (t.evidence.start_s, t.kind.value, t.label))),
        card=card,
        missing=missing_in(card, text),
        quality=review_text(text),
    )
