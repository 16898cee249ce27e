"""Numbers as they are said on the telephone, in Russian and Kazakh  # сандар; числа.

«сто пятьдесят два», «елу екі», «тридцать второй», «двенадцать дробь три», "152-а", "8-701-555". The words' forms are
in `numerals.csv`.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from core.errors import ConfigurationError

NumberKind = Literal["cardinal", "ordinal", "collective"]
_KINDS: tuple[NumberKind, ...] = ("cardinal", "ordinal", "collective")


@dataclass(frozen=True)
class NumberSpan:
    """A number in a text: words `start` to `end` (exclusive), as one grammatical number.

    `digits` is how one would write or dial it: "152", "152а", "12/3", "00". `value` is the number before the letter or
    the stroke; 0 where there are more than eighteen digits.
    """

    start: int
    end: int
    value: int
    digits: str
    kind: NumberKind = "cardinal"


@dataclass(frozen=True)
class PhoneSpan:
    """A telephone number of Kazakhstan in words `start` to `end` (exclusive); `number` is "+7XXXXXXXXXX"."""

    start: int
    end: int
    number: str


@dataclass(frozen=True)
class _Numeral:
    value: int
    kind: NumberKind
    language: str


_ORDINAL_ENDINGS = ("ый", "ой", "ий", "ая", "ое", "ые", "ого", "ому", "ым", "ом", "ую", "ых", "ыми")
_KAZAKH_CASE = re.compile(
    "(?:[нтд][ыі]ң|[ғг][ае]|ге|қа|ке|на|не|[нтд][ыі]|н?[дт][ае]|н?[дт][ае]н|нан|нен|[мбп]ен|с?[ыі]|с?[ыі]н|с?[ыі]н[ае]|с?[ыі]нд[ае])"
)
_FOLD_KAZAKH = str.maketrans("әғқңөұүһіё", "агкноуухие")
_NOT_NUMERALS = frozenset(
    [
        "торт",
        "мин",
        "беси",
        "уши",
        "семью",
        "мында",
        "мынде",
        "бірге",
        "бірден",
        "бірде",
        "бірі",
        "бирге",
        "бирден",
        "алтын",
    ]
)
"""Cake, ears, family, here, together: words that a numeral's form or its Kazakh ending would eat."""
_EDGES = "«»\"'()[]…—–-.,:;!?"
_CLOSES = re.compile(r"[.,;:!?…—]+[»\")\]]*$")
_DIGITS = re.compile(r"(\d+)(?:-?([а-яәғқңөұүһіa-z]{1,3}))?", re.IGNORECASE)
_STROKE = re.compile(r"(\d+)[/\\](\d+)-?([а-я])?", re.IGNORECASE)
_GROUPS = re.compile(r"\+?\(?\d[\d()-]*\d\)?")
_ORDINAL_TAILS = frozenset(
    ["й", "я", "е", "го", "му", "м", "х", "ый", "ий", "ой", "ая", "ое", "ом", "ом", "ую", "ші", "шы"]
)
_LETTERS_OF_HOUSES = frozenset("абвгдежзик")
_FUZZY_FROM = 7  # letters: below that a slip makes another word («шерсть»)
_MOST_DIGITS = 18


def find_numbers(words: Sequence[str]) -> tuple[NumberSpan, ...]:
    """Return the numbers in `words` (with or without punctuation, which ends a number), in order, not overlapping."""
    spans: list[NumberSpan] = []
    index = 0
    while index < len(words):
        span = _read_digits(words, index) or _read_numeral(words, index)
        if span is None:
            index += 1
            continue
        spans.append(span)
        index = span.end
    return tuple(_join_strokes(words, spans))


def phones(words: Sequence[str]) -> tuple[PhoneSpan, ...]:
    """Return the complete telephone numbers of Kazakhstan (8 or +7 and ten digits, grouped in any way)."""
    spans = find_numbers(words)
    found: list[PhoneSpan] = []
    first = 0
    while first < len(spans):
        phone = _assemble(words, spans, first)
        if phone is None:
            first += 1
            continue
        found.append(phone)
        while first < len(spans) and spans[first].start < phone.end:
            first += 1
    return tuple(found)


def _assemble(words: Sequence[str], spans: tuple[NumberSpan, ...], first: int) -> PhoneSpan | None:
    digits = ""
    for position in range(first, len(spans)):
        span = spans[position]
        if position > first and not _may_stand_between(words[spans[position - 1].end : span.start]):
            return None
        if not span.digits.isdigit():
            return None
        digits += span.digits
        if len(digits) > 11 or digits[0] not in "78" or (len(digits) > 1 and digits[1] != "7"):
            return None
        if len(digits) == 11:
            start = spans[first].start
            after_plus = start > 0 and (clean_word(words[start - 1]) == "плюс" or words[start - 1] == "+")
            if digits[0] == "7" and not after_plus and "+" not in words[start] and span is not spans[first]:
                return None
            return PhoneSpan(start - after_plus, span.end, "+7" + digits[1:])
    return None


_BETWEEN = frozenset(
    [
        "э",
        "ээ",
        "э-э",
        "эм",
        "м",
        "мм",
        "так",
        "и",
        "да",
        "потом",
        "далее",
        "дальше",
        "значит",
        "это",
        "код",
        "там",
        "ну",
        "плюс",
        "затем",
    ]
) | {""}
_MOST_BETWEEN = 3


def _may_stand_between(words: Sequence[str]) -> bool:
    return len(words) <= _MOST_BETWEEN and all(clean_word(word) in _BETWEEN for word in words)


def clean_word(word: str) -> str:
    """Return the word in lower case without punctuation at its edges and with «е» for «ё»."""
    return word.lower().strip(_EDGES).replace("ё", "е")


def _read_digits(words: Sequence[str], index: int) -> NumberSpan | None:
    word = words[index].lower().strip("«»\"'[]….,:;!?—–№")
    if stroke := _STROKE.fullmatch(word):
        digits = f"{stroke[1]}/{stroke[2]}{stroke[3] or ''}"
        return NumberSpan(index, index + 1, _value(stroke[1]), digits)
    if plain := _DIGITS.fullmatch(word.strip("-()+")):
        number, tail = plain[1], (plain[2] or "").lower()
        if tail in _ORDINAL_TAILS and tail:
            return NumberSpan(index, index + 1, _value(number), number, "ordinal")
        if len(tail) > 1:
            return None
        if not tail and index + 1 < len(words) and not _CLOSES.search(words[index]):
            scale = _numeral(clean_word(words[index + 1]))
            if scale is not None and scale.value >= 1000:
                value = _value(number) * scale.value
                return NumberSpan(index, index + 2, value, str(value))
        return NumberSpan(index, index + 1, _value(number), number + (tail if tail in _LETTERS_OF_HOUSES else ""))
    if _GROUPS.fullmatch(word):
        digits = re.sub(r"\D", "", word)
        return NumberSpan(index, index + 1, _value(digits), digits)
    return None


def _value(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else 0


def _read_numeral(words: Sequence[str], index: int) -> NumberSpan | None:
    """Read the longest grammatical number that starts at `index`: scales fall, an ordinal or punctuation ends it."""
    first = _numeral_at(words, index)
    if first is None:
        return None
    if first.value == 0:
        return NumberSpan(index, index + 1, 0, "0", first.kind)
    if zeros := _several_zeros(words, index, first):
        return zeros
    total, group, last, at = 0, 0, 10**9, index
    kind: NumberKind = first.kind
    while at < len(words):
        numeral = _numeral_at(words, at)
        if numeral is None or numeral.language != first.language or numeral.value == 0:
            break
        if at > index and (numeral.kind == "collective" or _several_zeros(words, at, numeral)):
            break
        value, kazakh = numeral.value, numeral.language == "kk"
        if value >= 1000:
            if total and value >= last:
                break
            total, group, last = total + (group or 1) * value, 0, value
        elif value == 100 and kazakh and 1 <= group <= 9:
            group, last = group * 100, 100
        elif (scale := _scale(value, kazakh)) < _floor(last):
            group, last = group + value, 1 if 10 <= value < 20 and not kazakh else scale
        else:
            break
        at += 1
        kind = numeral.kind
        if numeral.kind != "cardinal" or _CLOSES.search(words[at - 1]):
            break
    value = total + group
    return NumberSpan(index, at, value, str(value), kind)


def _scale(value: int, kazakh: bool) -> int:
    if value >= 100:
        return 100
    return 10 if value >= (10 if kazakh else 20) else 1 if value < 10 else 9


def _floor(last: int) -> int:
    """The scale a following numeral must be under: after tens only units, after hundreds tens, teens and units."""
    return last if last != 1 else 0


def _several_zeros(words: Sequence[str], index: int, first: _Numeral) -> NumberSpan | None:
    """«два нуля», «три нуля»: as dialled."""
    if not 2 <= first.value <= 4 or index + 1 >= len(words) or first.kind == "ordinal":
        return None
    following = _numeral(clean_word(words[index + 1]))
    if following is None or following.value != 0 or not clean_word(words[index + 1]).endswith(("я", "ей")):
        return None
    return NumberSpan(index, index + 2, 0, "0" * first.value)


def _join_strokes(words: Sequence[str], spans: list[NumberSpan]) -> Iterator[NumberSpan]:
    """Join «двенадцать дробь три» into 12/3."""
    index = 0
    while index < len(spans):
        span = spans[index]
        following = spans[index + 1] if index + 1 < len(spans) else None
        if following and following.start == span.end + 1 and clean_word(words[span.end]) in ("дробь", "бөлшек", "слэш"):
            yield NumberSpan(span.start, following.end, span.value, f"{span.digits}/{following.digits}")
            index += 2
        else:
            yield span
            index += 1


def _numeral_at(words: Sequence[str], index: int) -> _Numeral | None:
    word = clean_word(words[index])
    numeral = _numeral(word)
    if numeral is not None and numeral.language == "kk" and _is_also_russian(word):
        return numeral if _among_kazakh(words, index) else None
    return numeral


def _is_also_russian(word: str) -> bool:
    """«он» is ten in Kazakh and "he" in Russian."""
    return word in ("он", "она", "бес", "беса", "онда", "оны", "оне", "бесы")


def _among_kazakh(words: Sequence[str], index: int) -> bool:
    if len(words) == 1:
        return True
    near = [clean_word(words[i]) for i in (index - 1, index + 1) if 0 <= i < len(words)]
    kazakh = re.compile("[әғқңөұүһі]")
    return any(
        kazakh.search(word) or ((numeral := _numeral(word)) is not None and numeral.language == "kk") for word in near
    )


@cache
def _numeral(word: str) -> _Numeral | None:
    forms = _forms()
    if word in _NOT_NUMERALS:
        return None
    if (found := forms.get(word)) is not None:
        return found
    for stem_end in range(max(3, len(word) - 5), len(word)):
        found = forms.get(word[:stem_end])
        if found is not None and found.language == "kk" and _KAZAKH_CASE.fullmatch(word, stem_end):
            return found
    if len(word) < _FUZZY_FROM:
        return None
    return next((found for slip in _slips(word) if (found := _slipped().get(slip)) is not None), None)


def _slips(word: str) -> Iterator[str]:
    """The word and the word without each of its letters: two words one edit apart share one of these."""
    yield word
    for position in range(len(word)):
        yield word[:position] + word[position + 1 :]


@cache
def _slipped() -> dict[str, _Numeral]:
    return {slip: numeral for form, numeral in _forms().items() if len(form) >= _FUZZY_FROM for slip in _slips(form)}


@cache
def _forms() -> dict[str, _Numeral]:
    """Word form -> numeral, from `numerals.csv`. Raises ConfigurationError naming the line that makes no sense."""
    forms: dict[str, _Numeral] = {}
    with resources.files("pipelines.calls").joinpath("numerals.csv").open(encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            kind = next((kind for kind in _KINDS if kind == row["kind"]), None)
            if kind is None or not row["value"].isdigit() or row["language"] not in ("ru", "kk"):
                raise ConfigurationError(
                    f"numerals.csv, line {line}: unknown kind, value or language", advice="Mend it."
                )
            numeral = _Numeral(int(row["value"]), kind, row["language"])
            for form in row["forms"].split():
                if form.endswith("-"):
                    for ending in _ORDINAL_ENDINGS:
                        forms.setdefault(form[:-1] + ending, numeral)
                    continue
                forms.setdefault(form, numeral)
                if numeral.language == "kk":
                    folded = form.translate(_FOLD_KAZAKH)
                    if folded not in _NOT_NUMERALS:
                        forms.setdefault(folded, numeral)
    return forms
