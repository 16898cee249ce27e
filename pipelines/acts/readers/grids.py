"""Tables of DOCX and HTML: cells with spans -> rows of one width, and tables that only lay out text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_base.source import Block, Paragraph, TableBlock
from pipelines.acts.readers.captions import is_caption
from pipelines.acts.readers.tables import count_header_rows

_KAZAKH = re.compile(r"[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_PARALLEL_ROWS = 3  # of two columns in two languages
_TELLING = 25  # characters that show their language
_WIDEST = 1000  # columns; a span over this is nonsense
_SIGNATURE_ROWS = 6
_LONGEST_TITLE = 250
_LONGEST_LABEL = 30


@dataclass(frozen=True)
class SpannedCell:
    """A cell as the file has it; `content` are its blocks, in order."""

    content: tuple[Block, ...]
    columns: int = 1
    rows: int = 1
    header: bool = False

    @property
    def text(self) -> str:
        """All its text on one line."""
        return " ".join(filter(None, _texts(self.content)))

    @property
    def bold(self) -> bool:
        """Whether all its text is bold."""
        paragraphs = [block for block in self.content if isinstance(block, Paragraph)]
        return self.header or (bool(paragraphs) and all(p.bold for p in paragraphs))


def _texts(content: Sequence[Block]) -> Iterator[str]:
    for block in content:
        if isinstance(block, Paragraph):
            yield block.text
        elif isinstance(block, TableBlock):
            if block.caption:
                yield block.caption
            yield "; ".join(" | ".join(filter(None, row)) for row in block.rows)


def table_blocks(rows: Sequence[Sequence[SpannedCell]], caption: str = "") -> list[Block]:
    """Return the table as one block, or its content in order when it is no table but a layout of text.

    One row of text side by side (a stamp «Приложение 1 к приказу», a signature) and one column of text are layouts.
    """
    rows = [row for row in rows if any(cell.text for cell in row)]
    if not rows:
        return []
    if not caption and _is_parallel(rows):
        return [block for column in (0, 1) for row in rows if column < len(row) for block in row[column].content]
    grid, tall = _spread(rows)
    if not caption and _is_layout(rows, grid):
        return [block for row in rows for cell in row for block in cell.content]
    bold = [all(cell.bold for cell in row if cell.text) for row in rows]
    return [
        TableBlock(
            rows=grid,
            header_rows=count_header_rows(grid, min(tall, len(grid)), bold, bool(caption)),
            caption=caption,
            row_boxes=(None,) * len(grid),
            row_pages=(None,) * len(grid),
        )
    ]


def _is_layout(rows: Sequence[Sequence[SpannedCell]], grid: Sequence[Sequence[str]]) -> bool:
    if len(grid[0]) < 2:
        return True
    if any(cell.header for cell in rows[0]):
        return False
    if len(grid) == 1:
        return len(rows[0]) < 4
    return len(grid[0]) == 2 and len(grid) <= _SIGNATURE_ROWS and sum(bool(row[1]) for row in grid) <= 1


def _is_parallel(rows: Sequence[Sequence[SpannedCell]]) -> bool:
    """One text in two languages side by side: Kazakh down one column, Russian down the other."""
    pairs = [(row[0].text, row[1].text) for row in rows if len(row) == 2 and all(len(cell.text) > 2 for cell in row)]
    if len(rows) < _PARALLEL_ROWS or len(pairs) < 0.6 * len(rows) or any(len(row) > 2 for row in rows):
        return False
    long = [pair for pair in pairs if min(map(len, pair)) >= _TELLING]
    shown = [(bool(_KAZAKH.search(left)), bool(_KAZAKH.search(right))) for left, right in long]
    return len(shown) >= _PARALLEL_ROWS and max(shown.count((True, False)), shown.count((False, True))) >= 0.8 * len(
        shown
    )


def _spread(rows: Sequence[Sequence[SpannedCell]]) -> tuple[tuple[tuple[str, ...], ...], int]:
    """Rows of one width, "" where a merged cell goes on; and the height of the tallest cell of the first row."""
    taken: set[tuple[int, int]] = set()
    texts: dict[tuple[int, int], str] = {}
    tall = 1
    for r, row in enumerate(rows):
        c = 0
        for cell in row:
            while (r, c) in taken:
                c += 1
            height = min(max(1, cell.rows), len(rows) - r)
            width = min(max(1, cell.columns), _WIDEST)
            texts[r, c] = cell.text
            taken.update((r + i, c + j) for i in range(height) for j in range(width))
            tall = max(tall, height) if r == 0 else tall
            c += width
    width = max(c for _, c in taken) + 1
    used = [c for c in range(width) if any(texts.get((r, c)) for r in range(len(rows)))]
    return tuple(tuple(texts.get((r, c), "") for c in used) for r in range(len(rows))), tall


def take_captions(blocks: Sequence[Block]) -> list[Block]:
    """Move «Таблица 1 – …» that stands right before a table into its caption, with a title on a line of its own."""
    done: list[Block] = []
    for block in blocks:
        if isinstance(block, TableBlock) and not block.caption:
            count = _caption_length(done)
            if count:
                caption = " ".join(p.text for p in done[-count:] if isinstance(p, Paragraph))
                del done[-count:]
                block = TableBlock(
                    block.rows,
                    max(1, block.header_rows),
                    caption,
                    block.page,
                    block.box,
                    block.row_boxes,
                    block.row_pages,
                )
        done.append(block)
    return done


def _caption_length(blocks: Sequence[Block]) -> int:
    last, before = (blocks[-1] if blocks else None), (blocks[-2] if len(blocks) > 1 else None)
    if isinstance(last, Paragraph) and is_caption(last.text):
        return 1
    if not (isinstance(last, Paragraph) and isinstance(before, Paragraph)) or len(last.text) > _LONGEST_TITLE:
        return 0
    return 2 if is_caption(before.text) and len(before.text) <= _LONGEST_LABEL else 0
