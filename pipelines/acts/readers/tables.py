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
    cells = [word for cell in row for word in cell.split()]
    numbers = [int(cell) for cell in cells if cell.isdigit()]
    letters = [cell for cell in cells if len(cell) == 1 and cell.isalpha()]
    return (
        len(cells) > 1
        and len(numbers) + len(letters) == len(cells)
        and len(numbers) >= 1
        and numbers == list(range(1, len(numbers) + 1))
    )


def count_header_rows(
    rows: Sequence[Sequence[str]], tall_head: int = 1, bold: Sequence[bool] = (), captioned: bool = False
) -> int:
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
    return max(1, count) if len(rows) > 1 or captioned else 0


def join_parts(blocks: Sequence[Block], joiner: Joiner) -> tuple[list[Block], list[tuple[str, str]]]:
    """Return the blocks with each later part of a table marked `continued`, and what was dropped from the parts.

    A part loses the headings it repeats; its first row goes into the last row of the part before when the page break
    cut that row in two.
    """
    done: list[Block] = []
    dropped: list[tuple[str, str]] = []
    header: list[tuple[str, ...]] = []
    numbered: list[bool] = []  # of each row of the table so far: whether its first cell holds something
    last: int | None = None  # place in `done` of the last table
    adjoins = False  # nothing but page breaks since
    for block in blocks:
        if isinstance(block, TableBlock):
            before = done[last] if last is not None else None
            if isinstance(before, TableBlock) and _goes_on(before, block, adjoins):
                block, repeated = _without_header(block, header)
                dropped.extend((REPEATED_HEADER, " | ".join(row)) for row in repeated)
                if adjoins and last is not None and block.rows and _is_rest(block.rows[0], before.rows[-1], numbered):
                    done[last], block = _merge_cut_row(before, block, joiner)
                if not block.rows:
                    continue
            else:
                header = [fold(row) for row in block.rows[: block.header_rows]]
                numbered = []
            numbered.extend(bool(row[0].strip()) for row in block.rows[block.header_rows :])
            last, adjoins = len(done), True
        elif not isinstance(block, PageBreak):
            adjoins = False
        done.append(block)
    return done, dropped


def _goes_on(before: TableBlock, part: TableBlock, adjoins: bool) -> bool:
    """A part that says so goes on even after a footnote; one that does not must follow at once, as wide, overleaf."""
    if part.continued or part.caption or not adjoins:
        return part.continued
    overleaf = before.page is not None and part.page is not None and part.page > before.page
    return overleaf and len(before.rows[0]) == len(part.rows[0])


def _without_header(part: TableBlock, header: Sequence[tuple[str, ...]]) -> tuple[TableBlock, list[tuple[str, ...]]]:
    count = 0
    while count < len(part.rows) and (fold(part.rows[count]) in header or is_column_numbers(part.rows[count])):
        count += 1
    return replace(_without_rows(part, count), header_rows=0, continued=True), list(part.rows[:count])


def _without_rows(part: TableBlock, count: int) -> TableBlock:
    return replace(part, rows=part.rows[count:], row_boxes=part.row_boxes[count:], row_pages=part.row_pages[count:])


def _merge_cut_row(table: TableBlock, part: TableBlock, joiner: Joiner) -> tuple[TableBlock, TableBlock]:
    last = tuple(joiner.join(filter(None, pair)) for pair in zip(table.rows[-1], part.rows[0], strict=True))
    return replace(table, rows=(*table.rows[:-1], last)), _without_rows(part, 1)


def _is_rest(row: Sequence[str], last: Sequence[str], numbered: Sequence[bool]) -> bool:
    """Whether the first row after a page break is the rest of the row before it.

    Its first cell is empty, though every row of this table begins with something; or, in a table where rows may
    begin empty, each of its cells plainly goes on with a sentence.
    """
    if len(row) != len(last) or row[0].strip() or not last[0].strip() or not any(cell.strip() for cell in row):
        return False
    if len(numbered) > 1 and all(numbered):
        return True
    pairs = [(old.strip(), new.strip()) for old, new in zip(last, row, strict=True) if new.strip()]
    return all(old and new[:1].islower() and not old.endswith(_SENTENCE_END) for old, new in pairs)
