"""Conditions on the list of calls, and the transaction that changes one call."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.orm import Session

from core.calls import Call, CallFilter
from core.errors import InvalidInput, NotFound
from core.storage.call_tables import CallRow
from core.storage.database import Database
from core.territories import is_kato, prefix_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?\d{1,17}):(.{1,100})", re.DOTALL)

Condition = ColumnElement[bool]


def within(territory: str | None) -> list[Condition]:
    """Return what limits calls to a territory and all inside it; a call of no known territory is in none.

    A code of КАТО is read from its first digits: region (2), district (4), rural district (6), settlement (9).
    """
    if territory is None:
        return []
    return [CallRow.territory.like(f"{prefix_of(territory)}%")] if is_kato(territory) else [false()]


def matching(wanted: CallFilter) -> list[Condition]:
    """Return the conditions of a filter."""
    conditions: list[Condition] = []
    if wanted.source is not None:
        conditions.append(CallRow.source == wanted.source.value)
    if wanted.state is not None:
        conditions.append(CallRow.state == wanted.state.value)
    if wanted.call_class is not None:
        conditions.append(CallRow.call_class == wanted.call_class)
    if wanted.incident_type is not None:
        conditions.append(CallRow.incident_type == wanted.incident_type)
    if wanted.urgency is not None:
        conditions.append(CallRow.urgency == wanted.urgency)
    if wanted.reviewed is not None:
        conditions.append(CallRow.reviewed_at.is_not(None) if wanted.reviewed else CallRow.reviewed_at.is_(None))
    if wanted.since is not None:
        conditions.append(CallRow.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(CallRow.started_at < wanted.until)
    return conditions


def cursor_of(call: Call) -> str:
    """Return the cursor of what comes after this call in the list."""
    return f"{(call.started_at - _EPOCH) // timedelta(microseconds=1)}:{call.id}"


def after(cursor: str) -> Condition:
    """Return the condition of a cursor; raise `InvalidInput` when it is not ours."""
    match = _CURSOR.fullmatch(cursor)
    try:
        at = _EPOCH + timedelta(microseconds=int(match[1])) if match else None
    except OverflowError:
        at = None
    if match is None or at is None:
        raise InvalidInput("the cursor is not one this list gave", advice="begin again without a cursor")
    return or_(CallRow.started_at < at, and_(CallRow.started_at == at, CallRow.id < match[2]))


@contextmanager
def writing(database: Database, call_id: str) -> Iterator[tuple[Session, CallRow]]:
    """Give a transaction that changes one call, and its row; others that change the same call wait.

    Raises `NotFound`.
    """
    with database.session() as session:
        database.lock(session, f"call {call_id}")
        row = session.get(CallRow, call_id)
        if row is None:
            raise no_call()
        row.updated_at = datetime.now(UTC)
        yield session, row


def no_call() -> NotFound:
    """Return the error of a call that does not exist, or that the reader may not see: nobody is told which."""
    return NotFound("no such call, or none you may see", advice="list /v1/calls")
