"""Imports cases from a table by a mapping: rows stream into cases, and whatever is not taken over is reported."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path

from core.case_records import FactValue, FireCase
from core.records import stable_id
from core.territories import is_inside, is_kato
from pipelines.cases.classifier import NOT_ESTABLISHED, folded
from pipelines.cases.columns import CauseReader, DateReader, FactReader, index_of, part_of
from pipelines.cases.contradictions import shipped_rules
from pipelines.cases.mapping import CaseMapping, DatePart
from pipelines.cases.report import ImportReport, Outcome, RowIssue, Tally
from pipelines.cases.schema import FactKind
from pipelines.cases.tables import BadRow, Cell, Table, open_table
from pipelines.cases.values import BadValue, IssueKind, checked, cleaned

MAX_UNPACKED_BYTES = 16 * 1024**3
"""Default of the setting `cases.max_unpacked_bytes`."""
_PROGRESS_ROWS = 1000
_MOST_TITLE_CHARS = 200
_SEEN_CACHE_KIB = 64 * 1024
_REFUSED: Outcome = "row refused"
_LEFT_OUT: Outcome = "value left out"


@dataclass(frozen=True)
class _Plan:
    """Where the parts of a case stand in a row."""

    facts: tuple[FactReader, ...]
    from_date: tuple[tuple[str, DatePart], ...]
    cause: CauseReader | None
    date: DateReader | None
    title: int | None
    territory: int | None
    id: tuple[int, ...]
    exclude: tuple[tuple[int, Callable[[str], bool], str], ...]


class CaseImport:
    """The cases of a file, read once; memory does not grow with the file.

    Iterating gives cases in the order of the rows; `report` is complete when all were given. Two rows of one id: the
    first is taken, the other reported. `territory`: of whoever imports; rows outside it are refused, those of none
    get it.
    """

    def __init__(
        self,
        path: Path,
        mapping: CaseMapping,
        *,
        file_name: str = "",
        territory: str | None = None,
        now: datetime | None = None,
        max_unpacked_bytes: int = MAX_UNPACKED_BYTES,
        on_issue: Callable[[RowIssue], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        self._path = path
        self._mapping = mapping
        self._name = file_name or path.name
        self._territory = territory
        self._now = now or datetime.now(UTC)
        self._max_unpacked_bytes = max_unpacked_bytes
        self._on_progress = on_progress
        self._tally = Tally(on_issue)
        self._about = ImportReport(self._name, mapping.name)
        facts = set(mapping.facts)
        self._rules = tuple(rule for rule in shipped_rules() if rule.uses <= facts)

    @property
    def report(self) -> ImportReport:
        """What was found so far; all of it once every case was given."""
        return self._tally.report(self._about)

    def tell(self, issue: RowIssue) -> None:
        """Add an issue to the report that whoever keeps the cases met."""
        self._tally.add(issue)

    def __iter__(self) -> Iterator[FireCase]:
        """Give the cases. Raises what `open_table` does."""
        with open_table(self._path, self._mapping, self._max_unpacked_bytes) as table, _Seen() as seen:
            plan = self._plan(table)
            used = {folded(column) for column in self._mapping.columns}
            unused = tuple(name for name in table.header if folded(name) not in used)
            about = (self._name, self._mapping.name, table.kind, table.encoding, table.delimiter, unused)
            self._about = ImportReport(*about)
            for row, cells in table.rows():
                self._tally.rows += 1
                if self._on_progress is not None and self._tally.rows % _PROGRESS_ROWS == 0:
                    self._on_progress(table.progress())
                case = self._case(plan, row, cells, seen)
                if case is not None:
                    self._tally.cases += 1
                    self._tally.open_cases += case.cause is None
                    self._tally.known.update(case.facts.keys())
                    yield case
        if self._on_progress is not None:
            self._on_progress(1.0)

    def _plan(self, table: Table) -> _Plan:
        mapping, header = self._mapping, table.header
        schema = mapping.schema_of_facts

        def place(column: str) -> int:
            return index_of(header, column)

        return _Plan(
            facts=tuple(
                FactReader(schema.get(fact), how, mapping, place(how.column), self._now)
                for fact, how in mapping.facts.items()
                if how.column is not None
            ),
            from_date=tuple((fact, how.from_date) for fact, how in mapping.facts.items() if how.from_date),
            cause=CauseReader(mapping, place(mapping.cause.column)) if mapping.cause else None,
            date=DateReader(mapping, place(mapping.date.column), self._now) if mapping.date else None,
            title=place(mapping.title) if mapping.title else None,
            territory=place(mapping.territory) if mapping.territory else None,
            id=tuple(map(place, mapping.id)),
            exclude=tuple((place(one.column), one.excludes, one.reason) for one in mapping.exclude),
        )

    def _case(self, plan: _Plan, row: int, cells: Sequence[Cell] | BadRow, seen: "_Seen") -> FireCase | None:
        if isinstance(cells, BadRow):
            self._refuse(row, "", IssueKind.WRONG_CELLS, cells.detail)
            return None
        if not cells:
            self._tally.blank += 1
            return None
        for index, excludes, reason in plan.exclude:
            if excludes(_text(cells[index])):
                self._tally.excluded[reason] += 1
                return None
        key = self._key(plan, row, cells)
        if key is None:
            return None
        case_id = stable_id("case", self._mapping.name, *key)
        before = seen.before(case_id, row, cells)
        if before is not None:
            earlier, same = before
            self._tally.duplicates += 1
            kind = IssueKind.DUPLICATE_ROW if same else IssueKind.DUPLICATE_ID
            columns = ", ".join(self._mapping.id)
            self._tally.add(RowIssue.of(row, columns, kind, _REFUSED, f"stands in row {earlier} already"))
            return None
        territory, allowed = self._territory_of(plan, row, cells)
        if not allowed:
            return None
        facts, day = self._facts(plan, row, cells)
        if not facts:
            self._refuse(row, "", IssueKind.NO_FACTS, "no fact of the case is known")
            return None
        title = _text(cells[plan.title])[:_MOST_TITLE_CHARS] if plan.title is not None else ""
        return FireCase(
            id=case_id,
            facts=facts,
            occurred_on=day.date() if isinstance(day, datetime) else day,
            cause=self._cause(plan, row, cells),
            title=title,
            source=f"{self._name}, row {row}",
            territory=territory,
        )

    def _key(self, plan: _Plan, row: int, cells: Sequence[Cell]) -> tuple[str, ...] | None:
        if not plan.id:
            return tuple(map(str, cells))
        key = tuple(_text(cells[index]) for index in plan.id)
        if all(key):
            return key
        column = self._mapping.id[next(i for i, part in enumerate(key) if not part)]
        self._refuse(row, column, IssueKind.NO_ID, "the cell that names the case is empty")
        return None

    def _facts(self, plan: _Plan, row: int, cells: Sequence[Cell]) -> tuple[dict[str, FactValue], date | None]:
        facts: dict[str, FactValue] = {}
        for reader in plan.facts:
            found = reader.read(cells[reader.index])
            if found is None:
                continue
            if isinstance(found, BadValue):
                self._leave_out(row, reader.column, found, cells[reader.index])
                continue
            facts[reader.fact.id] = found.value
            if not found.named and reader.fact.kind is FactKind.CATEGORY:
                self._tally.add_own(reader.fact.id, str(found.value))
        day = self._day(plan, row, cells)
        for fact, part in plan.from_date if day is not None and facts else ():
            assert day is not None
            value = part_of(day, part)
            if value is not None:
                facts[fact] = checked(self._mapping.schema_of_facts.get(fact), value).value
        for rule in self._rules:
            if rule.speaks(facts):
                detail = f"{rule.id}: {', '.join(f'{f}={facts[f]}' for f in sorted(rule.uses))}"
                column = ", ".join(r.column for r in plan.facts if r.fact.id in rule.uses)
                self._tally.add(RowIssue.of(row, column, IssueKind.CONTRADICTION, _LEFT_OUT, detail))
                for fact in rule.leave_out:
                    facts.pop(fact, None)
        return facts, day

    def _day(self, plan: _Plan, row: int, cells: Sequence[Cell]) -> date | None:
        if plan.date is None:
            return None
        found = plan.date.read(cells[plan.date.index])
        if isinstance(found, BadValue):
            self._leave_out(row, plan.date.column, found, cells[plan.date.index])
            return None
        if found is None:
            self._tally.add(RowIssue.of(row, plan.date.column, IssueKind.NO_DATE, "kept", "the day is not known"))
        return found

    def _cause(self, plan: _Plan, row: int, cells: Sequence[Cell]) -> str | None:
        if plan.cause is None:
            return None
        cell = cells[plan.cause.index]
        found = plan.cause.read(cell)
        if isinstance(found, BadValue):
            self._leave_out(row, plan.cause.column, found, cell)
            return None
        if found is None or found.value == NOT_ESTABLISHED:
            return None
        if not found.named:
            self._tally.add_own("cause", str(found.value))
        return str(found.value)

    def _territory_of(self, plan: _Plan, row: int, cells: Sequence[Cell]) -> tuple[str | None, bool]:
        given = _text(cells[plan.territory]) if plan.territory is not None else ""
        if not given:
            return self._territory, True
        assert plan.territory is not None
        column = self._mapping.territory or ""
        if not is_kato(given):
            bad = BadValue(IssueKind.BAD_TERRITORY, "a КАТО code: nine digits")
            self._leave_out(row, column, bad, given)
            return self._territory, True
        if self._territory is not None and not is_inside(given, self._territory):
            self._refuse(row, column, IssueKind.OUTSIDE_TERRITORY, "the case is outside your territory")
            return None, False
        return given, True

    def _refuse(self, row: int, column: str, kind: IssueKind, detail: str) -> None:
        self._tally.refused += 1
        self._tally.add(RowIssue.of(row, column, kind, _REFUSED, detail))

    def _leave_out(self, row: int, column: str, bad: BadValue, cell: Cell) -> None:
        self._tally.add(RowIssue.of(row, column, bad.kind, _LEFT_OUT, f"wanted: {bad.detail}", cell))


def read_cases(path: Path, mapping: CaseMapping, *, now: datetime | None = None) -> tuple[list[FireCase], ImportReport]:
    """Return all cases of a file and the report. Raises what `CaseImport` does."""
    reading = CaseImport(path, mapping, now=now)
    return list(reading), reading.report


class _Seen:
    """Ids met so far, on disk past 64 MB: memory stays bounded for any number of rows."""

    def __enter__(self) -> "_Seen":
        self._ids = sqlite3.connect("", isolation_level=None)  # private, in a file that is deleted by itself
        self._ids.execute(f"PRAGMA cache_size = -{_SEEN_CACHE_KIB}")
        self._ids.execute("PRAGMA journal_mode = OFF")
        self._ids.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, number INTEGER, row BLOB) WITHOUT ROWID")
        self._ids.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._ids.close()

    def before(self, case_id: str, number: int, cells: Sequence[Cell]) -> tuple[int, bool] | None:
        """Note an id; return the number of the row that had it before, and whether that row was the same."""
        content = blake2b("\x1f".join(map(str, cells)).encode("utf-8", "surrogateescape"), digest_size=8).digest()
        noted = self._ids.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (case_id, number, content))
        if noted.rowcount:
            return None
        earlier, row = self._ids.execute("SELECT number, row FROM seen WHERE id = ?", (case_id,)).fetchone()
        return int(earlier), row == content


def _text(cell: Cell) -> str:
    return "" if cell is None else cleaned(cell)
