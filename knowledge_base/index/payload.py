"""How a point's filterable facts are written beside its vectors, and how filters read them.

Dates are integer days (`date.toordinal`), an open end is a day beyond any date, so that one range condition for
each end is exact and a point never lacks the field.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.errors import InvalidInput
from knowledge_base.index.port import DenseVector, Filters, IndexPoint

DENSE = "dense"
LEXICAL = "lexical"

ALWAYS = 0  # before date.min, which is day 1
NEVER = 4_000_000  # after date.max, which is day 3652059

ACORN_BELOW = 0.6  # share of points a filter leaves, below which the graph is searched the ACORN way

KEYWORD_FIELDS = ("act_id", "redaction_id", "language", "jurisdiction")
DAY_FIELDS = ("valid_from", "valid_to")


@dataclass(frozen=True)
class OneOf:
    """The field's value is one of these."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class DayRange:
    """The field's day is at most `lte`, or more than `gt`."""

    field: str
    lte: int | None = None
    gt: int | None = None


Condition = OneOf | DayRange


def payload_of(point: IndexPoint) -> dict[str, str | int]:
    """Return what is stored beside the vectors."""
    return {
        "clause_id": point.clause_id,
        "act_id": point.act_id,
        "redaction_id": point.redaction_id,
        "language": str(point.language),
        "jurisdiction": point.jurisdiction,
        "valid_from": ALWAYS if point.valid_from is None else point.valid_from.toordinal(),
        "valid_to": NEVER if point.valid_to is None else point.valid_to.toordinal(),
        "level": str(point.level),
        "content_hash": point.content_hash,
    }


def conditions(filters: Filters) -> tuple[Condition, ...] | None:
    """Return the conditions that must all hold; None when nothing can pass."""
    wanted = {
        "act_id": filters.act_ids,
        "redaction_id": filters.redaction_ids,
        "language": filters.languages,
        "jurisdiction": filters.jurisdictions,
    }
    if any(values is not None and not values for values in wanted.values()):
        return None
    found: list[Condition] = [
        OneOf(name, tuple(sorted(str(value) for value in values))) for name, values in wanted.items() if values
    ]
    if filters.in_force_on is not None:
        found += _in_force(filters.in_force_on)
    return tuple(found)


def _in_force(day: date) -> list[Condition]:
    return [DayRange("valid_from", lte=day.toordinal()), DayRange("valid_to", gt=day.toordinal())]


def checked_point(point: IndexPoint, dimension: int) -> IndexPoint:
    """Return the point; raise `InvalidInput` where its id or vector cannot be stored."""
    checked_id(point.id)
    checked_vector(point.dense, dimension)
    return point


def checked_id(point_id: str) -> str:
    """Return the id in its canonical spelling; raise `InvalidInput` when it is no UUID."""
    try:
        return str(uuid.UUID(point_id))
    except ValueError:
        raise InvalidInput(f"point id {point_id!r} is no UUID", advice="make ids by core.records.stable_id") from None


def checked_vector(vector: DenseVector, dimension: int) -> DenseVector:
    """Return the vector as contiguous float32; raise `InvalidInput` on a wrong shape or a value not finite."""
    if vector.shape != (dimension,):
        raise InvalidInput(
            f"a vector has shape {vector.shape}, the index holds ({dimension},)",
            advice="embed with the model the index was made for",
        )
    if not np.isfinite(vector).all():
        raise InvalidInput("a vector has a value that is not a number", advice="embed the text again")
    return np.ascontiguousarray(vector, dtype=np.float32)


def batches(points: Iterable[IndexPoint], size: int) -> Iterator[list[IndexPoint]]:
    """Yield the points in lists of at most `size`; where an id comes twice in one, only the last is kept."""
    batch: dict[str, IndexPoint] = {}
    for point in points:
        batch[point.id] = point
        if len(batch) == size:
            yield list(batch.values())
            batch = {}
    if batch:
        yield list(batch.values())
