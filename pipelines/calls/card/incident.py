"""What happened, which services go, how urgent it is and what endangers those who go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.call_records import CardField, Evidence, LegName, Segment, Tag, TagKind
from pipelines.calls.card.cues import CueSet, Hit
from pipelines.calls.card.dispatch import choose_services
from pipelines.calls.card.false_call import read_falsehood
from pipelines.calls.card.people import People, in_no_danger, nobody, read_people
from pipelines.calls.card.tables import IncidentType, hazards, incidents
from pipelines.calls.card.text import CallText, read_text

_OPERATOR_SAYS = 0.5  # of a cue's weight where the operator says it, 0.2 where he only asks
_OPERATOR_ASKS = 0.2
_OPERATOR_TELLS = 0.6  # of a cue of the operator's own: what he orders or asks in such calls
_SUPPOSED = 0.3
_GARBLED = 0.7  # of a cue heard only nearly
_CLEAR = 2.5  # a type whose score reaches this is named; a yielding type only where no other reaches it
_PATIENT_TYPES = frozenset({"medical", "childbirth", "poisoning", "co_poisoning", "electrocution", "fall_from_height"})
_VICTIM_TYPES = _PATIENT_TYPES | {
    *("drowning", "ice", "missing_person", "child_locked", "domestic_violence", "elevator", "snowstorm"),
    *("trapped_person", "avalanche", "mudflow", "building_collapse"),
}


@dataclass(frozen=True)
class Incident:
    """The likeliest type, its score against the next one's, the words it stands on, and what is said of people."""

    type: IncidentType | None
    confidence: float
    evidence: tuple[Evidence, ...]
    people: People


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    return CueSet({name: cues for name, (_, cues) in _groups().items()})


@lru_cache(maxsize=1)
def _groups() -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return the cues by name: owner, weight, number -> weight and pattern. Each pattern is a cue of its own."""
    owners = [(f"+{name}", family.cues) for name, family in incidents().families.items()]
    owners += [(kind.id, kind.cues) for kind in incidents().types]
    owners += [(f"{kind.id}/!", kind.operator) for kind in incidents().types]
    return {
        f"{owner}/{weight}/{number}": (weight, (pattern,))
        for owner, cues in owners
        for weight, patterns in cues.items()
        for number, pattern in enumerate(patterns)
    }


@lru_cache(maxsize=1)
def _hazard_cues() -> CueSet:
    return CueSet({hazard.id: hazard.cues for hazard in hazards().hazards})


def classify_incident(segments: Iterable[Segment], tags: Sequence[Tag]) -> tuple[CardField, ...]:
    """Return call_class, incident_type, services, urgency and hazards; those not known are absent.

    Only keyword tags are read: what a voice or a background sounds like never changes services or urgency.
    """
    text = read_text(segments)
    return incident_fields(text, read_incident(text, tags))


def read_incident(text: CallText, tags: Sequence[Tag]) -> Incident:
    """Return what happened, by the words of both sides and the keyword tags."""
    falsehood = read_falsehood(text)
    kinds = {kind.id: kind for kind in incidents().types}
    if falsehood.is_false:
        sure = round(min(0.95, 0.5 + falsehood.score / 16), 2)
        return Incident(kinds["prank"], sure, falsehood.evidence, nobody())
    scores, hits = _scores(text, tags)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if ranked and kinds[ranked[0][0]].yields:
        enough = max(_CLEAR, ranked[0][1] / 3)
        clear = [(n, s) for n, s in ranked if not kinds[n].yields and s >= enough]
        ranked = clear + [item for item in ranked if item not in clear]
    if not ranked or ranked[0][1] < 1:
        silent = kinds["silent_call"] if falsehood.is_silent else None
        return Incident(silent, 0.5, (), read_people(text))
    name, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    owners = {name, f"+{kinds[name].family}"}
    people = read_people(text, patient=name in _PATIENT_TYPES, victims=name in _VICTIM_TYPES)
    if kinds[name].call_class == "non_emergency":
        people = in_no_danger(people)
    shown = [h for h in hits if h.cue.split("/")[0] in owners and h.holds]
    return Incident(
        type=kinds[name],
        confidence=round(min(0.95, 0.4 + 0.06 * score + 0.3 * max(0.0, score - second) / max(score, 1)), 2),
        evidence=tuple(text.evidence(h.start, h.end) for h in shown[:4]),
        people=people,
    )


def _scores(text: CallText, tags: Sequence[Tag]) -> tuple[dict[str, float], tuple[Hit, ...]]:
    hits = _cues().find(text)
    weighed: dict[str, dict[str, float]] = {}
    for hit in hits:
        weight = _groups()[hit.cue][0]
        if "/!/" in hit.cue and hit.leg is LegName.CALLER:
            continue
        worth = _worth(text, hit) * weight if weight > 0 else weight * (hit.leg is not LegName.OPERATOR)
        owner = hit.cue.split("/")[0]
        cues = weighed.setdefault(owner, {})
        cues[hit.cue] = max(cues.get(hit.cue, 0.0), worth) if weight > 0 else worth
    sums = {owner: _total(cues) for owner, cues in weighed.items()}
    said = {
        tag.label: tag.confidence
        for tag in tags
        if tag.kind is TagKind.KEYWORD and tag.asserted and tag.evidence.leg is not LegName.OPERATOR
    }
    scores: dict[str, float] = {}
    for kind in incidents().types:
        own = sums.get(kind.id, 0.0) + sum(weight * said.get(label, 0.0) for label, weight in kind.tags.items())
        if kind.family is not None:
            family = incidents().families[kind.family]
            shared = sums.get(f"+{kind.family}", 0.0)
            shared += sum(weight * said.get(label, 0.0) for label, weight in family.tags.items())
            if kind.alone:
                own += min(shared, 2.0) if own > 0 else 0.0
            else:
                own = shared + own + (0.5 if kind.default else 0.0) if shared >= 1.5 else 0.0
        if own > 0:
            scores[kind.id] = own
    return scores, hits


def _total(cues: dict[str, float]) -> float:
    """Add the cues up, each further one for less: ten weak words do not outweigh a clear one."""
    positive = sorted((w for w in cues.values() if w > 0), reverse=True)
    return sum(weight * max(0.25, 1 - 0.2 * rank) for rank, weight in enumerate(positive)) + sum(
        weight for weight in cues.values() if weight < 0
    )


def _worth(text: CallText, hit: Hit) -> float:
    if hit.negated:
        return 0.0
    worth = 1.0 if hit.exact else _GARBLED
    if hit.supposed:
        worth *= _SUPPOSED
    if "/!/" in hit.cue:
        return worth * _OPERATOR_TELLS
    if hit.leg is LegName.OPERATOR or (hit.leg is LegName.MIXED and hit.asked):
        worth *= _OPERATOR_ASKS if hit.asked else _OPERATOR_SAYS
    return worth


def incident_fields(text: CallText, incident: Incident) -> tuple[CardField, ...]:
    """Return the fields of the card for an incident already read."""
    kind = incident.type
    if kind is None:
        return ()
    fields = []
    sure = incident.confidence
    if kind.call_class is not None:
        fields.append(CardField("call_class", kind.call_class, sure, incident.evidence))
    fields.append(CardField("incident_type", kind.id, sure, incident.evidence))
    chosen = choose_services(text, kind.id, incident.people)
    fields.append(CardField("services", chosen.services, round(sure * 0.95, 2), chosen.evidence, note="dispatch table"))
    fields.append(CardField("urgency", chosen.urgency, round(sure * 0.95, 2), chosen.evidence, note="dispatch table"))
    if kind.call_class == "emergency":
        fields.extend(_hazards(text))
    return tuple(fields)


def _hazards(text: CallText) -> tuple[CardField, ...]:
    names = {hazard.id: hazard.name for hazard in hazards().hazards}
    found: dict[str, Hit] = {}
    for hit in _hazard_cues().find(text):
        if hit.holds and hit.leg is not LegName.OPERATOR and hit.cue not in found:
            found[hit.cue] = hit
    if not found:
        return ()
    evidence = tuple(text.evidence(h.start, h.end) for h in found.values())
    return (CardField("hazards", tuple(names[name] for name in found), 0.7, evidence),)
