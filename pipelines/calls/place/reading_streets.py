"""Streets, quarters and roads that a turn names."""

from dataclasses import replace

from core.call_records import LegName
from knowledge_base.search.analysis import grammemes_ru
from pipelines.calls.place.mentions import MOST_NAME_WORDS, Mention, Reading, as_written, is_kazakh
from pipelines.calls.place.turns import Token
from pipelines.calls.place.word_lists import Gender, WordUse, match_street
from pipelines.calls.spoken_numbers import NumberSpan

_QUARTER = WordUse("street", "микрорайон", "m")
_NUMBERED = frozenset(("микрорайон", "квартал"))
_CORNERS = frozenset(
    ("угол", "углу", "пересечение", "пересечении", "пересечения", "перекресток", "перекрестке", "қиылысы", "қиылысында")
)
_GENITIVES = ("а", "я", "и", "ы", "го", "ой", "ых", "о", "ұлы")
_AFTER_NUMBER = frozenset(
    ("марта", "мая", "лет", "летия", "октября", "февраля", "июля", "декабря", "сентября", "сәуір")
)
_ADJECTIVES = (
    "ная", "ной", "ную", "ном", "ный", "ное", "ская", "ской", "скую", "ский", "ском", "ское",
)  # fmt: skip
_TITLES = frozenset(
    (
        *("батыра", "батыр", "хана", "хан", "бия", "би", "акына", "акын", "ата", "ана", "жырау", "султана", "палуана"),
        *("мырзы", "датка", "тархана", "аулие", "кажы", "ишана", "салтанат", "балуана", "батыры", "әулие", "ақын"),
    )
)
"""What stands after a person's name in that of a street, written small: «Барак батыра», «Бухар жырау»."""
_NO_NAME = frozenset(("PREP", "CONJ", "PRCL", "INTJ", "NPRO", "ADVB", "VERB", "INFN"))
_SIGN = 0.3  # strength of a street that only crosses the one named
_ANSWER_HEARD = 0.85  # of a name that stands alone
_SOFTENING = ("г", "к", "х", "ж", "ш", "щ", "ч")
_NOT_AFTER_HOUSE = ("unit", "floor", "km", "entrance", "flat")
_LEAST_NAME = 4
_PLAIN_NAME = 6  # letters of a name that needs nothing about addresses near it
_ALONG = frozenset(("на", "по", "вдоль"))
_BEFORE_NUMBER = frozenset(("дом", "номер", "үй", "д", "дома", "доме"))


def read_typed_streets(reading: Reading) -> None:
    """Read streets said with the word of their kind: «улица Ерубаева», «Абай даңғылы», «пятый микрорайон»."""
    for position, token in enumerate(reading.tokens):
        if position in reading.taken or token.use is None:
            continue
        if token.role == "street" and token.use.value == "трасса":
            _read_road(reading, position)
        elif token.role == "street":
            _read_street(reading, position, position, token.use)
        elif token.role == "district" and position and reading.tokens[position - 1].text in ("шағын", "шагын", "ықшам"):
            _read_street(reading, position, position - 1, _QUARTER)
    _read_corners(reading)


def read_bare_streets(reading: Reading) -> None:
    """Read «на Абая сто двадцать», «Шакарима шестьдесят»: a name and the number of a house."""
    for number in reading.turn.numbers:
        if number.start in reading.taken or not may_be_house(reading, number):
            continue
        end = number.start
        while end > 0 and reading.tokens[end - 1].text in _BEFORE_NUMBER:
            end -= 1
        if not _read_known(reading, end, number) and reading.in_context:
            _read_heard(reading, end)
    _read_answer(reading)
    _read_along(reading)


def _read_along(reading: Reading) -> None:
    """«на Достык, возле школы», «Ауэзова, какой дом?»: a street we know, without a number."""
    if any(mention.slot == "street" for mention in reading.found):
        return
    asks_house = reading.turn.asks and reading.turn.has("house")
    for position, token in enumerate(reading.tokens):
        along = token.text in _ALONG
        if not along and not (asks_house and token.capital):
            continue
        for start, end in reading.right_of(position) if along else ((position, position + 1),):
            if not reading.may_name(start):
                continue
            if not reading.in_context and end - start == 1 and len(reading.tokens[start].text) < _PLAIN_NAME:
                continue
            match = match_street(reading.said(start, end))
            if match is not None and reading.tokens[start].capital and not _is_city(reading, start, end, match.score):
                _add(reading, WordUse("street", "улица", "f"), match.name, start, end, 0.5, match.score * 0.85)
                return


def _is_city(reading: Reading, start: int, end: int, score: float) -> bool:
    cities = reading.gazetteer.cities(reading.said(start, end))
    return bool(cities) and cities[0].score >= score


def may_be_house(reading: Reading, number: NumberSpan) -> bool:
    """Tell whether a number may be that of a house: it counts nothing, and is no floor, flat or kilometre."""
    if number.kind == "collective":
        return False
    following = reading.tokens[number.end] if number.end < len(reading.tokens) else None
    if following is None or reading.tokens[number.end - 1].closes:
        return True
    return following.role not in _NOT_AFTER_HOUSE


def _read_known(reading: Reading, end: int, number: NumberSpan) -> bool:
    best: tuple[float, int, str] | None = None
    for start in range(max(0, end - MOST_NAME_WORDS), end):
        words = reading.tokens[start:end]
        if any(token.closes for token in words[:-1]) or any(p in reading.taken for p in range(start, end)):
            continue
        named = all(reading.may_name(p) for p in range(start, end)) and words[0].capital
        torn = reading.in_context and len(words) > 1 and all(token.role in (None, "filler") for token in words)
        if named:
            closeness = reading.closeness(start, end, sure=0.9, unsure=0.76 if reading.in_context else 0.86)
        elif torn and not any(reading.turn.number_at(p) for p in range(start, end)):
            closeness = reading.closeness(start, end, sure=0.97, unsure=0.88)
        else:
            continue
        match = match_street(reading.said(start, end), closeness=closeness)
        if match is not None and (best is None or match.score > best[0]):
            best = (match.score, start, match.name)
    if best is None:
        return False
    score, start, name = best
    _add(reading, WordUse("street", "улица", "f"), name, start, end, 0.6, score * 0.95)
    return True


def _read_heard(reading: Reading, end: int) -> None:
    titled = end > 1 and reading.tokens[end - 1].text in _TITLES and not reading.tokens[end - 2].closes
    last = end - 1 if titled else end
    if last == 0 or not reading.may_name(last - 1) or not reading.tokens[last - 1].capital:
        return
    token = reading.tokens[last - 1]
    if not token.text.endswith(_GENITIVES) or len(token.text) <= 4 or reading.gazetteer.cities(token.text):
        return
    start = last - 1
    while start > 0 and last - start < MOST_NAME_WORDS and _goes_on(reading, start - 1):
        start -= 1
    name = " ".join(as_written(token) for token in reading.tokens[start:last])
    if last < end:
        name = f"{name} {reading.tokens[last].text}"
    _add(reading, WordUse("street", "улица", "f"), name, start, end, 0.6, 0.55)


def _goes_on(reading: Reading, position: int) -> bool:
    """«Машхур Жусупа»: whether the word before a name belongs to it."""
    token = reading.tokens[position]
    if token.closes or not token.capital or not reading.may_name(position) or len(token.text) < _LEAST_NAME:
        return False
    return grammemes_ru(token.text).isdisjoint(_NO_NAME) and not reading.gazetteer.cities(token.text)


def _read_answer(reading: Reading) -> None:
    """«Улица какая?» «Гоголя»: a name alone that answers the question for one."""
    asked = reading.asked
    if asked is None or not asked.asks or reading.turn.leg is LegName.OPERATOR:
        return
    if any(mention.slot == "street" for mention in reading.found):
        return
    if not any(token.use is not None and token.use.value == "улица" for token in asked.tokens):
        return
    start = next((p for p in range(min(3, len(reading.tokens))) if reading.may_name(p)), None)
    if start is None:
        return
    end = start + 1
    while end < min(len(reading.tokens), start + MOST_NAME_WORDS) and not reading.tokens[end - 1].closes:
        if not reading.may_name(end):
            break
        end += 1
    if not reading.tokens[start].capital:
        return
    chosen = _choose(reading, [(start, last) for last in range(end, start, -1)])
    if chosen is not None and chosen[3] < reading.closeness(start, end, sure=0.0, unsure=_ANSWER_HEARD):
        return
    if chosen is not None and not reading.gazetteer.cities(reading.said(chosen[0], chosen[1])):
        _add(reading, WordUse("street", "улица", "f"), chosen[2], chosen[0], chosen[1], 0.6, chosen[3])


def _read_street(reading: Reading, position: int, first: int, use: WordUse) -> None:
    """Read the name beside a type word: after it in Russian, before it in Kazakh; else the other way about."""
    sides = [list(reading.right_of(position)), list(reading.left_of(first))]
    if is_kazakh(reading.tokens[position]):
        sides.reverse()
    if use.value in _NUMBERED and _read_numbered(reading, position, use):
        return
    if _read_dated(reading, position, use):
        return
    for spans in sides:
        chosen = _choose(reading, spans)
        if chosen is None:
            continue
        start, end, name, score = chosen
        if use.value == "микрорайон" and end > position:
            name, end = _with_number(reading, name, end)
        _add(reading, use, name, min(start, first), max(end, position + 1), 0.8, score)
        return
    _read_ordinal(reading, position, use)


def _choose(reading: Reading, spans: list[tuple[int, int]]) -> tuple[int, int, str, float] | None:
    for exact in (True, False):
        best: tuple[float, int, int, int, str] | None = None
        for start, end in spans:
            closeness = 1.0 if exact else reading.closeness(start, end, sure=0.92, unsure=0.78)
            match = match_street(reading.said(start, end), closeness=closeness)
            if match is not None and (best is None or (match.score, end - start) > best[:2]):
                best = (match.score, end - start, start, end, match.name)
        if best is not None:
            return best[2], best[3], best[4], best[0]
    for start, end in spans:
        words = reading.tokens[start:end]
        if not grammemes_ru(words[0].text).isdisjoint(_NO_NAME) and len(words[0].text) < _PLAIN_NAME:
            continue
        if words[0].capital and all(token.capital or token.text in _TITLES for token in words):
            return start, end, " ".join(_name_word(token) for token in words), 0.6
    return None


def _name_word(token: Token) -> str:
    return as_written(token) if token.capital else token.text


def _with_number(reading: Reading, name: str, end: int) -> tuple[str, int]:
    """«микрорайон Самал два, дом пять» -> Самал-2."""
    number = None if reading.tokens[end - 1].closes else reading.turn.number_at(end)
    return (name, end) if number is None else (f"{name}-{number.digits}", number.end)


def _read_numbered(reading: Reading, position: int, use: WordUse) -> bool:
    """«пятый микрорайон», «микрорайон двенадцать»."""
    before = next((n for n in reading.turn.numbers if n.end == position), None)
    if before is not None and reading.tokens[position - 1].closes:
        before = None
    number = before or (None if reading.tokens[position].closes else reading.turn.number_at(position + 1))
    if number is None or number.start in reading.taken:
        return False
    start, end = min(number.start, position), max(number.end, position + 1)
    reading.add(Mention("street", f"{number.digits} {use.value}", reading.turn, start, end, 0.8))
    return True


def _read_dated(reading: Reading, position: int, use: WordUse) -> bool:
    """«улица Восьмого марта», «проспект 40 лет Победы»."""
    number = None if reading.tokens[position].closes else reading.turn.number_at(position + 1)
    if number is None or number.end >= len(reading.tokens) or reading.tokens[number.end - 1].closes:
        return False
    if reading.tokens[number.end].text not in _AFTER_NUMBER:
        return False
    end = number.end + 1
    if reading.tokens[number.end].role == "unit":
        while end < len(reading.tokens) and not reading.tokens[end - 1].closes and reading.may_name(end):
            end += 1
    words = [reading.tokens[number.end], *reading.tokens[number.end + 1 : end]]
    named = [token.text if token.role == "unit" else as_written(token) for token in words]
    value = " ".join((use.value, number.digits, *named))
    reading.add(Mention("street", value, reading.turn, position, end, 0.8))
    return True


def _read_ordinal(reading: Reading, position: int, use: WordUse) -> None:
    """«пятая улица», «улица пятая»: a street that has only a number."""
    before = next((n for n in reading.turn.numbers if n.end == position), None)
    after = None if reading.tokens[position].closes else reading.turn.number_at(position + 1)
    for number in (before, after):
        if number is not None and number.kind == "ordinal" and number.start not in reading.taken:
            tail = "я" if use.gender == "f" else "й"
            start, end = min(number.start, position), max(number.end, position + 1)
            reading.add(Mention("street", f"{number.digits}-{tail} {use.value}", reading.turn, start, end, 0.8))
            return


def _add(reading: Reading, use: WordUse, name: str, start: int, end: int, strength: float, score: float) -> None:
    value = f"{use.value} {_agree(name, use.gender)}"
    if use.value == "шоссе" and value.endswith("ское"):
        value = f"{_agree(name, use.gender)} {use.value}"
    reading.add(Mention("street", value, reading.turn, start, end, strength, score))


def _read_road(reading: Reading, position: int) -> None:
    """«Трасса Алматы Капчагай», «трасса Астана — Караганда», «Капчагайская трасса»."""
    names: list[str] = []
    end = position + 1
    while not reading.tokens[position].closes and end < len(reading.tokens) and len(names) < 3:
        token = reading.tokens[end]
        if token.raw not in ("—", "–", "-"):
            hits = _towns(reading, end)
            if not hits and names and token.capital and reading.may_name(end):
                hits = [as_written(token)]  # beyond the border: «Алматы — Бишкек»
            if not hits or reading.turn.number_at(end) is not None:
                break
            names.extend(hits)
        end += 1
        if token.closes and token.raw[-1:] not in ("—", "–"):
            break
    if names:
        reading.add(Mention("street", "трасса " + "–".join(names), reading.turn, position, end, 0.8))
        return
    before = reading.tokens[position - 1] if position else None
    if before is not None and before.role is None and before.text.endswith(("ской", "ская", "скую")):
        name = before.text[:-2] + "ая"
        reading.add(Mention("street", f"{name.capitalize()} трасса", reading.turn, position - 1, position + 1, 0.7))


def _towns(reading: Reading, position: int) -> list[str]:
    token = reading.tokens[position]
    if whole := reading.gazetteer.cities(token.text):
        return [whole[0].name]
    found: list[str] = []
    for part in token.text.replace("–", "-").replace("—", "-").split("-"):
        closeness = reading.closeness(position, position + 1, sure=0.9, unsure=0.75)
        hits = reading.gazetteer.cities(part, closeness=closeness)
        if not hits and token.capital and len(part) > 2:
            hits = reading.gazetteer.settlements(part)
        found.extend(hit.name for hit in hits[:1])
    return found


def _read_corners(reading: Reading) -> None:
    """«угол Абая и Достык»: the first is the street, the second says where along it; one alone is only a sign."""
    for position, token in enumerate(reading.tokens):
        if token.text not in _CORNERS or position in reading.taken:
            continue
        names: list[Mention] = []
        at = position + 1
        while at < len(reading.tokens) and len(names) < 2:
            if reading.tokens[at].role == "street" or reading.tokens[at].text in ("и", "с", "—", "-"):
                at += 1
                continue
            chosen = _choose(reading, list(reading.right_of(at - 1)))
            if chosen is None:
                break
            start, at, name, score = chosen
            value = f"улица {_agree(name, 'f')}"
            names.append(Mention("street", value, reading.turn, start, at, 0.7, score))
        if len(names) == 1:
            reading.add(replace(names[0], strength=_SIGN))
        elif names:
            reading.add(names[0])
            reading.add(replace(names[1], slot="corner"))


def _agree(name: str, gender: Gender) -> str:
    """Put an adjective («Садовой», «Школьном») into the nominative of the street's own word."""
    last = name.rpartition(" ")[2]
    if last != name or len(name) < 6 or not name.endswith(_ADJECTIVES):
        return name
    return name[:-2] + {"f": "ая", "m": "ий" if name[:-2].endswith(_SOFTENING) else "ый", "n": "ое"}[gender]
