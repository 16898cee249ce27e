"""What reading a source file yields: blocks in reading order, before any of it is understood as clauses.

Readers (`pipelines.acts.readers`) make these from PDF, DOCX, HTML and text; the parser
(`knowledge_base.clauses`) turns them into clauses.
"""

from dataclasses import dataclass, field
from typing import Literal

from core.records import Box


@dataclass(frozen=True)
class Paragraph:
    """A paragraph (DOCX, HTML) or a physical line (PDF, text, OCR: `whole` is False, the parser joins lines)."""

    text: str
    page: int | None = None  # 1-based
    box: Box | None = None
    whole: bool = True
    bold: bool = False
    size: float | None = None  # points
    centred: bool = False
    indent: float | None = None  # points from the left text edge


@dataclass(frozen=True)
class TableBlock:
    """A table: rows of cells, merged cells repeated as "" after the first, header rows first."""

    rows: tuple[tuple[str, ...], ...]
    header_rows: int = 1
    caption: str = ""
    page: int | None = None
    box: Box | None = None
    row_boxes: tuple[Box | None, ...] = ()
    row_pages: tuple[int | None, ...] = ()
    continued: bool = False  # continues the table before it (a page break inside one table)


@dataclass(frozen=True)
class PageBreak:
    """The end of page `page`."""

    page: int


Block = Paragraph | TableBlock | PageBreak


@dataclass(frozen=True)
class SourceDocument:
    """All of one file."""

    name: str
    kind: Literal["pdf", "docx", "html", "text"]
    sha256: str
    blocks: tuple[Block, ...]
    pages: int | None = None
    ocr_pages: tuple[int, ...] = ()  # pages read by OCR
    ocr_confidence: dict[int, float] = field(default_factory=dict)  # page -> mean word confidence, 0..1
    left_out: tuple[tuple[str, str], ...] = ()  # (reason, text) the reader dropped, e.g. ("running head", "СН РК ...")
    metadata: dict[str, str] = field(default_factory=dict)  # the file's own: title, author, created
