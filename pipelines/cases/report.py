"""What an import found: counts of everything, and every issue with its row and column."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pipelines.cases.personal_data import mask_personal
from pipelines.cases.values import IssueKind

MOST_KEPT = 1000
"""Issues and source's own categories that a report itself holds; `on_issue` is given all of them."""
_MOST_VALUE_CHARS = 80
_CSV_CHUNK = 64 * 1024

Outcome = Literal["row refused", "value left out", "kept"]


@dataclass(frozen=True)
class RowIssue:
    """One thing wrong. `row`: as a spreadsheet numbers it, the header being the first; `value`: masked and cut."""

    row: int
    column: str
    kind: IssueKind
    outcome: Outcome
    detail: str
    value: str = ""

    @staticmethod
    def of(row: int, column: str, kind: IssueKind, outcome: Outcome, detail: str, value: object = "") -> "RowIssue":
        """Return an issue whose value may leave the records: personal data masked, what is long cut."""
        text = str(value)[: _MOST_VALUE_CHARS * 4]
        shown = mask_personal(text.encode("utf-8", "replace").decode())
        return RowIssue(row, column, kind, outcome, detail, shown[:_MOST_VALUE_CHARS])


@dataclass(frozen=True)
class ImportReport:
    """The sum of an import: `rows` = `cases` + `refused` + `duplicates` + `blank` + all `excluded`."""

    file: str
    mapping: str
    kind: str = ""
    encoding: str = ""
    delimiter: str = ""
    unused_columns: tuple[str, ...] = ()
    rows: int = 0
    cases: int = 0
    open_cases: int = 0  # without an established cause
    refused: int = 0
    duplicates: int = 0
    blank: int = 0
    excluded: dict[str, int] = field(default_factory=dict)  # reason -> rows
    issues: dict[str, int] = field(default_factory=dict)  # kind -> how many
    first_issues: tuple[RowIssue, ...] = ()
    known: dict[str, int] = field(default_factory=dict)  # fact -> cases that have it
    own_categories: dict[str, dict[str, int]] = field(default_factory=dict)  # fact -> source's category -> cases


@dataclass
class Tally:
    """Counts while rows are read."""

    on_issue: Callable[[RowIssue], None] | None = None
    rows: int = 0
    cases: int = 0
    open_cases: int = 0
    refused: int = 0
    duplicates: int = 0
    blank: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    first: list[RowIssue] = field(default_factory=list)
    known: Counter[str] = field(default_factory=Counter)
    own: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, issue: RowIssue) -> None:
        """Count an issue, keep it if it is among the first, pass it on."""
        self.issues[issue.kind.value] += 1
        if len(self.first) < MOST_KEPT:
            self.first.append(issue)
        if self.on_issue is not None:
            self.on_issue(issue)

    def add_own(self, fact: str, category: str) -> None:
        """Count a category that is the source's own; new ones are no longer listed past `MOST_KEPT` of a fact."""
        counts = self.own[fact]
        if category in counts or len(counts) < MOST_KEPT:
            counts[category] += 1

    def report(self, of: ImportReport) -> ImportReport:
        """Return the report with the counts as they stand."""
        return replace(
            of,
            rows=self.rows,
            cases=self.cases,
            open_cases=self.open_cases,
            refused=self.refused,
            duplicates=self.duplicates,
            blank=self.blank,
            excluded=dict(self.excluded),
            issues=dict(self.issues),
            first_issues=tuple(self.first),
            known=dict(self.known),
            own_categories={fact: dict(counts.most_common()) for fact, counts in self.own.items()},
        )


ISSUE_FIELDS = ("row", "column", "kind", "outcome", "detail", "value")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def issue_object(issue: RowIssue) -> dict[str, str | int]:
    """Return an issue as JSON."""
    return {
        "row": issue.row,
        "column": issue.column,
        "kind": issue.kind.value,
        "outcome": issue.outcome,
        "detail": issue.detail,
        "value": issue.value,
    }


def csv_of(issues: Iterable[Mapping[str, str | int]], *, header: bool = True) -> Iterator[str]:
    """Give issues as lines of CSV; what a spreadsheet would take for a formula is put in quotes as text."""
    line = io.StringIO()
    writer = csv.writer(line)
    if header:
        writer.writerow(ISSUE_FIELDS)
    for issue in issues:
        writer.writerow([_plain(issue[name]) for name in ISSUE_FIELDS])
        if line.tell() > _CSV_CHUNK:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def _plain(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
