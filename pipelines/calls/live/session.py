"""One live call: frames come in, words and events go out."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from core.call_records import Analysis, FieldValue, LegName, Segment, Tag, Word
from core.errors import InvalidInput, QorganError
from core.languages import Language
from core.telemetry import metrics
from core.telemetry.log import get_logger
from pipelines.calls.audio import Encoding, StreamResampler, decode_samples
from pipelines.calls.live.differences import Differences, PersonFields
from pipelines.calls.live.events import CallError, EndReason, Event, Lag, Shed, TranscriptTail, committed
from pipelines.calls.live.frames import Arranged, Arranger, acceptable, arranged_of_log
from pipelines.calls.live.journal import AudioLog, EventLog
from pipelines.calls.live.leg_stream import Heard, LegStream, Tuning, Work
from pipelines.calls.sounds import SoundStream
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

Analyse = Callable[[Sequence[Segment], Sequence[Tag]], Analysis]
"""`pipelines.calls.analysis.analyse`: all committed segments and what was noticed in the sound -> what they say."""

_log = get_logger(__name__)
_SILENCE_AT_ONCE = 10 * SAMPLE_RATE
_LAG_STEP_S = 1.0


@dataclass(frozen=True)
class CallStart:
    """How a call begins. `sample_rate` and `encoding` are those of the frames."""

    call_id: str
    sample_rate: int
    encoding: Encoding
    legs: tuple[LegName, ...]
    language: Language
    started_at: datetime
    actor: str
    territory: str | None = None

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 2 if self.encoding is Encoding.PCM16 else 1


@dataclass(frozen=True)
class Limits:
    """What a call may ask for; seconds."""

    reorder_s: float = 1.0
    most_gap_s: float = 60.0
    max_call_s: float = 21_600.0


@dataclass(frozen=True)
class Told:
    """What was committed before a restart: segments in the order they ended, and the number after each leg's last."""

    segments: tuple[Segment, ...] = ()
    next_numbers: Mapping[LegName, int] = field(default_factory=dict)


class CallKeeper(Protocol):
    """Where a call's text, tags and card are kept. Every method may be called again with the same."""

    def begin(self, start: CallStart) -> None:
        """Keep that the call began."""
        ...

    def knows(self, call_id: str) -> bool:
        """Tell whether the call was begun and is not deleted."""
        ...

    def commit(self, call_id: str, first: int, segments: Sequence[Segment]) -> None:
        """Keep finished segments, numbered from `first` in the call."""
        ...

    def analysed(self, call_id: str, analysis: Analysis) -> None:
        """Keep the latest analysis."""
        ...

    def people(self, call_id: str) -> PersonFields:
        """Return what people set in the card."""
        ...

    def edit(self, call_id: str, name: str, value: FieldValue | None, actor: str) -> None:
        """Keep a person's value; raises `InvalidInput`."""
        ...

    def undo(self, call_id: str, name: str, actor: str) -> None:
        """Take a person's last change back; raises `Conflict`."""
        ...

    def finish(self, start: CallStart, audio: Path, *, again: bool) -> str | None:
        """Keep the sound of the log `audio`; `again`: have it read anew as a recording; return that job's id."""
        ...


@dataclass
class _Leg:
    stream: LegStream
    arranger: Arranger
    resampler: StreamResampler
    other: LegName | None
    busy: bool = False  # a worker reads it
    tail: str = ""


class LiveCall:
    """Safe to call from several threads; nothing waits for a model but `apply`'s caller."""

    def __init__(
        self,
        start: CallStart,
        audio: AudioLog,
        events: EventLog,
        keeper: CallKeeper,
        analyse: Analyse,
        tuning: Tuning,
        limits: Limits,
        *,
        told: Told | None = None,
        sounds: SoundStream | None = None,
    ) -> None:
        """`told`: what was told before a restart; `sounds`: what listens to it, None where nothing does."""
        told = told or Told()
        self.start = start
        self.events = events
        self.restored = False
        self.silent = False  # tell nothing: what is read from disk was told
        self.ending: EndReason | None = None
        self.last_heard_from = time.monotonic()
        self.source: object | None = None  # whoever sends the audio
        self._audio = audio
        self._keeper = keeper
        self._analyse = analyse
        self._sounds = sounds
        self._limits = limits
        self._lock = threading.RLock()
        self._analysis_lock = threading.Lock()
        self._differences = Differences()
        self._dirty = False
        self._kept = 0
        self._finished: list[Segment] = list(told.segments)
        self._told_lag: tuple[float, tuple[Shed, ...]] = (0.0, ())
        self._analysis_failed = False
        self._legs = {name: self._make_leg(name, tuning, told) for name in start.legs}

    def _make_leg(self, name: LegName, tuning: Tuning, told: Told) -> _Leg:
        start, limits = self.start, self._limits
        other = next((leg for leg in start.legs if leg is not name), None)
        arranger = Arranger(
            sample_bytes=start.sample_bytes,
            most_ahead=round(limits.reorder_s * start.sample_rate),
            most_missing=round(limits.most_gap_s * start.sample_rate),
        )
        mine = tuple(segment for segment in told.segments if segment.leg is name)
        stream = LegStream(
            name,
            tuning,
            after=mine,
            first_number=told.next_numbers.get(name, 0),
            read_before_s=mine[-1].end_s if mine else 0.0,
        )
        return _Leg(stream, arranger, StreamResampler(start.sample_rate), other)

    # --- audio in ------------------------------------------------------------------------------------------------

    @property
    def received_s(self) -> float:
        """Audio received so far."""
        return max(leg.stream.received_s for leg in self._legs.values())

    def accept(self, frames: Sequence[bytes]) -> dict[LegName, int]:
        """Put frames on disk and into the legs; return for each leg the `seq` under which all are safe.

        Raises `InvalidInput` for what is not a frame of this call, after taking those before it, and puts it nowhere;
        `StorageError`. What comes after the end is left out.
        """
        self.last_heard_from = time.monotonic()
        wrong: InvalidInput | None = None
        with self._lock:
            if self.ending is None:
                good, wrong = acceptable(frames, self._arrangers, self.start.sample_bytes)
                if good:
                    self._audio.append(good)
                    self._audio.sync()
                    self.take(good)
                if self.received_s > self._limits.max_call_s:
                    self.end("too-long")
            acks = self.acknowledged()
        if wrong is not None:
            raise wrong
        return acks

    def acknowledged(self) -> dict[LegName, int]:
        """Return for each leg the `seq` of the frame that is waited for."""
        with self._lock:
            return {name: leg.arranger.next_seq for name, leg in self._legs.items()}

    def take(self, frames: Sequence[bytes]) -> None:
        """Put frames that are on disk into the legs."""
        with self._lock:
            for name, arranged in arranged_of_log(frames, self._arrangers, self.start.sample_bytes):
                self._push(name, self._legs[name], arranged)
            self._judge()

    @property
    def _arrangers(self) -> dict[LegName, Arranger]:
        return {name: leg.arranger for name, leg in self._legs.items()}

    def _push(self, name: LegName, leg: _Leg, arranged: Arranged) -> None:
        if arranged.missing:
            rate = self.start.sample_rate
            start_s, end_s = (arranged.at - arranged.missing) / rate, arranged.at / rate
            detail = f"{end_s - start_s:.2f} s of audio never came and count as silence"
            advice = "check the line between the gateway and the service"
            self._tell(CallError("audio-gap", detail, advice, name, round(start_s, 2), round(end_s, 2)))
            left = arranged.missing
            while left > 0:
                self._hear(name, leg, leg.resampler.push(np.zeros(min(left, _SILENCE_AT_ONCE), np.float32)))
                left -= _SILENCE_AT_ONCE
        self._hear(name, leg, leg.resampler.push(decode_samples(arranged.payload, self.start.encoding)))

    def _hear(self, name: LegName, leg: _Leg, samples: Samples) -> None:
        leg.stream.push(samples)
        if self._sounds is not None:
            self._sounds.push(name, samples)

    def _judge(self) -> None:
        for name, leg in self._legs.items():
            for heard in leg.stream.judge(self._other(leg)):
                self._take_heard(name, leg, heard)
            for start_s, end_s in leg.stream.skipped:
                detail = "the transcript is so late that this part was left out; it is in the recording"
                self._tell(CallError("text-skipped", detail, "give the service more processors", name, start_s, end_s))
            leg.stream.skipped.clear()

    def _other(self, leg: _Leg) -> LegStream | None:
        return self._legs[leg.other].stream if leg.other is not None else None

    # --- reading -------------------------------------------------------------------------------------------------

    def claim(self, *, drafts: bool, whole_only: bool = False) -> tuple[LegName, Work] | None:
        """Return the leg and stretch most worth reading, now the caller's to read; None when there is none."""
        with self._lock:
            offers = [
                (name, work)
                for name, leg in self._legs.items()
                if not leg.busy
                and (work := leg.stream.work(drafts=drafts)) is not None
                and (work.whole or not whole_only)
            ]
            if not offers:
                return None
            chosen = min(offers, key=lambda offer: (not offer[1].whole, offer[1].waiting_since_s))
            self._legs[chosen[0]].busy = True
            return chosen

    def apply(self, name: LegName, work: Work, words: Sequence[Word]) -> None:
        """Take the words of claimed work and give the leg back."""
        with self._lock:
            leg = self._legs[name]
            leg.busy = False
            heard = leg.stream.apply(work, words, self._other(leg))
            if heard is not None:
                self._take_heard(name, leg, heard)

    def give_up(self, name: LegName, work: Work, error: QorganError) -> None:
        """Say that claimed work could not be read, and go on after it."""
        with self._lock:
            self._tell(CallError(error.code, error.detail, error.advice, name))
            self.apply(name, work, ())

    def _take_heard(self, name: LegName, leg: _Leg, heard: Heard) -> None:
        told: list[Event] = []
        if heard.committed or (heard.final and heard.spoken):
            told.append(committed(name, heard.segment, heard.committed, final=heard.final))
            self._dirty = self._dirty or bool(heard.committed)
            for word in heard.committed:
                metrics.LIVE_LAG_SECONDS.observe(max(0.0, leg.stream.received_s - word.end_s))
        tail = " ".join(word.text for word in heard.tail)
        if tail != leg.tail:
            leg.tail = tail
            span = (heard.tail[0].start_s, heard.tail[-1].end_s) if heard.tail else (0.0, 0.0)
            told.append(TranscriptTail(name, tail, round(span[0], 3), round(span[1], 3)))
        self._tell(*told)
        if heard.final:
            known = [segment for segment in self._finished if segment.leg is name]
            self._finished.extend(leg.stream.finished[len(known) :])

    # --- what it says --------------------------------------------------------------------------------------------

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All committed text, by time."""
        with self._lock:
            found = [segment for leg in self._legs.values() for segment in leg.stream.segments]
        return tuple(sorted(found, key=lambda segment: (segment.start_s, segment.leg.value)))

    def analyse(self, *, anyway: bool = False) -> None:
        """Analyse what is committed and tell what changed; nothing to do when nothing was committed since."""
        with self._analysis_lock:
            with self._lock:
                if not (self._dirty or anyway):
                    return
                self._dirty = False
                first, new = self._kept, tuple(self._finished[self._kept :])
            try:
                analysis = self._analyse(self.segments, self._noticed())
                people = self._keeper.people(self.start.call_id)
                with self._lock:
                    self._tell(*self._differences.tell(analysis, people))
                self._keeper.commit(self.start.call_id, first, new)
                self._kept = first + len(new)
                self._keeper.analysed(self.start.call_id, analysis)
                self._analysis_failed = False
            except Exception as error:
                self._say_analysis_failed(error)

    def _noticed(self) -> tuple[Tag, ...]:
        """Return the sounds heard so far; a model that fails is not asked again, and the call goes on without it."""
        if self._sounds is None:
            return ()
        try:
            return self._sounds.listen(to_the_end=self.read_out)
        except QorganError as error:
            self._sounds = None
            self._tell(CallError(error.code, "sounds are not listened to any more", error.advice))
            return ()

    def _say_analysis_failed(self, error: Exception) -> None:
        """An analysis that fails must not end a call: its text goes on, and those who follow are told once."""
        _log.error("live_analysis_failed", call=self.start.call_id, error=type(error).__name__, exc_info=error)
        if not self._analysis_failed:
            self._analysis_failed = True
            detail, advice = "tags and card could not be brought up to date", "go by the text; tell the administrator"
            self._tell(CallError("analysis-failed", detail, advice))

    @property
    def analysis_failed(self) -> bool:
        """Whether what is kept of the call lacks its latest text, tags or card."""
        return self._analysis_failed

    def edit(self, name: str, value: FieldValue | None, actor: str, *, undo: bool = False) -> None:
        """Keep a person's value of a card field, or take it back, and tell it. Raises `InvalidInput`, `Conflict`."""
        if undo:
            self._keeper.undo(self.start.call_id, name, actor)
        else:
            self._keeper.edit(self.start.call_id, name, value, actor)
        self.analyse(anyway=True)

    # --- its source ----------------------------------------------------------------------------------------------

    def become_source(self, source: object) -> object | None:
        """Make `source` the one that sends the audio; return the one that was until now."""
        with self._lock:
            former, self.source = self.source, source
            self.last_heard_from = time.monotonic()
            return former

    def leave(self, source: object) -> None:
        """Say that `source` is gone."""
        with self._lock:
            if self.source is source:
                self.source = None
                self.last_heard_from = time.monotonic()

    # --- lateness and the end ------------------------------------------------------------------------------------

    @property
    def late_s(self) -> float:
        """How long speech has waited to be read."""
        with self._lock:
            return max(leg.stream.late_s for leg in self._legs.values())

    def tell_lag(self, shed: tuple[Shed, ...]) -> None:
        """Tell how late the transcript is, when it changed much."""
        with self._lock:
            lag_s = round(self.late_s, 1)
            before, before_shed = self._told_lag
            shown = lag_s if lag_s >= 2 * _LAG_STEP_S else 0.0
            if shed != before_shed or abs(shown - before) >= _LAG_STEP_S:
                self._told_lag = (shown, shed)
                self._tell(Lag(lag_s, shed))

    def end(self, reason: EndReason) -> None:
        """Take no more audio; what was taken is read to its end."""
        with self._lock:
            if self.ending is not None:
                return
            self.ending = reason
            for name, leg in self._legs.items():
                for arranged in leg.arranger.finish():
                    self._push(name, leg, arranged)
                self._hear(name, leg, leg.resampler.flush())
                leg.stream.close()
            self._judge()

    @property
    def read_out(self) -> bool:
        """Whether the call is over and all of it is read."""
        with self._lock:
            return self.ending is not None and all(leg.stream.idle and not leg.busy for leg in self._legs.values())

    def tell(self, *events: Event) -> None:
        """Add events to the stream."""
        with self._lock:
            self._tell(*events)

    def _tell(self, *events: Event) -> None:
        if not self.silent:
            self.events.append(self.received_s, events)

    def close(self) -> None:
        """Close the files; what is on disk stays."""
        with self._lock:
            self._audio.close()
            self.events.close()
