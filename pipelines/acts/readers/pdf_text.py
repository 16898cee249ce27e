"""The text layer of one PDF page as lines: characters with boxes from pdfium, gathered by their baselines.

Every visible character of the layer is in exactly one line. Boxes are PDF points with the origin top left, as the
page is shown (crop box and /Rotate applied).
"""

import ctypes
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core.records import Box

_HYPHEN_MARKS = frozenset({0x02, 0xFFFE})  # what pdfium puts in place of a hyphen that ends a line
_LINE_ENDS = frozenset({0x0A, 0x0D})
_BOLD_WEIGHT = 600


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of the text layer; a space that pdfium added has no ink and the box of its neighbour's edge."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool


@dataclass(frozen=True)
class TextLine:
    """A physical line; `glyphs` in reading order, spaces included."""

    glyphs: tuple[Glyph, ...]

    @cached_property
    def text(self) -> str:
        """The line as printed, with white space folded; a soft hyphen is kept only where it divides the last word."""
        text = " ".join("".join(g.text for g in self.glyphs).split())
        return text[:-1].replace("\u00ad", "") + text[-1:]

    @cached_property
    def box(self) -> Box:
        """The rectangle around the ink."""
        ink = [g for g in self.glyphs if not g.text.isspace()] or list(self.glyphs)
        return Box(min(g.x0 for g in ink), min(g.y0 for g in ink), max(g.x1 for g in ink), max(g.y1 for g in ink))

    @cached_property
    def size(self) -> float:
        """The commonest font size, points."""
        return round(median(g.size for g in self.glyphs), 1)

    @property
    def bold(self) -> bool:
        """Whether most of its letters are bold."""
        letters = [g for g in self.glyphs if g.text.isalnum()]
        return bool(letters) and sum(g.bold for g in letters) > len(letters) / 2


class PageGeometry:
    """Turns pdfium's user space (origin bottom left, unrotated) into the page as shown (origin top left)."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.width: float
        self.height: float
        self.width, self.height = page.get_size()
        self._rotation: int = page.get_rotation() % 360
        self._left, self._bottom, self._right, self._top = page.get_cropbox()

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Return (x0, y0, x1, y1), y downwards, of a rectangle of user space."""
        if self._rotation == 90:
            return bottom - self._bottom, left - self._left, top - self._bottom, right - self._left
        if self._rotation == 180:
            return self._right - right, bottom - self._bottom, self._right - left, top - self._bottom
        if self._rotation == 270:
            return self._top - top, self._right - right, self._top - bottom, self._right - left
        return left - self._left, self._top - top, right - self._left, self._top - bottom


def read_glyphs(page: pdfium.PdfPage, geometry: PageGeometry) -> list[list[Glyph]]:
    """Return the characters of the page's text layer in the order of the layer, cut where pdfium ends a line."""
    text_page = page.get_textpage()
    try:
        return _read_runs(text_page, geometry)
    finally:
        text_page.close()


def _read_runs(text_page: pdfium.PdfTextPage, geometry: PageGeometry) -> list[list[Glyph]]:
    rectangle = pdfium_c.FS_RECTF()
    runs: list[list[Glyph]] = [[]]
    fonts: dict[int, tuple[float, bool]] = {}
    high_surrogate = 0
    for index in range(pdfium_c.FPDFText_CountChars(text_page)):
        code = pdfium_c.FPDFText_GetUnicode(text_page, index)
        if code in _LINE_ENDS:
            runs.append([])
            continue
        if 0xD800 <= code < 0xDC00:
            high_surrogate = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00) if high_surrogate else 0xFFFD
        high_surrogate = 0
        ends_line = code in _HYPHEN_MARKS
        text = "-" if ends_line else chr(code)
        if code == 0 or (not text.isprintable() and not text.isspace() and code != 0xAD):
            continue
        if text.isspace() and pdfium_c.FPDFText_IsGenerated(text_page, index) == 1:
            if runs[-1]:
                last = runs[-1][-1]
                runs[-1].append(Glyph(" ", last.x1, last.y0, last.x1, last.y1, last.size, last.bold))
            continue
        if not pdfium_c.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(rectangle)):
            continue
        x0, y0, x1, y1 = geometry.box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        size, bold = _font(text_page, index, fonts)
        runs[-1].append(Glyph(" " if text.isspace() else text, x0, y0, x1, y1, size or y1 - y0, bold))
        if ends_line:
            runs.append([])
    return [run for run in runs if any(not g.text.isspace() for g in run)]


def _font(text_page: pdfium.PdfTextPage, index: int, known: dict[int, tuple[float, bool]]) -> tuple[float, bool]:
    """Size in points as shown and boldness of a character; asked once for each text object."""
    text_object = pdfium_c.FPDFText_GetTextObject(text_page, index)
    key = ctypes.cast(text_object, ctypes.c_void_p).value or 0
    if key not in known or not key:
        name = ctypes.create_string_buffer(128)
        flags = ctypes.c_int()
        pdfium_c.FPDFText_GetFontInfo(text_page, index, name, 128, ctypes.byref(flags))
        bold = (
            pdfium_c.FPDFText_GetFontWeight(text_page, index) >= _BOLD_WEIGHT
            or b"bold" in name.value.lower()
            or bool(flags.value & (1 << 18))  # ForceBold, PDF 32000-1 table 123
        )
        matrix = pdfium_c.FS_MATRIX()
        scale = 1.0
        if pdfium_c.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
            scale = (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
        known[key] = (float(pdfium_c.FPDFText_GetFontSize(text_page, index)) * scale, bold)
    return known[key]


def gather_lines(runs: Sequence[Sequence[Glyph]], page_width: float) -> list[TextLine]:
    """Return the lines of a page in reading order.

    The layer's own order is kept where it goes down the page (also column by column); where it jumps about,
    the lines are sorted by position, columns told apart by the gutters between them.
    """
    pieces = [piece for run in runs for piece in _cut_at_jumps(run)]
    lines = _join_neighbours(pieces)
    climbs = sum(b.y0 < a.y0 - a.size for a, b in zip(map(_first, lines), map(_first, lines[1:]), strict=False))
    if climbs and _is_one_column(lines):
        lines.sort(key=lambda line: _span(line).y0)
    elif climbs > max(3, len(lines) // 8):
        boxed: list[_Boxed] = [(line, _span(line)) for line in pieces]
        lines = _join_neighbours([p for p, _ in _by_position(boxed, page_width)])
    return [TextLine(tuple(line)) for line in lines]


def _is_one_column(lines: Sequence[Sequence[Glyph]]) -> bool:
    boxes = sorted((_span(line) for line in lines), key=lambda box: box.y0)
    return all(b.y0 > a.y0 + 0.5 * min(a.y1 - a.y0, b.y1 - b.y0) for a, b in itertools.pairwise(boxes))


def _first(line: Sequence[Glyph]) -> Glyph:
    return next(g for g in line if not g.text.isspace())


def _span(line: Sequence[Glyph]) -> Box:
    return TextLine(tuple(line)).box


def _cut_at_jumps(run: Sequence[Glyph]) -> list[list[Glyph]]:
    """Cut where the next character stands on another line: pdfium sometimes runs two lines together."""
    pieces: list[list[Glyph]] = []
    last: Glyph | None = None
    for glyph in run:
        if glyph.text.isspace():
            if pieces:
                pieces[-1].append(glyph)
            continue
        if last is None or not _same_line(last, glyph):
            pieces.append([])
        pieces[-1].append(glyph)
        last = glyph
    return pieces


def _same_line(a: Glyph, b: Glyph) -> bool:
    """Whether `b` goes on with the line of `a`: they overlap in height and `b` does not start further left."""
    overlap = min(a.y1, b.y1) - max(a.y0, b.y0)
    return overlap >= 0.4 * min(a.y1 - a.y0, b.y1 - b.y0) and b.x0 >= a.x0 - 0.5 * a.size


def _join_neighbours(pieces: Sequence[Sequence[Glyph]]) -> list[list[Glyph]]:
    lines: list[list[Glyph]] = []
    for piece in pieces:
        if lines:
            last = next(g for g in reversed(lines[-1]) if not g.text.isspace())
            first = _first(piece)
            if _same_line(last, first) and first.x0 >= last.x1 - 0.5 * last.size:
                if first.x0 - last.x1 > 0.12 * last.size and not lines[-1][-1].text.isspace():
                    lines[-1].append(Glyph(" ", last.x1, last.y0, first.x0, last.y1, last.size, last.bold))
                lines[-1].extend(piece)
                continue
        lines.append(list(piece))
    return lines


_Boxed = tuple[Sequence[Glyph], Box]


def _by_position(boxed: list[_Boxed], page_width: float) -> list[_Boxed]:
    """Recursive XY-cut: horizontal bands first, then the widest gutter, then top to bottom, left to right."""
    if len(boxed) < 2:
        return boxed
    bands = _cut(sorted(boxed, key=lambda item: item[1].y0), lambda b: (b.y0, b.y1), min_gap=6.0)
    if len(bands) > 1:
        return [item for band in bands for item in _by_position(band, page_width)]
    columns = _cut(sorted(boxed, key=lambda item: item[1].x0), lambda b: (b.x0, b.x1), min_gap=page_width / 50)
    if len(columns) > 1 and min(len(column) for column in columns) > 2:
        return [item for column in columns for item in _by_position(column, page_width)]
    rows: list[list[_Boxed]] = []
    for item in sorted(boxed, key=lambda item: (item[1].y0 + item[1].y1) / 2):
        middle = (item[1].y0 + item[1].y1) / 2
        if rows and rows[-1][0][1].y0 <= middle <= rows[-1][0][1].y1:
            rows[-1].append(item)
        else:
            rows.append([item])
    return [item for row in rows for item in sorted(row, key=lambda item: item[1].x0)]


def _cut(items: list[_Boxed], side: Callable[[Box], tuple[float, float]], min_gap: float) -> list[list[_Boxed]]:
    groups: list[list[_Boxed]] = []
    reach = 0.0
    for item in items:
        start, end = side(item[1])
        if groups and start - reach <= min_gap:
            groups[-1].append(item)
            reach = max(reach, end)
        else:
            groups.append([item])
            reach = end
    return groups
