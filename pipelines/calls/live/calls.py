"""All live calls of this process: begun, gone on with after a break or a restart, ended."""

import shutil
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.call_records import LegName, Segment, Word
from core.errors import NotFound, QorganError, TooManyRequests
from core.languages import Language
from core.telemetry import metrics
from core.telemetry.log import get_logger
from pipelines.calls.audio import Encoding
from pipelines.calls.live import restoring
from pipelines.calls.live.decoding import ShortReader
from pipelines.calls.live.events import CallEnded, CallError, CallStarted, committed
from pipelines.calls.live.journal import AudioLog, EventLog, read_frames
from pipelines.calls.live.leg_stream import Tuning
from pipelines.calls.live.pool import PoolTuning, ReadingPool
from pipelines.calls.live.session import Analyse, CallKeeper, CallStart, Limits, LiveCall, Told
from pipelines.calls.live.voice import FRAME, VoiceDetector
from pipelines.calls.sounds import SoundStream

_log = get_logger(__name__)
_HOUSEKEEPING_S = 0.1
_FRAMES_AT_ONCE = 100


@dataclass(frozen=True)
class LiveTuning:
    """Everything that a deployment may choose about live calls."""

    max_calls: int = 20
    resume_s: float = 60.0
    power_safe: bool = True
    leg: Tuning = field(default_factory=Tuning)
    pool: PoolTuning = field(default_factory=PoolTuning)
    limits: Limits = field(default_factory=Limits)


class LiveCalls:
    """The calls that go on. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        reader: ShortReader,
        keeper: CallKeeper,
        analyse: Analyse,
        reliable: Callable[[], frozenset[Language]],
        tuning: LiveTuning,
        listen: Callable[[Sequence[LegName]], SoundStream | None] = lambda _: None,
    ) -> None:
        """`listen` gives what hears the sounds of a call's legs, None where nothing does.

        Calls that are in `folder`, left by a process that ended, go on; nobody is their source yet.
        """
        self._folder = folder
        self._keeper = keeper
        self._analyse = analyse
        self._reliable = reliable
        self._listen = listen
        self._tuning = tuning
        self._lock = threading.Lock()
        self._calls: dict[str, LiveCall] = {}
        self._over: dict[str, float] = {}  # call that has ended -> when
        self._stopping = threading.Event()
        self._finisher = ThreadPoolExecutor(1, "live call's end")  # the sound of a long call takes a while to keep
        self._finishing: set[str] = set()
        self._unkept: set[str] = set()
        self.pool = ReadingPool(reader, self.going_on, tuning.pool)
        self._restore_all()
        self._housekeeper = threading.Thread(target=self._keep_house, name="live calls", daemon=True)
        self._housekeeper.start()

    def prepare(self) -> None:
        """Load what the first call would wait for. Raises `ModelError` where it cannot be loaded."""
        word = Word("пожар", 0.0, 0.5)
        self._listen((LegName.CALLER,))
        self._analyse((Segment(LegName.CALLER, 0.0, 0.5, (word,)),), ())
        VoiceDetector().probabilities(np.zeros(FRAME, np.float32))
        self.pool.prepare()

    # --- for those who connect -----------------------------------------------------------------------------------

    def going_on(self) -> tuple[LiveCall, ...]:
        """Return the calls that are not over, the earliest first."""
        with self._lock:
            return tuple(call for call_id, call in self._calls.items() if call_id not in self._over)

    def begin(
        self,
        *,
        sample_rate: int,
        encoding: Encoding,
        legs: tuple[LegName, ...],
        language: Language,
        actor: str,
        territory: str | None,
    ) -> LiveCall:
        """Begin a call. Raises `TooManyRequests` when as many as may are going on."""
        call_id = uuid.uuid4().hex
        now = datetime.now(UTC)
        start = CallStart(call_id, sample_rate, encoding, legs, language, now, actor, territory)
        with self._lock:
            if len(self._calls) - len(self._over) >= self._tuning.max_calls:
                raise TooManyRequests(
                    f"{self._tuning.max_calls} calls are going on", advice="try later, or raise live.max_calls"
                )
            restoring.write_start(self._folder / call_id, start)
            call = self._calls[call_id] = self._open(start)
        try:
            self._keeper.begin(start)
            reliable = tuple(sorted(language.value for language in self._reliable()))
        except BaseException:  # nobody will be its source: it must not hold a place
            with self._lock:
                del self._calls[call_id]
            call.close()
            shutil.rmtree(self._folder / call_id, ignore_errors=True)
            raise
        call.tell(CallStarted(call_id, legs, sample_rate, encoding.value, language.value, reliable))
        metrics.LIVE_CALLS.inc()
        return call

    def find(self, call_id: str, territory: str | None = None) -> LiveCall:
        """Return a call of this process, also for a while after its end; raise `NotFound`."""
        with self._lock:
            call = self._calls.get(call_id)
        if call is None or not _within(call.start.territory, territory):
            raise NotFound("no such call is going on", advice="a call that is over is at GET /v1/calls/{call_id}")
        return call

    def visible(self, territory: str | None) -> tuple[LiveCall, ...]:
        """Return the calls that go on in a territory."""
        return tuple(call for call in self.going_on() if _within(call.start.territory, territory))

    def close(self) -> None:
        """Stop reading; calls that go on stay on disk and go on after the next start."""
        self._stopping.set()
        self._housekeeper.join(timeout=30)
        self.pool.stop()
        self._finisher.shutdown()
        with self._lock:
            for call in self._calls.values():
                call.close()

    # --- housekeeping --------------------------------------------------------------------------------------------

    def _keep_house(self) -> None:
        while not self._stopping.wait(_HOUSEKEEPING_S):
            self.pool.judge_load()
            for call in self.going_on():
                try:
                    self._look_after(call)
                except QorganError as error:
                    _log.error("live_call_failed", call=call.start.call_id, code=error.code)
                except Exception as error:
                    _log.error("live_call_failed", call=call.start.call_id, exc_info=error)
            self._forget_old()

    def _look_after(self, call: LiveCall) -> None:
        if call.source is None and time.monotonic() - call.last_heard_from > self._tuning.resume_s:
            call.end("source-lost")
        if call.read_out:
            if call.start.call_id not in self._finishing:
                self._finishing.add(call.start.call_id)
                self._finisher.submit(self._finish, call)
        elif call.ending is None:
            call.tell_lag(self.pool.shed)

    def _finish(self, call: LiveCall) -> None:
        assert call.ending is not None
        job_id = None
        try:
            call.analyse(anyway=True)
            again = call.restored or call.ending == "source-lost" or call.analysis_failed
            job_id = self._keeper.finish(call.start, self._folder / call.start.call_id / restoring.AUDIO, again=again)
        except Exception as error:  # its files stay, and the next start of the service tries again
            _log.error("live_call_not_kept", call=call.start.call_id, exc_info=error)
            call.tell(CallError("not-kept", "the call could not be kept", "its audio is safe; tell the administrator"))
            self._unkept.add(call.start.call_id)
        else:
            call.tell(CallEnded(call.ending, round(call.received_s, 2), job_id))
        call.events.finish()
        metrics.LIVE_CALLS.dec()
        with self._lock:
            self._over[call.start.call_id] = time.monotonic()

    def _forget_old(self) -> None:
        now = time.monotonic()
        with self._lock:
            old = [call_id for call_id, ended in self._over.items() if now - ended > self._tuning.resume_s]
            calls = [self._calls.pop(call_id) for call_id in old]
            for call_id in old:
                del self._over[call_id]
        for call in calls:
            call.close()
            self._finishing.discard(call.start.call_id)
            if call.start.call_id not in self._unkept:
                shutil.rmtree(self._folder / call.start.call_id, ignore_errors=True)

    # --- after a restart -----------------------------------------------------------------------------------------

    def _open(self, start: CallStart, told: Told | None = None) -> LiveCall:
        folder = self._folder / start.call_id
        audio = AudioLog(folder / restoring.AUDIO, power_safe=self._tuning.power_safe)
        events = EventLog(folder / restoring.EVENTS)
        tuning = self._tuning
        # The operator's room is known; the caller's tells something.
        sounds = self._listen([leg for leg in start.legs if leg is not LegName.OPERATOR])
        return LiveCall(
            start, audio, events, self._keeper, self._analyse, tuning.leg, tuning.limits, told=told, sounds=sounds
        )

    def _restore_all(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in sorted(self._folder.iterdir()):
            start = restoring.read_start(folder) if folder.is_dir() else None
            if start is None:
                continue
            try:
                self._restore(folder, start)
            except Exception as error:
                _log.error("live_call_not_restored", call=start.call_id, exc_info=error)

    def _restore(self, folder: Path, start: CallStart) -> None:
        told, left_open, ended = restoring.read_told(folder / restoring.EVENTS)
        if ended or not self._keeper.knows(start.call_id):  # not known: a person deleted it, or it never began
            shutil.rmtree(folder, ignore_errors=True)
            return
        call = self._open(start, told)
        call.restored = call.silent = True
        waiting: list[bytes] = []
        for frame in read_frames(folder / restoring.AUDIO):
            waiting.append(frame)
            if len(waiting) >= _FRAMES_AT_ONCE:
                call.take(waiting)
                waiting.clear()
        call.take(waiting)
        call.silent = False
        for leg, number in left_open:
            call.tell(committed(leg, number, (), final=True))
        detail = "the service was restarted; the call goes on from what was on disk"
        call.tell(CallError("restarted", detail, "nothing that was acknowledged is lost"))
        metrics.LIVE_CALLS.inc()
        with self._lock:
            self._calls[start.call_id] = call


def _within(territory: str | None, allowed: str | None) -> bool:
    """Tell whether a reader of `allowed` (КАТО code; None: the whole country) may see what is of `territory`.

    A code of КАТО names a region by 2 digits, a district by 4, a rural district by 6, a settlement by 9.
    """
    if allowed is None:
        return True
    length = next((digits for digits in (2, 4, 6) if not allowed[digits:].strip("0")), 9)
    return territory is not None and territory[:length] == allowed[:length]
