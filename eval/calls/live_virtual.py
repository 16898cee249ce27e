"""Live calls played on a virtual clock: figures that a busy machine does not change.

Audio comes in at the times it would; a reading or an analysis takes as long as the processor time it costs here, and
occupies one of `workers` virtual readers, or the analyst, for so long. Nothing waits for real. The cost of the intake
(journal, speech activity) is counted in `Played.cpu_s` and delays nobody: it is some hundredths of a second a second.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.call_records import LegName, Word
from core.settings import Settings
from eval.calls.dataset import CallCase
from eval.calls.live_figures import Played
from pipelines.calls.audio import Encoding, decode_recording
from pipelines.calls.live.decoding import ShortReader
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.live.journal import AudioLog, EventLog
from pipelines.calls.live.leg_stream import Tuning, Work
from pipelines.calls.live.pool import PoolTuning, Turns
from pipelines.calls.live.session import Analyse, CallKeeper, CallStart, Limits, LiveCall
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

FRAME_S = 0.1
_FRAME = round(FRAME_S * SAMPLE_RATE)
_LONGEST_END_S = 120.0


@dataclass
class _Line:
    """One call: its audio and what it has told."""

    call: LiveCall
    legs: dict[LegName, Samples]
    played: Played
    seen: int = 0

    def send(self, frame: int) -> None:
        at = frame * _FRAME
        if at >= self.length:
            return
        self.call.accept(
            [write_frame(Frame(leg, frame, at, pcm16(s[at : at + _FRAME]))) for leg, s in self.legs.items()]
        )
        if at + _FRAME >= self.length:
            self.call.end("ended")

    @property
    def length(self) -> int:
        return max(len(samples) for samples in self.legs.values())

    def drain(self, now_s: float) -> None:
        while lines := self.call.events.after(self.seen):
            for line in lines:
                self.played.note(line, now_s)
            self.seen += len(lines)


@dataclass
class _Reading:
    ends_s: float
    line: _Line
    leg: LegName
    work: Work
    words: tuple[Word, ...]


class VirtualDesk:
    """Calls that come in together, and the readers and the analyst they share."""

    def __init__(self, lines: Sequence[_Line], reader: ShortReader, tuning: PoolTuning) -> None:
        self._lines = {line.call.start.call_id: line for line in lines}
        self._calls = [line.call for line in lines]
        self._reader = reader
        self._turns = Turns(tuning)
        self._workers = tuning.workers
        self._readings: list[_Reading] = []
        self._analyst_free_s = 0.0

    def run(self) -> None:
        """Play all to the end."""
        frame = 0
        while not all(call.read_out for call in self._calls):
            now_s = (frame + 1) * FRAME_S
            self._finish_readings(now_s)
            for line in self._lines.values():
                began = time.process_time()
                line.send(frame)
                line.played.cpu_s += time.process_time() - began
                line.drain(now_s)
            self._turns.judge_load(self._calls)
            self._start(now_s)
            frame += 1
            if now_s > max(line.length for line in self._lines.values()) / SAMPLE_RATE + _LONGEST_END_S:
                break
        for line in self._lines.values():
            line.played.late_end_s = (frame * FRAME_S) - line.length / SAMPLE_RATE
            self._analyse(line, frame * FRAME_S)

    def _finish_readings(self, now_s: float) -> None:
        while due := [reading for reading in self._readings if reading.ends_s <= now_s]:
            first = min(due, key=lambda reading: reading.ends_s)
            self._readings.remove(first)
            first.line.call.apply(first.leg, first.work, first.words)
            first.line.drain(first.ends_s)
            self._start(first.ends_s)

    def _start(self, now_s: float) -> None:
        """Give free readers work, and the analyst what was committed."""
        while len(self._readings) < self._workers and (claimed := self._turns.claim(self._calls)) is not None:
            call, leg, work = claimed
            began = time.process_time()
            words = self._reader.read(work.samples, call.start.language, self._turns.manner(work))
            cost_s = time.process_time() - began
            line = self._lines[call.start.call_id]
            line.played.cpu_s += cost_s
            self._readings.append(_Reading(now_s + cost_s, line, leg, work, words))
        if now_s >= self._analyst_free_s:
            for line in self._lines.values():
                self._analyse(line, max(now_s, self._analyst_free_s))

    def _analyse(self, line: _Line, now_s: float) -> None:
        began = time.process_time()
        line.call.analyse()
        cost_s = time.process_time() - began
        line.played.cpu_s += cost_s
        self._analyst_free_s = now_s + cost_s
        line.drain(self._analyst_free_s)


def play_virtually(
    cases: Sequence[CallCase],
    reader: ShortReader,
    keeper: CallKeeper,
    analyse: Analyse,
    settings: Settings,
    tuning: PoolTuning,
    leg: Tuning,
    folder: Path,
) -> list[Played]:
    """Play the calls together; their logs go to `folder`. Raises ModelError, StorageError."""
    lines = [_open(case, keeper, analyse, settings, leg, folder) for case in cases]
    try:
        VirtualDesk(lines, reader, tuning).run()
    finally:
        for line in lines:
            line.call.close()
    return [line.played for line in lines]


def _open(case: CallCase, keeper: CallKeeper, analyse: Analyse, settings: Settings, leg: Tuning, folder: Path) -> _Line:
    legs = dict(decode_recording(case.audio, settings.calls).legs)
    now = datetime.now(UTC)
    start = CallStart(case.id, SAMPLE_RATE, Encoding.PCM16, tuple(legs), settings.calls.language, now, "eval")
    place = folder / case.id
    place.mkdir(parents=True)
    audio, events = AudioLog(place / "audio", power_safe=False), EventLog(place / "events")
    call = LiveCall(start, audio, events, keeper, analyse, leg, Limits())
    played = Played(case, length_s=max(len(samples) for samples in legs.values()) / SAMPLE_RATE)
    return _Line(call, legs, played)


def pcm16(samples: Samples) -> bytes:
    """Return samples (float32, -1..1) as little-endian 16-bit."""
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes()
