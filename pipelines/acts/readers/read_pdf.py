"""PDF -> blocks: lines with boxes, ruled tables, and what stands at the edges of pages left out with a reason."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

import pypdfium2 as pdfium

from core.errors import NotReadable, TooLarge
from core.records import Box
from core.settings import UploadSettings
from knowledge_base.source import Block, PageBreak, Paragraph, SourceDocument, TableBlock
from pipelines.acts.readers.captions import TABLE_CONTINUATION, is_caption, is_continuation, names_table
from pipelines.acts.readers.contents import CONTENTS, find_contents
from pipelines.acts.readers.dividing import Joiner
from pipelines.acts.readers.furniture import find_furniture
from pipelines.acts.readers.pdf_scans import UNREAD_SCAN, ScannedText, needs_ocr, read_scan, turn_to_page
from pipelines.acts.readers.pdf_tables import GridTable, align_columns, fill_grid, find_grids, split_by_grids
from pipelines.acts.readers.pdf_text import PageGeometry, TextLine, gather_lines, read_glyphs
from pipelines.acts.readers.tables import count_header_rows, join_parts
from vision.ocr.engine import OcrEngine

_EDGE_ZONE = 0.14  # of the page's height, where heads and feet stand
_CAPTION_LINES = 5
_PROTECTED = {4: "encrypted with a password", 5: "closed by a security scheme that is not supported"}  # FPDF_ERR_*


@dataclass
class PdfPage:
    """What is known of one page while the document is read."""

    number: int  # 1-based
    width: float
    height: float
    lines: list[TextLine] = field(default_factory=list)
    tables: list[GridTable] = field(default_factory=list)
    scan: ScannedText | None = None  # how the page was read when it has no text layer
    unread: bool = False  # a scan, and nothing to read it with

    def shown(self, box: Box) -> Box:
        """The box on the page as shown: a scan may lie on its side or stand on its head."""
        return box if self.scan is None else turn_to_page(box, self.scan.rotation, self.width, self.height)


def open_pdf(data: bytes, limits: UploadSettings) -> pdfium.PdfDocument:
    """Open a PDF.

    Raises NotReadable for one that is damaged or closed by a password, TooLarge for one over `max_pages`.
    """
    try:
        document = pdfium.PdfDocument(data)
        pages = len(document)
    except pdfium.PdfiumError as error:
        reason = _PROTECTED.get(getattr(error, "err_code", 0) or 0)
        if reason:
            raise NotReadable(
                f"The PDF is {reason}.", advice="Save it without protection and load it again."
            ) from error
        raise NotReadable(
            "The PDF is damaged or cut short: it cannot be opened.",
            advice="Get the file again from its source, or print it to a new PDF.",
        ) from error
    if pages == 0:
        raise NotReadable("The PDF has no pages.", advice="Get the file again from its source.")
    if pages > limits.max_pages:
        raise TooLarge(
            f"The PDF has {pages} pages, over the limit of {limits.max_pages}.",
            advice="Load it in parts, or raise the setting uploads.max_pages.",
        )
    return document


def read_pdf(
    data: bytes, name: str, sha256: str, limits: UploadSettings, ocr: OcrEngine | None = None
) -> SourceDocument:
    """Read a PDF: its text layer, and by `ocr` the pages that have none.

    Raises what `open_pdf` raises; NotReadable for a scan when there is no `ocr`, TooLarge for a page too large to read.
    """
    document = open_pdf(data, limits)
    try:
        metadata = {key.lower(): value for key, value in document.get_metadata_dict(skip_empty=True).items()}
        pages = [_read_page(document, index, limits, ocr) for index in range(len(document))]
    finally:
        document.close()
    unread = [page.number for page in pages if page.unread]
    if unread and not any(page.lines or page.tables for page in pages):
        raise NotReadable(
            "The PDF is a scan without a text layer, and reading by OCR is off.",
            advice="Turn on the setting uploads.ocr, or load the file with its text.",
        )
    blocks, left_out = _arrange(pages)
    return SourceDocument(
        name=name,
        kind="pdf",
        sha256=sha256,
        blocks=tuple(blocks),
        pages=len(pages),
        ocr_pages=tuple(page.number for page in pages if page.scan),
        ocr_confidence={page.number: page.scan.confidence for page in pages if page.scan},
        left_out=(*left_out, *((UNREAD_SCAN, f"page {number}") for number in unread)),
        metadata=metadata,
    )


def _read_page(document: pdfium.PdfDocument, index: int, limits: UploadSettings, ocr: OcrEngine | None) -> PdfPage:
    try:
        page = document[index]
    except pdfium.PdfiumError as error:
        raise NotReadable(
            f"Page {index + 1} of the PDF is damaged.", advice="Get the file again from its source."
        ) from error
    try:
        geometry = PageGeometry(page)
        runs = read_glyphs(page, geometry)
        if needs_ocr(page, runs):
            if ocr is None:
                return PdfPage(index + 1, geometry.width, geometry.height, unread=True)
            scan = read_scan(page, index + 1, ocr, limits)
            return PdfPage(index + 1, scan.width, scan.height, list(scan.lines), scan=scan)
        grids = find_grids(page, geometry)
        outside, inside = split_by_grids(runs, grids)
        tables = [fill_grid(grid, cells, geometry.width) for grid, cells in zip(grids, inside, strict=True)]
        return PdfPage(index + 1, geometry.width, geometry.height, gather_lines(outside, geometry.width), tables)
    finally:
        page.close()


def _arrange(pages: Sequence[PdfPage]) -> tuple[list[Block], list[tuple[str, str]]]:
    reasons = _reasons(pages)
    left_out = [(why, pages[p].lines[i].text) for (p, i), why in sorted(reasons.items())]
    joiner = Joiner(_all_lines(pages))
    blocks: list[Block] = []
    for index, page in enumerate(pages):
        kept = [line for i, line in enumerate(page.lines) if (index, i) not in reasons]
        notices = [page.lines[i].box for (p, i), why in reasons.items() if p == index and why == TABLE_CONTINUATION]
        continued = [_has_notice(page, number, notices) for number in range(len(page.tables))]
        before = _last_table(pages[index - 1], index - 1, reasons) if index else None
        if before and page.tables and not _lines_above(page, kept):
            aligned = align_columns(page.tables[0], before)
            if aligned:
                page.tables[0] = aligned
                continued[0] = True
        blocks.extend(_page_blocks(page, kept, continued, joiner))
        blocks.append(PageBreak(page.number))
    blocks, dropped = join_parts(blocks, joiner)
    return blocks, left_out + dropped


def _has_notice(page: PdfPage, number: int, notices: Sequence[Box]) -> bool:
    """Whether «Продолжение таблицы» stands between this table and the one above it."""
    top = page.tables[number].grid.box.y0 + 3
    above = max((t.grid.box.y1 for t in page.tables[:number]), default=0.0) - 3
    return any(above <= box.y0 and box.y1 <= top + 3 for box in notices)


def _last_table(page: PdfPage, index: int, reasons: dict[tuple[int, int], str]) -> GridTable | None:
    """The table that ends the body of a page."""
    if not page.tables:
        return None
    table = max(page.tables, key=lambda t: t.grid.box.y1)
    below = (i for i, line in enumerate(page.lines) if line.box.y0 > table.grid.box.y1 - 3)
    return None if any((index, i) not in reasons for i in below) else table


def _lines_above(page: PdfPage, kept: Sequence[TextLine]) -> bool:
    return any(line.box.y1 <= page.tables[0].grid.box.y0 + 3 for line in kept)


def _all_lines(pages: Sequence[PdfPage]) -> Iterable[str]:
    for page in pages:
        yield from (line.text for line in page.lines)
        for cell in (cell for table in page.tables for row in table.rows for cell in row):
            begins_inside = False
            for line in cell:
                words = line.text.split()
                yield " ".join(words[begins_inside : len(words) - line.full])
                begins_inside = line.full


def _reasons(pages: Sequence[PdfPage]) -> dict[tuple[int, int], str]:
    """Why a line (page index, line index) is left out."""
    reasons: dict[tuple[int, int], str] = {}
    for bottom in (False, True):
        orders = [_edge_order(page, bottom) for page in pages]
        edges = [[page.lines[i].text for i in order] for page, order in zip(pages, orders, strict=True)]
        for index, peeled in enumerate(find_furniture(edges, names_table)):
            for i, why in zip(orders[index], peeled, strict=False):
                reasons[index, i] = why
    rest = [[i for i in range(len(p.lines)) if (index, i) not in reasons] for index, p in enumerate(pages)]
    texts = [[pages[index].lines[i].text for i in order] for index, order in enumerate(rest)]
    for index, place in find_contents(texts):
        reasons[index, rest[index][place]] = CONTENTS
    for index, page in enumerate(pages):
        if page.tables:
            for i in rest[index]:
                if is_continuation(page.lines[i].text):
                    reasons[index, i] = TABLE_CONTINUATION
    return reasons


def _edge_order(page: PdfPage, bottom: bool) -> list[int]:
    """The lines in the top or bottom zone, from the edge of the page inwards."""
    zone = _EDGE_ZONE * page.height
    boxes = {i: line.box for i, line in enumerate(page.lines)}
    if bottom:
        return sorted((i for i, b in boxes.items() if b.y0 > page.height - zone), key=lambda i: -boxes[i].y1)
    return sorted((i for i, b in boxes.items() if b.y1 < zone), key=lambda i: boxes[i].y0)


def _page_blocks(page: PdfPage, lines: list[TextLine], continued: list[bool], joiner: Joiner) -> Iterable[Block]:
    left, right = _text_edges(page, lines)
    boxes = [line.box for line in lines]
    taken: set[int] = set()
    placed: list[tuple[int, TableBlock]] = []
    for number, table in enumerate(page.tables):
        above = [i for i, box in enumerate(boxes) if box.y1 <= table.grid.box.y0 + 3]
        caption = _caption(above, lines, page.tables, table)
        block = _table_block(table, page.number, joiner.join(lines[i].text for i in caption), joiner)
        if not block.rows:
            continue
        taken.update(caption)
        if continued[number]:
            block = replace(block, continued=True)
        place = next((i for i, box in enumerate(boxes) if box.y0 >= table.grid.box.y1 - 3), len(lines))
        placed.append((place, block))
    for i, line in enumerate(lines):
        yield from (block for place, block in placed if place == i)
        if i not in taken:
            yield _paragraph(line, boxes[i], page, left, right)
    yield from (block for place, block in placed if place == len(lines))


def _text_edges(page: PdfPage, lines: Sequence[TextLine]) -> tuple[float, float]:
    boxes = [line.box for line in lines] + [table.grid.box for table in page.tables]
    if not boxes:
        return 0.0, page.width
    return min(b.x0 for b in boxes), max(b.x1 for b in boxes)


def _paragraph(line: TextLine, box: Box, page: PdfPage, left: float, right: float) -> Paragraph:
    slack = 2 * line.size
    centred = (
        abs((box.x0 + box.x1) / 2 - (left + right) / 2) < line.size and box.x0 - left > slack and right - box.x1 > slack
    )
    return Paragraph(
        text=line.text,
        page=page.number,
        box=page.shown(box),
        whole=False,
        bold=line.bold,
        size=line.size,
        centred=centred,
        indent=round(box.x0 - left, 1),
    )


def _caption(
    above: Sequence[int], lines: Sequence[TextLine], tables: Sequence[GridTable], table: GridTable
) -> list[int]:
    """The lines right above a table from its «Таблица 1 –» on; none when text or a table stands between."""
    nearest = max((t.grid.box.y1 for t in tables if t.grid.box.y1 <= table.grid.box.y0 + 3), default=0.0)
    order = sorted((i for i in above if lines[i].box.y0 >= nearest - 3), key=lambda i: lines[i].box.y0)
    for back in range(1, min(_CAPTION_LINES, len(order)) + 1):
        if is_caption(lines[order[-back]].text):
            found = order[-back:]
            heights = [table.grid.box.y0] + [lines[i].box.y0 for i in reversed(found)]
            spacing = median(line.size for line in lines) * 3
            close = all(a - b < spacing + 6 for a, b in itertools.pairwise(heights))
            return found if close else []
    return []


def _table_block(table: GridTable, page: int, caption: str, joiner: Joiner) -> TableBlock:
    grid = table.grid
    first_row = [cell for (row, _), cell in grid.cells.items() if row == 0]
    tall = max((grid.ys.index(cell.y1) for cell in first_row), default=1)
    rows = tuple(tuple(joiner.join_cell(cell) for cell in row) for row in table.rows)
    filled = [row for row in range(len(rows)) if any(rows[row])]
    return TableBlock(
        rows=tuple(rows[row] for row in filled),
        header_rows=count_header_rows(
            [rows[row] for row in filled], tall, [table.bold_rows[row] for row in filled], bool(caption)
        ),
        caption=caption,
        page=page,
        box=grid.box,
        row_boxes=tuple(table.row_box(row) for row in filled),
        row_pages=(page,) * len(filled),
    )
