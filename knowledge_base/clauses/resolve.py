"""After the tree is built: levels of numbered nodes, headings, running text."""

import re

from core.records import Level
from knowledge_base.clauses.joining import Hyphenation, assemble
from knowledge_base.clauses.model import Line, Node

_TERMS = re.compile(r"термин|определени|понятия|анықтама|ұғым|terms|definitions", re.I)
_LONGEST_HEADING = 350
_LONGEST_TERM = 160
_FEWEST_DEFINITIONS = 3
_DEFINITION = re.compile(r"(?![-–—•*])[^.;:!?]{2,110}(?:\s[–—-]\s|:\s)\S")
_STAMP = re.compile(
    r"^(?:Форма|Нысан|ФОРМА)$|^\((?:форма|нысан|обязательн\w+|рекоменд\w+|справочн\w+|міндетті|ұсынылатын|анықтамалық|information"
    r"|normative)\w*\)",
    re.I,
)
_FORM_TITLE = re.compile(r"Форма, предназначенная для сбора|Әкімшілік деректер\w* жинауға арналған нысан", re.I)


def resolve(root: Node, hyphenation: Hyphenation) -> None:
    """Settle levels, headings and texts of all nodes below `root`."""
    for node in root.walk():
        if node.key:
            _settle_level(node)
    for node in list(root.walk()):
        if node.level in (Level.CHAPTER, Level.SECTION) and not node.children:
            _part_definitions(node)
    for node in list(root.walk())[1:]:
        node.text, _ = assemble(node.lines, hyphenation)
        if node.level is Level.APPENDIX or node.level is Level.FORM:
            node.heading = _appendix_heading(node, hyphenation)
        elif node.level is Level.TABLE:
            node.heading = node.heading or _caption(node, hyphenation)
        elif node.level in (Level.PART, Level.CHAPTER, Level.SECTION, Level.ARTICLE):
            node.heading = _heading(node, hyphenation)
        elif node.level is Level.PREAMBLE:
            node.heading = node.rest
        elif node.level is Level.CLAUSE and _under_terms(node):
            node.heading = term_of(node.text[len(node.number) :].lstrip(". "))
        if not node.order and node.lines:
            node.order = node.lines[0].order
        if node.lines and node.page is None:
            node.page, node.box = node.lines[0].page, node.lines[0].box


def _part_definitions(node: Node) -> None:
    """Terms listed without numbers («Пост – помещение …») become clauses of their own under their chapter."""
    if not _TERMS.search(node.rest or " ".join(line.text for line in node.lines[:2])):
        return
    starts = [i for i, line in enumerate(node.lines) if i and _DEFINITION.match(line.text)]
    if len(starts) < _FEWEST_DEFINITIONS:
        return
    for start, end in zip(starts, [*starts[1:], len(node.lines)], strict=True):
        lines = node.lines[start:end]
        node.add(Node(Level.CLAUSE, "", lines=lines, rest=lines[0].text, order=lines[0].order))
    del node.lines[starts[0] :]


def _settle_level(node: Node) -> None:
    numbered = [child for child in node.children if child.key]
    if numbered and _opens_like_heading(node):
        node.level = Level.CHAPTER if len(node.key) == 1 else Level.SECTION
    elif (numbered and len(node.key) == 1 and len(numbered) >= 2) or (
        not numbered and len(node.key) == 1 and _opens_like_heading(node) and _in_dotted(node)
    ):
        node.level = Level.CHAPTER


def _in_dotted(node: Node) -> bool:
    """Tell whether the siblings of a one-part number are chapters with dotted clauses."""
    siblings = node.parent.children if node.parent is not None else []
    return sum(1 for one in siblings if len(one.key) == 1 and any(child.key for child in one.children)) >= 2


def _opens_like_heading(node: Node) -> bool:
    first = node.rest or (node.lines[1].text if len(node.lines) > 1 else "")
    last = node.lines[-1].text
    if node.lines[0].bold or (first.upper() == first and any(c.isalpha() for c in first)):
        return not first.endswith((";", ":"))
    if len(node.lines) <= 3 and not last.endswith((".", ";", ":", ",")):
        return True
    return (
        len(first) < 100
        and not first.endswith((".", ";", ":", ","))
        and len(node.lines) > 1
        and node.lines[1].text[0].isupper()
    )


def heading_size(lines: list[Line], rest: str) -> int:
    """Number of `lines` from the first that make up a heading."""
    size, first = 1, lines[0]
    caps = rest.upper() == rest and any(c.isalpha() for c in rest)
    while size < len(lines) and size < 8:
        before, line = lines[size - 1], lines[size]
        if size == 1 and not rest:
            caps = line.text.upper() == line.text
        elif (caps and line.text.upper() == line.text and any(c.isalpha() for c in line.text)) or (
            first.bold and line.bold and not before.text.endswith(".")
        ):
            pass
        elif not (line.text[0].islower() and not before.text.endswith((".", ";", ":"))) or line.layout:
            break
        size += 1
    return size


def _heading(node: Node, hyphenation: Hyphenation) -> str:
    size = heading_size(node.lines, node.rest)
    text, _ = assemble(node.lines[:size], hyphenation)
    start = node.lines[0].text.find(node.rest) if node.rest else len(node.lines[0].text)
    return text[start:].strip()[:_LONGEST_HEADING]


def _appendix_heading(node: Node, hyphenation: Hyphenation) -> str:
    stamped = node.lines[0].layout or node.rest.startswith(("к ", "(", "до ", "to "))
    if node.rest and not stamped and not re.match(r"(?:Утвержд|УТВЕРЖД)|.*бекітілген", node.rest):
        return node.rest[:_LONGEST_HEADING]
    title: list[Line] = []
    lines = node.lines[1:12]
    if node.level is Level.FORM:
        named = [i for i, line in enumerate(lines) if _FORM_TITLE.match(line.text) and i + 1 < len(lines)]
        if named:
            return f"{lines[named[0]].text} {lines[named[0] + 1].text}"[:_LONGEST_HEADING]
    for line in lines:
        if line.layout or _STAMP.match(line.text) or (not title and not _title_like(line)):
            continue
        if title and (line.text[0].isupper() and not _same_style(title[-1], line)):
            break
        title.append(line)
        if len(title) >= 4 or line.text.endswith("."):
            break
    text, _ = assemble(title, hyphenation)
    return text[:_LONGEST_HEADING]


def _title_like(line: Line) -> bool:
    return not line.text.endswith((";", ":", ",")) and line.text[0].isupper() and not re.match(r"(?:от|№)\s", line.text)


def _same_style(before: Line, line: Line) -> bool:
    caps = before.text.upper() == before.text
    return (before.bold and line.bold) or (caps and line.text.upper() == line.text) or (before.centred and line.centred)


def _caption(node: Node, hyphenation: Hyphenation) -> str:
    size = node.caption_lines
    if size < 0:
        size = heading_size(node.lines, node.rest) if node.lines else 0
    text, _ = assemble(node.lines[:size], hyphenation)
    return text[:_LONGEST_HEADING]


def _under_terms(node: Node) -> bool:
    return any(_TERMS.search(one.rest or one.heading) for one in node.ancestors())


def term_of(text: str) -> str:
    """Return the term a definition begins with («Пожарный пост: …», «пожар – …»), "" where there is none."""
    m = re.match(r"(.{2,160}?)(?::\s|\s[–—-]\s)", text)
    return m.group(1).strip() if m and len(m.group(1)) <= _LONGEST_TERM else ""
