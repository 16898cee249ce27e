"""Rows of fire cases as records, and the conditions of their list."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, and_, false, or_

from core.case_records import FactValue, FireCase
from core.cases import (
    CaseFilter,
    CaseModelVersion,
    CaseState,
    FactChange,
    ModelState,
    RankedCause,
    StoredCase,
    SuggestionMade,
    SuggestionScore,
)
from core.errors import InvalidInput, NotFound
from core.storage.case_tables import CaseChangeRow, CaseModelRow, CaseRow, CaseSuggestionRow
from core.territories import is_kato, prefix_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?\d{1,17}):(.{1,100})", re.DOTALL)

Condition = ColumnElement[bool]


def to_case(row: CaseRow) -> StoredCase:
    """Return the record of a case."""
    case = FireCase(
        id=row.id,
        facts=_facts(row.facts),
        occurred_on=row.occurred_on,
        cause=row.cause,
        title=row.title,
        source=row.source,
        territory=row.territory,
    )
    return StoredCase(
        case,
        CaseState(row.state),
        row.created_at,
        row.updated_at,
        row.created_by,
        row.import_id,
        row.edited,
        row.closed_at,
        row.closed_by,
    )


def to_change(row: CaseChangeRow) -> FactChange:
    """Return the record of a change."""
    return FactChange(
        row.ordinal,
        row.fact,
        cast("FactValue | None", row.value),
        cast("FactValue | None", row.before),
        row.actor,
        row.at,
        row.undone_at,
        row.undone_by,
    )


def to_suggestion(row: CaseSuggestionRow) -> SuggestionMade:
    """Return the record of a suggestion."""
    ranking = cast("list[tuple[str, float, bool]]", row.ranking)
    score = cast("Mapping[str, int | float | bool | None] | None", row.score)
    return SuggestionMade(
        row.ordinal,
        row.at,
        row.actor,
        row.model_version,
        row.status,
        row.coverage,
        _facts(row.facts),
        tuple(RankedCause(cause, probability, in_set) for cause, probability, in_set in ranking),
        SuggestionScore(
            rank=None if score["rank"] is None else int(score["rank"]),
            probability=float(score["probability"] or 0.0),
            in_set=bool(score["in_set"]),
        )
        if score
        else None,
    )


def to_model(row: CaseModelRow) -> CaseModelVersion:
    """Return the record of a model."""
    return CaseModelVersion(
        row.version,
        ModelState(row.state),
        row.created_at,
        row.created_by,
        row.data_sha256,
        row.cases,
        {name: float(cast("float", value)) for name, value in row.metrics.items()},
        row.card,
        row.blob,
        row.note,
        row.parameters,
    )


def scored(suggestion: SuggestionMade, cause: str) -> SuggestionScore:
    """Return how a suggestion was, now that the cause is established."""
    for rank, ranked in enumerate(suggestion.ranking, start=1):
        if ranked.cause == cause:
            return SuggestionScore(rank, ranked.probability, ranked.in_set)
    return SuggestionScore(None, 0.0, False)


def within(territory: str | None) -> list[Condition]:
    """Return what limits cases to a territory and all inside it; a case of no known territory is in none."""
    if territory is None:
        return []
    return [CaseRow.territory.like(f"{prefix_of(territory)}%")] if is_kato(territory) else [false()]


def matching(wanted: CaseFilter) -> list[Condition]:
    """Return the conditions of a filter."""
    conditions: list[Condition] = []
    if wanted.state is not None:
        conditions.append(CaseRow.state == wanted.state.value)
    if wanted.cause is not None:
        conditions.append(CaseRow.cause == wanted.cause)
    if wanted.import_id is not None:
        conditions.append(CaseRow.import_id == wanted.import_id)
    if wanted.since is not None:
        conditions.append(CaseRow.occurred_on >= wanted.since)
    if wanted.until is not None:
        conditions.append(CaseRow.occurred_on < wanted.until)
    return conditions


def cursor_of(case: StoredCase) -> str:
    """Return the cursor of what comes after this case in the list."""
    return f"{(case.updated_at - _EPOCH) // timedelta(microseconds=1)}:{case.case.id}"


def after(cursor: str) -> Condition:
    """Return the condition of a cursor; raise `InvalidInput` when it is not ours."""
    match = _CURSOR.fullmatch(cursor)
    try:
        at = _EPOCH + timedelta(microseconds=int(match[1])) if match else None
    except OverflowError:
        at = None
    if match is None or at is None:
        raise InvalidInput("the cursor is not one this list gave", advice="begin again without a cursor")
    return or_(CaseRow.updated_at < at, and_(CaseRow.updated_at == at, CaseRow.id < match[2]))


def no_case() -> NotFound:
    """Return the error of a case that does not exist, or that the reader may not see: nobody is told which."""
    return NotFound("no such case, or none you may see", advice="list /v1/cases")


def _facts(stored: Mapping[str, object]) -> dict[str, FactValue]:
    return {fact: cast("FactValue", value) for fact, value in stored.items()}
