"""A fire case as it is kept: its facts with every change, what was suggested for it, how it was closed.

What a case says is in `core.case_records`. Moments are aware, in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from core.case_records import FactValue, FireCase

CAUSE = "cause"
"""Names the cause among the changes of a case: it is set by closing it."""


class CaseState(StrEnum):
    """Whether the cause is established."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class StoredCase:
    """A case of the records. `edited`: people changed it since it was imported, so that no import overwrites it."""

    case: FireCase
    state: CaseState
    created_at: datetime
    updated_at: datetime
    created_by: str  # actor, as in the audit
    import_id: str | None = None  # job that imported it
    edited: bool = False
    closed_at: datetime | None = None
    closed_by: str = ""


@dataclass(frozen=True)
class FactChange:
    """One change of a fact, or of the cause; `value` None: emptied. An undone change stays in the history."""

    ordinal: int
    fact: str
    value: FactValue | None
    before: FactValue | None
    actor: str
    at: datetime
    undone_at: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True)
class RankedCause:
    """A cause as it stood in a suggestion."""

    cause: str
    probability: float
    in_set: bool


@dataclass(frozen=True)
class SuggestionScore:
    """How a suggestion was, seen from the established cause. `rank`: from 1; None: the cause was not among them."""

    rank: int | None
    probability: float
    in_set: bool


@dataclass(frozen=True)
class SuggestionMade:
    """A suggestion as it was shown, and from which facts; scored when the case is closed."""

    ordinal: int
    at: datetime
    actor: str
    model_version: str
    status: str
    coverage: float
    facts: Mapping[str, FactValue]
    ranking: tuple[RankedCause, ...]
    score: SuggestionScore | None = None


@dataclass(frozen=True)
class CaseFilter:
    """Which cases a list is to hold; None: all. `since` counts in, `until` does not; both are of the fire's day."""

    state: CaseState | None = None
    cause: str | None = None
    import_id: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class CasePage:
    """Some cases, the latest changed first."""

    cases: tuple[StoredCase, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class ImportSaved:
    """What a batch of an import did; `kept`: ids of cases that people changed, left as they are."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: tuple[str, ...] = ()


class ModelState(StrEnum):
    """What became of a trained model."""

    ACTIVE = "active"  # answers now
    RETIRED = "retired"
    REFUSED = "refused"  # worse than the active one


@dataclass(frozen=True)
class CaseModelVersion:
    """A trained model of causes. `blob`: sha256 of its weights; `data_sha256`: of the cases it was trained on."""

    version: str
    state: ModelState
    created_at: datetime
    created_by: str
    data_sha256: str
    cases: int
    metrics: Mapping[str, float]
    card: str = ""  # Markdown
    blob: str | None = None
    note: str = ""  # why it was refused or retired
    parameters: Mapping[str, object] = field(default_factory=dict)
