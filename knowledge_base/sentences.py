"""Cutting a clause into what can be quoted by itself: sentences, list items, table rows. Spans, never copies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ABBREVIATION = re.compile(
    r"(?:\b(?:п|пп|ст|ч|см|рис|табл|прил|гл|т|е|д|др|пр|кв|куб|мин|макс|г|гг|ред|им|тыс|млн|руб|тг|ж|т\.с|б|с|no|art|cl|e\.g|i\.e)"
    r"|\b[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ])\.$",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?](?=\s+[«\"(]?[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ0-9])|;(?=\s)|:(?=\s+[-–—•*]\s)|\n+")
_MIN_CHARS = 3


@dataclass(frozen=True)
class Sentence:
    """A span of a text."""

    start: int
    end: int
    text: str


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences and list items of `text` in order; together they hold all that is not white space."""
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if match[0] == "." and (_ABBREVIATION.search(text[start:end]) or _is_number(text, match.start())):
            continue
        yield from _piece(text, start, end)
        start = end
    yield from _piece(text, start, len(text))


def _is_number(text: str, dot: int) -> bool:
    """Tell whether the full stop closes a clause number («5.2.3. Текст», «849. Текст») and not a sentence."""
    before = re.search(r"(?:^|\n|\s)[\dA-ZА-Я]+(?:[.-]\d+)*$", text[:dot])
    return before is not None and text[: before.start()].strip() == ""


def _piece(text: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end - start >= _MIN_CHARS or (end > start and start == 0):
        yield Sentence(start, end, text[start:end])
