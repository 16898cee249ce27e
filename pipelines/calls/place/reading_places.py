"""Regions, districts and settlements that a turn names."""

from typing import Protocol

from core.call_records import LegName
from pipelines.calls.place.gazetteer import CITIES, DISTRICTS, REGIONS, Match
from pipelines.calls.place.mentions import MOST_NAME_WORDS, Mention, Reading, Slot, as_written, is_kazakh
from pipelines.calls.place.spelling import fold, sounds
from pipelines.calls.place.word_lists import match_street

_FROM = frozenset(("из", "с", "со", "в", "на"))
_TOWARDS = frozenset(
    ("сторону", "направлении", "направлению", "через", "между", "мимо", "проезжал", "проезжала", "проехал", "проехали")
)
_BESIDE = frozenset(("под", "возле", "рядом", "недалеко", "около", "вблизи", "подо", "до", "от"))
_BESIDE_AFTER = frozenset(("жанында", "маңында", "маңы", "жақта", "түбінде"))
_NAMING = frozenset(("зовут", "имя", "аты", "атыңыз", "фамилия", "представьтесь", "атым", "есімім"))
_ADJECTIVES = ("ский", "ском", "ского", "скому", "ская", "ской", "скии")
_VILLAGES = frozenset(("township", "village", "station"))
_GLUED = ("село", "села", "селе", "сило", "город", "горад", "посёлок", "поселок")
_TYPED = 0.8
_WATERS = tuple(
    [word] for word in ("озеро", "озере", "озера", "река", "реке", "реку", "реки", "рекой", "водохранилище", "канал")
)
_NEAR = 0.15
_OWN = 0.1  # strength of where the caller himself is, or the service
_VILLAGE_HEARD = 0.76
_HEARD_RIGHT = 0.97  # a name heard as written, in some case
_SHORT_NAME = 5  # letters
_TORN_END = 2  # letters
_BESIDE_DISTRICT = 3  # words between a village and the district it lies in
_SHORT_ANSWER = 6  # words


class _LookUp(Protocol):
    def __call__(self, said: str, *, closeness: float = 1.0) -> tuple[Match, ...]: ...


def read_typed_places(reading: Reading) -> None:
    """Read places said with the word of their kind: «село Садовое», «Зерендинский район», «Қарағанды облысы»."""
    for position, token in enumerate(reading.tokens):
        if position in reading.taken:
            continue
        if token.role == "region":
            _read_typed(reading, position, "region", reading.gazetteer.regions)
        elif token.role == "district":
            _read_typed(reading, position, "district", reading.gazetteer.districts)
        elif token.role == "settlement":
            _read_typed(reading, position, "settlement", reading.gazetteer.settlements)
    if reading.in_context:
        _read_glued(reading)


def _read_typed(reading: Reading, position: int, slot: Slot, look_up: _LookUp) -> None:
    spans = [*reading.left_of(position), *reading.right_of(position)]
    if slot == "settlement" and not is_kazakh(reading.tokens[position]):
        spans = [*reading.right_of(position)]
        if reading.tokens[position].text.startswith("город") or reading.tokens[position].text == "г":
            look_up = reading.gazetteer.cities if _any_city(reading, spans) else look_up
    for exact in (True, False):
        best: tuple[float, int, tuple[int, int], tuple[Match, ...]] | None = None
        for start, end in spans:
            closeness = 1.0 if exact else reading.closeness(start, end, sure=0.86, unsure=0.72)
            matches = tuple(
                m for m in look_up(reading.said(start, end), closeness=closeness) if _is_like(m, reading, start)
            )
            if matches and (best is None or (matches[0].score, end - start) > best[:2]):
                best = (matches[0].score, end - start, (start, end), matches)
        if best is not None:
            _, _, (start, end), matches = best
            _add(reading, slot, matches, min(start, position), max(end, position + 1), _TYPED)
            return
    if slot == "settlement":
        _read_unknown(reading, position, spans)


def _is_like(match: Match, reading: Reading, start: int) -> bool:
    """Among ten thousand villages one is like almost anything: a garbled name must be closer than a city's."""
    if match.score >= _HEARD_RIGHT or match.place.kind in CITIES or match.place.kind in DISTRICTS | REGIONS:
        return True
    return match.score >= _VILLAGE_HEARD and reading.tokens[start].capital


def _any_city(reading: Reading, spans: list[tuple[int, int]]) -> bool:
    return any(reading.gazetteer.cities(reading.said(start, end), closeness=0.72) for start, end in spans)


def _read_unknown(reading: Reading, position: int, spans: list[tuple[int, int]]) -> None:
    """A village that the gazetteer does not know: as heard, and unsure."""
    for start, end in spans:
        words = reading.tokens[start:end]
        if all(token.capital and len(token.text) > 3 for token in words):
            use = reading.tokens[position].use
            kind = use.value if use else ""
            value = " ".join((kind, *(as_written(token) for token in words)))
            first, last = min(start, position), max(end, position + 1)
            strength = _strength(reading, first, last, _TYPED / 2)
            reading.add(Mention("settlement", value, reading.turn, first, last, strength, 0.4))
            return


def _read_glued(reading: Reading) -> None:
    """«Силоватинай»: the word of the kind run together with the name by the transcriber."""
    for position, token in enumerate(reading.tokens):
        if position in reading.taken or token.role is not None or token.probability >= 0.9:
            continue
        prefix = next((prefix for prefix in _GLUED if token.text.startswith(prefix)), None)
        if prefix is None or len(token.text) < len(prefix) + 4:
            continue
        matches = reading.gazetteer.settlements(token.text[len(prefix) :], closeness=0.85)
        matches = tuple(match for match in matches if match.place.kind in _VILLAGES or match.place.kind == "city")
        if matches:
            _add(reading, "settlement", matches, position, position + 1, 0.6)


def read_bare_places(reading: Reading) -> None:
    """Read places said without the word of their kind: «Караганда, улица Ерубаева», «Садовое, Зерендинский»."""
    position = 0
    while position < len(reading.tokens):
        ends = _ends_of_name(reading, position)
        position = next((end for end in reversed(ends) if _read_bare(reading, position, end)), position + 1)
    for mention in tuple(reading.found):
        if mention.slot == "district" and mention.strength > _NEAR:
            _read_beside_district(reading, mention)


def _read_beside_district(reading: Reading, district: Mention) -> None:
    """«сло Шаурадер, Отрарский район»: a garbled village is sought among those of the district beside it."""
    if any(mention.slot == "settlement" for mention in reading.found):
        return
    near = range(max(0, district.start - _BESIDE_DISTRICT), min(len(reading.tokens), district.end + _BESIDE_DISTRICT))
    best: tuple[float, int, tuple[Match, ...]] | None = None
    for position in near:
        if not reading.may_name(position) or not reading.tokens[position].capital:
            continue
        closeness = reading.closeness(position, position + 1, sure=0.88, unsure=0.72)
        matches = reading.gazetteer.settlements_in(
            district.places[0].place, reading.tokens[position].text, closeness=closeness
        )
        if matches and (best is None or matches[0].score > best[0]):
            best = (matches[0].score, position, matches)
    if best is not None:
        _add(reading, "settlement", best[2], best[1], best[1] + 1, 0.5)


def _ends_of_name(reading: Reading, start: int) -> list[int]:
    """Where a name that starts here may end."""
    ends: list[int] = []
    for position in range(start, min(len(reading.tokens), start + MOST_NAME_WORDS)):
        if not reading.may_name(position):
            break
        ends.append(position + 1)
        if reading.tokens[position].closes:
            return ends
    torn = ends[-1] + 1 if ends else 0  # «Катан и улица…»: an end of the name taken for a word
    if (
        ends
        and torn in {m.start for m in reading.found if m.slot == "street"}
        and len(reading.tokens[torn - 1].text) <= _TORN_END
    ):
        ends.append(torn)
    return ends


def _read_bare(reading: Reading, start: int, end: int) -> bool:
    inner = reading.tokens[start:end]
    said, gazetteer = reading.said(start, end), reading.gazetteer
    if inner[0].capital and (matches := gazetteer.cities(said)) and _may_be_city(reading, said, matches[0]):
        _add(reading, "settlement", matches, start, end, 0.7 if reading.in_context else 0.5)
        return True
    if end == start + 1 and said.endswith(_ADJECTIVES) and reading.in_context:
        matches = gazetteer.districts(said, closeness=0.93)
        if matches and _may_be_district(reading, end):
            _add(reading, "district", matches, start, end, 0.6)
            return True
    closeness = _closeness_of_city(reading, start, end)
    if closeness is not None and (matches := gazetteer.cities(said, closeness=closeness)):
        _add(reading, "settlement", matches, start, end, 0.5)
        return True
    if inner[0].capital and len(said) >= 4 and reading.in_context and _may_be_village(reading, start, end):
        matches = tuple(match for match in gazetteer.settlements(said) if match.place.kind in _VILLAGES)
        if matches and matches[0].score >= 0.98 and len(fold(said)) >= 4:
            _add(reading, "settlement", matches, start, end, 0.4, doubt=0.8)
            return True
    return False


def _may_be_city(reading: Reading, said: str, match: Match) -> bool:
    """«на Абая» is a street, and «Абай» may be the caller: a town that is also such a name needs more."""
    street = match_street(said)
    if street is not None and street.score > match.score:
        return False
    if street is not None and match.name != match.place.ru:
        return False
    if len(said) > _SHORT_NAME:
        return True
    return reading.in_context and not _is_naming(reading)


def _is_naming(reading: Reading) -> bool:
    words = {token.text for token in reading.tokens} | {t.text for t in (reading.asked.tokens if reading.asked else ())}
    return not words.isdisjoint(_NAMING)


def _may_be_district(reading: Reading, end: int) -> bool:
    """«Костанайская трасса», «Алматинская улица» are no districts."""
    following = reading.tokens[end] if end < len(reading.tokens) and not reading.tokens[end - 1].closes else None
    return following is None or following.role not in ("street", "region")


def _closeness_of_city(reading: Reading, start: int, end: int) -> float | None:
    """How like a city's name a word must sound: to the letter in passing, roughly beside a street; None: not at all."""
    size = len(sounds(reading.said(start, end)))
    capital = all(token.capital or len(token.text) <= _TORN_END for token in reading.tokens[start:end])
    beside = any(0 <= m.start - end <= 1 or 0 <= start - m.end <= 1 for m in reading.found if m.slot == "street")
    if size < 4 or (size < 6 and not (capital and beside)) or (end > start + 1 and not capital):
        return None
    torn = len(reading.tokens[end - 1].text) <= _TORN_END
    if beside and (capital or torn) and end == start + 1 + torn and size > 4:
        return reading.closeness(start, end, sure=0.93, unsure=0.72 if size > 5 else 0.8)
    return 0.97


def _may_be_village(reading: Reading, start: int, end: int) -> bool:
    """A village bears almost any name: only beside other parts of an address, or as the whole answer."""
    if _is_naming(reading):
        return False
    answers = start > 0 and reading.tokens[start - 1].closes and end == len(reading.tokens)
    if answers and any(token.role == "ask" for token in reading.tokens[max(0, start - 3) : start]):
        return True
    also_street = match_street(reading.said(start, end)) is not None
    beside = [m for m in reading.found if abs(m.end - start) <= 1 or abs(m.start - end) <= 1]
    if also_street:
        return any(mention.slot in ("district", "region") for mention in beside)
    return bool(beside) or len(reading.tokens) <= _SHORT_ANSWER


def _add(
    reading: Reading, slot: Slot, matches: tuple[Match, ...], start: int, end: int, strength: float, doubt: float = 1.0
) -> None:
    strength = _strength(reading, start, end, strength)
    value, score = matches[0].place.written, matches[0].score * doubt
    reading.add(Mention(slot, value, reading.turn, start, end, strength, score, places=matches))


def _strength(reading: Reading, start: int, end: int, strength: float) -> float:
    """Lower the strength of a place that somebody comes from, goes to or is beside."""
    if reading.turn.index == 0 and reading.turn.leg is LegName.OPERATOR:
        return _OWN  # «служба сто двенадцать города Костаная»
    near: list[str] = []
    for token in reversed(reading.tokens[max(0, start - 3) : start]):
        if token.closes:
            break
        near.insert(0, token.text)
    if (near and near[-1] == "не") or near[-2:-1] == ["не"]:
        return 0.0
    if near[-1:] == ["на"]:
        return 0.0  # «повернули на Жаксы»: where a road leads
    if any(word in _TOWARDS for word in near) or near[-1:] in _WATERS:
        return 0.0
    after = reading.tokens[end] if end < len(reading.tokens) else None
    if any(word in _BESIDE for word in near) or (after is not None and after.text in _BESIDE_AFTER):
        return _NEAR
    comes = any(token.role == "origin" for token in reading.tokens[max(0, start - 5) : start])
    if comes and near and near[-1] in _FROM:
        return 0.0 if reading.turn.leg is LegName.OPERATOR else _OWN
    return strength
