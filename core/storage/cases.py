"""Fire cases in the database: facts with their history, suggestions made, closing.

Holds personal data: what an investigator writes of people. None of it goes to a log or the audit.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.case_records import CauseSuggestion, FactValue, FireCase
from core.cases import (
    CAUSE,
    CaseFilter,
    CasePage,
    CaseState,
    FactChange,
    ImportSaved,
    StoredCase,
    SuggestionMade,
)
from core.errors import Conflict
from core.storage import case_rows
from core.storage.case_tables import CaseChangeRow, CaseRow, CaseSuggestionRow
from core.storage.database import Database

_MOST_IDS = 500
"""Ids of one statement; SQLite takes a limited number of parameters."""
_BATCH = 1000


class CaseStore:
    """Cases as rows. Every method is one transaction; safe to use from many threads.

    `territory` of a reader (КАТО code; None: the whole country) limits inside the query what is found: a case of
    another territory is `NotFound`, like one that does not exist.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- taking in ---------------------------------------------------------------------------------------------------

    def create(self, case: FireCase, actor: str) -> StoredCase:
        """Keep a new case; the same from the same actor again returns what is kept, another one is a `Conflict`."""
        now = datetime.now(UTC)
        with self._database.session() as session:
            self._database.lock(session, f"case {case.id}")
            kept = session.get(CaseRow, case.id)
            if kept is None:
                kept = CaseRow(**_values(case, actor, now, None), edited=True)
                session.add(kept)
                session.flush()
            elif kept.created_by != actor or not _as_created(session, kept, case):
                raise Conflict("this case was entered before with other facts", advice="send a new Idempotency-Key")
            return case_rows.to_case(kept)

    def save_imported(self, cases: Sequence[FireCase], actor: str, import_id: str) -> ImportSaved:
        """Keep a batch of an import. Cases that people changed stay as they are; the same again changes nothing."""
        now = datetime.now(UTC)
        given = {case.id: case for case in cases}
        changed: list[FireCase] = []
        kept: list[str] = []
        with self._database.session() as session:
            self._database.lock(session, "cases import")
            known: dict[str, CaseRow] = {}
            ids = list(given)
            for start in range(0, len(ids), _MOST_IDS):
                query = select(CaseRow).where(CaseRow.id.in_(ids[start : start + _MOST_IDS]))
                known.update({row.id: row for row in session.scalars(query)})
            for case_id, row in known.items():
                if _same(row, given[case_id]):
                    continue
                if row.edited:
                    kept.append(case_id)
                    continue
                changed.append(given[case_id])
            new = [_values(case, actor, now, import_id) for case in given.values() if case.id not in known]
            if new:
                session.execute(insert(CaseRow), [{**values, "edited": False} for values in new])
            for case in changed:
                values = _values(case, actor, now, import_id)
                del values["created_at"], values["created_by"]
                session.execute(update(CaseRow).where(CaseRow.id == case.id).values(**values))
        unchanged = len(given) - len(new) - len(changed) - len(kept)
        return ImportSaved(len(new), len(changed), unchanged, tuple(kept))

    # --- reading -----------------------------------------------------------------------------------------------------

    def case(self, case_id: str, territory: str | None = None) -> StoredCase:
        """Return the case; raise `NotFound`."""
        query = select(CaseRow).where(CaseRow.id == case_id, *case_rows.within(territory))
        with self._database.reading() as session:
            row = session.scalars(query).one_or_none()
            if row is None:
                raise case_rows.no_case()
            return case_rows.to_case(row)

    def cases(
        self,
        wanted: CaseFilter | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        territory: str | None = None,
    ) -> CasePage:
        """Return the cases changed last, or those after `cursor`; raise `InvalidInput` when the cursor is not ours."""
        conditions = [*case_rows.matching(wanted or CaseFilter()), *case_rows.within(territory)]
        if cursor is not None:
            conditions.append(case_rows.after(cursor))
        query = select(CaseRow).where(*conditions).order_by(CaseRow.updated_at.desc(), CaseRow.id.desc())
        with self._database.reading() as session:
            rows = session.scalars(query.limit(limit + 1)).all()
            cases = tuple(case_rows.to_case(row) for row in rows[:limit])
        return CasePage(cases, case_rows.cursor_of(cases[-1]) if len(rows) > limit else None)

    def closed_cases(self, territory: str | None = None) -> Iterator[FireCase]:
        """Give every case with an established cause by id; no transaction stays open between two batches."""
        last = ""
        while True:
            conditions = [CaseRow.state == CaseState.CLOSED.value, CaseRow.id > last, *case_rows.within(territory)]
            query = select(CaseRow).where(*conditions).order_by(CaseRow.id).limit(_BATCH)
            with self._database.reading() as session:
                batch = [case_rows.to_case(row).case for row in session.scalars(query)]
            yield from batch
            if len(batch) < _BATCH:
                return
            last = batch[-1].id

    def count(self, wanted: CaseFilter | None = None, territory: str | None = None) -> int:
        """Return how many cases there are."""
        conditions = [*case_rows.matching(wanted or CaseFilter()), *case_rows.within(territory)]
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(CaseRow).where(*conditions)) or 0

    def changes(self, case_id: str) -> tuple[FactChange, ...]:
        """Return every change of the case, the latest last."""
        with self._database.reading() as session:
            return tuple(_changes(session, case_id))

    # --- what people do ----------------------------------------------------------------------------------------------

    def edit(
        self, case_id: str, values: Mapping[str, FactValue | None], undo: Sequence[str], actor: str
    ) -> tuple[StoredCase, tuple[FactChange, ...]]:
        """Put values in facts (None: empty them), after taking back the last change of each fact of `undo`.

        The cause can only be undone: the case is open again. Raises `Conflict` when there is nothing to undo, and when
        the case is closed; `NotFound`. Whether a value suits its fact is the caller's to check.
        """
        with self._writing(case_id) as (session, row):
            now = datetime.now(UTC)
            for fact in undo:
                self._undo(session, row, fact, actor, now)
            if values and row.state == CaseState.CLOSED.value:
                raise Conflict("the case is closed", advice=f"open it again: undo {CAUSE!r}")
            for fact, value in values.items():
                before = row.facts.get(fact)
                if before != value or type(before) is not type(value):
                    _add_change(session, row, fact, value, before, actor, now)
                    _set_fact(row, fact, value)
            session.flush()
            return case_rows.to_case(row), tuple(_changes(session, case_id))

    def close(self, case_id: str, cause: str, actor: str) -> StoredCase:
        """Establish the cause and score every suggestion made for the case. The same cause again changes nothing.

        Raises `Conflict` when the case is closed with another cause; `NotFound`.
        """
        with self._writing(case_id) as (session, row):
            if row.state == CaseState.CLOSED.value and row.cause != cause:
                raise Conflict("the case is closed with another cause", advice=f"open it again: undo {CAUSE!r}")
            if row.state == CaseState.OPEN.value:
                now = datetime.now(UTC)
                _add_change(session, row, CAUSE, cause, None, actor, now)
                row.state, row.cause, row.closed_at, row.closed_by = CaseState.CLOSED.value, cause, now, actor
            self._score(session, case_id, cause)
            session.flush()
            return case_rows.to_case(row)

    # --- suggestions -------------------------------------------------------------------------------------------------

    def add_suggestion(
        self, case_id: str, facts: Mapping[str, FactValue], suggestion: CauseSuggestion, actor: str
    ) -> SuggestionMade:
        """Keep a suggestion as it was shown, with the facts it was made from; raise `NotFound`."""
        with self._writing(case_id, touches=False) as (session, _):
            query = select(func.max(CaseSuggestionRow.ordinal)).where(CaseSuggestionRow.case_id == case_id)
            last = session.scalar(query)
            row = CaseSuggestionRow(
                case_id=case_id,
                ordinal=0 if last is None else last + 1,
                at=datetime.now(UTC),
                actor=actor,
                model_version=suggestion.model_version,
                status=suggestion.status,
                coverage=suggestion.coverage,
                facts=dict(facts),
                ranking=[[one.cause, one.probability, one.in_set] for one in suggestion.hypotheses],
                score=None,
            )
            session.add(row)
            session.flush()
            return case_rows.to_suggestion(row)

    def suggestions(self, case_id: str) -> tuple[SuggestionMade, ...]:
        """Return every suggestion made for the case, the latest last."""
        query = select(CaseSuggestionRow).where(CaseSuggestionRow.case_id == case_id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(CaseSuggestionRow.ordinal))
            return tuple(case_rows.to_suggestion(row) for row in rows)

    # --- inside ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self, case_id: str, *, touches: bool = True) -> Iterator[tuple[Session, CaseRow]]:
        """Give a transaction that changes one case, and its row; others that change the same case wait."""
        with self._database.session() as session:
            self._database.lock(session, f"case {case_id}")
            row = session.get(CaseRow, case_id)
            if row is None:
                raise case_rows.no_case()
            if touches:
                row.updated_at = datetime.now(UTC)
                row.edited = True
            yield session, row

    def _undo(self, session: Session, row: CaseRow, fact: str, actor: str, now: datetime) -> None:
        query = select(CaseChangeRow).where(
            CaseChangeRow.case_id == row.id, CaseChangeRow.fact == fact, CaseChangeRow.undone_at.is_(None)
        )
        last = session.scalars(query.order_by(CaseChangeRow.ordinal.desc()).limit(1)).one_or_none()
        closed = row.state == CaseState.CLOSED.value
        if last is None and not (fact == CAUSE and closed):
            raise Conflict(f"no change of {fact[:40]!r} is left to undo", advice="reload the case")
        if closed and fact != CAUSE:
            raise Conflict("the case is closed", advice=f"open it again: undo {CAUSE!r}")
        if last is None:  # closed by an import
            _add_change(session, row, CAUSE, None, row.cause, actor, now)
        else:
            last.undone_at, last.undone_by = now, actor
        if fact == CAUSE:
            row.state, row.cause, row.closed_at, row.closed_by = CaseState.OPEN.value, None, None, ""
            session.execute(update(CaseSuggestionRow).where(CaseSuggestionRow.case_id == row.id).values(score=None))
        else:
            assert last is not None
            _set_fact(row, fact, cast("FactValue | None", last.before))

    @staticmethod
    def _score(session: Session, case_id: str, cause: str) -> None:
        for row in session.scalars(select(CaseSuggestionRow).where(CaseSuggestionRow.case_id == case_id)):
            score = case_rows.scored(case_rows.to_suggestion(row), cause)
            row.score = {"rank": score.rank, "probability": score.probability, "in_set": score.in_set}


def _values(case: FireCase, actor: str, now: datetime, import_id: str | None) -> dict[str, object]:
    closed = case.cause is not None
    return {
        "id": case.id,
        "state": (CaseState.CLOSED if closed else CaseState.OPEN).value,
        "title": case.title,
        "source": case.source,
        "occurred_on": case.occurred_on,
        "territory": case.territory,
        "cause": case.cause,
        "facts": dict(case.facts),
        "created_at": now,
        "updated_at": now,
        "created_by": actor,
        "import_id": import_id,
        "closed_at": now if closed else None,
        "closed_by": actor if closed else "",
    }


def _same(row: CaseRow, case: FireCase) -> bool:
    stands = (row.facts, row.occurred_on, row.cause, row.title, row.territory)
    return stands == (dict(case.facts), case.occurred_on, case.cause, case.title, case.territory)


def _as_created(session: Session, row: CaseRow, case: FireCase) -> bool:
    """Tell whether the case is what was entered first, whatever was changed since."""
    facts = dict(row.facts)
    for change in reversed(_changes(session, row.id)):
        if change.fact != CAUSE and change.undone_at is None:
            facts.pop(change.fact, None)
            if change.before is not None:
                facts[change.fact] = change.before
    return facts == dict(case.facts) and row.title == case.title


def _set_fact(row: CaseRow, fact: str, value: FactValue | None) -> None:
    facts = {name: held for name, held in row.facts.items() if name != fact}
    row.facts = facts if value is None else {**facts, fact: value}


def _add_change(
    session: Session,
    row: CaseRow,
    fact: str,
    value: FactValue | None,
    before: object | None,
    actor: str,
    now: datetime,
) -> None:
    last = session.scalar(select(func.max(CaseChangeRow.ordinal)).where(CaseChangeRow.case_id == row.id))
    change = CaseChangeRow(
        case_id=row.id,
        ordinal=0 if last is None else last + 1,
        fact=fact,
        value=value,
        before=before,
        actor=actor,
        at=now,
        undone_at=None,
        undone_by="",
    )
    session.add(change)
    session.flush()


def _changes(session: Session, case_id: str) -> list[FactChange]:
    query = select(CaseChangeRow).where(CaseChangeRow.case_id == case_id).order_by(CaseChangeRow.ordinal)
    return [case_rows.to_change(row) for row in session.scalars(query)]
