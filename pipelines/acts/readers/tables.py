"""What all readers do with tables: header rows, and one table out of the parts that pages cut it into."""

import re
from collections.abc import Sequence
from dataclasses import replace

from knowledge_base.source import Block, PageBreak, TableBlock
from pipelines.acts.readers.captions import REPEATED_HEADER
from pipelines.acts.readers.dividing import Joiner

_ROW_NUMBER = re.compile(r"^\d+(?:\.\d+)*\s*[.)]?$")
_MOST_HEADER_ROWS = 5
_SENTENCE_END = (".", ";", ":", "!", "?")


def fold(row: Sequence[str]) -> tuple[str, ...]:
    """A row for comparison: white space and case folded."""
    return tuple(" ".join(cell.split()).casefold() for cell in row)


def is_column_numbers(row: Sequence[str]) -> bool:
    """Whether the row counts the columns: 1 2 3 4, also А Б 1 2."""
    cells = [cell.strip() for cell in row if cell.strip()]
    numbers = [int(cell) for cell in cells if cell.isdigit()]
    letters = [cell for cell in cells if len(cell) == 1 and cell.isalpha()]
    return (
        len(cells) > 1
        and len(numbers) + len(letters) == len(cells)
        and len(numbers) >= 1
        and numbers == list(range(1, len(numbers) + 1))
    )


def count_header_rows(rows: Sequence[Sequence[str]], tall_head: int, bold: Sequence[bool] = ()) -> int:
    """Return how many rows at the top are headings.

    `tall_head` is the tallest cell of the first row, in rows; a row of column numbers closes the heading.
    """
    for index, row in enumerate(rows[:_MOST_HEADER_ROWS]):
        if is_column_numbers(row):
            return index + 1
    if not rows or _ROW_NUMBER.match(rows[0][0].strip()):
        return 0
    if tall_head > 1:
        return min(tall_head, len(rows) - 1)
    count = 0
    while count < min(len(bold), len(rows) - 1, _MOST_HEADER_ROWS) and bold[count]:
        count += 1
    return max(1, count) if len(rows) > 1 else 0


def join_parts(blocks: Sequence[Block], joiner: Joiner) -> tuple[list[Block], list[tuple[str, str]]]:
    """Return the blocks with each later part of a table marked `continued`, and what was dropped from the parts.

    A part loses the headings it repeats; its first row goes into the last row of the part before when the page break
    cut that row in two.
    """
    done: list[Block] = []
    dropped: list[tuple[str, str]] = []
    header: list[tuple[str, ...]] = []
    before: int | None = None  # place in `done` of the part before, while only page breaks follow it
    for block in blocks:
        if isinstance(block, TableBlock):
            if before is not None and _goes_on(done[before], block):
                block, repeated = _without_header(block, header)
                dropped.extend((REPEATED_HEADER, " | ".join(row)) for row in repeated)
                block = _merge_cut_row(done, before, block, joiner)
                if not block.rows:
                    continue
            else:
                header = [fold(row) for row in block.rows[: block.header_rows]]
            before = len(done)
        elif not isinstance(block, PageBreak):
            before = None
        done.append(block)
    return done, dropped


def _goes_on(before: Block, part: TableBlock) -> bool:
    if not isinstance(before, TableBlock) or part.caption:
        return False
    if part.continued:
        return True
    other_page = before.page is not None and part.page is not None and part.page > before.page
    return other_page and len(before.rows[0]) == len(part.rows[0])


def _without_header(part: TableBlock, header: Sequence[tuple[str, ...]]) -> tuple[TableBlock, list[tuple[str, ...]]]:
    count = 0
    while count < len(part.rows) and (fold(part.rows[count]) in header or is_column_numbers(part.rows[count])):
        count += 1
    return (
        replace(
            part,
            rows=part.rows[count:],
            row_boxes=part.row_boxes[count:],
            row_pages=part.row_pages[count:],
            header_rows=0,
            continued=True,
        ),
        list(part.rows[:count]),
    )


def _merge_cut_row(done: list[Block], before: int, part: TableBlock, joiner: Joiner) -> TableBlock:
    table = done[before]
    assert isinstance(table, TableBlock)
    if not part.rows or len(part.rows[0]) != len(table.rows[-1]) or not _is_rest(part.rows[0], table):
        return part
    last = tuple(joiner.join(filter(None, pair)) for pair in zip(table.rows[-1], part.rows[0], strict=True))
    done[before] = replace(table, rows=(*table.rows[:-1], last))
    return replace(part, rows=part.rows[1:], row_boxes=part.row_boxes[1:], row_pages=part.row_pages[1:])


def _is_rest(row: Sequence[str], table: TableBlock) -> bool:
    """Whether the first row after a page break is the rest of the row before it: its first cell is empty, though
    rows of this table do not use to begin so, or it plainly goes on with a sentence."""
    if row[0].strip() or not any(cell.strip() for cell in row):
        return False
    body = table.rows[table.header_rows :]
    if len(body) < 2 or not body[-1][0].strip():
        return False
    pairs = [(old.strip(), new.strip()) for old, new in zip(body[-1], row, strict=True) if new.strip()]
    if any(not old for old, _ in pairs):
        return False
    unnumbered = sum(not r[0].strip() for r in body)
    return unnumbered == 0 or all(new[:1].islower() and not old.endswith(_SENTENCE_END) for old, new in pairs)
