"""Reads the facts of one row: which column is which fact, what its words mean. Values met before are remembered."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.case_records import FactValue
from pipelines.cases.classifier import causes, folded
from pipelines.cases.mapping import CAUSE, CaseMapping, DatePart, FactColumn
from pipelines.cases.schema import Fact
from pipelines.cases.tables import Cell
from pipelines.cases.values import BadValue, IssueKind, Known, checked, checked_cause, cleaned, in_future, read_day

_MOST_REMEMBERED = 20_000
_SEASONS = ("winter", "spring", "summer", "autumn")
Reading = Known | BadValue | None
"""What a cell gives: a value, why it gives none, or that nothing is known."""


class Remembering:
    """A reader of cells that remembers what texts gave; forgets all when there are too many."""

    def __init__(self, read: Callable[[Cell], Reading]) -> None:
        self._read = read
        self._known: dict[str, Reading] = {}

    def __call__(self, cell: Cell) -> Reading:
        """Return what the cell gives."""
        if not isinstance(cell, str):
            return self._read(cell)
        if cell in self._known:
            return self._known[cell]
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        found = self._known[cell] = self._read(cell)
        return found


class FactReader:
    """Reads one fact from its column."""

    def __init__(self, fact: Fact, column: FactColumn, mapping: CaseMapping, index: int, now: datetime) -> None:
        assert column.column is not None
        self.fact = fact
        self.column = column.column
        self.index = index
        self._how = column
        self._now = now
        self._missing = frozenset(folded(word) for word in ("", *mapping.missing, *column.missing))
        self._values = _translations(mapping, fact.id)
        self.read = Remembering(self._of_cell)

    def _of_cell(self, cell: Cell) -> Reading:
        if cell is None:
            return None
        given: Cell | FactValue = cell
        text = cleaned(cell)
        if isinstance(cell, str) and cell != cell.encode("utf-8", "ignore").decode():
            return BadValue(IssueKind.BAD_ENCODING, "text in the encoding of the file")
        if folded(text) in self._missing:
            return None
        if isinstance(cell, str):
            given = _cut(text, self._how)
            if not given:
                return None
        translated = self._values.get(folded(cleaned(given)))
        try:
            if translated is not None:
                return checked(self.fact, translated, now=self._now)
            return checked(self.fact, given, now=self._now, form=self._how.format)
        except BadValue as bad:
            return bad


class CauseReader:
    """Reads the established cause; `None`: the case is open."""

    def __init__(self, mapping: CaseMapping, index: int) -> None:
        assert mapping.cause is not None
        self.column = mapping.cause.column
        self.index = index
        self._open = frozenset(folded(word) for word in ("", *mapping.missing, *mapping.cause.open))
        self._values = _translations(mapping, CAUSE)
        self.read = Remembering(self._of_cell)

    def _of_cell(self, cell: Cell) -> Reading:
        if cell is None:
            return None
        text = cleaned(cell)
        if isinstance(cell, str) and cell != cell.encode("utf-8", "ignore").decode():
            return BadValue(IssueKind.BAD_ENCODING, "text in the encoding of the file")
        if folded(text) in self._open:
            return None
        translated = self._values.get(folded(text))
        if translated is not None and not str(translated).strip():
            return None
        try:
            return checked_cause(causes(), text if translated is None else translated)
        except BadValue as bad:
            return bad


class DateReader:
    """Reads the day of the fire, and what is taken from it."""

    def __init__(self, mapping: CaseMapping, index: int, now: datetime) -> None:
        assert mapping.date is not None
        self.column = mapping.date.column
        self.index = index
        self._form = mapping.date.format
        self._zone = ZoneInfo(mapping.date.timezone) if mapping.date.timezone else None
        self._missing = frozenset(folded(word) for word in ("", *mapping.missing))
        self._now = now
        self._known: dict[Cell, date | BadValue | None] = {}

    def read(self, cell: Cell) -> date | BadValue | None:
        """Return the day (a `datetime` where the time is known), why it is none, or `None` when the cell is empty."""
        if cell in self._known:
            return self._known[cell]
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        found = self._known[cell] = self._of_cell(cell)
        return found

    def _of_cell(self, cell: Cell) -> date | BadValue | None:
        if cell is None or folded(cleaned(cell)) in self._missing:
            return None
        try:
            day = read_day(cell, self._form)
        except BadValue as bad:
            return bad
        if isinstance(day, datetime) and day.tzinfo is not None and self._zone is not None:
            day = day.astimezone(self._zone)
        if in_future(day, self._now):
            return BadValue(IssueKind.IN_THE_FUTURE, "a date that is not in the future")
        return day


def part_of(day: date, part: DatePart) -> FactValue | None:
    """Return a part of a day as the fact of the same meaning holds it; the hour of a day without a time is unknown."""
    if part == "hour":
        return float(day.hour) if isinstance(day, datetime) else None
    if part == "weekday":
        return str(day.isoweekday())
    if part == "season":
        return _SEASONS[day.month % 12 // 3]
    return str(day.month)


def index_of(header: Sequence[str], column: str) -> int:
    """Return the place of a column that the header is known to have."""
    return [folded(name) for name in header].index(folded(column))


def _translations(mapping: CaseMapping, name: str) -> dict[str, FactValue]:
    return {folded(word): value for word, value in mapping.values.get(name, {}).items()}


def _cut(text: str, how: FactColumn) -> str:
    if how.after and how.after in text:
        text = text.partition(how.after)[2]
    if how.before:
        text = text.partition(how.before)[0]
    return text.strip()
