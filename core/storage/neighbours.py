"""The stretch of an act around a clause, read without the rest of the act."""

from sqlalchemy import select

from core.records import Clause
from core.storage import clause_rows
from core.storage.clause_rows import CLAUSES
from core.storage.database import Database


def stretch(database: Database, clause: Clause, reach: int) -> tuple[Clause, ...]:
    """Return the clauses up to `reach` positions before and after this one, itself among them, in source order.

    All of the same redaction and language, at every level: subclauses stand beside the clause that holds them.
    """
    query = (
        select(CLAUSES)
        .where(
            CLAUSES.c.redaction_id == clause.redaction_id,
            CLAUSES.c.language == clause.language,
            CLAUSES.c.ordinal.between(clause.ordinal - reach, clause.ordinal + reach),
        )
        .order_by(CLAUSES.c.ordinal, CLAUSES.c.id)
    )
    with database.reading() as session:
        return tuple(clause_rows.to_clause(row) for row in session.execute(query))
