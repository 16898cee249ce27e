"""What the routers, the pages and the command line are given: the seam between them and the composition root.

`api.services.build_services` makes a `Services` from the settings; tests make their own. Everything here is blocking
(the routers run it in threads) and safe to call from many threads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agents.investigator.advising import CauseAdviser
from core.blobs import BlobStore
from core.jobs.records import Job, JobPage
from core.languages import Language
from core.models.store import ModelRow
from core.records import Act, Answer, Clause
from core.security.office import SecurityOffice
from core.settings import Settings
from core.storage.acts import ActStore
from core.storage.calls import CallStore
from core.storage.cases import CaseStore
from core.storage.database import Database

if TYPE_CHECKING:
    from api.realtime.desk import LiveDesk

JsonObject = dict[str, object]


@dataclass(frozen=True)
class FoundClause:
    """A clause a search found."""

    clause: Clause
    act: Act
    score: float


class Jobs(Protocol):
    """Long work under way and done (`core.jobs.service.Jobs`)."""

    def jobs(self, limit: int = 50, cursor: str | None = None) -> JobPage:
        """Return the newest jobs, or those after `cursor`."""
        ...

    def job(self, job_id: str) -> Job:
        """Return a job; raises `NotFound`."""
        ...


class Assistant(Protocol):
    """Answers a question about the norms."""

    def answer(self, question: str, *, language: Language | None, as_of: date | None) -> Answer:
        """Return verified quotes or a typed abstention; `None` means: find out the language, as of today."""
        ...


class Search(Protocol):
    """Finds clauses."""

    def find(
        self,
        query: str,
        *,
        language: Language | None,
        act_ids: tuple[str, ...],
        as_of: date | None,
        limit: int,
    ) -> tuple[FoundClause, ...]:
        """Return the best clauses first; an empty `act_ids` means all acts."""
        ...


class Loader(Protocol):
    """Takes files in. An accepted file is safe: the job survives a restart."""

    def submit(self, path: Path, name: str, sidecar: JsonObject | None, key: str | None) -> str:
        """Keep the file's bytes, start the load and return the job's id.

        The file at `path` may be deleted once this returns. The same `key` gives the same job; the same key with
        other bytes raises `Conflict`.
        """
        ...


@dataclass(frozen=True)
class CallUpload:
    """What comes with a recording."""

    name: str
    started_at: datetime
    territory: str | None  # КАТО code of the centre that received the call
    language: Language | None = None


@dataclass(frozen=True)
class TakenCall:
    """A recording taken in, and the job that transcribes it."""

    call_id: str
    job_id: str


class Recordings(Protocol):
    """Takes recordings in and forgets them. What is taken in is safe: its job survives a restart."""

    def submit(self, path: Path, upload: CallUpload, *, actor: str, key: str | None) -> TakenCall:
        """Keep the file, start its transcription; the file at `path` may be deleted once this returns.

        The same `key` gives the same call; the same key with another file raises `Conflict`.
        """
        ...

    def delete(self, call_id: str) -> None:
        """Forget the call, its sound and all that was noted of it; raises `NotFound`."""
        ...


class CaseImports(Protocol):
    """Takes files of fire cases in. What is taken in is safe: its job survives a restart."""

    def submit(self, path: Path, name: str, mapping: str, *, actor: str, territory: str | None, key: str | None) -> str:
        """Keep the file and start its import by the mapping (YAML); return the job's id.

        The file at `path` may be deleted once this returns. The same `key` gives the same job; the same key with
        another file or mapping raises `Conflict`.
        """
        ...


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Services:
    """Everything a request may need."""

    settings: Settings
    database: Database
    acts: ActStore
    security: SecurityOffice
    jobs: Jobs
    assistant: Assistant
    search: Search
    loader: Loader
    calls: CallStore
    recordings: Recordings
    cases: CaseStore
    case_imports: CaseImports
    causes: CauseAdviser
    blobs: BlobStore
    call_blobs: BlobStore  # of calls alone: what is deleted with a call is nothing else's
    models: Callable[[], Sequence[ModelRow]]
    readiness: Callable[[], Mapping[str, str]]
    """Part ("database", "index", "models", "calls", ...) -> "ready", or in a few words why it is not."""
    live: "LiveDesk | None" = None  # none: this process serves no live calls
    close: Callable[[], None] = field(default=_nothing)
