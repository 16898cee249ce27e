"""The workers that read live calls: a fixed number of them, shared fairly, and what they leave out when there is
more to read than they can.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.call_records import LegName
from core.errors import ModelError, QorganError
from core.telemetry import metrics
from core.telemetry.log import get_logger
from pipelines.calls.live.decoding import Manner, ShortReader
from pipelines.calls.live.events import Shed
from pipelines.calls.live.leg_stream import Work
from pipelines.calls.live.session import LiveCall
from pipelines.calls.transcriber import SAMPLE_RATE

_log = get_logger(__name__)
_LOOK_AGAIN_S = 0.05
"""A hush becomes a pause, and speech enough for a reading, without anybody saying so."""


@dataclass(frozen=True)
class PoolTuning:
    """How many read at once, how carefully, and when they leave work out."""

    workers: int = 1
    beam: int = 5
    draft_beam: int = 1
    shed_after_s: float = 3.0


class Turns:
    """Whose turn it is, and what is left out while there is too much. Has no clock and no thread of its own."""

    def __init__(self, tuning: PoolTuning) -> None:
        self._tuning = tuning
        self._served: dict[str, int] = {}
        self._count = 0
        self.shed: tuple[Shed, ...] = ()

    def claim(self, calls: Sequence[LiveCall]) -> tuple[LiveCall, LegName, Work] | None:
        """Claim work of the call that was served longest ago among those with an end of utterance, else any work."""
        in_turn = sorted(calls, key=lambda call: self._served.get(call.start.call_id, 0))
        for whole_only in (True, False):
            for call in in_turn:
                claimed = call.claim(drafts="tail" not in self.shed, whole_only=whole_only)
                if claimed is not None:
                    self._count += 1
                    self._served[call.start.call_id] = self._count
                    return call, *claimed
        known = {call.start.call_id for call in in_turn}
        self._served = {call_id: turn for call_id, turn in self._served.items() if call_id in known}
        return None

    def manner(self, work: Work) -> Manner:
        """Return how carefully to read `work` now."""
        careful = work.whole and "beam" not in self.shed
        return Manner(self._tuning.beam if careful else self._tuning.draft_beam)

    def judge_load(self, calls: Sequence[LiveCall]) -> None:
        """Decide what is left out now: the tail when speech waits over `shed_after_s`, beam search at twice that.

        Work is taken up again once speech waits less than half as long.
        """
        late_s = max((call.late_s for call in calls), default=0.0)
        limit = self._tuning.shed_after_s
        level = 2 if late_s > 2 * limit else 1 if late_s > limit else 0
        if level < len(self.shed) and late_s > limit / 2:
            level = len(self.shed)
        kinds: tuple[Shed, ...] = ("tail", "beam")
        for kind in kinds[len(self.shed) : level]:
            metrics.LIVE_SHED.labels(kind).inc()
        self.shed = kinds[:level]


class ReadingPool:
    """Nothing queues: a free worker asks what is most worth reading now; ends of utterances first, calls in turn."""

    def __init__(self, reader: ShortReader, calls: Callable[[], Sequence[LiveCall]], tuning: PoolTuning) -> None:
        self._reader = reader
        self._calls = calls
        self._turns = Turns(tuning)
        self._turn = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"live reader {number}", daemon=True)
            for number in range(tuning.workers)
        ]
        self._news = threading.Event()
        self._threads.append(threading.Thread(target=self._analyse, name="live analyst", daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def shed(self) -> tuple[Shed, ...]:
        """What is left out for now."""
        return self._turns.shed

    def prepare(self) -> None:
        """Load what the first reading would wait for. Raises `ModelError` where it cannot be loaded."""
        self._reader.read(np.zeros(SAMPLE_RATE, np.float32), None, Manner(1))

    def wake(self) -> None:
        """Say that there may be something to read."""
        with self._turn:
            self._turn.notify()

    def judge_load(self) -> None:
        """Decide what is left out now."""
        self._turns.judge_load(self._calls())

    def stop(self) -> None:
        """Let the workers end what they read and stop."""
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
        self._news.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _run(self) -> None:
        while True:
            with self._turn:
                if self._stopping:
                    return
                claimed = self._turns.claim(self._calls())
                if claimed is None:
                    self._turn.wait(_LOOK_AGAIN_S)
                    continue
            self._read(*claimed)

    def _read(self, call: LiveCall, leg: LegName, work: Work) -> None:
        manner = self._turns.manner(work)
        began = time.monotonic()
        try:
            words = self._reader.read(work.samples, call.start.language, manner)
            call.apply(leg, work, words)
        except QorganError as error:
            _log.error("live_reading_failed", code=error.code)
            call.give_up(leg, work, error)
        except Exception as error:
            _log.error("live_reading_failed", exc_info=error)
            call.give_up(leg, work, ModelError("a stretch of speech could not be read", advice="see the log"))
        metrics.LIVE_READING_SECONDS.labels("whole" if work.whole else "draft").observe(time.monotonic() - began)
        self._news.set()

    def _analyse(self) -> None:
        """Analyse, apart from the readers, whatever text was committed meanwhile, once for each call."""
        while not self._stopping:
            self._news.wait()
            self._news.clear()
            for call in self._calls():
                call.analyse()
