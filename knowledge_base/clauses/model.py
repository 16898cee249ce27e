"""What the parser works on between blocks and clauses: source items, nodes of the tree, what was left out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.records import Box, Level
from knowledge_base.source import TableBlock


@dataclass(slots=True, eq=False)
class Line:
    """A paragraph or physical line of the source, white space folded; order is its place in the source."""

    text: str
    order: int
    page: int | None = None
    box: Box | None = None
    whole: bool = True
    bold: bool = False
    size: float | None = None
    centred: bool = False
    soft_end: bool = False  # ended in a soft hyphen
    layout: bool = False  # a cell of a table used for page layout (addresses, stamps of approval)
    first_on_page: bool = False


@dataclass(slots=True, eq=False)
class TableItem:
    """A table in the stream of lines."""

    table: TableBlock
    order: int

    @property
    def page(self) -> int | None:
        """Page the table starts on."""
        return self.table.page


Item = Line | TableItem


@dataclass(frozen=True)
class LeftOut:
    """Source text that is in no clause, and why."""

    reason: str
    text: str


FURNITURE = frozenset(
    {
        "running head",
        "page number",
        "contents",
        "page mark",
        "repeated table head",
        "repeated table header",
        "repeated row",
        "table continuation",
        "navigation",
        "script or style",
    }
)
"""Reasons that are no loss: page furniture and what is printed twice."""


@dataclass(slots=True, eq=False)
class Row:
    """A table row on its way to a clause."""

    number: str
    cells: tuple[str, ...]
    columns: tuple[str, ...]
    text: str
    page: int | None = None
    box: Box | None = None
    parent: "Row | None" = None
    sections: tuple[str, ...] = ()  # section rows that stand above
    printed: bool = True  # the number is printed, not counted


@dataclass(slots=True, eq=False)
class Node:
    """A place in the tree of one language: own lines, children, and what is known of it."""

    level: Level
    number: str
    parent: "Node | None" = None
    lines: list[Line] = field(default_factory=list)
    children: "list[Node]" = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    table_text: str = ""  # the header, quoted
    table_notes: list[str] = field(default_factory=list)  # remarks printed as rows: «* …», «3) …»
    cell_characters: int = 0  # visible characters of all cells taken in
    caption_lines: int = -1  # own lines above the rows; -1: no rows were read
    heading: str = ""
    key: tuple[tuple[int, int], ...] = ()
    rest: str = ""  # the first line after its number
    footnote: bool = False  # amendment footnote («Сноска.»)
    text: str = ""
    order: int = 0
    page: int | None = None
    box: Box | None = None

    def add(self, child: "Node") -> "Node":
        """Append `child` and return it."""
        child.parent = self
        self.children.append(child)
        return child

    def ancestors(self) -> Iterator["Node"]:
        """Parents from the nearest outwards, without the nameless root."""
        node = self.parent
        while node is not None and node.parent is not None:
            yield node
            node = node.parent

    def walk(self) -> Iterator["Node"]:
        """This node and all below, in order."""
        yield self
        for child in self.children:
            yield from child.walk()
