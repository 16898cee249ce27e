"""Scores incident cards and the review of the operator against a call's truth. Pure: records in, figures out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.call_records import Analysis

FLAGS = ("people_trapped", "children_involved", "injured", "dead")
QUALITY_ITEMS = (
    "greeted",
    "asked_address",
    "confirmed_address",
    "asked_phone",
    "asked_injured",
    "gave_instructions",
    "closed_politely",
)


@dataclass(frozen=True)
class Tally:
    """Right, wrongly said and missed."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(self.hits + other.hits, self.false_alarms + other.false_alarms, self.misses + other.misses)

    @property
    def precision(self) -> float:
        """1 where nothing was said: nothing was said wrongly."""
        said = self.hits + self.false_alarms
        return self.hits / said if said else 1.0

    @property
    def recall(self) -> float:
        """1 where there was nothing to find."""
        there = self.hits + self.misses
        return self.hits / there if there else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing to find and nothing was said."""
        total = 2 * self.hits + self.false_alarms + self.misses
        return 2 * self.hits / total if total else 1.0


def tally(said: bool, true: bool) -> Tally:
    """Return one decision as a tally."""
    return Tally(int(said and true), int(said and not true), int(true and not said))


@dataclass(frozen=True)
class CardScore:
    """One call: each exact item right or wrong, each flag and quality item as a tally."""

    exact: Mapping[str, bool]  # incident_type, services, urgency, call_class, callback_phone, caller_name
    flags: Mapping[str, Tally]
    quality: Mapping[str, Tally]
    false_call: Tally


def score_card(analysis: Analysis, truth: Mapping[str, object]) -> CardScore:
    """Return the score of an analysis against a line of calls.jsonl that has a card.

    Services: the lead equal and the rest equal as a set; those of `services_optional` may be there or not. An absent
    value counts as right where the truth is null, a count as 0.
    """
    card = truth["card"]
    assert isinstance(card, Mapping)
    value = analysis.card.value
    exact = {
        "incident_type": value("incident_type") == card.get("incident_type"),
        "services": _same_services(value("services"), card.get("services"), card.get("services_optional")),
        "urgency": value("urgency") == truth.get("urgency"),
        "call_class": value("call_class") == truth.get("call_class"),
        "callback_phone": value("callback_phone") == card.get("callback_phone"),
        "caller_name": _name(value("caller_name")) == _name(card.get("caller_name")),
    }
    said = {
        "people_trapped": value("people_trapped") is True,
        "children_involved": value("children_involved") is True,
        "injured": _count(value("injured_count")) > 0,
        "dead": _count(value("dead_count")) > 0,
    }
    true = {
        "people_trapped": card.get("people_trapped") is True,
        "children_involved": card.get("children_involved") is True,
        "injured": _count(card.get("injured_count")) > 0,
        "dead": _count(card.get("dead_count")) > 0,
    }
    done = {item.id: item.done for item in analysis.quality}
    wanted = truth.get("qa")
    assert isinstance(wanted, Mapping)
    return CardScore(
        exact=exact,
        flags={name: tally(said[name], true[name]) for name in FLAGS},
        quality={name: tally(done.get(name, False), wanted[name] is True) for name in QUALITY_ITEMS if name in wanted},
        false_call=tally(value("call_class") == "false", truth.get("call_class") == "false"),
    )


def summarise(scores: Sequence[CardScore]) -> dict[str, float]:
    """Return accuracies, micro F1 of flags and of quality (and of each item), precision and recall of false calls."""
    figures: dict[str, float] = {}
    for name in scores[0].exact if scores else ():
        figures[f"{name}_accuracy"] = sum(score.exact[name] for score in scores) / len(scores)
    for group, names in (("flags", FLAGS), ("quality", QUALITY_ITEMS)):
        whole = Tally()
        for name in names:
            found = [s.flags if group == "flags" else s.quality for s in scores]
            item = sum((f[name] for f in found if name in f), Tally())
            figures[f"{group}_{name}_f1"] = item.f1
            whole += item
        figures[f"{group}_f1"] = whole.f1
    false_calls = sum((score.false_call for score in scores), Tally())
    figures["false_call_precision"] = false_calls.precision
    figures["false_call_recall"] = false_calls.recall
    return figures


def _same_services(said: object, wanted: object, optional: object) -> bool:
    given, true, free = _list(said), _list(wanted), set(_list(optional))
    if not true:
        return not set(given) - free
    lead = next((s for s in given if s in true or s not in free), None)
    return lead == true[0] and set(given) - free == set(true) - free


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _name(value: object) -> str | None:
    return str(value).lower().replace("ё", "е") if isinstance(value, str) else None
