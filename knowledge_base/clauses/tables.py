"""Tables: header, rows with their numbers, the rows above them that give them sense."""

import re
from statistics import median

from core.records import Box
from knowledge_base.clauses.joining import fold, visible
from knowledge_base.clauses.markers import latin_to_cyrillic
from knowledge_base.clauses.model import LeftOut, Node, Row, TableItem
from knowledge_base.source import TableBlock

SMALL_TABLE_ROWS = 12
"""A table of so few rows is also quoted whole."""
_LONGEST_GROUP = 4000  # characters of a row with its sub-rows
_ROW_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?$|(\d{1,3}|[а-я])\)$")
_LEADING = re.compile(r"(\d{1,3}(?:\.\d{1,3})+)\.?\s+\S|(\d{1,3})\.(?:\s+\S|(?=[^\W\d_]))|((?:\d{1,3}|[а-я])\))\s*\S")
_GLUE = re.compile(r"^(?:в том числе|из них|оның ішінде|соның ішінде|including|of which)\s*:?$", re.I)
_OPENS_LIST = re.compile(r"(?::|в том числе:?|из них:?|оның ішінде:?|соның ішінде:?)$", re.I)


def is_same_table(node: Node | None, number: str) -> bool:
    """Tell whether a caption with `number` repeats that of `node` (printed again over a page break)."""
    return node is not None and bool(number) and _same(node.number) == _same(number)


def _same(number: str) -> str:
    return latin_to_cyrillic(number).casefold()


def row_text(cells: tuple[str, ...]) -> str:
    """Return the cells that hold something, joined as a row is quoted."""
    return " | ".join(cell for cell in cells if cell)


def add_table(node: Node, item: TableItem) -> list[LeftOut]:
    """Put the rows of `item` under the table `node`; return the head rows that were printed again."""
    table = item.table
    if node.caption_lines < 0:
        node.caption_lines = len(node.lines)
    body = [tuple(fold(cell) for cell in row) for row in table.rows]
    heads = _head_rows(table, body)
    left: list[LeftOut] = []
    if node.rows and heads and (table.continued or _repeats_head(node, body[:heads])):
        left.append(LeftOut("repeated table head", " ".join(" ".join(row) for row in body[:heads])))
        columns = node.rows[-1].columns
    elif node.rows and table.continued and not heads:
        columns = node.rows[-1].columns
    else:
        columns = _columns(body[:heads])
        head = " | ".join(filter(None, (row_text(row) for row in body[:heads])))
        node.table_text = " | ".join(filter(None, (node.table_text, head)))
    sections_common = _cells_common(body[heads:])
    for i, cells in enumerate(body[heads:], heads):
        if not any(cells):
            continue
        page = table.row_pages[i] if i < len(table.row_pages) else table.page
        box = table.row_boxes[i] if i < len(table.row_boxes) else None
        if _repeats_row(node, cells):
            left.append(LeftOut("repeated row", " ".join(filter(None, cells))))
        else:
            _add_row(node, cells, columns, sections_common, page, box)
    if node.page is None:
        node.page, node.box = table.page, table.box
    taken = sum(visible(cell) for row in body for cell in row) - sum(visible(one.text) for one in left)
    node.cell_characters += taken
    return left


def _repeats_row(node: Node, cells: tuple[str, ...]) -> bool:
    """One numbered row printed in two merged ones."""
    return bool(node.rows) and bool(_number_of(cells)) and row_text(cells) == row_text(node.rows[-1].cells)


def _repeats_head(node: Node, head: list[tuple[str, ...]]) -> bool:
    text = re.sub(r"\W+", "", " ".join(" ".join(row) for row in head).casefold())
    known = re.sub(r"\W+", "", node.table_text.casefold())
    return bool(text) and (text in known or text.isdigit())


def _head_rows(table: TableBlock, body: list[tuple[str, ...]]) -> int:
    """Number of header rows: the reader's, and up to a row that only counts the columns (1 | 2 | 3)."""
    heads = min(table.header_rows, len(body))
    for i, row in enumerate(body[:5]):
        if _counts_columns(row):
            return i + 1
    return heads if heads < len(body) else 0


def _counts_columns(row: tuple[str, ...]) -> bool:
    """Tell whether a row only counts the columns: 1 | 2 | 3."""
    filled = [cell for cell in row if cell]
    if len(filled) < 2 or not all(cell.isdecimal() for cell in filled):
        return False
    numbers = [int(cell) for cell in filled]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] <= 2


def _columns(head: list[tuple[str, ...]]) -> tuple[str, ...]:
    if not head:
        return ()
    width = max(len(row) for row in head)
    names: list[list[str]] = [[] for _ in range(width)]
    for level, row in enumerate(head):
        if _counts_columns(row):
            continue
        spread = ""
        for column in range(width):
            cell = row[column] if column < len(row) else ""
            if cell:
                spread = cell
            elif level == len(head) - 1 or names[column]:
                spread = ""
            if spread and (not names[column] or names[column][-1] != spread):
                names[column].append(spread)
    return tuple(" / ".join(parts) for parts in names)


def _cells_common(rows: list[tuple[str, ...]]) -> float:
    counts = [sum(1 for cell in row if cell) for row in rows if any(row)]
    return float(median(counts)) if counts else 0.0


def _number_of(cells: tuple[str, ...]) -> str:
    """Return the printed number of a row, "" where it has none."""
    first = cells[0] if cells else ""
    if m := _ROW_NUMBER.match(first):
        return m.group(1) or f"{m.group(2)})"
    if m := _LEADING.match(first):
        return m.group(1) or m.group(2) or m.group(3)
    return ""


def _add_row(
    node: Node, cells: tuple[str, ...], columns: tuple[str, ...], common: float, page: int | None, box: Box | None
) -> None:
    number = _number_of(cells)
    filled = [cell for cell in cells if cell]
    last = node.rows[-1] if node.rows else None
    if last is not None and _GLUE.match(row_text(cells)):
        _extend_group(last.parent if last.number.endswith(")") and last.parent else last, row_text(cells))
        return
    if len(filled) == 1 and common >= 2 and (filled[0].startswith("*") or number.endswith(")")):
        node.table_notes.append(filled[0])
        return
    is_section = not number and len(filled) == 1 and common >= 2 and len(filled[0]) < 200 and bool(cells[0])
    if is_section:
        row = Row("", cells, columns, filled[0], page, box, None, (filled[0],), printed=False)
        row.number = str(len(node.rows) + 1)
        node.rows.append(row)
        return
    row = Row(number or str(len(node.rows) + 1), cells, columns, row_text(cells), page, box, printed=bool(number))
    row.parent = _parent_row(node.rows, row)
    if last is not None:
        row.sections = last.sections
    if row.parent is not None and not row.printed:
        row.number = str(1 + sum(one.parent is row.parent and not one.printed for one in node.rows))
    if row.parent is not None and (row.number.endswith(")") or not row.printed):
        _extend_group(row.parent, row.text)
    node.rows.append(row)


def _extend_group(row: Row, text: str) -> None:
    """A row is quoted with its list («1) … 2) …», «из них: …») as a clause with its subclauses."""
    if len(row.text) + len(text) < _LONGEST_GROUP:
        row.text = f"{row.text} | {text}"
    if row.parent is not None and (row.number.endswith(")") or not row.printed):
        _extend_group(row.parent, text)


def _parent_row(rows: list[Row], row: Row) -> Row | None:
    if not rows:
        return None
    last = rows[-1]
    if row.printed and row.number.endswith(")"):
        return next((one for one in reversed(rows) if one.printed and not one.number.endswith(")")), None)
    if row.printed:
        parts = row.number.split(".")
        for length in range(len(parts) - 1, 0, -1):
            prefix = ".".join(parts[:length])
            found = next((one for one in reversed(rows) if one.number == prefix and one.printed), None)
            if found is not None:
                return found
        return None
    filled = sum(1 for cell in row.cells if cell)
    if not last.printed and last.parent is not None and filled <= 1:
        return last.parent
    opens = _OPENS_LIST.search(row_text(last.cells)) is not None or last.text != row_text(last.cells)
    if opens or (last.number.endswith(")") and filled == 1):
        return last
    if not row.cells[0]:  # a merged first cell: the row belongs to the numbered one above it
        return last if last.printed else last.parent
    return None
