"""Inside a clause: its subclauses (1), а)), notes and numbered notes, as spans of its text."""

import re
from dataclasses import dataclass, field

from core.records import Level
from knowledge_base.clauses.markers import Sign, find_item, find_marker
from knowledge_base.clauses.model import Line

_LETTERS = "абвгдежзиклмнпрстуфхцчшщэюя"
_KAZAKH = "аәбвгғдежзикқлмнңоөпрстуұүфхһцчшщыіэюя"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_PENALTY = re.compile(r"(?:влеч[её]т|влекут|әкеп соғады|әкеледі)(?!\w)")
_NUMBERED_NOTE = re.compile(r"(\d{1,2})[.)]?\s+(?=[А-ЯЁA-ZӘҒҚҢӨҰҮҺІ«\"])")


@dataclass(slots=True)
class Span:
    """A subclause or note inside the text of a clause."""

    level: Level
    number: str
    start: int
    end: int = -1
    line: Line | None = None
    children: "list[Span]" = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    span: Span
    kind: str
    at: tuple[int, int]


def find_spans(lines: list[Line], offsets: list[int], text: str, *, is_note: bool = False) -> list[Span]:
    """Return the spans inside a clause made of `lines` that begin at `offsets` of `text`."""
    finder = _Finder(text, lines, is_note)
    for place, (line, offset) in enumerate(zip(lines, offsets, strict=True)):
        finder.read(line, offset, place)
    return finder.finish()


class _Finder:
    def __init__(self, text: str, lines: list[Line], is_note: bool) -> None:
        self._text = text
        self._lines = lines
        self._top: list[Span] = []
        self._open: list[_Open] = []
        self._note: Span | None = None
        self._notes = is_note  # numbered notes follow
        self._note_number = 0

    def read(self, line: Line, offset: int, place: int) -> None:
        words = self._text[offset:] if place == 0 else line.text
        marker = find_marker(line.text) if place else None
        if marker is not None and marker.sign in (Sign.NOTE, Sign.NOTES):
            self._close_note(offset)
            self._close(0, offset)
            self._note = Span(Level.NOTE, marker.number, offset, line=line)
            self._top.append(self._note)
            self._notes = marker.sign is Sign.NOTES or bool(re.match(r"1[.)]?\s", marker.rest))
            self._note_number = 0
            if m := _NUMBERED_NOTE.match(marker.rest):
                self._begin_note(m.group(1), offset + len(line.text) - len(marker.rest), line)
            return
        if self._notes and (m := _NUMBERED_NOTE.match(line.text)) and int(m.group(1)) == self._note_number + 1:
            self._begin_note(m.group(1), offset, line)
            return
        found = find_item(words if place else _after_number(words))
        start = offset if place else offset + len(words) - len(_after_number(words))
        if found is not None:
            self._item(found, start, line, place)
        elif place and self._open and self._ends_list(line, place):
            self._close(0, offset)

    def _begin_note(self, number: str, offset: int, line: Line) -> None:
        self._note_number = int(number)
        self._close(0, offset)
        if self._note is not None and self._note.children:
            self._note.children[-1].end = offset
        span = Span(Level.NOTE, number, offset, line=line)
        if self._note is not None:
            self._note.children.append(span)
        else:
            if self._top:
                self._top[-1].end = offset
            self._top.append(span)

    def _item(self, found: tuple[str, str, int], start: int, line: Line, place: int) -> None:
        printed, bare, _ = found
        kind = "digit" if bare[0].isdigit() else "letter"
        at = _position(bare)
        depth = next((i for i, one in enumerate(self._open) if one.kind == kind), None)
        if depth is not None:
            before = self._open[depth].at
            near = at > before and at[0] - before[0] <= (6 if kind == "digit" else 4)
            if not near and not (kind == "letter" and self._follows_in_kazakh(self._open[depth].span.number, bare)):
                return
        elif at[0] > (3 if self._open else 2) or (place and self._refers(place)):
            return
        if self._note is not None and depth is None:
            if self._note.end < 0 and kind == "letter" and at[0] > 1:
                self._close_note(start)
        elif self._note is not None and depth is not None and self._note.end < 0:
            self._close_note(start)
        self._close(len(self._open) if depth is None else depth, start)
        span = Span(Level.SUBCLAUSE, printed, start, line=line)
        (self._open[-1].span.children if self._open else self._top).append(span)
        self._open.append(_Open(span, kind, at))

    def _follows_in_kazakh(self, before: str, bare: str) -> bool:
        return bare in _KAZAKH and before[:1] in _KAZAKH and _KAZAKH.index(bare) == _KAZAKH.index(before[0]) + 1

    def _refers(self, place: int) -> bool:
        before = self._lines[place - 1]
        words = r"(?:пункт\w*|подпункт\w*)$" if before.whole else r"(?:пункт\w*|подпункт\w*|п\.|пп\.|и|или|,)$"
        return re.search(words, before.text) is not None

    def _ends_list(self, line: Line, place: int) -> bool:
        """The text after a list that is the clause's own, not the last item's."""
        if _PENALTY.match(line.text):
            return True
        before = self._lines[place - 1]
        starts = line.whole or (line.text[0].isupper() and before.text.endswith((".", ";")))
        if not starts or not before.text.endswith(".") or not line.text[0].isupper():
            return False
        kinds = {one.kind: one.at for one in self._open}
        for later in self._lines[place + 1 :]:
            found = find_item(later.text)
            if found is not None:
                kind = "digit" if found[1][0].isdigit() else "letter"
                if kind in kinds and _position(found[1]) > kinds[kind]:
                    return False
        return True

    def _close(self, depth: int, end: int) -> None:
        for one in self._open[depth:]:
            if one.span.end < 0:
                one.span.end = end
        del self._open[depth:]

    def _close_note(self, end: int) -> None:
        if self._note is not None and self._note.end < 0:
            self._note.end = end
            if self._note.children:
                self._note.children[-1].end = end
        self._note = None

    def finish(self) -> list[Span]:
        end = len(self._text)
        self._close_note(end)
        self._close(0, end)
        for span in self._top:
            _end(span, end)
        return self._top


def _end(span: Span, end: int) -> None:
    if span.end < 0:
        span.end = end
    for child in span.children:
        _end(child, span.end)


def _after_number(text: str) -> str:
    """The text of a clause after its own number: a list may begin right there («1. 1) …»)."""
    m = re.match(r"[\dА-ЯA-Z]+(?:[.-]\d+)*\.?\s+", text)
    return text[m.end() :] if m else text


def _position(bare: str) -> tuple[int, int]:
    """Place of a list mark in its sequence."""
    if bare[0].isdigit():
        main, _, inserted = bare.replace("–", "-").partition("-")
        return int(main), int(inserted or 0)
    for alphabet in (_LETTERS, _KAZAKH, _LATIN):
        if bare in alphabet:
            return alphabet.index(bare) + 1, 0
    return 1, 0
