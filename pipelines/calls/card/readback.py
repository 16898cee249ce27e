"""The operator's read-back of the address: the caller's own words for the place, said again."""

from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from core.call_records import Evidence, LegName
from pipelines.calls.card.cues import CueSet
from pipelines.calls.card.people import answer_after
from pipelines.calls.card.russian import is_proper_name, is_russian_word
from pipelines.calls.card.tables import quality
from pipelines.calls.card.text import CallText, Token
from pipelines.calls.spoken_numbers import find_numbers

_PLACE_WORDS = (
    "улиц*|проспект*|переулок*|микрорайон*|бульвар*|трасс*|километр*|квартир*|дом|дома|город*|село|селе|аул|"
    "аулы|ауылы|поселок|поселк*|район*|область|области|подъезд|корпус|коше*|кошеси|уй|возле|около|напротив|рядом"
)
_NOT_PLACE = frozenset(["сто", "двенадцать", "здравствуйте", "алло", "служба", "оператор"])
_SHORTEST = 4
_AGES = frozenset(
    ["лет", "год", "года", "годик", "годика", "месяцев", "жаста", "жасар", "минут", "минуты", "час", "часа"]
)
_SERVICES = frozenset(["112", "101", "102", "103", "104", "109"])


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    asked = next(item.cues for item in quality().items if item.id == "asked_address")
    return CueSet({"asked": asked, "place": (_PLACE_WORDS,)})


def find_read_back(text: CallText) -> tuple[Evidence, ...]:
    """Return the operator's sentences that repeat the name or the number of a place the caller said before."""
    told = [
        (start, {t.text for t in text.tokens[start:end] if _is_name(t)}, _numbers(text, start, end))
        for start, end in _told_of_place(text)
    ]
    found: list[Evidence] = []
    for start, end in text.spans(LegName.OPERATOR):
        if not told:
            break
        names = frozenset[str]().union(*(said for at, said, _ in told if at < start))
        numbers = frozenset[str]().union(*(said for at, _, said in told if at < start))
        own = _numbers(text, start, end)
        if _repeats_name(text.tokens[start:end], names) or numbers & own or (own and _states_place(text, start, end)):
            found.append(text.evidence(start, end))
    return tuple(found[:2])


def _told_of_place(text: CallText) -> list[tuple[int, int]]:
    """Return the caller's stretches that speak of the place: answers to questions of it, and its own words."""
    stretches: set[tuple[int, int]] = set()
    sentences = text.spans(LegName.CALLER)
    for hit in _cues().find(text):
        if hit.cue == "asked" and hit.leg is not LegName.CALLER:
            answer = answer_after(text, hit.end)
            if answer is not None:
                stretches.add(answer)
        elif hit.cue == "place" and hit.leg is not LegName.OPERATOR:
            stretches.update(span for span in sentences if span[0] <= hit.start < span[1])
    return sorted(stretches)


def _is_name(token: Token) -> bool:
    if len(token.text) < _SHORTEST or token.text in _NOT_PLACE or token.text.isdigit():
        return False
    first = token.opens_sentence
    capital = token.raw.lstrip("«\"'(")[:1].isupper()
    return (capital and not first) or is_proper_name(token.text) or (capital and not is_russian_word(token.text))


def _states_place(text: CallText, start: int, end: int) -> bool:
    """Tell whether the operator says a number beside a word of place: he has it from the caller, heard well or not."""
    if text.tokens[start].turn == text.tokens[0].turn:
        return False
    places = [h.start for h in _cues().find(text) if h.cue == "place" and start <= h.start < end]
    raws = [t.raw for t in text.tokens[start:end]]
    numbers = [s for s in find_numbers(raws) if s.digits not in _SERVICES]
    return any(number.start + start - 1 <= place <= number.end + start for place in places for number in numbers)


def _repeats_name(tokens: tuple[Token, ...], names: frozenset[str]) -> bool:
    return any(_same(token.text, name) for token in tokens for name in names)


def _same(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _SHORTEST or len(longer) - len(shorter) > 3:
        return False
    stem = max(_SHORTEST, len(shorter) - 2)
    return shorter[:stem] == longer[:stem] or (
        len(shorter) >= 6 and Levenshtein.distance(shorter, longer) <= (2 if len(shorter) >= 8 else 1)
    )


def _numbers(text: CallText, start: int, end: int) -> set[str]:
    """Return the house, flat and kilometre numbers of the stretch: two digits or more, not an age, not 112."""
    tokens = text.tokens[start:end]
    found = set()
    for span in find_numbers([t.raw for t in tokens]):
        following = tokens[span.end].text if span.end < len(tokens) else ""
        if len(span.digits) >= 2 and span.digits not in _SERVICES and following not in _AGES:
            found.add(span.digits)
    return found
