"""Jobs left running by a process that is gone: taken over by whoever is alive."""

import logging
import threading

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from core.errors import Unavailable
from core.jobs.quiet import place
from core.jobs.slots import Slots, held

log = logging.getLogger(__name__)


class Orphans:
    """Looks, now and then, for running jobs whose executor slot nobody holds, and queues them again."""

    def __init__(self, slots: Slots, own: str, workflow: str, queue: str, every_s: float) -> None:
        self._slots = slots
        self._own = own
        self._workflow = workflow
        self._queue = queue
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="job-orphans", daemon=True)

    def start(self) -> None:
        """Begin, with a look at once."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has ended."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            try:
                if not self._slots.keep():
                    log.error("another process has taken this one's job slot: restart this process")
                self._adopt()
            except (SQLAlchemyError, Unavailable) as error:
                log.warning("cannot look for orphaned jobs: %s", place(error))
            if self._stop.wait(self._every_s):
                return

    def _adopt(self) -> None:
        running = DBOS.list_workflows(name=self._workflow, status="PENDING", load_input=False, load_output=False)
        for executor in sorted({status.executor_id for status in running if status.executor_id} - {self._own}):
            with held(self._slots, executor) as free:
                if not free or self._stop.is_set():
                    continue
                # Asked again under the lock: its holder may have finished them since the first look.
                orphans = DBOS.list_workflows(
                    name=self._workflow, status="PENDING", executor_id=executor, load_input=False, load_output=False
                )
                for orphan in orphans:
                    DBOS.resume_workflow(orphan.workflow_id, queue_name=self._queue)
                    log.warning("took over a job of a process that is gone", extra={"job": orphan.workflow_id})
