"""Acts, redactions and clauses in the database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.languages import Language
from core.records import Act, Clause, Redaction, RedactionStatus
from core.storage import clause_rows
from core.storage.clause_rows import CLAUSES, ClauseValues
from core.storage.database import Database
from core.storage.tables import ActRow, LoadReportRow, RedactionRow

_BATCH = 2000
_MOST_IDS = 500
"""Ids in one IN list; both databases limit a statement's parameters."""


@dataclass(frozen=True)
class Saved:
    """Ids of the clauses a load touched; all empty when the same redaction is saved again."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


_TOGETHER = ("%,%", "%;%", "% и %", "% және %", "%-%", "%–%", "%—%")
"""Forms of a number that may stand for several."""


class ActStore:
    """The normative base as rows. Every method is one transaction; safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_redaction(
        self, act: Act, redaction: Redaction, clauses: Iterable[Clause], report: dict[str, object]
    ) -> Saved:
        """Make the stored redaction equal to what is given, in one transaction, and say what that touched.

        The act's titles and aliases are added to those known. Clauses of this redaction that are not given are
        deleted. Raises `InvalidInput` when the clauses do not fit together (another act or redaction, an id twice, a
        parent or twin that is not among them).
        """
        given = clause_rows.checked(act, redaction, clauses)
        with self._database.session() as session:
            self._database.lock(session, f"act {act.id}")
            _save_act(session, act)
            _save_redaction_row(session, redaction)
            saved = _save_clauses(session, redaction.id, given)
            found = session.get(LoadReportRow, redaction.id)
            if found is None:
                session.add(LoadReportRow(redaction_id=redaction.id, report=report, loaded_at=datetime.now(UTC)))
            elif found.report != report:
                found.report, found.loaded_at = report, datetime.now(UTC)
        return saved

    def set_redaction_validity(
        self,
        redaction_id: str,
        *,
        valid_from: date | None,
        valid_to: date | None,
        status: RedactionStatus,
        replaced_by: str | None = None,
    ) -> Redaction:
        """Set the dates a redaction holds for and its standing; return it. Raises `NotFound`, `InvalidInput`."""
        if valid_from is not None and valid_to is not None and valid_to < valid_from:
            raise InvalidInput(
                f"the redaction would end on {valid_to}, before it begins on {valid_from}", advice="swap the dates"
            )
        with self._database.session() as session:
            row = session.get(RedactionRow, redaction_id)
            if row is None:
                raise _no("redaction", redaction_id)
            row.valid_from, row.valid_to, row.status, row.replaced_by = valid_from, valid_to, status, replaced_by
            return _redaction(row)

    def acts(self) -> tuple[Act, ...]:
        """Return all acts, by jurisdiction and number."""
        with self._database.reading() as session:
            rows = session.scalars(select(ActRow).order_by(ActRow.jurisdiction, ActRow.number, ActRow.id))
            return tuple(_act(row) for row in rows)

    def act(self, act_id: str) -> Act:
        """Return one act; raise `NotFound`."""
        with self._database.reading() as session:
            row = session.get(ActRow, act_id)
            if row is None:
                raise _no("act", act_id)
            return _act(row)

    def redactions(self, act_id: str | None = None) -> tuple[Redaction, ...]:
        """Return the redactions of an act (of all acts), the oldest first; an unknown start counts as the oldest."""
        query = select(RedactionRow)
        if act_id is not None:
            query = query.where(RedactionRow.act_id == act_id)
        with self._database.reading() as session:
            found = [_redaction(row) for row in session.scalars(query)]
        return tuple(sorted(found, key=lambda r: (r.act_id, r.valid_from or date.min, r.id)))

    def redaction(self, redaction_id: str) -> Redaction:
        """Return one redaction; raise `NotFound`."""
        with self._database.reading() as session:
            row = session.get(RedactionRow, redaction_id)
            if row is None:
                raise _no("redaction", redaction_id)
            return _redaction(row)

    def report(self, redaction_id: str) -> dict[str, object]:
        """Return the report of the redaction's last load; raise `NotFound`."""
        with self._database.reading() as session:
            row = session.get(LoadReportRow, redaction_id)
            if row is None:
                raise _no("load report of redaction", redaction_id)
            return row.report

    def clauses(self, redaction_id: str, language: Language | None = None) -> tuple[Clause, ...]:
        """Return the clauses of a redaction in the order of the source, one language after the other."""
        query = select(CLAUSES).where(CLAUSES.c.redaction_id == redaction_id)
        if language is not None:
            query = query.where(CLAUSES.c.language == language)
        with self._database.reading() as session:
            rows = session.execute(query.order_by(CLAUSES.c.language, CLAUSES.c.ordinal, CLAUSES.c.id))
            return tuple(clause_rows.to_clause(row) for row in rows)

    def clause(self, clause_id: str) -> Clause:
        """Return one clause; raise `NotFound`."""
        found = self.clauses_by_id([clause_id]).get(clause_id)
        if found is None:
            raise _no("clause", clause_id)
        return found

    def clauses_by_id(self, ids: Sequence[str]) -> dict[str, Clause]:
        """Return those of the clauses that exist, in the order of `ids`."""
        found: dict[str, Clause] = {}
        with self._database.reading() as session:
            for start in range(0, len(ids), _MOST_IDS):
                rows = session.execute(select(CLAUSES).where(CLAUSES.c.id.in_(ids[start : start + _MOST_IDS])))
                found.update({clause.id: clause for clause in map(clause_rows.to_clause, rows)})
        return {clause_id: found[clause_id] for clause_id in ids if clause_id in found}

    def children(self, clause_id: str) -> tuple[Clause, ...]:
        """Return the clauses directly under this one, in the order of the source."""
        with self._database.reading() as session:
            rows = session.execute(
                select(CLAUSES).where(CLAUSES.c.parent_id == clause_id).order_by(CLAUSES.c.ordinal, CLAUSES.c.id)
            )
            return tuple(clause_rows.to_clause(row) for row in rows)

    def find_by_number(self, act_id: str | None, number: str) -> tuple[Clause, ...]:
        """Return the clauses printed with this number, in one act or in all, in every redaction and language."""
        query = select(CLAUSES).where(CLAUSES.c.number == number)
        if act_id is not None:
            query = query.where(CLAUSES.c.act_id == act_id)
        order = (CLAUSES.c.act_id, CLAUSES.c.redaction_id, CLAUSES.c.language, CLAUSES.c.ordinal)
        with self._database.reading() as session:
            return tuple(clause_rows.to_clause(row) for row in session.execute(query.order_by(*order)))

    def numbered_together(self, act_id: str | None) -> tuple[Clause, ...]:
        """Return the clauses, of one act or of all, whose number may stand for several: «8, 9», «8 и 9», «5-7»."""
        query = select(CLAUSES).where(or_(*(CLAUSES.c.number.like(form) for form in _TOGETHER)))
        if act_id is not None:
            query = query.where(CLAUSES.c.act_id == act_id)
        order = (CLAUSES.c.act_id, CLAUSES.c.redaction_id, CLAUSES.c.language, CLAUSES.c.ordinal)
        with self._database.reading() as session:
            return tuple(clause_rows.to_clause(row) for row in session.execute(query.order_by(*order)))

    def all_clauses(self) -> Iterator[Clause]:
        """Give every clause, a redaction at a time; no transaction stays open between two redactions."""
        for redaction in self.redactions():
            yield from self.clauses(redaction.id)


def _no(what: str, key: str) -> NotFound:
    return NotFound(f"no {what} {key!r}", advice="list /v1/acts to see what is loaded")


def _save_act(session: Session, act: Act) -> None:
    row = session.get(ActRow, act.id)
    if row is None:
        row = ActRow(id=act.id, titles={}, aliases=[], issuer=None, adopted_on=None)
        session.add(row)
    row.jurisdiction, row.kind, row.number = act.jurisdiction, act.kind, act.number
    row.titles = {**row.titles, **{str(language): title for language, title in act.titles.items()}}
    row.aliases = list(dict.fromkeys([*row.aliases, *act.aliases]))
    row.issuer = act.issuer if act.issuer is not None else row.issuer
    row.adopted_on = act.adopted_on if act.adopted_on is not None else row.adopted_on
    session.flush()


def _save_redaction_row(session: Session, redaction: Redaction) -> None:
    session.merge(
        RedactionRow(
            id=redaction.id,
            act_id=redaction.act_id,
            valid_from=redaction.valid_from,
            valid_to=redaction.valid_to,
            status=str(redaction.status),
            languages=[str(language) for language in redaction.languages],
            source_name=redaction.source_name,
            source_sha256=redaction.source_sha256,
            replaced_by=redaction.replaced_by,
        )
    )
    session.flush()


def _save_clauses(session: Session, redaction_id: str, given: dict[str, ClauseValues]) -> Saved:
    stored = session.execute(
        select(CLAUSES).where(CLAUSES.c.redaction_id == redaction_id).execution_options(yield_per=_BATCH)
    )
    known: set[str] = set()
    changed: list[str] = []
    removed: list[str] = []
    for row in stored:
        known.add(row.id)
        values = given.get(row.id)
        if values is None:
            removed.append(row.id)
        elif not _same(row, values):
            changed.append(row.id)
    added = [clause_id for clause_id in given if clause_id not in known]
    for batch in _batches(removed, _MOST_IDS):
        session.execute(delete(CLAUSES).where(CLAUSES.c.id.in_(batch)))
    for batch in _batches(added, _BATCH):
        session.execute(insert(CLAUSES), [dict(given[clause_id]) for clause_id in batch])
    for batch in _batches(changed, _BATCH):
        session.connection().execute(
            update(CLAUSES).where(CLAUSES.c.id == bindparam("of_id")),
            [{**given[clause_id], "of_id": clause_id} for clause_id in batch],
        )
    return Saved(tuple(added), tuple(changed), tuple(removed))


def _same(row: Row[tuple[object, ...]], values: ClauseValues) -> bool:
    mapping = row._mapping
    return all(mapping[name] == value for name, value in values.items())


def _batches(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _act(row: ActRow) -> Act:
    return Act(
        id=row.id,
        jurisdiction=row.jurisdiction,
        kind=row.kind,
        number=row.number,
        titles={Language(language): title for language, title in row.titles.items()},
        aliases=tuple(row.aliases),
        issuer=row.issuer,
        adopted_on=row.adopted_on,
    )


def _redaction(row: RedactionRow) -> Redaction:
    return Redaction(
        id=row.id,
        act_id=row.act_id,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        status=RedactionStatus(row.status),
        languages=tuple(Language(language) for language in row.languages),
        source_name=row.source_name,
        source_sha256=row.source_sha256,
        replaced_by=row.replaced_by,
    )
