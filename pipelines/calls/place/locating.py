"""Where it happens: the address of an incident from the turns of a call  # адрес происшествия."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.call_records import CardField, LegName, Segment
from pipelines.calls.place.gazetteer import CITIES, Gazetteer, Match, Place, load_gazetteer
from pipelines.calls.place.landmarks import read_landmarks
from pipelines.calls.place.mentions import Mention, Reading, Slot
from pipelines.calls.place.reading_numbers import read_numbers
from pipelines.calls.place.reading_places import read_bare_places, read_typed_places
from pipelines.calls.place.reading_streets import read_bare_streets, read_typed_streets
from pipelines.calls.place.turns import ANSWERED_WITHIN, evidence, read_turns

_GAZETTEER = "gazetteer"
"""Note of a field that follows from the place named."""

_READERS: tuple[Callable[[Reading], None], ...] = (
    read_typed_streets,
    read_typed_places,
    read_bare_streets,
    read_bare_places,
    read_bare_streets,  # again: a place read since may show that an address is being given
    read_numbers,
)
_PLACE_READERS = (read_typed_places, read_bare_places)  # of a greeting, whose numbers are those of services
_NUMBERS: tuple[Slot, ...] = ("house", "flat")
_LATER = 0.9  # how sure a later place must be, of what is held, to replace it
_CORRECTED = 0.5  # the same where the caller corrects
_BESIDE = 0.5  # factor for a place that is only near, or that the caller only comes from
_ASIDE = 0.2  # strength under which a place is such
_AMBIGUOUS = 0.6  # factor for a settlement that several places of КАТО bear the name of


@dataclass(frozen=True)
class _Located:
    settlement: Place | None = None
    district: Place | None = None
    region: Place | None = None
    sureness: float = 1.0


def locate_incident(segments: Sequence[Segment]) -> tuple[CardField, ...]:
    """Return region, district, settlement, street, house, flat, landmark and kato, those that are known.

    The last correction wins; what the operator reads back wins over the caller's words unless the caller then corrects
    it. A field with the note "gazetteer" is not in the words: it follows from the place that is.
    """
    gazetteer = load_gazetteer()
    turns = read_turns(segments)
    mentions: list[Mention] = []
    before: Reading | None = None
    for turn in turns:
        reading = Reading(turn, None, gazetteer)
        if before is not None and (before.turn.leg is not turn.leg or turn.leg is LegName.MIXED):
            reading.asked, reading.read_back = before.turn, tuple(before.found)
        reading.just_asked = any(
            earlier.asks_address for earlier in turns[max(0, turn.index - ANSWERED_WITHIN) : turn.index]
        )
        opens = turn.index == 0 and turn.leg is LegName.OPERATOR and not turn.asks
        for read in _PLACE_READERS if opens else _READERS:
            read(reading)
        mentions.extend(sorted(reading.found, key=lambda mention: mention.start))
        before = reading
    fields = [*_place_fields(segments, mentions, gazetteer), *_street_fields(segments, mentions)]
    landmark = read_landmarks(segments, turns, mentions)
    return tuple(fields if landmark is None else [*fields, landmark])


def _place_fields(segments: Sequence[Segment], mentions: Sequence[Mention], gazetteer: Gazetteer) -> list[CardField]:
    said = {slot: _choose([m for m in mentions if m.slot == slot]) for slot in ("region", "district", "settlement")}
    located = _resolve(said["settlement"], said["district"], said["region"], mentions, gazetteer)
    fields: list[CardField] = []

    def add(name: str, value: str, source: Mention | None, fallback: Mention | None, sureness: float) -> None:
        mention = source or fallback
        if mention is None:
            return
        aside = _BESIDE if mention.strength < _ASIDE else 1.0
        confidence = round(min(0.99, mention.score * sureness * aside * (0.97 if source else 0.9)), 3)
        words = evidence(segments, mention.turn, mention.start, mention.end)
        fields.append(CardField(name, value, confidence, words, note="" if source else _GAZETTEER))

    base = said["settlement"] or said["district"] or said["region"]
    if located.region is not None:
        spoken = said["region"] if said["region"] and _holds(said["region"], located.region) else None
        if located.region.kind == "capital" and located.settlement == located.region:
            spoken = said["settlement"]
        add("region", located.region.ru, spoken, base, located.sureness)
    if located.district is not None:
        spoken = said["district"] if said["district"] and _holds(said["district"], located.district) else None
        add("district", located.district.ru, spoken, base, located.sureness)
    if said["settlement"] is not None:
        value = located.settlement.written if located.settlement else said["settlement"].value
        add("settlement", value, said["settlement"], None, located.sureness)
    elif located.settlement is not None:
        add("settlement", located.settlement.written, None, base, located.sureness)
    coded = located.settlement or located.district or located.region
    if coded is not None:
        add("kato", coded.kato, None, base, located.sureness)
    return fields


def _holds(mention: Mention, place: Place) -> bool:
    return any(match.place.kato == place.kato for match in mention.places)


def _choose(mentions: Sequence[Mention]) -> Mention | None:
    """The one meant: the surest, and of those nearly as sure the last; a correction outweighs."""
    chosen: Mention | None = None
    for mention in mentions:
        if mention.strength <= 0:
            continue
        if chosen is None or _outweighs(mention, chosen):
            chosen = mention
    return chosen


def _outweighs(mention: Mention, held: Mention) -> bool:
    weight, standing = mention.strength * mention.score, held.strength * held.score
    if mention.slot == "settlement" and {m.place.kato for m in mention.places} == {m.place.kato for m in held.places}:
        return weight > standing
    if mention.corrects and mention.turn.leg is not LegName.OPERATOR:
        return weight >= standing * _CORRECTED
    return weight >= standing * _LATER


def _resolve(
    settlement: Mention | None,
    district: Mention | None,
    region: Mention | None,
    mentions: Sequence[Mention],
    gazetteer: Gazetteer,
) -> _Located:
    """Bring the three together: the candidates of each that lie in one another, the likeliest where several remain."""
    regions = [match.place for match in region.places] if region else []
    districts = [match.place for match in district.places] if district else []
    if settlement is not None and settlement.places:
        others = [m.places[0].place for m in mentions if m.slot == "settlement" and m is not settlement and m.places]
        return _resolve_settlement(settlement.places, districts, regions, others, gazetteer)
    if districts:
        within = [d for d in districts if any(_in_region(d, r) for r in regions)] or districts
        found = within[0]
        certain = len({d.kato for d in within if d.ru == found.ru}) == 1
        sureness = 1.0 if certain else _AMBIGUOUS
        region_of_it = gazetteer.region_of(found) if certain else regions[0] if regions else None
        return _Located(gazetteer.city_of(found) if certain else None, found, region_of_it, sureness)
    return _Located(None, None, regions[0] if regions else None)


def _resolve_settlement(
    named: Sequence[Match],
    districts: Sequence[Place],
    regions: Sequence[Place],
    others: Sequence[Place],
    gazetteer: Gazetteer,
) -> _Located:
    """Choose among the settlements of one name: in the region and district said, by another place said, the larger."""
    beside = {other.district_code for other in others}
    narrowings: tuple[Callable[[Place], bool], ...] = (
        lambda place: any(_in_region(place, region) for region in regions),
        lambda place: any(_in_district(place, district, gazetteer) for district in districts),
        lambda place: place.kind in CITIES or place.district_code in beside,
    )
    candidates = list(named)
    for holds in narrowings:
        candidates = [match for match in candidates if holds(match.place)] or candidates
    best = candidates[0]
    place = best.place
    if place.kind not in CITIES:
        if districts and not any(_in_district(place, district, gazetteer) for district in districts):
            return _Located(None, districts[0], gazetteer.region_of(districts[0]), _AMBIGUOUS)
        if regions and not any(_in_region(place, region) for region in regions):
            return _Located(None, None, regions[0], _AMBIGUOUS)
    alike = [c.place for c in candidates if c.score == best.score and c.place.rank == place.rank]
    said_district = next((d for d in districts if _in_district(place, d, gazetteer)), None)
    if len(alike) == 1:
        return _Located(place, said_district or gazetteer.district_of(place), gazetteer.region_of(place))
    one_region = len({other.region_code for other in alike}) == 1
    one_district = len({other.district_code for other in alike}) == 1
    return _Located(
        place,
        said_district or (gazetteer.district_of(place) if one_district else None),
        gazetteer.region_of(place) if one_region else None,
        _AMBIGUOUS,
    )


def _in_region(place: Place, region: Place) -> bool:
    return place.region_code == region.region_code


def _in_district(place: Place, district: Place, gazetteer: Gazetteer) -> bool:
    if district.kind == "city_district":
        city = gazetteer.city_of(district)
        return city is not None and city.kato == place.kato
    return place.district_code == district.district_code


def _street_fields(segments: Sequence[Segment], mentions: Sequence[Mention]) -> list[CardField]:
    fields: list[CardField] = []
    street = _choose_street([m for m in mentions if m.slot == "street"])
    if street is not None:
        fields.append(_field(segments, "street", street))
    for slot in _NUMBERS:
        number = _choose_number([m for m in mentions if m.slot == slot])
        if number is not None:
            fields.append(_field(segments, slot, number))
    return fields


def _field(segments: Sequence[Segment], name: str, mention: Mention) -> CardField:
    confidence = round(min(0.97, 0.95 * mention.score), 3)
    return CardField(name, mention.value, confidence, evidence(segments, mention.turn, mention.start, mention.end))


def _choose_street(mentions: Sequence[Mention]) -> Mention | None:
    chosen: Mention | None = None
    for mention in mentions:
        if chosen is None or _says_more(mention, chosen):
            chosen = mention
    return chosen


def _says_more(mention: Mention, held: Mention) -> bool:
    """A street heard with its type word is kept when the read-back leaves that word out."""
    if _name(mention.value) == _name(held.value):
        return mention.strength > held.strength
    if mention.corrects and mention.turn.leg is not LegName.OPERATOR:
        return True
    return mention.strength * mention.score >= held.strength * held.score * 0.7


def _name(street: str) -> str:
    return street.partition(" ")[2]


def _choose_number(mentions: Sequence[Mention]) -> Mention | None:
    """The last said; but what an operator read back stands until the caller says that it is wrong."""
    chosen: Mention | None = None
    for mention in mentions:
        read_back = chosen is not None and chosen.turn.leg is LegName.OPERATOR
        if read_back and mention.turn.leg is LegName.CALLER and not mention.corrects:
            continue
        chosen = mention
    return chosen
