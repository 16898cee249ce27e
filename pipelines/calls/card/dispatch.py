"""Services and urgency by the dispatch table: the type of incident and the circumstances of this one."""

from dataclasses import dataclass
from functools import lru_cache

from core.call_records import Evidence, LegName
from pipelines.calls.card.cues import CueSet
from pipelines.calls.card.people import People
from pipelines.calls.card.tables import dispatch
from pipelines.calls.card.text import CallText


@dataclass(frozen=True)
class Choice:
    """Services, the lead one first; urgency 1 (life) .. 4; the words of the circumstances that decided."""

    services: tuple[str, ...]
    urgency: int
    evidence: tuple[Evidence, ...]


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    return CueSet(dispatch().circumstances)


@lru_cache(maxsize=1)
def _announcements() -> CueSet:
    return CueSet({str(service): cues for service, cues in dispatch().announced.items()})


def choose_services(text: CallText, kind: str, people: People) -> Choice:
    """Return who goes and how urgently; those whom the operator said he has sent go too.

    Raises KeyError on a type without a rule, which the loader refuses.
    """
    holding = find_circumstances(text, people)
    rule = dispatch().rules[kind]
    used: list[Evidence] = []
    services: list[str] = []
    for row in rule.services:
        reasons = [c for c in row.when if _holds(c, holding)]
        if (reasons or not row.when) and row.id not in services:
            services.append(row.id)
            used.extend(e for c in reasons for e in holding.get(c, ())[:1])
    if services and any(s != "109" for s in services):
        for hit in _announcements().find(text):
            if hit.leg is not LegName.CALLER and hit.holds and not hit.asked and hit.cue not in services:
                services.append(hit.cue)
                used.append(text.evidence(hit.start, hit.end))
    urgency = next(row.value for row in rule.urgency if not row.when or any(_holds(c, holding) for c in row.when))
    return Choice(tuple(services), urgency, tuple(dict.fromkeys(used)))


def find_circumstances(text: CallText, people: People) -> dict[str, tuple[Evidence, ...]]:
    """Return the circumstances that hold, each with the words that say so."""
    holding = {
        name: finding.evidence
        for name, finding in (
            ("injured", people.hurt),
            ("dead", people.dead),
            ("trapped", people.trapped),
            ("children", people.children),
        )
        if finding.holds
    }
    for hit in _cues().find(text):
        told = hit.leg is LegName.CALLER or (hit.leg is LegName.MIXED and not hit.asked)
        if told and hit.holds and hit.cue not in holding:
            holding[hit.cue] = (text.evidence(hit.start, hit.end),)
    return holding


def _holds(condition: str, holding: dict[str, tuple[Evidence, ...]]) -> bool:
    return condition.removeprefix("!") not in holding if condition.startswith("!") else condition in holding
