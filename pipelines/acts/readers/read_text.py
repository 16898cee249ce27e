"""Plain text -> blocks: pages by their marks, running heads, tables of ` | ` rows, lines or whole paragraphs."""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.errors import TooLarge
from core.settings import UploadSettings
from knowledge_base.source import Block, PageBreak, Paragraph, SourceDocument, TableBlock
from pipelines.acts.readers.captions import TABLE_CONTINUATION, is_caption, is_continuation, names_table
from pipelines.acts.readers.contents import CONTENTS, find_contents
from pipelines.acts.readers.decoding import decode
from pipelines.acts.readers.dividing import SOFT_HYPHEN, Joiner
from pipelines.acts.readers.furniture import find_furniture
from pipelines.acts.readers.tables import count_header_rows, join_parts

PAGE_MARK = "page mark"
TABLE_RULE = "table rule"

_PAGE_MARK = re.compile(r"^\s*\[\s*(?:стр|с|бет|page|p)\.?\s*(\d{1,5})\s*\]\s*$", re.IGNORECASE)
_ROW_RULE = re.compile(r"^[\s|+:=-]*-{2,}[\s|+:=-]*$")
_CELL_BORDER = re.compile(r"\s\|(?=\s)|\t+\|\s*")
_CHAR_PT = 5.0  # half an em of 10 pt: what a leading space is worth as an indent
_EDGE_LINES = 8
_SENTENCE_END = tuple(".;:!?…»)")


@dataclass
class _Page:
    number: int | None
    lines: list[str] = field(default_factory=list)


def read_text(data: bytes, name: str, sha256: str, limits: UploadSettings) -> SourceDocument:
    """Read a text. `whole` of its paragraphs tells whether its lines are paragraphs or broken at a width."""
    text, encoding = decode(data)
    left_out: list[tuple[str, str]] = []
    pages = _split_pages(text, left_out)
    if len(pages) > limits.max_pages:
        raise TooLarge(
            f"The text has {len(pages)} pages, over the limit of {limits.max_pages}.",
            advice="Load it in parts, or raise the setting uploads.max_pages.",
        )
    reasons = _reasons(pages)
    left_out.extend((why, pages[p].lines[i].strip()) for (p, i), why in sorted(reasons.items()))
    whole = has_whole_paragraphs([line for page in pages for line in page.lines])
    joiner = Joiner(line for page in pages for line in page.lines)
    blocks: list[Block] = []
    for index, page in enumerate(pages):
        continued = any(p == index and why == TABLE_CONTINUATION for (p, _), why in reasons.items())
        kept = [line for i, line in enumerate(page.lines) if (index, i) not in reasons]
        blocks.extend(_page_blocks(page.number, kept, whole, continued, left_out))
        if page.number is not None:
            blocks.append(PageBreak(page.number))
    blocks, dropped = join_parts(blocks, joiner)
    return SourceDocument(
        name=name,
        kind="text",
        sha256=sha256,
        blocks=tuple(blocks),
        pages=len(pages) if pages and pages[0].number is not None else None,
        left_out=tuple(left_out + dropped),
        metadata={"encoding": encoding},
    )


def _split_pages(text: str, left_out: list[tuple[str, str]]) -> list[_Page]:
    """Cut at `[стр. N]` marks, which stand before their page, or at form feeds, which end one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "").split("\n")
    if sum(bool(_PAGE_MARK.match(line)) for line in lines) > 1:
        pages = [_Page(None)]
        for line in lines:
            mark = _PAGE_MARK.match(line)
            if mark:
                left_out.append((PAGE_MARK, line.strip()))
                pages.append(_Page(int(mark.group(1))))
            else:
                pages[-1].lines.append(line.replace("\f", ""))
        first = pages.pop(0)
        pages[0].lines[:0] = [line for line in first.lines if line.strip()]
    elif "\f" in text:
        pages = [_Page(n, part.split("\n")) for n, part in enumerate("\n".join(lines).split("\f"), start=1)]
        if not any(line.strip() for line in pages[-1].lines):
            pages.pop()
    else:
        pages = [_Page(None, lines)]
    for page in pages:
        page.lines = [_clean(line) for line in page.lines if line.strip()]
    return pages


def _clean(line: str) -> str:
    """Soft hyphens go, but for the one that divides a word at the line's end."""
    line = line.rstrip()
    divided = line.endswith(SOFT_HYPHEN)
    line = line.replace(SOFT_HYPHEN, "").replace("\x0b", " ")
    return line + SOFT_HYPHEN if divided else line


def has_whole_paragraphs(lines: Sequence[str]) -> bool:
    """Whether each line is a paragraph: by how long lines get, and how often one breaks off within a sentence."""
    lengths = [len(line) for line in lines if line.strip()]
    if not lengths:
        return True
    if sum(n for n in lengths if n > 200) > 0.3 * sum(lengths):
        return True
    pairs = [(a.rstrip(), b.lstrip()) for a, b in itertools.pairwise(lines) if len(a) > 30]
    if not pairs:
        return True
    broken = sum(not a.endswith(_SENTENCE_END) and b[:1].islower() for a, b in pairs)
    return broken < 0.1 * len(pairs)


def _reasons(pages: Sequence[_Page]) -> dict[tuple[int, int], str]:
    reasons: dict[tuple[int, int], str] = {}
    if len(pages) > 1:
        heads = [[line.strip() for line in page.lines[:_EDGE_LINES]] for page in pages]
        feet = [[line.strip() for line in page.lines[: -_EDGE_LINES - 1 : -1]] for page in pages]
        for index, peeled in enumerate(find_furniture(heads, names_table)):
            reasons.update({(index, i): why for i, why in enumerate(peeled)})
        for index, peeled in enumerate(find_furniture(feet, names_table)):
            last = len(pages[index].lines) - 1
            reasons.update({(index, last - i): why for i, why in enumerate(peeled)})
    rest = [[i for i in range(len(page.lines)) if (p, i) not in reasons] for p, page in enumerate(pages)]
    texts = [[pages[p].lines[i] for i in order] for p, order in enumerate(rest)]
    reasons.update({(p, rest[p][place]): CONTENTS for p, place in find_contents(texts)})
    for index, order in enumerate(rest):
        for i in order:
            following = pages[index].lines[i + 1] if i + 1 < len(pages[index].lines) else ""
            if is_continuation(pages[index].lines[i].strip()) and _cells(following):
                reasons[index, i] = TABLE_CONTINUATION
    return reasons


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a table row written with bars, or none."""
    stripped = line.strip()
    framed = stripped.startswith("|") and stripped.endswith("|") and len(stripped) > 1
    if framed:
        stripped = stripped[1:-1]
    cells = tuple(cell.strip() for cell in _CELL_BORDER.split(f" {stripped} "))
    return cells if len(cells) > 1 else ()


def _page_blocks(
    page: int | None, lines: Sequence[str], whole: bool, continued: bool, left_out: list[tuple[str, str]]
) -> Iterable[Block]:
    index = 0
    pending: list[Paragraph] = []
    while index < len(lines):
        end = _table_end(lines, index)
        if end == index:
            pending.append(_paragraph(lines[index], page, whole))
            index += 1
            continue
        caption = ""
        if pending and is_caption(pending[-1].text):
            caption = pending.pop().text
        yield from pending
        pending = []
        rules = [line for line in lines[index:end] if _ROW_RULE.match(line)]
        left_out.extend((TABLE_RULE, line.strip()) for line in rules)
        rows = [_cells(line) for line in lines[index:end] if not _ROW_RULE.match(line)]
        yield _table(rows, page, caption, continued)
        continued = False
        index = end
    yield from pending


def _table_end(lines: Sequence[str], start: int) -> int:
    """The end of the run of rows of one shape that starts here, or `start` when this is no table."""
    columns = len(_cells(lines[start]))
    end = start
    while end < len(lines) and columns and (len(_cells(lines[end])) == columns or _ROW_RULE.match(lines[end])):
        end += 1
    rows = sum(not _ROW_RULE.match(line) for line in lines[start:end])
    return end if rows > 1 or (rows == 1 and columns > 2) else start


def _table(rows: Sequence[tuple[str, ...]], page: int | None, caption: str, continued: bool) -> TableBlock:
    rows = tuple(tuple(cell.replace(SOFT_HYPHEN, "") for cell in row) for row in rows)
    return TableBlock(
        rows=rows,
        header_rows=count_header_rows(rows, 2 if _has_stacked_head(rows) else 1, captioned=bool(caption)),
        caption=caption,
        page=page,
        row_pages=(page,) * len(rows),
        row_boxes=(None,) * len(rows),
        continued=continued,
    )


def _has_stacked_head(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second row goes on with the heading: it names what a merged cell of the first one spans."""
    if len(rows) < 3 or len(rows[0]) != len(rows[1]) or not rows[0][0] or rows[1][0]:
        return False
    filled = [i for i, cell in enumerate(rows[1]) if cell]
    spanned = [i for i, cell in enumerate(rows[0]) if not cell]
    return bool(spanned) and set(spanned) <= set(filled) and all(not rows[0][i] or i + 1 in spanned for i in filled)


def _paragraph(line: str, page: int | None, whole: bool) -> Paragraph:
    leading = len(line) - len(line.lstrip())
    return Paragraph(" ".join(line.split()), page=page, whole=whole, indent=leading * _CHAR_PT if leading else None)
