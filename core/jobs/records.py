"""What a job is, in the words of the API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

State = dict[str, object]
"""What one step hands to the next: JSON, and small. Large data go to blobs; their sha256 goes here."""

StepFunction = Callable[[State], State]
"""A step: takes the state, returns the next one. It may run again if the process dies before it returns."""


@dataclass(frozen=True)
class Step:
    """A step under a name of its own; a plain function goes by its `__name__`."""

    name: str
    run: StepFunction


@dataclass(frozen=True)
class Pipeline:
    """A durable pipeline: the order of its steps is its table of contents."""

    name: str
    steps: tuple[Step, ...]

    @staticmethod
    def of(name: str, steps: Sequence[Step | StepFunction]) -> "Pipeline":
        """Return the pipeline; raise `ValueError` when it has no steps or two of one name."""
        named = tuple(step if isinstance(step, Step) else Step(step.__name__, step) for step in steps)
        if not named or len({step.name for step in named}) != len(named):
            raise ValueError(f"the steps of pipeline {name!r} need names of their own")
        return Pipeline(name, named)


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True)
class JobError:
    """Why a job failed, fit to be shown: from an error of `core.errors`, or a generic one."""

    code: str
    detail: str
    advice: str


@dataclass(frozen=True)
class Job:
    """One run of a pipeline."""

    id: str
    name: str  # of the pipeline
    state: JobState
    step: str | None  # the one that runs, or failed; none before the first and after the last
    steps: tuple[str, ...]
    progress: float  # 0..1; each step counts the same
    error: JobError | None
    result: State | None  # what the last step returned
    created_at: datetime
    updated_at: datetime

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state in FINISHED


@dataclass(frozen=True)
class JobPage:
    """Some jobs, the newest first."""

    jobs: tuple[Job, ...]
    next_cursor: str | None  # none: there are no more
