"""The resolved tree becomes `core.records.Clause` records."""

import re
from collections import Counter
from dataclasses import dataclass, field

from core.languages import Language
from core.records import Clause, Level, PathStep
from knowledge_base.clauses.inner import Span, find_spans
from knowledge_base.clauses.joining import Hyphenation, assemble
from knowledge_base.clauses.model import Node, Row
from knowledge_base.clauses.resolve import term_of
from knowledge_base.clauses.tables import SMALL_TABLE_ROWS

_REPEALED = re.compile(
    r"[\dА-Яа-яәғқңөұүһі.,\s()*–-]{0,20}(?:Исключен[аоы]?|исключен[аоы]?|Утратил[аои]? силу|утратил[аои]? силу"
    r"|Алып тасталды|алып тасталды"
    r"|Күші жойылды|күші жойылды|Excluded|Repealed)(?!\w)"
)
_CONCEPTS = re.compile(r"понятия|термины|определения|ұғымдар|терминдер|анықтамалар|definitions|terms", re.I)


@dataclass
class RecordMaker:
    """Makes the clauses of one language of one redaction."""

    act_id: str
    redaction_id: str
    language: Language
    hyphenation: Hyphenation
    first_ordinal: int = 0
    clauses: list[Clause] = field(default_factory=list)
    _seen: Counter[tuple[PathStep, ...]] = field(default_factory=Counter)

    def make(self, root: Node) -> list[Clause]:
        """Return the clauses of the tree under `root`, in the order of the source."""
        for node in root.children:
            self._node(node, (), (), None)
        return self.clauses

    def _node(self, node: Node, path: tuple[PathStep, ...], crumb: tuple[str, ...], parent: str | None) -> None:
        own = _own_path(node, path)
        text, offsets = assemble(node.lines, self.hyphenation)
        if node.level is Level.TABLE:
            text = self._table_text(node)
        record = self._add(
            level=node.level,
            number=node.number,
            path=own,
            crumb=crumb,
            heading=node.heading,
            text=text,
            parent=parent,
            node=node,
        )
        below = crumb
        if node.level not in (Level.CLAUSE, Level.NOTE):
            title = _title(node)
            below = (*crumb, title) if title else crumb
        if not node.footnote and node.level in (Level.CLAUSE, Level.ARTICLE, Level.NOTE):
            spans = find_spans(node.lines, offsets, text, is_note=node.level is Level.NOTE)
            self._spans(spans, record, text)
        for row in node.rows:
            self._row(row, own, below, record.id)
        self._row_ids.clear()
        for child in node.children:
            self._node(child, own, below, record.id)

    _row_ids: dict[int, tuple[str, tuple[PathStep, ...]]] = field(default_factory=dict)

    def _add(
        self,
        *,
        level: Level,
        number: str,
        path: tuple[PathStep, ...],
        crumb: tuple[str, ...],
        heading: str,
        text: str,
        parent: str | None,
        node: Node | Span | Row,
        cells: tuple[str, ...] = (),
        columns: tuple[str, ...] = (),
    ) -> Clause:
        occurrence = self._seen[path]
        self._seen[path] += 1
        place = node.line if isinstance(node, Span) else node
        clause = Clause(
            id=Clause.make_id(self.redaction_id, self.language, path, occurrence),
            act_id=self.act_id,
            redaction_id=self.redaction_id,
            language=self.language,
            level=level,
            number=number,
            path=path,
            breadcrumb=crumb,
            heading=heading,
            text=text,
            ordinal=self.first_ordinal + len(self.clauses),
            parent_id=parent,
            page=place.page if place is not None else None,
            box=place.box if place is not None else None,
            cells=cells,
            columns=columns,
            repealed=level not in (Level.ROW, Level.TABLE, Level.NOTE)
            and _REPEALED.match(_after_heading(text)) is not None,
        )
        self.clauses.append(clause)
        return clause

    def _spans(self, spans: list[Span], parent: Clause, text: str) -> None:
        concepts = _CONCEPTS.search(text[:300]) is not None
        for span in spans:
            part = text[span.start : span.end].strip()
            if not part:
                continue
            bare = span.number.rstrip(")")
            heading = term_of(part[len(span.number) :].strip()) if concepts and span.level is Level.SUBCLAUSE else ""
            record = self._add(
                level=span.level,
                number=span.number,
                path=(*parent.path, PathStep(span.level, bare)),
                crumb=parent.breadcrumb,
                heading=heading,
                text=part,
                parent=parent.id,
                node=span,
            )
            self._spans(span.children, record, text)

    def _table_text(self, node: Node) -> str:
        if node.caption_lines < 0:
            return assemble(node.lines, self.hyphenation)[0]
        caption, _ = assemble(node.lines[: node.caption_lines], self.hyphenation)
        notes, _ = assemble(node.lines[node.caption_lines :], self.hyphenation)
        parts = [caption or node.heading, node.table_text]
        if len(node.rows) <= SMALL_TABLE_ROWS:
            parts.extend(" | ".join(cell for cell in row.cells if cell) for row in node.rows)
        return " | ".join(part for part in (*parts, *node.table_notes, notes) if part)

    def _row(self, row: Row, path: tuple[PathStep, ...], crumb: tuple[str, ...], table_id: str) -> None:
        parent, base = table_id, path
        if row.parent is not None and id(row.parent) in self._row_ids:
            parent, above = self._row_ids[id(row.parent)]
            if row.number.endswith(")") or not row.printed:
                base = above
        ladder: list[str] = []
        one = row.parent
        while one is not None:
            ladder.insert(0, " ".join(cell for cell in one.cells if cell)[:300])
            one = one.parent
        own = (*base, PathStep(Level.ROW, row.number.rstrip(")")))
        sections = row.sections if row.sections and row.sections[-1] != row.text else ()
        record = self._add(
            level=Level.ROW,
            number=row.number,
            path=own,
            crumb=(*crumb, *sections, *ladder),
            heading="",
            text=row.text,
            parent=parent,
            node=row,
            cells=row.cells,
            columns=row.columns,
        )
        self._row_ids[id(row)] = (record.id, own)


def _own_path(node: Node, path: tuple[PathStep, ...]) -> tuple[PathStep, ...]:
    if node.level is Level.PREAMBLE and not node.number:
        return (*path, PathStep(Level.PREAMBLE, ""))
    if node.level is Level.TABLE and node.number:
        path = tuple(step for step in path if step.level in (Level.APPENDIX, Level.FORM))
    return (*path, PathStep(node.level, node.number))


def _title(node: Node) -> str:
    """Heading as it stands in a breadcrumb: with its printed number."""
    if not node.lines:
        return node.heading
    if node.level in (Level.APPENDIX, Level.FORM):
        first = node.lines[0].text if node.number and len(node.lines[0].text) < 60 else ""
        return " ".join(filter(None, (first, node.heading if node.heading not in first else "")))
    first = node.lines[0].text
    prefix = first[: len(first) - len(node.rest)].strip() if node.rest and first.endswith(node.rest) else first
    return node.heading if node.heading.startswith(prefix) else f"{prefix} {node.heading}".strip()


def _after_heading(text: str) -> str:
    """The start of the text in which «Исключен» counts: after «Статья 5.» or «5.»."""
    return re.sub(r"^(?:Стать[яи]|Глава|Параграф|Раздел|Article)\s+", "", text)
