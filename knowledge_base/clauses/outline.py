"""A stream of items in one language becomes the tree of the act."""

import re
from collections.abc import Sequence

from core.records import CONTAINERS, Level
from knowledge_base.clauses.markers import Key, Marker, Numbered, Sign, find_marker
from knowledge_base.clauses.model import Item, LeftOut, Line, Node, TableItem
from knowledge_base.clauses.starts import Reading, is_prose, read_starts
from knowledge_base.clauses.tables import add_table, is_same_table

_RANK = {Level.PART: 1, Level.CHAPTER: 2, Level.SECTION: 3, Level.ARTICLE: 4}
_OF_THE_ACT = re.compile(r"приказ|постановлени|решени|распоряж|закон|бұйры|қаулы|шешім|заң", re.I)
_SIGNATURE = re.compile(
    r"(?:(?:Первый )?(?:И\. ?о\. |Исполняющий обязанности )?(?:заместител\w+ )?(?:Министр|Президент"
    r"|Премьер-Министр|Председатель"
    r"|Руководитель|Аким|Вице-министр)(?![\w])|Қазақстан Республикасы(?:ның)?(?:\s[\w,-]+){0,6}\s?(?:[Мм]инистрі?"
    r"|Президенті)(?:\s+(?:[А-ЯӘҒҚҢӨҰҮҺІ]\.\s?){1,2}[\w-]+)?$|Қазақстан Республикасының$"
    r"|[\"«]?(?:СОГЛАСОВАНО?|КЕЛІСІЛДІ|КЕЛІСІЛГЕН)[\"»]?$)"
)


class Outline:
    """Builds the tree; `root.children` are its tops, `left` what it left out."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.root = Node(Level.PREAMBLE, "")
        self.left: list[LeftOut] = []
        self._reading: Reading = read_starts(items)
        self._containers: list[Node] = []
        self._numbered: dict[Key, Node] = {}
        self._current = self._open(Level.PREAMBLE, "", None)
        self._containers = [self._current]
        self._resume: Node | None = None  # where text goes on after a table or footnote
        self._signing = 0
        self._addressed: list[Line] = []  # what the next appendix belongs to, printed above it
        self._build()

    def _build(self) -> None:
        reading = self._reading
        for place, item in enumerate(reading.items):
            if isinstance(item, TableItem):
                self._table(item)
                continue
            marker = reading.markers[place]
            number = reading.numbers.get(place)
            if number is not None:
                self._signing = 0
                self._clause(item, number, place in reading.restarts)
            elif marker is not None:
                self._signing = 0
                self._marked(item, marker)
            elif self._names_appendix(item, place):
                self._addressed.append(item)
            elif not self._signed(item):
                self._text(item, place)

    def _names_appendix(self, line: Line, place: int) -> bool:
        """In Kazakh the document goes before its appendix: «Өрт қауіпсіздігі қағидаларына» / «1-қосымша»."""
        markers = self._reading.markers
        after = markers[place + 1] if place + 1 < len(markers) else None
        return (
            after is not None
            and after.sign is Sign.APPENDIX
            and len(line.text) < 120
            and re.search(r"(?:ына|іне|на|не|ға|ге|қа|ке)$", line.text) is not None
        )

    def _open(self, level: Level, number: str, line: Line | None, rest: str = "") -> Node:
        node = Node(level, number, rest=rest)
        if line is not None:
            node.lines.append(line)
            node.order, node.page, node.box = line.order, line.page, line.box
        return node if level is not Level.PREAMBLE or self.root.children else self.root.add(node)

    def _top(self) -> Node:
        return self._containers[-1] if self._containers else self.root

    def _clause(self, line: Line, number: Numbered, restart: bool) -> None:
        if self._containers and self._containers[-1].level is Level.PREAMBLE:
            self._containers.pop()
        if restart:
            self._numbered = {}
        parent = self._top()
        for length in range(len(number.key) - 1, 0, -1):
            if number.key[:length] in self._numbered:
                parent = self._numbered[number.key[:length]]
                break
        node = self._open(Level.CLAUSE, number.number, line, number.rest)
        node.key = number.key
        self._numbered[number.key] = parent.add(node)
        self._current, self._resume = node, None

    def _marked(self, line: Line, marker: Marker) -> None:
        match marker.sign:
            case Sign.CONTAINER:
                self._container(line, marker)
            case Sign.APPENDIX | Sign.APPROVED:
                self._appendix(line, marker)
            case Sign.PREAMBLE:
                level = Level.APPENDIX if line.text.casefold().startswith(("библ", "bibl")) else Level.PREAMBLE
                self._containers, self._numbered = [], {}
                node = Node(level, "", lines=[line], rest=line.text, order=line.order, page=line.page, box=line.box)
                self._enter(self.root.add(node))
            case Sign.TABLE:
                self._caption(line, marker)
            case Sign.TABLE_MORE:
                self._more(line)
            case Sign.NOTE | Sign.NOTES:
                self._note(line, marker)
            case Sign.FOOTNOTE:
                self._footnote(line, marker)
            case Sign.FORM_INDEX:
                self._form(line, marker)

    def _enter(self, node: Node) -> None:
        self._containers.append(node)
        self._current, self._resume = node, None

    def _container(self, line: Line, marker: Marker) -> None:
        rank = _RANK[marker.level]
        while self._containers and (
            self._containers[-1].level is Level.PREAMBLE or _RANK.get(self._containers[-1].level, 0) >= rank
        ):
            self._containers.pop()
        if marker.level is Level.ARTICLE:
            self._numbered = {}
        self._enter(self._top().add(self._open(marker.level, marker.number, line, marker.rest)))

    def _appendix(self, line: Line, marker: Marker) -> None:
        current = self._current
        addressed, self._addressed = self._addressed, []
        fresh = current.level is Level.APPENDIX and not current.children and len(current.lines) <= 4
        if fresh and (line.layout or marker.sign is Sign.APPROVED) and all(one.layout for one in current.lines[1:]):
            current.lines.extend((*addressed, line))
            current.number = current.number or marker.number
            return
        rest = marker.rest or " ".join(one.text for one in addressed)
        nested = bool(addressed) or bool(re.match(r"к\s|.*(?:ға|ге|қа|ке|на|не) \d+-қосымша", marker.rest or line.text))
        nested = nested and not _OF_THE_ACT.search(f"{line.text} {rest}") and marker.sign is Sign.APPENDIX
        while self._containers and not (
            nested and self._containers[-1].level in (Level.APPENDIX, Level.FORM) and len(self._containers) == 1
        ):
            self._containers.pop()
        self._numbered = {}
        self._enter(self._top().add(self._open(Level.APPENDIX, marker.number, line, marker.rest)))
        for one in addressed:
            one.layout = True
            self._current.lines.append(one)

    def _form(self, line: Line, marker: Marker) -> None:
        home = next((one for one in reversed(self._containers) if one.level is Level.APPENDIX), None)
        if home is None or any(not child.footnote for child in home.children):
            self._containers, self._numbered = [], {}
            self._enter(self.root.add(self._open(Level.FORM, marker.number, line)))
            return
        home.level, home.number = Level.FORM, marker.number
        self._current.lines.append(line)

    def _caption(self, line: Line, marker: Marker) -> None:
        if is_same_table(self._last_table(), marker.number):
            self._more(line)
            return
        self._resume = self._back()
        node = self._open(Level.TABLE, marker.number, line, marker.rest)
        self._current = self._resume.add(node)

    def _last_table(self) -> Node | None:
        home = self._back()
        return next((child for child in reversed(home.children) if child.level is Level.TABLE), None)

    def _more(self, line: Line) -> None:
        self.left.append(LeftOut("repeated table head", line.text))
        table = self._last_table()
        if table is not None and self._current is not table:
            self._resume, self._current = self._current, table

    def _back(self) -> Node:
        """The node whose text the table or footnote interrupts."""
        return self._resume if self._resume is not None else self._current

    def _table(self, item: TableItem) -> None:
        if self._current.level is not Level.TABLE or self._begins_another(self._current, item):
            last = self._last_table()
            if item.table.continued and last is not None:
                self._resume, self._current = self._back(), last
            else:
                self._resume = self._back()
                caption = find_marker(item.table.caption) if item.table.caption else None
                number = caption.number if caption is not None and caption.sign is Sign.TABLE else ""
                node = Node(Level.TABLE, number, order=item.order, page=item.page, box=item.table.box)
                node.heading = item.table.caption
                self._current = self._resume.add(node)
        self.left.extend(add_table(self._current, item))

    def _begins_another(self, node: Node, item: TableItem) -> bool:
        """Tell whether a table right after another is one of its own: by its number, or by its shape in a file of whole
        tables."""
        if not node.rows or item.table.continued:
            return False
        caption = find_marker(item.table.caption) if item.table.caption else None
        if caption is not None and caption.sign is Sign.TABLE:
            return not is_same_table(node, caption.number)
        wide = max((len(row) for row in item.table.rows), default=0)
        return item.page is None and item.table.header_rows > 0 and wide != len(node.rows[-1].cells)

    def _note(self, line: Line, marker: Marker) -> None:
        if self._current.level is Level.TABLE:
            self._current.lines.append(line)
            return
        self._current = self._back()
        self._resume = None
        article = next((one for one in self._containers if one.level is Level.ARTICLE), None)
        home = self._current
        if article is not None:
            home = article
        elif home.level is Level.CLAUSE or home.level is Level.NOTE:
            home.lines.append(line)
            return
        self._current = home.add(self._open(Level.NOTE, marker.number, line, marker.rest))

    def _footnote(self, line: Line, marker: Marker) -> None:
        home = self._back()
        node = home.add(self._open(Level.NOTE, "", line, marker.rest))
        node.footnote = True
        opens = line.text.endswith("!")  # «Примечание ИЗПИ!» stands on a line of its own
        if not opens and (line.whole or line.layout or line.text.endswith((").", ".", ")"))):
            return
        self._resume, self._current = home, node

    def _signed(self, line: Line) -> bool:
        """Leave out the signature under an order or code: from the office to the next opening."""
        if self._signing == 0:
            home = self._current.level in (Level.CLAUSE, Level.ARTICLE, Level.NOTE) and not self._inside_form()
            if (
                not home
                or len(line.text) > 70
                or line.text.endswith((".", ";", ",", ":"))
                or not _SIGNATURE.match(line.text)
            ):
                return False
            self._signing = 12
        elif len(line.text) > 90:
            self._signing = 0
            return False
        self._signing -= 1
        self.left.append(LeftOut("signature", line.text))
        return True

    def _inside_form(self) -> bool:
        return any(one.level is Level.FORM for one in self._containers)

    def _text(self, line: Line, place: int) -> None:
        current = self._current
        if current.level is Level.TABLE and self._resume is not None and self._leaves_table(line, place):
            self._current, self._resume = self._resume, None
        elif current.footnote:
            current.lines.append(line)
            if line.text.endswith((").", ".")):
                self._current, self._resume = self._back(), None
            return
        self._current.lines.append(line)

    def _leaves_table(self, line: Line, place: int) -> bool:
        table = self._current
        if line.text.startswith("*") or (re.match(r"<?\d{1,2}[)>]", line.text) and table.rows):
            return False
        if table.rows:
            noted = any(find_note(one) for one in table.lines[max(table.caption_lines, 0) :])
            if line.whole and noted:
                return re.match(r"\d{1,2}[.)]\s|[-–—*]\s?", line.text) is None
            return not noted or (
                is_prose(self._reading.items, place) and (line.size or 0) > (table.lines[-1].size or 99)
            )
        return not self._reading.in_table[place] and is_prose(self._reading.items, place)


def find_note(line: Line) -> bool:
    """Tell whether `line` opens a note or a starred remark under a table."""
    marker = find_marker(line.text)
    return line.text.startswith("*") or (marker is not None and marker.sign in (Sign.NOTE, Sign.NOTES))


def build_outline(items: Sequence[Item]) -> tuple[Node, list[LeftOut]]:
    """Return the root of the tree of `items` and what was left out of it."""
    outline = Outline(items)
    return outline.root, outline.left


def is_container(node: Node) -> bool:
    """Tell whether a node holds others rather than norms of its own."""
    return node.level in CONTAINERS
