"""Words of calls for people: fields of the card, incident types, questions, services, what is noticed."""

from dataclasses import dataclass
from typing import Literal

from api.pages.messages import Messages
from core.call_records import LegName, TagKind
from pipelines.calls.card.tables import hazards, incidents, questions

SERVICES = ("101", "102", "103", "104", "109", "112-rescue")
"""In the order people know them by."""

Kind = Literal["text", "number", "yesno", "choice", "list"]
Share = Literal["full", "half", "third"]  # of a row


@dataclass(frozen=True)
class FieldView:
    """One field of the card as a page draws it."""

    name: str
    label: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    share: Share = "half"


_GROUPS: tuple[tuple[str, tuple[tuple[str, Kind, Share], ...]], ...] = (
    ("what", (("incident_type", "choice", "full"), ("call_class", "choice", "half"), ("urgency", "choice", "half"))),
    (
        "where",
        (
            ("settlement", "text", "half"),
            ("street", "text", "half"),
            ("house", "text", "third"),
            ("flat", "text", "third"),
            ("kato", "text", "third"),
            ("landmark", "text", "full"),
            ("district", "text", "half"),
            ("region", "text", "half"),
        ),
    ),
    (
        "people",
        (
            ("injured_count", "number", "third"),
            ("dead_count", "number", "third"),
            ("trapped_count", "number", "third"),
            ("people_trapped", "yesno", "half"),
            ("children_involved", "yesno", "half"),
            ("hazards", "list", "full"),
        ),
    ),
    ("caller", (("callback_phone", "text", "half"), ("caller_name", "text", "half"))),
)


def card_groups(t: Messages) -> list[tuple[str, list[FieldView]]]:
    """Return the fields of the card by group, but for the services, which have a place of their own."""
    choices = {
        "incident_type": incident_names(t),
        "call_class": tuple((name, t(f"class.{name}")) for name in ("emergency", "non_emergency", "false")),
        "urgency": tuple((str(n), t(f"urgency.{n}")) for n in (1, 2, 3, 4)),
    }
    return [
        (
            t(f"card.group.{group}"),
            [FieldView(name, t(f"card.{name}"), kind, choices.get(name, ()), share) for name, kind, share in fields],
        )
        for group, fields in _GROUPS
    ]


def incident_names(t: Messages) -> tuple[tuple[str, str], ...]:
    """Return id and name of every incident type."""
    return tuple((row.id, getattr(row.names, t.language.value)) for row in incidents().types)


def hazard_names(t: Messages) -> dict[str, str]:
    """Return the name of every danger in the language of the page, by its name on the card."""
    return {hazard.name: t.get(f"hazard.{hazard.id}", hazard.name) for hazard in hazards().hazards}


def question_texts(t: Messages) -> dict[str, str]:
    """Return the text of every question by its id."""
    return {row.id: getattr(row.texts, t.language.value) for row in questions().questions}


def script_texts(t: Messages) -> dict[str, str]:
    """Return what the scripts of the pages of calls say, by key."""
    prefixes = ("live.", "leg.", "card.", "note.", *(f"{kind.value}." for kind in TagKind))
    texts = t.starting_with(prefixes)
    texts.update({f"question.{name}": text for name, text in question_texts(t).items()})
    texts.update({f"hazard.{name}": label for name, label in hazard_names(t).items()})
    assert all(f"leg.{leg.value}" in texts for leg in LegName)
    return texts
