"""Ruled tables of one PDF page: lines drawn on the page -> a grid -> cells that hold characters.

The rules come from pdfium's path objects (milliseconds) and the geometry of cells from pdfplumber's table finder,
so that a page without a grid costs nothing and the text of cells is the very text layer the lines are made of.
"""

import ctypes
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core.records import Box
from pipelines.acts.readers.pdf_text import Glyph, PageGeometry, TextLine, gather_lines

_THIN_PT = 2.5  # thickest drawn line that is a rule and not a filled shape
_SHORTEST_PT = 3.0
_SNAP_PT = 3.0  # rules nearer than this are one
_ALIGN_PT = 6.0  # columns of two pages nearer than this are the same
_USED_WIDTH = 0.85  # of a cell's width at most, without the margins a browser or an editor leaves
_MOST_RULES = 4000  # a drawing, not a table


_Edge = dict[str, Any]  # pdfplumber's own shape: x0, x1, top, bottom, width, height (points), orientation h | v


@dataclass(frozen=True)
class Grid:
    """A table's lattice: `xs` and `ys` are the borders of columns and rows, `cells` maps (row, column) of a cell's
    first slot to its rectangle."""

    box: Box
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: dict[tuple[int, int], Box]


class CellLine(NamedTuple):
    """A line of a cell; `full` when it is one word and the next character had no room: the word may go on."""

    text: str
    full: bool = False


@dataclass(frozen=True)
class GridTable:
    """A grid with its text: `rows` have the lines of each lattice column, none where a merged cell goes on."""

    grid: Grid
    rows: tuple[tuple[tuple[CellLine, ...], ...], ...]
    bold_rows: tuple[bool, ...]

    def row_box(self, row: int) -> Box:
        """The rectangle of a row."""
        return Box(self.grid.box.x0, self.grid.ys[row], self.grid.box.x1, self.grid.ys[row + 1])


def find_grids(page: pdfium.PdfPage, geometry: PageGeometry) -> list[Grid]:
    """Return the ruled grids of the page, top to bottom; a lone frame or a single row of boxes is not a table."""
    edges = list(_edges(page, geometry))
    horizontal = sum(e["orientation"] == "h" for e in edges)
    if horizontal < 2 or len(edges) - horizontal < 2 or len(edges) > _MOST_RULES:
        return []
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

    merged: list[_Edge] = merge_edges(edges, _SNAP_PT, _SNAP_PT, _SNAP_PT, _SNAP_PT)
    merged += _closing_edges(merged)
    cells = intersections_to_cells(edges_to_intersections(merged, _SNAP_PT, _SNAP_PT))
    grids = [_grid(table) for table in cells_to_tables(cells)]
    return [g for g in grids if len(g.xs) > 2 and len(g.cells) > 1]


def _closing_edges(edges: Sequence[_Edge]) -> list[_Edge]:
    """Rules that a page break took away: where neighbouring verticals begin or end together in the open."""
    level = [e for e in edges if e["orientation"] == "h"]
    upright = [e for e in edges if e["orientation"] == "v"]
    closing: list[_Edge] = []
    for side in ("top", "bottom"):
        ends: dict[float, list[_Edge]] = {}
        for edge in upright:
            y = edge["top"] if side == "top" else edge["bottom"]
            y = next((e["top"] for e in level if abs(e["top"] - y) <= _SNAP_PT), y)
            near = next((known for known in ends if abs(known - y) <= _SNAP_PT), y)
            ends.setdefault(near, []).append(edge)
        for y, group in ends.items():
            ordered = sorted(group, key=lambda e: e["x0"])
            for x0, x1 in ((a["x0"], b["x0"]) for a, b in itertools.pairwise(ordered)):
                middle = (x0 + x1) / 2
                met = any(abs(e["top"] - y) <= _SNAP_PT and e["x0"] < middle < e["x1"] for e in level)
                if not met:
                    closing.append(_Edge(x0=x0, x1=x1, top=y, bottom=y, width=x1 - x0, height=0.0, orientation="h"))
    return closing


def _grid(cells: Sequence[tuple[float, float, float, float]]) -> Grid:
    xs = tuple(sorted({x for c in cells for x in (c[0], c[2])}))
    ys = tuple(sorted({y for c in cells for y in (c[1], c[3])}))
    slots = {(ys.index(c[1]), xs.index(c[0])): Box(*c) for c in cells}
    return Grid(Box(xs[0], ys[0], xs[-1], ys[-1]), xs, ys, slots)


def _edges(page: pdfium.PdfPage, geometry: PageGeometry) -> Iterable[_Edge]:
    for path in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH]):
        matrix = path.get_matrix()
        container = path.container
        while container is not None:
            matrix = matrix.multiply(container.get_matrix())
            container = container.container
        for x0, y0, x1, y1 in _straight_parts(path, matrix, geometry):
            width, height = x1 - x0, y1 - y0
            if height <= _THIN_PT and width > _SHORTEST_PT:
                middle = (y0 + y1) / 2
                yield _Edge(x0=x0, x1=x1, top=middle, bottom=middle, width=width, height=0.0, orientation="h")
            elif width <= _THIN_PT and height > _SHORTEST_PT:
                middle = (x0 + x1) / 2
                yield _Edge(x0=middle, x1=middle, top=y0, bottom=y1, width=0.0, height=height, orientation="v")


def _straight_parts(
    path: pdfium.PdfObject, matrix: pdfium.PdfMatrix, geometry: PageGeometry
) -> Iterable[tuple[float, float, float, float]]:
    """Yield the straight strokes of a path; a thin filled rectangle counts as one stroke, a page-sized one as none."""
    points = _points(path, matrix)
    if not points:
        return
    xs, ys = [p[1] for p in points], [p[2] for p in points]
    whole = geometry.box(min(xs), min(ys), max(xs), max(ys))
    width, height = whole[2] - whole[0], whole[3] - whole[1]
    if width > 0.97 * geometry.width and height > 0.97 * geometry.height:
        return
    if len(points) <= 6 and min(width, height) <= _THIN_PT:
        yield whole
        return
    if not _is_drawn(path):
        return
    start = previous = points[0]
    for point in points[1:]:
        kind, _, _, closes = point
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            start = previous = point
            continue
        if kind == pdfium_c.FPDF_SEGMENT_LINETO:
            yield _stroke(previous, point, geometry)
        previous = point
        if closes:
            yield _stroke(previous, start, geometry)


def _stroke(
    a: tuple[int, float, float, bool], b: tuple[int, float, float, bool], geometry: PageGeometry
) -> tuple[float, float, float, float]:
    return geometry.box(min(a[1], b[1]), min(a[2], b[2]), max(a[1], b[1]), max(a[2], b[2]))


def _points(path: pdfium.PdfObject, matrix: pdfium.PdfMatrix) -> list[tuple[int, float, float, bool]]:
    count = pdfium_c.FPDFPath_CountSegments(path)
    if count > _MOST_RULES:
        return []
    points = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, index)
        pdfium_c.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        px, py = matrix.on_point(x.value, y.value)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        points.append((kind, px, py, bool(pdfium_c.FPDFPathSegment_GetClose(segment))))
    return points


def _is_drawn(path: pdfium.PdfObject) -> bool:
    """Whether the path's outline is seen: stroked, or filled with a colour other than white (a shaded cell)."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium_c.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke)):
        return False
    if stroke.value:
        return True
    channels = [ctypes.c_uint() for _ in range(4)]
    if not fill.value or not pdfium_c.FPDFPageObj_GetFillColor(path, *map(ctypes.byref, channels)):
        return False
    return any(c.value < 250 for c in channels[:3])


def split_by_grids(
    runs: Sequence[Sequence[Glyph]], grids: Sequence[Grid]
) -> tuple[list[list[Glyph]], list[dict[tuple[int, int], list[list[Glyph]]]]]:
    """Share the characters out: those outside every grid, and for each grid those of each cell."""
    outside: list[list[Glyph]] = []
    inside: list[dict[tuple[int, int], list[list[Glyph]]]] = [{} for _ in grids]
    for run in runs:
        place: tuple[int, tuple[int, int]] | None = None
        target: list[Glyph] | None = None
        for glyph in run:
            if glyph.text.isspace():
                if target is not None:
                    target.append(glyph)
                continue
            now = _locate(glyph, grids)
            if target is None or now != place:
                target = []
                place = now
                (outside if now is None else inside[now[0]].setdefault(now[1], [])).append(target)
            target.append(glyph)
    return outside, inside


def _locate(glyph: Glyph, grids: Sequence[Grid]) -> tuple[int, tuple[int, int]] | None:
    x, y = (glyph.x0 + glyph.x1) / 2, (glyph.y0 + glyph.y1) / 2
    for number, grid in enumerate(grids):
        box = grid.box
        if not (box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1):
            continue
        for slot, cell in grid.cells.items():
            if cell.x0 <= x <= cell.x1 and cell.y0 <= y <= cell.y1:
                return number, slot
    return None


def fill_grid(grid: Grid, contents: dict[tuple[int, int], list[list[Glyph]]], page_width: float) -> GridTable:
    """Return the table with the lines of each cell."""
    rows: list[list[tuple[CellLine, ...]]] = [[()] * (len(grid.xs) - 1) for _ in grid.ys[1:]]
    plain = [False] * len(rows)
    filled = {
        slot: sorted(gather_lines(runs, page_width), key=lambda line: round(line.box.y0))
        for slot, runs in contents.items()
    }
    margin = min((line.box.x0 - grid.cells[s].x0 for s, lines in filled.items() for line in lines), default=0.0)
    for (row, column), lines in filled.items():
        cell = grid.cells[row, column]
        room = _USED_WIDTH * (cell.x1 - cell.x0) - 2 * max(0.0, margin)
        rows[row][column] = tuple(
            CellLine(line.text, following is not None and _is_full(line, following, room))
            for line, following in zip(lines, [*lines[1:], None], strict=True)
        )
        plain[row] = plain[row] or not all(line.bold for line in lines)
    bold = tuple(not p and any(row) for p, row in zip(plain, rows, strict=True))
    return GridTable(grid, tuple(map(tuple, rows)), bold)


def _is_full(line: TextLine, following: TextLine, room: float) -> bool:
    first = following.glyphs[0]
    box = line.box
    return " " not in line.text and box.x1 - box.x0 + first.x1 - first.x0 > room


def align_columns(part: GridTable, before: GridTable) -> GridTable | None:
    """Return `part` on the columns of the table it may continue, or None when it does not fit them.

    A page break may hide the borders of an empty column or show those of a column that is elsewhere merged.
    """
    xs, into = part.grid.xs, before.grid.xs
    if xs[0] < into[0] - _ALIGN_PT or xs[-1] > into[-1] + _ALIGN_PT:
        return None
    if sum(any(abs(x - y) <= _ALIGN_PT for y in into) for x in xs) < min(3, len(into)):
        return None
    target = [max(0, sum(y <= (a + b) / 2 for y in into[:-1]) - 1) for a, b in itertools.pairwise(xs)]
    rows = []
    for row in part.rows:
        cells: list[tuple[CellLine, ...]] = [()] * (len(into) - 1)
        for column, lines in zip(target, row, strict=True):
            if cells[column] and lines:
                return None
            cells[column] = cells[column] or lines
        rows.append(tuple(cells))
    return replace(part, rows=tuple(rows))
