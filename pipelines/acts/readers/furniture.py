"""Running heads and feet and page numbers, found by their repetition at the edges of pages  # колонтитулы.

A line at the edge of a page goes when the same words stand there on neighbouring pages, or when a number in it runs
with the pages. Only then is the next line inwards looked at, so that the body is never reached by chance.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from rapidfuzz import fuzz

RUNNING_HEAD = "running head"
PAGE_NUMBER = "page number"

_WINDOW = 12  # pages among which a line must come back
_TIMES = 3
_SHARE = (0.1, 0.2)  # of all pages a head must stand on: at the very edge, further in
_LIKE = 88.0  # rapidfuzz ratio of the same head read twice by OCR
_LONGEST = 160  # characters of a running head
_DEEPEST = 8  # lines of a head or foot
_NUMBER_ONLY = re.compile(
    r"^\W*(?:стр\.?|с\.|бет|page|p\.)?\W*(\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|из|of|-ден)\s*\d{1,4})?\W*$", re.IGNORECASE
)
_AMENDMENT = re.compile(
    r"вводится в действие|официальн\w+ опубликовани|в редакции (?:приказ|закон)|қолданысқа енгізіл|ресми жариялан", re.I
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

Peeled = tuple[str, ...]
"""Reasons for the lines that go, from the edge of the page inwards."""


def find_furniture(edges: Sequence[Sequence[str]], exempt: Callable[[str], bool]) -> list[Peeled]:
    """Tell for each page how many of the lines at one edge are furniture.

    `edges` holds for each page its lines from the edge inwards (a few are enough); a line for which `exempt` is true
    ends the search on its page.
    """
    peeled: list[list[str]] = [[] for _ in edges]
    for depth in range(_DEEPEST):
        fewest = max(_TIMES, round(_SHARE[min(depth, 1)] * len(edges)))
        rank = {
            page: lines[len(peeled[page])]
            for page, lines in enumerate(edges)
            if len(lines) > len(peeled[page]) and len(lines[len(peeled[page])]) <= _LONGEST
        }
        rank = {page: text for page, text in rank.items() if not exempt(text) and not is_running_text(text)}
        found = _repeated(rank, fewest) | _numbered(rank, fewest)
        if not found and not depth and len(edges) == _TIMES - 1:
            found = _numbered_in_turn(rank)
        if not found:
            break
        for page in found:
            peeled[page].append(PAGE_NUMBER if _NUMBER_ONLY.match(_close_up(rank[page])) else RUNNING_HEAD)
    return [tuple(reasons) for reasons in peeled]


def is_running_text(line: str) -> bool:
    """Whether a line is the inside of a sentence: an amendment footnote says the same on every page."""
    text = line.strip()
    if text.endswith(("...", "…")):
        return False  # a title cut short for the head
    if _AMENDMENT.search(text):
        return True
    return text[:1].islower() and (len(text) > 60 or text.endswith((".", ";", ",", ":", ")", "-")))


def _close_up(text: str) -> str:
    """A number that was set or read in spaced type: «8 0»."""
    return re.sub(r"(?<=\d)\s(?=\d)", "", text.strip())


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _repeated(rank: dict[int, str], fewest: int) -> set[int]:
    pages_of: dict[str, list[int]] = defaultdict(list)
    for page, text in rank.items():
        pages_of[_key(text)].append(page)
    heads = {
        key for key, pages in pages_of.items() if len(key) > 1 and _often(pages, fewest) and not _NUMBER_ONLY.match(key)
    }
    found = {page for key in heads for page in pages_of[key]}
    for key, pages in pages_of.items():
        if key not in heads and len(key) > 7 and any(_alike(key, head) for head in heads):
            found.update(pages)
    return found


def _alike(key: str, head: str) -> bool:
    """The same head misread; digits must agree in number, or a numbered title would pass for it."""
    return abs(len(key) - len(head)) <= 3 and fuzz.ratio(key, head) >= _LIKE


def _often(pages: Sequence[int], fewest: int) -> bool:
    if len(pages) < fewest:
        return False
    ordered = sorted(pages)
    return any(b - a < _WINDOW for a, b in zip(ordered, ordered[_TIMES - 1 :], strict=False))


def _numbered(rank: dict[int, str], fewest: int) -> set[int]:
    """Lines of the same words that begin or end with a number which grows with the page."""
    series: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    alone: dict[int, int] = {}
    for page, text in rank.items():
        only = _NUMBER_ONLY.match(_close_up(text))
        if only:
            value = _value(only.group(1))
            if value:
                alone[page] = value
                series["", 0, value - page].append(page)
            continue
        for place, token in ((0, text.split()[:1]), (-1, text.split()[-1:])):
            if token and token[0].isdigit() and len(token[0]) <= 4:
                words = text.split()[1:] if place == 0 else text.split()[:-1]
                series[_key(" ".join(words)), place, int(token[0]) - page].append(page)
    found = {
        page for (shape, _, _), pages in series.items() if _often(pages, fewest if shape else _TIMES) for page in pages
    }
    common = Counter(page in found for page in alone)
    if common[True] > common[False]:
        found.update(alone)
    return found


def _numbered_in_turn(rank: dict[int, str]) -> set[int]:
    """The page numbers of a document of so few pages that nothing on them comes back often enough."""
    values = {
        page: _value(only.group(1)) for page, text in rank.items() if (only := _NUMBER_ONLY.match(_close_up(text)))
    }
    in_turn = len(values) == _TIMES - 1 and len({value - page for page, value in values.items()}) == 1
    return set(values) if in_turn else set()


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_ROMAN[letter] for letter in number.casefold()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
