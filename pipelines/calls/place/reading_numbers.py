"""Houses, flats, kilometres, floors and entrances: what each number of a turn is."""

from rapidfuzz import fuzz

from pipelines.calls.place.mentions import Mention, Reading, Slot, is_kazakh
from pipelines.calls.place.reading_streets import may_be_house
from pipelines.calls.place.turns import CERTAIN, Token
from pipelines.calls.spoken_numbers import NumberSpan

_LETTERS = frozenset("абвгдежз")
_ASKED: dict[str, Slot] = {
    "house": "house",
    "km": "house",
    "flat": "flat",
    "floor": "floor",
    "entrance": "entrance",
}
_COUNTED = frozenset(
    ("этажа", "этажей", "подъезда", "подъездов", "дома", "домов", "километров", "километра", "километрах", "квартиры")
)
_HOW_MANY = frozenset(("сколько", "скольких", "скольким", "қанша", "канша", "неше", "нешеу"))
_NOT_BETWEEN = ("house", "flat", "street", "floor", "entrance", "km")
_LONGEST_CORRECTION = 8  # words between a number and the one that puts it right
_SHORT_REPLY = 4  # words
_SHORTEST_TAIL = 1  # words after a number that is the whole answer
_LONGEST_LEAD = 5  # words before the number that answers a question


def read_numbers(reading: Reading) -> None:
    """Read the numbers that are parts of an address; a number after words of correction replaces the one before."""
    streets = {mention.end for mention in reading.found if mention.slot == "street"}
    last: Mention | None = None
    for number in reading.turn.numbers:
        if number.start in reading.taken or number.kind == "collective":
            continue
        slot_said, start, end = _slot_of(reading, number, streets)
        slot = slot_said
        if slot is None and last is not None and _is_correction(reading, last.end, number.start):
            slot = last.slot
        if slot is None and last is None:
            slot = _expected(reading, number)
        if slot is None:
            continue
        value, end = _written(reading, number, end) if slot == "house" else (number.digits, end)
        if slot == "house" and _is_kilometre(reading, number, last):
            value = f"{number.digits} км"
        told = (slot_said is None or _is_short(reading)) and any(
            mention.slot == slot and mention.value != value for mention in reading.read_back
        )
        last = Mention(slot, value, reading.turn, start, end, 0.8, corrects=told)
        if not _is_negated(reading, start):
            reading.add(last)


def _is_short(reading: Reading) -> bool:
    """«Квартира пять!» after another number was read back: nothing else is said, and it is heard well."""
    certain = all(token.probability >= CERTAIN for token in reading.tokens)
    return certain and len(reading.tokens) <= _SHORT_REPLY


def _is_negated(reading: Reading, start: int) -> bool:
    return start > 0 and reading.tokens[start - 1].text in ("не", "ни")


def _slot_of(reading: Reading, number: NumberSpan, streets: set[int]) -> tuple[Slot | None, int, int]:
    """Return what the words beside the number say it is, and the span of number and word."""
    tokens = reading.tokens
    before = number.start - 1
    while before >= 0 and tokens[before].text == "номер":
        before -= 1
    led = _slot(tokens[before]) if before >= 0 and _leads(reading, tokens[before], number) else None
    named = None
    if number.end < len(tokens) and not tokens[number.end - 1].closes and _names(tokens[number.end], number):
        named = _slot(tokens[number.end])
    if named and (led is None or (number.kind == "ordinal" and named != "house") or is_kazakh(tokens[number.end])):
        return named, number.start, number.end + 1
    if led:
        return led, before, number.end
    gap = number.start
    while gap > 0 and tokens[gap - 1].role == "filler" and gap not in streets:
        gap -= 1
    if gap in streets and may_be_house(reading, number):
        return "house", number.start, number.end
    return None, number.start, number.end


def _leads(reading: Reading, token: Token, number: NumberSpan) -> bool:
    if token.raw[-1:] in (".", "!", "?", "…") and token.use is not None and token.raw not in ("д.", "кв."):
        return False
    return may_be_house(reading, number) or token.role != "house"


def _names(token: Token, number: NumberSpan) -> bool:
    """«пятый этаж» names a floor, «пять этажей» counts them."""
    return number.kind == "ordinal" or token.text not in _COUNTED


def _is_kilometre(reading: Reading, number: NumberSpan, last: Mention | None) -> bool:
    around = reading.tokens[max(0, number.start - 1) : number.end + 1]
    if any(token.role == "km" for token in around):
        return True
    if last is not None:
        return last.value.endswith(" км")
    return _asked_for(reading) == "km"


def _is_correction(reading: Reading, since: int, until: int) -> bool:
    between = reading.tokens[since:until]
    if not 0 < len(between) <= _LONGEST_CORRECTION or any(token.role in _NOT_BETWEEN for token in between):
        return False
    return any(token.role == "correct" for token in between) or between[-1].text in ("не", "а")


def _asked_for(reading: Reading) -> str | None:
    """What kind of number the other side last asked for."""
    if reading.asked is None or not reading.asked.asks:
        return None
    roles = [token.role for token in reading.asked.tokens if token.role in (*_ASKED, "street")]
    return roles[-1] if roles else None


def _asks_how_many(reading: Reading) -> bool:
    """«Сколько раненых?» «Один»: a number that counts."""
    return reading.asked is not None and any(token.text in _HOW_MANY for token in reading.asked.tokens)


def _expected(reading: Reading, number: NumberSpan) -> Slot | None:
    """The number that answers «какой дом?», or puts right what was read back: «Нет, тридцать два!»."""
    lead = reading.tokens[: number.start]
    free = all(token.role in ("correct", "filler", *_ASKED) or token.text in ("не", "на") for token in lead)
    free = free or (len(lead) == 1 and reading.tokens[0].probability < CERTAIN)
    if len(lead) > _LONGEST_LEAD or not free or not may_be_house(reading, number):
        return None
    corrects = any(token.role == "correct" for token in lead)
    numbered = [mention for mention in reading.read_back if mention.slot in ("house", "flat")]
    if numbered and (corrects or len(reading.tokens) - number.end <= _SHORTEST_TAIL):
        return max(numbered, key=lambda mention: (fuzz.ratio(mention.value, number.digits), mention.start)).slot
    asked = _asked_for(reading)
    if asked is None or _asks_how_many(reading):
        return None
    return _ASKED.get(asked, "house" if numbered else None)


def _written(reading: Reading, number: NumberSpan, end: int) -> tuple[str, int]:
    """Return a house's number with the letter or block that follows it, and where that ends."""
    tokens, value, at = reading.tokens, number.digits, end
    at_letter = at + (at < len(tokens) and tokens[at].role == "letter")
    if at_letter < len(tokens) and tokens[at_letter].text in _LETTERS and value.isdigit():
        letter = tokens[at_letter]
        following = tokens[at_letter + 1].role if at_letter + 1 < len(tokens) else "flat"
        alone = letter.closes or following in ("flat", "block", "entrance")
        if (at_letter > at or alone) and not tokens[at - 1].closes:
            value, at = value + letter.text, at_letter + 1
    if at + 1 < len(tokens) and tokens[at].role == "block" and (block := reading.turn.number_at(at + 1)):
        value, at = f"{value} корпус {block.digits}", block.end
    return value, at


def _slot(token: Token) -> Slot | None:
    return _ASKED.get(token.role) if token.role else None
