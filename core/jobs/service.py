"""Durable pipelines on DBOS: enqueue, watch, cancel, retry; recovered after any crash."""

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dbos import DBOS, DBOSConfig, EnqueueOptions, StepOptions, WorkflowStatus
from dbos import error as dbos_errors
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from core.errors import ConfigurationError, InvalidInput, NotFound, QorganError, Unavailable
from core.jobs import cursors, views
from core.jobs.checkpoints import JsonCheckpoints, StepFailed, failure
from core.jobs.orphans import Orphans
from core.jobs.progress import Interrupted, Throttle, reporting
from core.jobs.quiet import place, quieten
from core.jobs.records import Job, JobPage, Pipeline, State, Step, StepFunction
from core.jobs.slots import Slots, slots_for, take_lowest
from core.records import stable_id
from core.storage.database import parse_url

_WORKFLOW = "qorgan_pipeline"
_QUEUE = "qorgan"
# Raise it when jobs stored by an older release could not be finished by this one; they then wait for that release.
_STORED_FORM = "1"
_MOST_CRASHES = 20
"""A job found running this often after a crash is the likely cause of the crashes, and is failed."""
_ATTEMPTS = 3
_FIRST_RETRY_S = 1.0
_LOOK_FOR_ORPHANS_S = 15.0

log = logging.getLogger(__name__)


def system_database_url(records_url: str) -> str:
    """Return where jobs are kept for these records: a SQLite file beside theirs, or the same PostgreSQL database."""
    url = parse_url(records_url)
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        url = url.set(database=str(Path(url.database).absolute().with_name("jobs.sqlite3")))
    return url.render_as_string(hide_password=False)


class Jobs:
    """The durable jobs of this process; at most one is launched at a time. Its methods block: call them off the loop.

    Every method but `register` raises `ConfigurationError` before `launch`. A database that is away at `launch` is
    `Unavailable`; one that goes away later is waited for, by steps and callers alike: nothing runs unrecorded.
    """

    _launched: ClassVar["Jobs | None"] = None
    _launching: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, database_url: str, *, concurrency: int = 1, work: bool = True, poll_s: float = 0.25) -> None:
        """Prepare jobs kept in `database_url` (see `system_database_url`).

        `concurrency`: jobs this process runs at once; `work`: run jobs here at all, or only enqueue and watch them;
        `poll_s`: how often a free worker looks for the next job.
        """
        self._url = parse_url(database_url)
        self._concurrency = concurrency
        self._work = work
        self._poll_s = poll_s
        self._pipelines: dict[str, Pipeline] = {}
        self._slots: Slots | None = None
        self._orphans: Orphans | None = None
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._running = 0

    def register(self, name: str, steps: Sequence[Step | StepFunction]) -> None:
        """Add a pipeline, before `launch`. A job keeps the order of steps it was enqueued with."""
        if self._is_launched:
            raise ConfigurationError(f"pipeline {name!r} was registered after the jobs were launched")
        if name in self._pipelines:
            raise ConfigurationError(f"pipeline {name!r} is registered twice")
        self._pipelines[name] = Pipeline.of(name, steps)

    def launch(self) -> None:
        """Start: take over what this process's predecessor left running, then look for queued jobs."""
        with Jobs._launching:
            if Jobs._launched is not None:
                raise ConfigurationError("this process runs jobs already")
            quieten()
            if self._url.get_backend_name() == "sqlite":
                _prepare_file(self._url)
            self._stopping.clear()
            self._slots = slots_for(self._url)
            try:
                executor = take_lowest(self._slots)
                self._start(executor)
            except BaseException:
                DBOS.destroy(destroy_registry=True)
                self._slots.close()
                raise
            Jobs._launched = self
        self._orphans = Orphans(self._slots, executor, _WORKFLOW, _QUEUE, _LOOK_FOR_ORPHANS_S)
        self._orphans.start()

    def shutdown(self, timeout_s: float = 30.0) -> None:
        """Stop: no new job starts, a running step may end or gives up at its next `report`; then it is checkpointed.

        A step that does neither within `timeout_s` is abandoned and runs again after the next launch.
        Does nothing when not launched.
        """
        if not self._is_launched:
            return
        assert self._slots is not None
        assert self._orphans is not None
        self._stopping.set()
        self._orphans.stop()
        with self._idle:
            if not self._idle.wait_for(lambda: self._running == 0, timeout_s):
                log.warning("a running step was abandoned at shutdown; it will run again")
        with Jobs._launching:
            DBOS.destroy(destroy_registry=True)
            self._slots.close()
            Jobs._launched = None

    def enqueue(self, name: str, state: State, *, key: str) -> str:
        """Queue a run of the pipeline and return its id; the same name and key give the same job, never a second one.

        When this returns the job is on disk. Raises `InvalidInput` when the state is not JSON.
        """
        self._require_launch()
        if name not in self._pipelines:
            raise ConfigurationError(f"no pipeline {name!r} is registered")
        steps = [step.name for step in self._pipelines[name].steps]
        job_id = self.id_of(name, key)
        options: EnqueueOptions = {
            "workflow_name": _WORKFLOW,
            "queue_name": _QUEUE,
            "workflow_id": job_id,
            "app_version": _STORED_FORM,
        }
        try:
            with views.named_errors():
                DBOS.enqueue_workflow_with_options(options, name, steps, state)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the state of job {name!r} is not JSON", advice="keep data in blobs") from error
        return job_id

    @staticmethod
    def id_of(name: str, key: str) -> str:
        """Return the id of the job that `enqueue` makes of this pipeline and key."""
        return stable_id("job", name, key)

    def job(self, job_id: str) -> Job:
        """Return the job; raise `NotFound`."""
        self._require_launch()
        with views.named_errors():
            return views.job_of(self._status(job_id))

    def given(self, job_id: str) -> State:
        """Return the state the job was first enqueued with; raise `NotFound`."""
        self._require_launch()
        with views.named_errors():
            status = self._status(job_id)
        assert status.input is not None
        state: State = status.input["args"][2]
        return state

    def jobs(self, limit: int = 50, cursor: str | None = None) -> JobPage:
        """Return the newest jobs, or those after `cursor`. Raises `InvalidInput` on a cursor that is not ours."""
        self._require_launch()
        position = cursors.parse(cursor)
        with views.named_errors():
            found = DBOS.list_workflows(
                name=_WORKFLOW,
                sort_desc=True,
                end_time=position.end_time if position else None,
                limit=limit + 1 + (len(position.seen) if position else 0),
            )
            rest = [status for status in found if position is None or status.workflow_id not in position.seen]
            page = rest[:limit]
            more = cursors.after(page, position) if len(rest) > limit else None
            return JobPage(tuple(views.job_of(status) for status in page), more)

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """Return the job when it has finished, or as it stands after `timeout_s`; raise `NotFound`."""
        deadline = time.monotonic() + timeout_s
        pause_s = 0.02
        while True:
            job = self.job(job_id)
            left_s = deadline - time.monotonic()
            if job.finished or left_s <= 0:
                return job
            time.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, 0.5)

    def cancel(self, job_id: str) -> Job:
        """Cancel the job unless it has finished, and return it; a running step ends at its next `report`."""
        job = self.job(job_id)
        if not job.finished:
            with views.named_errors():
                DBOS.cancel_workflow(job_id)
        return self.job(job_id)

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again, from the step that did not finish; others are returned as they are."""
        job = self.job(job_id)
        if not job.finished or job.result is not None:
            return job
        with views.named_errors():
            done = [step for step in DBOS.list_workflow_steps(job_id) if step["error"] is None]
            DBOS.rewind_workflow(job_id, start_step=len(done) + 1, queue_name=_QUEUE, application_version=_STORED_FORM)
        return self.job(job_id)

    @property
    def _is_launched(self) -> bool:
        return Jobs._launched is self

    def _require_launch(self) -> None:
        if not self._is_launched:
            raise ConfigurationError("the jobs are not launched")

    def _status(self, job_id: str) -> WorkflowStatus:
        status = DBOS.get_workflow_status(job_id)
        if status is None or status.name != _WORKFLOW:
            raise NotFound(f"no job {job_id!r}", advice="list /v1/jobs")
        return status

    def _start(self, executor: str) -> None:
        config: DBOSConfig = {
            "name": "qorgan",
            "system_database_url": self._url.render_as_string(hide_password=False),
            "application_version": _STORED_FORM,
            "executor_id": executor,
            "serializer": JsonCheckpoints(),
            "log_level": "WARNING",
            "enable_otlp": False,
            "db_engine_kwargs": {"hide_parameters": True},
            "scheduler_polling_interval_sec": 3600.0,  # nothing is scheduled
        }
        DBOS(config=config)

        @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=_MOST_CRASHES)
        def run(name: str, steps: list[str], state: State) -> State:
            return self._run(name, steps, state)

        DBOS.listen_queues([_QUEUE] if self._work else [])
        try:
            DBOS.launch()
            DBOS.register_queue(
                _QUEUE,
                worker_concurrency=self._concurrency,
                polling_interval_sec=self._poll_s,
                on_conflict="always_update",
            )
        except DBAPIError as error:
            raise Unavailable(
                "the database of the jobs does not answer", advice="check that it is reachable"
            ) from error

    def _run(self, name: str, steps: list[str], state: State) -> State:
        with self._idle:
            self._running += 1
        try:
            for index, step in enumerate(steps):
                if self._stopping.is_set():
                    raise Interrupted
                options: StepOptions = {
                    "name": step,
                    "retries_allowed": True,
                    "max_attempts": _ATTEMPTS,
                    "interval_seconds": _FIRST_RETRY_S,
                    "should_retry": _worth_retrying,
                }
                state = DBOS.run_step(options, self._run_step, name, step, index, state)
            return state
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _run_step(self, name: str, step_name: str, index: int, state: State) -> State:
        job_id = DBOS.workflow_id
        assert job_id is not None
        began = time.monotonic()
        throttle = Throttle()

        def publish(fraction: float) -> None:
            if self._stopping.is_set():
                raise Interrupted
            if throttle.ready():
                views.publish(index, fraction)
                if self._status(job_id).status == "CANCELLED":
                    raise Interrupted

        fields = {"job": job_id, "pipeline": name, "step": step_name}
        try:
            views.publish(index, 0.0)
            with reporting(publish):
                state = self._step(name, step_name).run(state)
        except (QorganError, dbos_errors.DBOSException) as error:
            log.warning("job step failed: %s", failure(error).code, extra=fields)
            raise
        except Exception as error:
            log.error("job step failed: %s", place(error), extra=fields)
            raise StepFailed(failure(error)) from error
        log.info("job step done in %.3f s", time.monotonic() - began, extra=fields)
        return state

    def _step(self, name: str, step_name: str) -> Step:
        pipeline = self._pipelines.get(name)
        for step in pipeline.steps if pipeline else ():
            if step.name == step_name:
                return step
        raise ConfigurationError(
            f"step {step_name!r} of pipeline {name!r} is not known to this version",
            advice="run the version that enqueued the job, or enqueue it anew",
        )


def _worth_retrying(error: BaseException) -> bool:
    return isinstance(error, QorganError) and error.retryable


def _prepare_file(url: URL) -> None:
    """Make the file, in WAL mode: readers of job states then never wait for a step's checkpoint."""
    assert url.database is not None
    path = Path(url.database).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
