"""HTML -> blocks: the act's own text, without scripts, menus and hidden parts; tables with their spans."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree, html

from core.errors import NotReadable
from knowledge_base.source import Block, Paragraph, SourceDocument
from pipelines.acts.readers.decoding import decode
from pipelines.acts.readers.grids import SpannedCell, table_blocks, take_captions
from pipelines.acts.readers.word_numbering import render_number

NAVIGATION = "navigation"
SCRIPT = "script or style"
HIDDEN = "hidden text"

_SCRIPTS = frozenset({"script", "style", "noscript", "template", "iframe", "object", "svg", "head", "meta", "link"})
_CONTROLS = frozenset({"nav", "button", "select", "input", "textarea", "menu", "dialog"})
_TEXT_PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "dt", "dd", "figcaption"}
)
_CONTAINERS = frozenset(
    {"div", "article", "section", "main", "body", "dl", "ul", "ol", "center", "address", "figure", "form", "fieldset"}
)
_PARAGRAPHS = (
    _TEXT_PARAGRAPHS
    | _CONTAINERS
    | {"header", "footer", "aside", "details", "summary", "td", "th", "caption", "hr", "tr"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BOLD = _HEADINGS | {"b", "strong", "th"}
_MAIN = (
    ".//article",
    ".//main",
    ".//*[contains(concat(' ', normalize-space(@class), ' '), ' container_gamma ')]",
    ".//*[@role='main']",
)
_MAIN_SHARE = 0.5  # of the page's text that the main part must hold to be believed
_MENU_NAME = re.compile(r"menu|navbar|navigation|breadcrumb|sidebar|toolbar|cookie|pagination", re.IGNORECASE)
_LONGEST_NAME = 2000  # characters of the name of an act with its issuer, date and number
_MENU_LINKS = 0.6  # share of a menu's text that is links
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_LIST_FORMATS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_DEEPEST = 200  # elements within elements


def read_html(data: bytes, name: str, sha256: str) -> SourceDocument:
    """Read an HTML page. Raises NotReadable for one without text."""
    text, encoding = _decode(data)
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(_DECLARATION.sub("", text), parser=parser)
    except etree.ParserError as error:
        raise NotReadable("The HTML page is empty.", advice="Save the page again from its source.") from error
    reader = _Reader()
    title = " ".join((root.findtext(".//title") or "").split())
    body = root.find("body")
    main = _main_part(root if body is None else body, reader)
    blocks = [*reader.heading, *take_captions(list(reader.read(main)))]
    metadata = {"encoding": encoding} | ({"title": title} if title else {})
    return SourceDocument(
        name=name, kind="html", sha256=sha256, blocks=tuple(blocks), left_out=tuple(reader.left_out), metadata=metadata
    )


def _decode(data: bytes) -> tuple[str, str]:
    """The charset the page states, where its bytes bear that out; else by looking at them."""
    stated = _CHARSET.search(data[:4096])
    if stated and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        charset = stated.group(1).decode("ascii", errors="replace")
        try:
            return data.decode(charset), charset.lower()
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def _main_part(body: html.HtmlElement, reader: "_Reader") -> html.HtmlElement:
    """The element that holds the act; what stands around it is left out as navigation."""
    everything = _length(body)
    for path in _MAIN:
        found = max(body.xpath(path), key=_length, default=None)
        if found is not None and _length(found) >= _MAIN_SHARE * everything:
            path_down = {found, *found.iterancestors()}
            for ancestor in found.iterancestors():
                for element in ancestor:
                    if element not in path_down and isinstance(element.tag, str):
                        if _names_act(element, found):
                            reader.heading.extend(reader.read(element))
                            continue
                        reader.leave_out(SCRIPT if element.tag in _SCRIPTS else NAVIGATION, element)
                if ancestor is body:
                    break
            return found
    return body


def _names_act(element: html.HtmlElement, main: html.HtmlElement) -> bool:
    """Whether it is the name of the act, which its site prints above the text: one heading with a line or two."""
    headings = [one for one in element.iter("h1") if _length(one)]
    if (
        len(headings) != 1
        or main.find(".//h1") is not None
        or element.tag in _SCRIPTS | _CONTROLS | {"header", "footer"}
    ):
        return False
    links = sum(_length(link) for link in element.iter("a"))
    return _length(element) < _LONGEST_NAME and links < _MENU_LINKS * _length(element)


def _length(element: html.HtmlElement) -> int:
    if element.tag in _SCRIPTS:
        return 0
    own = len((element.text or "").strip())
    return own + sum(
        _length(child) + len((child.tail or "").strip()) for child in element if isinstance(child.tag, str)
    )


@dataclass
class _Line:
    """A paragraph while its pieces are gathered: (text, bold)."""

    pieces: list[tuple[str, bool]] = field(default_factory=list)
    centred: bool = False

    def paragraph(self) -> Paragraph | None:
        text = " ".join("".join(piece for piece, _ in self.pieces).replace("\u00ad", "").split())
        if not text:
            return None
        bold = all(bold for piece, bold in self.pieces if piece.strip())
        return Paragraph(text=text, bold=bold, centred=self.centred)


@dataclass
class _Reader:
    left_out: list[tuple[str, str]] = field(default_factory=list)
    heading: list[Block] = field(default_factory=list)  # what stands above the main part
    line: _Line = field(default_factory=_Line)

    def leave_out(self, why: str, element: html.HtmlElement) -> None:
        """Record the text of an element that is dropped."""
        text = " ".join(" ".join(element.itertext()).split())
        if text:
            self.left_out.append((why, text))

    def read(self, element: html.HtmlElement) -> Iterator[Block]:
        """Yield the blocks of an element."""
        yield from self._children(element, bold=False, centred=False, depth=0)
        yield from self._flush()

    def _flush(self, centred: bool = False) -> Iterator[Block]:
        paragraph = self.line.paragraph()
        self.line = _Line(centred=centred)
        if paragraph is not None:
            yield paragraph

    def _children(self, element: html.HtmlElement, bold: bool, centred: bool, depth: int) -> Iterator[Block]:
        if element.text:
            self.line.pieces.append((element.text, bold))
        for child in element:
            if isinstance(child.tag, str):
                yield from self._element(child, bold, centred, depth + 1)
            if child.tail:
                self.line.pieces.append((child.tail, bold))

    def _element(self, element: html.HtmlElement, bold: bool, centred: bool, depth: int) -> Iterator[Block]:
        tag = element.tag
        dropped = _why_dropped(element)
        if dropped or depth > _DEEPEST:
            self.leave_out(dropped or HIDDEN, element)
        elif tag == "br":
            if _within_heading(element):
                self.line.pieces.append((" ", bold))
            else:
                yield from self._flush(centred)
        elif tag == "table":
            yield from self._flush()
            yield from self._table(element, depth)
        elif tag in _PARAGRAPHS:
            centred = _is_centred(element, centred)
            bold = bold or tag in _BOLD
            yield from self._flush(centred)
            if tag == "li":
                self.line.pieces.append((_list_number(element), bold))
            yield from self._children(element, bold, centred, depth)
            yield from self._flush(centred=False)
        else:
            yield from self._children(element, bold or tag in _BOLD or _is_bold(element), centred, depth)

    def _table(self, table: html.HtmlElement, depth: int) -> Iterator[Block]:
        rows, caption = [], ""
        for child in table.iterchildren("caption", "thead", "tbody", "tfoot", "tr"):
            if child.tag == "caption":
                caption = " ".join(" ".join(child.itertext()).split())
                continue
            for row in [child] if child.tag == "tr" else child.iterchildren("tr"):
                rows.append([self._cell(cell, child.tag == "thead", depth) for cell in row.iterchildren("td", "th")])
        yield from table_blocks(rows, caption)

    def _cell(self, cell: html.HtmlElement, in_head: bool, depth: int) -> SpannedCell:
        inner = _Reader(self.left_out)
        blocks = list(inner._children(cell, cell.tag == "th", _is_centred(cell, False), depth + 1))
        blocks.extend(inner._flush())
        return SpannedCell(
            tuple(blocks), _span(cell, "colspan"), _span(cell, "rowspan"), header=in_head or cell.tag == "th"
        )


def _why_dropped(element: html.HtmlElement) -> str:
    tag = element.tag
    if tag in _SCRIPTS:
        return SCRIPT
    if tag in _CONTROLS or element.get("role") == "navigation":
        return NAVIGATION
    style = (element.get("style") or "").replace(" ", "").lower()
    if "display:none" in style or "visibility:hidden" in style or element.get("hidden") is not None:
        return HIDDEN
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _MENU_NAME.search(names):
        links = sum(_length(link) for link in element.iter("a"))
        if links >= _MENU_LINKS * max(1, _length(element)):
            return NAVIGATION
    return ""


def _within_heading(element: html.HtmlElement) -> bool:
    return any(ancestor.tag in _HEADINGS for ancestor in element.iterancestors())


def _is_centred(element: html.HtmlElement, inherited: bool) -> bool:
    align = (element.get("align") or "").lower()
    style = (element.get("style") or "").replace(" ", "").lower()
    if align or "text-align:" in style:
        return align == "center" or "text-align:center" in style
    return inherited or element.tag == "center"


def _is_bold(element: html.HtmlElement) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return bool(re.search(r"font-weight:(?:bold|[6-9]00)", style))


def _span(cell: html.HtmlElement, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return min(int(value), 1000) if value.isdigit() and int(value) else 1


def _list_number(item: html.HtmlElement) -> str:
    """The number a browser prints before an item of an ordered list, as it prints it."""
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return ""
    number = int(parent.get("start") or 1) - 1 if (parent.get("start") or "1").lstrip("-").isdigit() else 0
    for sibling in parent.iterchildren("li"):
        value = (sibling.get("value") or "").strip()
        number = int(value) if value.lstrip("-").isdigit() and value else number + 1
        if sibling is item:
            break
    return f"{render_number(number, _LIST_FORMATS.get(parent.get('type') or '', 'decimal'))}. "
