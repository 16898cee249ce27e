"""From one analysis of a call to the next: what those who follow it must be told."""

from collections.abc import Mapping

from core.call_records import CARD_FIELDS, Analysis, CardField, MissingQuestion, Tag
from pipelines.calls.live.events import (
    CardFieldSet,
    DispatchSuggested,
    Event,
    PromptMissing,
    RaisedTag,
    TagRaised,
    TagWithdrawn,
)

PersonFields = Mapping[str, CardField | None]
"""What people set: None where a person emptied the field. Such a field is never the model's."""


class Differences:
    """Remembers what was told. Telling the same analysis again tells nothing."""

    def __init__(self) -> None:
        self._tags: dict[str, RaisedTag] = {}
        self._fields: dict[str, CardFieldSet] = {}
        self._missing: tuple[MissingQuestion, ...] = ()
        self._dispatch: DispatchSuggested | None = None

    def tell(self, analysis: Analysis, people: PersonFields) -> list[Event]:
        """Return the events that bring those who follow from what was told to `analysis` and what people set."""
        events: list[Event] = [*self._tell_tags(analysis), *self._tell_fields(analysis, people)]
        if analysis.missing != self._missing:
            self._missing = analysis.missing
            events.append(PromptMissing(analysis.missing))
        dispatch = _dispatch(analysis)
        if dispatch is not None and not _same_dispatch(dispatch, self._dispatch):
            self._dispatch = dispatch
            events.append(dispatch)
        return events

    def _tell_tags(self, analysis: Analysis) -> list[Event]:
        now: dict[str, RaisedTag] = {}
        for tag in analysis.tags:
            raised = RaisedTag.of(tag_id(tag), tag)
            held = now.get(raised.id)
            if held is None or held.confidence < raised.confidence:
                now[raised.id] = raised
        gone = [TagWithdrawn(old) for old in self._tags if old not in now]
        new = [TagRaised(raised) for key, raised in now.items() if self._tags.get(key) != raised]
        self._tags = now
        return [*gone, *new]

    def _tell_fields(self, analysis: Analysis, people: PersonFields) -> list[Event]:
        events: list[Event] = []
        for name in CARD_FIELDS:
            field = people[name] if name in people else analysis.card.get(name)
            event = CardFieldSet.of(name, field)
            if name in people and field is None:
                event = CardFieldSet(name, None, 1.0, "person", "", ())
            told = self._fields.get(name)
            if told == event or (told is None and event.value is None and event.set_by == "model"):
                continue
            self._fields[name] = event
            events.append(event)
        return events


def tag_id(tag: Tag) -> str:
    """Return what names the tag in every analysis of a call: its kind, label and place, which do not change."""
    return f"{tag.kind.value}:{tag.label}:{tag.evidence.leg.value}:{round(tag.evidence.start_s * 100)}"


def _dispatch(analysis: Analysis) -> DispatchSuggested | None:
    services = analysis.card.get("services")
    if services is None or not isinstance(services.value, tuple):
        return None
    urgency = analysis.card.value("urgency")
    return DispatchSuggested(services.value, urgency if isinstance(urgency, int) else None, services.evidence)


def _same_dispatch(new: DispatchSuggested, told: DispatchSuggested | None) -> bool:
    return told is not None and (new.services, new.urgency) == (told.services, told.urgency)
