"""A clause as a row and back; what may become a row."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Row, Table

from core.errors import InvalidInput
from core.languages import Language
from core.records import Act, Box, Clause, Level, PathStep, Redaction
from core.storage.tables import ClauseRow

table = ClauseRow.__table__
assert isinstance(table, Table)
CLAUSES: Table = table
"""The clauses' table; bulk work goes around the ORM, ten times as fast."""

ClauseValues = Mapping[str, object]
"""Column -> value of one clause."""


def checked(act: Act, redaction: Redaction, clauses: Iterable[Clause]) -> dict[str, ClauseValues]:
    """Return the rows by id, in the order given; raise `InvalidInput` when they do not fit together."""
    if redaction.act_id != act.id:
        raise InvalidInput(f"redaction {redaction.id!r} is not of act {act.id!r}")
    rows: dict[str, ClauseValues] = {}
    for clause in clauses:
        if clause.act_id != act.id or clause.redaction_id != redaction.id:
            raise InvalidInput(f"clause {clause.id!r} is not of redaction {redaction.id!r}")
        if clause.id in rows:
            raise InvalidInput(
                f"two clauses have the id {clause.id!r} (number {clause.number!r})",
                advice="count the occurrence in `Clause.make_id`",
            )
        if "\x00" in clause.text or "\x00" in clause.heading or "\x00" in clause.number:
            raise InvalidInput(
                f"clause {clause.number!r} holds a zero character", advice="the file is damaged: export it anew"
            )
        rows[clause.id] = to_values(clause)
    for values in rows.values():
        for link in ("parent_id", "twin_id"):
            if values[link] is not None and values[link] not in rows:
                raise InvalidInput(f"the {link} of clause {values['number']!r} is not among the redaction's clauses")
    return rows


def to_values(clause: Clause) -> ClauseValues:
    """Return the row of a clause."""
    box = clause.box
    return {
        "id": clause.id,
        "act_id": clause.act_id,
        "redaction_id": clause.redaction_id,
        "language": str(clause.language),
        "level": str(clause.level),
        "number": clause.number,
        "path": [[str(step.level), step.number] for step in clause.path],
        "breadcrumb": list(clause.breadcrumb),
        "heading": clause.heading,
        "text": clause.text,
        "ordinal": clause.ordinal,
        "parent_id": clause.parent_id,
        "page": clause.page,
        "box": None if box is None else [float(side) for side in (box.x0, box.y0, box.x1, box.y1)],
        "cells": list(clause.cells),
        "columns": list(clause.columns),
        "twin_id": clause.twin_id,
        "repealed": clause.repealed,
    }


def to_clause(row: Row[tuple[object, ...]]) -> Clause:
    """Return the clause of a row of `CLAUSES`."""
    return Clause(
        id=row.id,
        act_id=row.act_id,
        redaction_id=row.redaction_id,
        language=Language(row.language),
        level=Level(row.level),
        number=row.number,
        path=tuple(PathStep(Level(level), number) for level, number in row.path),
        breadcrumb=tuple(row.breadcrumb),
        heading=row.heading,
        text=row.text,
        ordinal=row.ordinal,
        parent_id=row.parent_id,
        page=row.page,
        box=None if row.box is None else Box(*row.box),
        cells=tuple(row.cells),
        columns=tuple(row.columns),
        twin_id=row.twin_id,
        repealed=row.repealed,
    )
