"""How DBOS's view of a workflow becomes a `Job`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from dbos import DBOS, WorkflowStatus
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import Unavailable
from core.jobs.checkpoints import failure
from core.jobs.records import Job, JobError, JobState, State

_STATES = {
    "DELAYED": JobState.QUEUED,
    "ENQUEUED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.DONE,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}
_PROGRESS = "progress"
_TOO_MANY_CRASHES = JobError(
    "internal-error",
    "the job was interrupted again and again while it ran",
    "look for what its input has that others have not; then retry the job",
)


def publish(index: int, fraction: float) -> None:
    """Keep how far the running job is: the step's index and how much of it is done. Only from within a step."""
    DBOS.set_event(_PROGRESS, [index, fraction, int(time.time() * 1000)])


def job_of(status: WorkflowStatus) -> Job:
    """Return the job; one query for its progress unless it is done."""
    assert status.input is not None
    name, names, _ = status.input["args"]
    steps = tuple(str(step) for step in names)
    state = _STATES[status.status]
    updated_ms = max(status.updated_at or 0, status.created_at or 0)
    index, fraction = 0, 0.0
    if state is JobState.DONE:
        index = len(steps)
    else:
        published = DBOS.get_all_events(status.workflow_id).get(_PROGRESS)
        if published is not None:
            index, fraction, at_ms = published
            updated_ms = max(updated_ms, at_ms)
    return Job(
        id=status.workflow_id,
        name=str(name),
        state=state,
        step=steps[index] if state in (JobState.RUNNING, JobState.FAILED) and index < len(steps) else None,
        steps=steps,
        progress=min((index + fraction) / len(steps), 1.0),
        error=_error(status),
        result=_result(status) if state is JobState.DONE else None,
        created_at=_moment(status.created_at or 0),
        updated_at=_moment(updated_ms),
    )


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn a database that does not answer into `Unavailable`."""
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        raise Unavailable(
            "the database of the jobs does not answer", advice="check that it is running and reachable, then retry"
        ) from error


def _error(status: WorkflowStatus) -> JobError | None:
    if status.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return _TOO_MANY_CRASHES
    if status.status != "ERROR":
        return None
    return failure(status.error if status.error is not None else RuntimeError())


def _result(status: WorkflowStatus) -> State:
    return dict(status.output) if isinstance(status.output, dict) else {}


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
