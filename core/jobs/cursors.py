"""Cursors of the list of jobs: a moment, and which jobs of that very millisecond were given already."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dbos import WorkflowStatus

from core.errors import InvalidInput

_CURSOR = re.compile(r"(\d{1,15}):([0-9a-f-]{36}(?:,[0-9a-f-]{36})*)")


@dataclass(frozen=True)
class Position:
    """Where a page ended."""

    at_ms: int
    seen: frozenset[str]

    @property
    def end_time(self) -> str:
        """The moment, as DBOS takes it: ISO 8601 to the millisecond."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def parse(cursor: str | None) -> Position | None:
    """Return the position; raise `InvalidInput` when the cursor is not ours."""
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInput("the cursor is not one this list gave", advice="begin again without a cursor")
    return Position(int(match[1]), frozenset(match[2].split(",")))


def after(page: Sequence[WorkflowStatus], before: Position | None) -> str:
    """Return the cursor of what comes after a page that began at `before`."""
    at_ms = page[-1].created_at or 0
    seen = {status.workflow_id for status in page if status.created_at == at_ms}
    if before is not None and before.at_ms == at_ms:
        seen |= before.seen
    return f"{at_ms}:{','.join(sorted(seen))}"
