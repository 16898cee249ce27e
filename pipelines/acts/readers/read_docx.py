"""DOCX -> blocks, as Word prints it: list numbers, footnotes, tables and text boxes in the order of the document."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from core.errors import NotReadable, TooLarge
from core.settings import UploadSettings
from knowledge_base.source import Block, Paragraph, SourceDocument
from pipelines.acts.readers.contents import CONTENTS
from pipelines.acts.readers.furniture import RUNNING_HEAD
from pipelines.acts.readers.grids import SpannedCell, table_blocks, take_captions
from pipelines.acts.readers.word_numbering import Numbering, W
from pipelines.acts.readers.word_styles import Look, Styles, paragraph_look, parse_styles, run_look

DELETED = "deleted in tracked changes"
HIDDEN = "hidden text"

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_CORE = "{http://purl.org/dc/elements/1.1/}"
_TRANSPARENT = {
    f"{W}{tag}" for tag in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "hyperlink", "fldSimple")
}
_DELETED = {f"{W}del", f"{W}moveFrom"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_DEEPEST = 20  # tables within tables
_BROKEN = "Open it in an editor and save it again."


def read_docx(data: bytes, name: str, sha256: str, limits: UploadSettings) -> SourceDocument:
    """Read a DOCX package.

    Raises NotReadable for one without its text or with damaged XML, TooLarge when it unpacks to too much.
    """
    package = _Package(data, limits)
    document = package.part("word/document.xml")
    body = None if document is None else document.find(f"{W}body")
    if body is None:
        raise NotReadable("The DOCX has no word/document.xml: its text is missing.", advice=_BROKEN)
    reader = _Reader(
        styles=parse_styles(package.part("word/styles.xml")),
        numbering=Numbering.parse(package.part("word/numbering.xml")),
        notes=_notes(package.part("word/footnotes.xml"), "footnote")
        | _notes(package.part("word/endnotes.xml"), "endnote"),
    )
    blocks = take_captions(list(reader.blocks(body)))
    for part in package.names:
        if part.startswith(("word/header", "word/footer")) and part.endswith(".xml"):
            root = package.part(part)
            text = "" if root is None else " ".join("".join(t.text or "" for t in root.iter(f"{W}t")).split())
            if text:
                reader.left_out.append((RUNNING_HEAD, text))
    return SourceDocument(
        name=name,
        kind="docx",
        sha256=sha256,
        blocks=tuple(blocks),
        left_out=tuple(reader.left_out),
        metadata=_metadata(package.part("docProps/core.xml")),
    )


class _Package:
    """The parts of the package, unpacked with a count of bytes and parsed without entities or network."""

    def __init__(self, data: bytes, limits: UploadSettings) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._left = limits.max_unpacked_bytes
        self.names = self._zip.namelist()

    def part(self, name: str) -> etree._Element | None:
        if name not in self.names:
            return None
        try:
            with self._zip.open(name) as stream:
                content = stream.read(self._left + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise NotReadable(f"A part of the DOCX cannot be unpacked: {name}.", advice=_BROKEN) from error
        if len(content) > self._left:
            raise TooLarge(
                "The DOCX unpacks to more than the limit.",
                advice="Load it in parts, or raise the setting uploads.max_unpacked_bytes.",
            )
        self._left -= len(content)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            raise NotReadable(f"A part of the DOCX is damaged: {name}.", advice=_BROKEN) from error
        if root.getroottree().docinfo.doctype:
            raise NotReadable(f"A part of the DOCX declares entities, which no editor does: {name}.", advice=_BROKEN)
        return root


def _notes(root: etree._Element | None, tag: str) -> dict[tuple[str, str], str]:
    if root is None:
        return {}
    notes = {}
    for note in root.iter(f"{W}{tag}"):
        if note.get(f"{W}type") in (None, "normal"):
            text = " ".join("".join(t.text or "" for t in note.iter(f"{W}t")).split())
            notes[tag, note.get(f"{W}id", "")] = text
    return notes


def _metadata(core: etree._Element | None) -> dict[str, str]:
    if core is None:
        return {}
    found = {key: core.findtext(f"{_CORE}{key}") for key in ("title", "creator", "subject", "language")}
    return {key: value.strip() for key, value in found.items() if value and value.strip()}


@dataclass
class _Paragraph:
    """A paragraph while its runs are gathered: lines of (text, look), and what belongs after it."""

    lines: list[list[tuple[str, Look]]] = field(default_factory=lambda: [[]])
    after: list[Block] = field(default_factory=list)


@dataclass
class _Reader:
    styles: Styles
    numbering: Numbering
    notes: dict[tuple[str, str], str]
    left_out: list[tuple[str, str]] = field(default_factory=list)
    note_count: int = 0

    def blocks(self, parent: etree._Element, depth: int = 0) -> Iterator[Block]:
        """Yield the blocks of a body, a cell or a text box."""
        for child in parent:
            if child.tag == f"{W}p":
                yield from self._paragraph(child, depth)
            elif child.tag == f"{W}tbl" and depth < _DEEPEST:
                yield from table_blocks(list(self._rows(child, depth)))
            elif child.tag in _TRANSPARENT:
                yield from self.blocks(child, depth)
            elif child.tag in _DELETED:
                self._leave_out(DELETED, child)

    def _leave_out(self, why: str, element: etree._Element) -> None:
        texts = (t.text or "" for t in element.iter(f"{W}t", f"{W}delText"))
        text = " ".join("".join(texts).split())
        if text:
            self.left_out.append((why, text))

    def _rows(self, table: etree._Element, depth: int) -> Iterator[list[SpannedCell]]:
        """Rows with vertical merges turned into heights."""
        rows: list[list[tuple[int, int, str, SpannedCell]]] = []  # column, span, merge, cell
        for row in _descend(table, f"{W}tr"):
            column, cells = 0, []
            for cell in _descend(row, f"{W}tc"):
                properties = cell.find(f"{W}tcPr")
                span, merge = _spans(properties)
                content = tuple(self.blocks(cell, depth + 1))
                cells.append((column, span, merge, SpannedCell(content, columns=span)))
                column += span
            rows.append(cells)
        for index, cells in enumerate(rows):
            done = []
            for column, span, merge, cell in cells:
                if (
                    merge == "continue"
                    and index
                    and any(c == column for c, _, _, _ in rows[index - 1])
                    and not cell.text
                ):
                    continue
                height = 1
                while merge == "restart" and _continues(rows, index + height, column):
                    height += 1
                done.append(SpannedCell(cell.content, span, height))
            yield done

    def _paragraph(self, element: etree._Element, depth: int) -> Iterator[Block]:
        properties = element.find(f"{W}pPr")
        style_element = None if properties is None else properties.find(f"{W}pStyle")
        style = None if style_element is None else style_element.get(f"{W}val")
        look = paragraph_look(properties).over(self.styles.look(style))
        gathered = _Paragraph()
        self._gather(element, look, gathered, depth)
        number = self._number(look, gathered)
        for index, pieces in enumerate(gathered.lines):
            text = " ".join("".join(piece for piece, _ in pieces).split())
            if index == 0 and number:
                text = f"{number} {text}".strip()
            if not text:
                continue
            if self.styles.is_contents(style):
                self.left_out.append((CONTENTS, text))
                continue
            inked = [(piece.strip(), run) for piece, run in pieces if piece.strip()]
            sizes = [run.size for _, run in inked if run.size]
            yield Paragraph(
                text=text,
                bold=bool(inked) and all(run.bold for _, run in inked),
                size=max(sizes) if sizes else look.size,
                centred=bool(look.centred),
                indent=look.indent,
            )
        yield from gathered.after

    def _number(self, look: Look, gathered: _Paragraph) -> str:
        if (
            not look.num_id
            or look.num_id == "0"
            or not any(piece.strip() for line in gathered.lines for piece, _ in line)
        ):
            return ""
        return self.numbering.number(look.num_id, look.num_level or 0)

    def _gather(self, parent: etree._Element, look: Look, into: _Paragraph, depth: int) -> None:
        for child in parent:
            if child.tag == f"{W}r":
                self._run(child, look, into, depth)
            elif child.tag in _TRANSPARENT:
                self._gather(child, look, into, depth)
            elif child.tag in _DELETED:
                self._leave_out(DELETED, child)
            elif child.tag in (f"{_MATH}oMath", f"{_MATH}oMathPara"):
                into.lines[-1].append(("".join(t.text or "" for t in child.iter(f"{_MATH}t")), look))

    def _run(self, run: etree._Element, look: Look, into: _Paragraph, depth: int) -> None:
        own = run_look(run.find(f"{W}rPr")).over(look)
        if own.hidden:
            self._leave_out(HIDDEN, run)
            return
        for child in run:
            tag = child.tag.removeprefix(W) if isinstance(child.tag, str) else ""
            match tag:
                case "t":
                    into.lines[-1].append(((child.text or "").replace("\u00ad", ""), own))
                case "tab" | "ptab":
                    into.lines[-1].append((" ", own))
                case "br" | "cr":
                    into.lines.append([])
                case "noBreakHyphen":
                    into.lines[-1].append(("-", own))
                case "sym":
                    into.lines[-1].append((_symbol(child), own))
                case "footnoteReference" | "endnoteReference":
                    into.lines[-1].append((self._note(tag.removesuffix("Reference"), child, into), own))
                case _ if child.tag in (f"{W}drawing", f"{W}pict", f"{_COMPATIBILITY}AlternateContent"):
                    for box in _text_boxes(child):
                        into.after.extend(self.blocks(box, depth + 1))

    def _note(self, kind: str, reference: etree._Element, into: _Paragraph) -> str:
        text = self.notes.get((kind, reference.get(f"{W}id", "")))
        if text is None:
            return ""
        self.note_count += 1
        mark = str(self.note_count).translate(_SUPERSCRIPT)
        into.after.append(Paragraph(f"{mark} {text}"))
        return mark


def _descend(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Rows of a table or cells of a row, also within content controls."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _descend(child, tag)


def _spans(properties: etree._Element | None) -> tuple[int, str]:
    """Columns a cell takes, and its vertical merge: "", "restart" or "continue"."""
    if properties is None:
        return 1, ""
    span = properties.find(f"{W}gridSpan")
    merge = properties.find(f"{W}vMerge")
    columns = 1 if span is None or not (span.get(f"{W}val") or "").isdigit() else int(span.get(f"{W}val", "1"))
    return columns, "" if merge is None else merge.get(f"{W}val", "continue")


def _continues(rows: list[list[tuple[int, int, str, SpannedCell]]], index: int, column: int) -> bool:
    return index < len(rows) and any(
        c == column and merge == "continue" and not cell.text for c, _, merge, cell in rows[index]
    )


def _text_boxes(element: etree._Element) -> Iterator[etree._Element]:
    """Text boxes of a drawing; an older twin kept for older editors (mc:Fallback) is passed over."""
    for child in element:
        if child.tag == f"{_COMPATIBILITY}Fallback":
            continue
        if child.tag == f"{W}txbxContent":
            yield child
        else:
            yield from _text_boxes(child)


def _symbol(element: etree._Element) -> str:
    code = element.get(f"{W}char", "")
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    return "•" if 0xE000 <= value <= 0xF8FF else chr(value)
