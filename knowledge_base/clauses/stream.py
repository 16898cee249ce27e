"""Blocks become a stream of lines and tables; page furniture and contents pages are left out, with the reason."""

import re
from collections import Counter

from knowledge_base.clauses.joining import fold
from knowledge_base.clauses.model import Item, LeftOut, Line, TableItem
from knowledge_base.clauses.stamps import join_stamps
from knowledge_base.source import PageBreak, Paragraph, SourceDocument, TableBlock

_PAGE_NUMBER = re.compile(r"^(?:[-–—]\s?)?(?:\d{1,4}|[IVXLC]{1,7})(?:\s?[-–—])?$|^\d{1,4}\s?/\s?\d{1,4}$")
_PAGE_MARK = re.compile(r"^\[(?:стр|бет|page|p)\.?\s*\d+\]$|^(?:Страница|Стр\.|Page)\s+\d+\s+(?:из|of)\s+\d+$", re.I)
_CONTENTS = re.compile(r"^(?:содержание|оглавление|мазмұны|contents|table of contents)\.?$", re.I)
_LEADER = re.compile(r"\.{4,}|(?:\. ){4,}|…{2,}|(?:… ?){3,}|_{6,}\s*\d+$")
_ENDS_IN_PAGE = re.compile(r"[^\d\s.,–—-][)»\"”]?\s+\d{1,3}$")
_EDGE = 6  # lines from the edge of a page in which a running head may stand
_LOOK_AHEAD = 10  # lines without a leader that a contents page may have in a row


def read_stream(document: SourceDocument) -> tuple[list[Item], list[LeftOut]]:
    """Return the items of `document` in order, and what is no part of its text."""
    items = _items(document)
    left = [LeftOut(reason, fold(text)) for reason, text in document.left_out]
    items, heads = _without_running_heads(items)
    items, contents = _without_contents(items)
    return join_stamps(items), left + heads + contents


def _items(document: SourceDocument) -> list[Item]:
    items: list[Item] = []
    fresh = True
    for order, block in enumerate(document.blocks):
        if isinstance(block, PageBreak):
            fresh = True
        elif isinstance(block, TableBlock):
            if is_layout(block):
                items.extend(_layout_lines(block, order))
            else:
                items.append(TableItem(block, order))
            fresh = False
        else:
            for line in _lines(block, order):
                line.first_on_page, fresh = fresh, False
                items.append(line)
                if _PAGE_MARK.match(line.text):
                    fresh = True
    return items


def _lines(block: Paragraph, order: int) -> list[Line]:
    made = []
    for part in block.text.split("\n"):
        stripped = part.rstrip()
        text = fold(stripped)
        if text:
            made.append(
                Line(
                    text=text,
                    order=order,
                    page=block.page,
                    box=block.box,
                    whole=block.whole,
                    bold=block.bold,
                    size=block.size,
                    centred=block.centred,
                    soft_end=stripped.endswith("\u00ad"),
                )
            )
    return made


def is_layout(table: TableBlock) -> bool:
    """Tell whether a table only places text on the page: stamps of approval, addresses, signatures."""
    if table.caption or not table.rows:
        return not table.caption
    width = max(len(row) for row in table.rows)
    if width == 1:
        return len(table.rows) <= 2
    if width > 2:
        return False
    if all(not row[0].strip() for row in table.rows):
        return True
    text = " ".join(cell for row in table.rows for cell in row)
    return len(table.rows) <= 8 and bool(
        re.match(r"\s*(?:Министр|Президент|Премьер|Председатель|Руководитель|Аким|Қазақстан Республикасы)", text)
    )


def _layout_lines(table: TableBlock, order: int) -> list[Line]:
    cells = [fold(cell) for row in table.rows for cell in row]
    return [Line(text=cell, order=order, page=table.page, box=table.box, layout=True) for cell in cells if cell]


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _without_running_heads(items: list[Item]) -> tuple[list[Item], list[LeftOut]]:
    pages: list[list[Line]] = []
    for item in items:
        if isinstance(item, Line) and (item.first_on_page or not pages):
            pages.append([])
        if isinstance(item, Line):
            pages[-1].append(item)
    heads: dict[int, str] = {}
    counted: Counter[str] = Counter()
    if len(pages) >= 3:
        for page in pages:
            counted.update({_shape(line.text) for line in (page[:_EDGE] + page[-_EDGE:]) if len(line.text) < 140})
    threshold = max(3, len(pages) * 0.25)
    for page in pages:
        for place, line in enumerate(page):
            edge = place < _EDGE or place >= len(page) - _EDGE
            if _PAGE_MARK.match(line.text):
                heads[id(line)] = "page mark"
            elif len(pages) >= 3 and place in {0, 1, 2, len(page) - 1, len(page) - 2} and _is_number(line):
                heads[id(line)] = "page number"
            elif edge and counted[_shape(line.text)] >= threshold and not _is_text(line.text):
                heads[id(line)] = "running head"
    return _part(items, heads)


def _is_number(line: Line) -> bool:
    return bool(_PAGE_NUMBER.match(line.text))


def _is_text(text: str) -> bool:
    """What no running head is: the start of a clause, or the inside of a sentence."""
    if text.endswith(("...", "…")):
        return False  # a title cut short for the head
    if text[:1].islower() and (len(text) > 60 or text.endswith((".", ";", ",", ":", ")", "-"))):
        return True
    if re.search(r"вводится в действие|официальн\w+ опубл|қолданысқа енгізіл", text):
        return True
    return bool(re.match(r"(?:\d+[.)]|[а-я]\)|приложение|таблица|статья|глава|примечание)", text.casefold()))


def _without_contents(items: list[Item]) -> tuple[list[Item], list[LeftOut]]:
    out: dict[int, str] = {}
    place = 0
    while place < len(items):
        item = items[place]
        if isinstance(item, Line) and _CONTENTS.match(item.text):
            end = _contents_end(items, place)
            for other in items[place : end + 1]:
                out[id(other)] = "contents"
            place = end
        elif isinstance(item, Line) and re.search(r"\S\s?(?:\.{6,}|(?:\. ){6,})\s*\d*$", item.text):
            out[id(item)] = "contents"
        place += 1
    return _part(items, out)


def _contents_end(items: list[Item], start: int) -> int:
    last, pause, first = start, 0, ""
    for place in range(start + 1, len(items)):
        item = items[place]
        if isinstance(item, Line) and (entry := _entry(item.text)):
            if entry == first:
                break
            first = first or entry
        if not isinstance(item, Line):
            text = " ".join(cell for row in item.table.rows for cell in row)
            if not _LEADER.search(text):
                break
            last, pause = place, 0
            continue
        if _LEADER.search(item.text) or _ENDS_IN_PAGE.search(item.text):
            last, pause = place, 0
        else:
            pause += 1
        if pause > _LOOK_AHEAD:
            break
    return last


def _entry(text: str) -> str:
    """Letters of a line of contents without its leader and page: the heading it points to."""
    return re.sub(r"[^а-яёәғқңөұүһіa-z]", "", text.casefold())


def _part(items: list[Item], out: dict[int, str]) -> tuple[list[Item], list[LeftOut]]:
    kept: list[Item] = []
    left: list[LeftOut] = []
    for item in items:
        reason = out.get(id(item))
        if reason is None:
            kept.append(item)
        elif isinstance(item, Line):
            left.append(LeftOut(reason, item.text))
        else:
            left.append(LeftOut(reason, " ".join(cell for row in item.table.rows for cell in row)))
    return kept, left
