"""The record of a live call outlasts bad frames, restarts and failures; what a person deleted does not come back."""

import time
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.blobs import FolderBlobs
from core.call_records import Analysis, LegName, Segment, Tag, Word
from core.errors import InvalidInput
from core.languages import Language
from core.settings import CallSettings
from core.storage.calls import CallStore
from core.storage.database import Database
from pipelines.calls.audio import Encoding
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import Manner
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.live.journal import AudioLog, read_frames
from pipelines.calls.live.keeping import RecordKeeper
from pipelines.calls.live.session import Limits, LiveCall
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

STEP = SAMPLE_RATE // 10
FAR = [Frame(LegName.CALLER, 3, 4_000_000_000, b"\1\0"), Frame(LegName.CALLER, 1_000_000, 3 * STEP, b"\1\0")]


class Deaf:
    """Hears no word."""

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        return ()


@dataclass
class Desk:
    """Live calls on a folder, and what a restart needs."""

    folder: Path
    store: CallStore
    blobs: FolderBlobs
    analysis: Callable[[Sequence[Segment], Sequence[Tag]], Analysis] = lambda segments, noticed: Analysis()
    max_calls: int = 1

    def __post_init__(self) -> None:
        self.keeper = RecordKeeper(self.store, self.blobs, lambda *job: "job", CallSettings(), Limits())
        self.calls = self.open()

    def open(self) -> LiveCalls:
        tuning = LiveTuning(max_calls=self.max_calls, resume_s=60.0, power_safe=False)
        reliable: Callable[[], frozenset[Language]] = lambda: frozenset({Language.RU})  # noqa: E731
        return LiveCalls(self.folder / "live", Deaf(), self.keeper, lambda s, n: self.analysis(s, n), reliable, tuning)

    def restart(self) -> None:
        self.calls.close()
        self.calls = self.open()

    def begin(self) -> LiveCall:
        return self.calls.begin(
            sample_rate=SAMPLE_RATE,
            encoding=Encoding.PCM16,
            legs=(LegName.CALLER,),
            language=Language.RU,
            actor="test",
            territory=None,
        )

    def log(self, call: LiveCall) -> Path:
        return self.folder / "live" / call.start.call_id / "audio.log"

    def sound(self, call: LiveCall) -> list[int]:
        digest = self.store.call(call.start.call_id).sound_sha256
        assert digest is not None
        with self.blobs.open(digest) as blob, wave.open(blob) as kept:
            return [int(value) for value in np.frombuffer(kept.readframes(kept.getnframes()), "<i2")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    database.upgrade()
    made = Desk(tmp_path, CallStore(database), FolderBlobs(tmp_path / "blobs"))
    yield made
    made.calls.close()
    database.close()


def frames(first: int, last: int) -> list[bytes]:
    """Return frames of 100 ms; each sample says which frame it is of."""
    return [
        write_frame(Frame(LegName.CALLER, n, n * STEP, np.full(STEP, 100 * (n + 1), "<i2").tobytes()))
        for n in range(first, last)
    ]


def sent(last: int) -> list[int]:
    return [100 * (n + 1) for n in range(last) for _ in range(STEP)]


def over(call: LiveCall) -> None:
    """End the call and wait until it is over."""
    call.end("ended")
    deadline = time.monotonic() + 20
    while not call.events.finished:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("far", FAR, ids=["at", "seq"])
@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
def test_a_frame_far_outside_costs_only_itself(desk: Desk, far: Frame, restarted: bool) -> None:
    call = desk.begin()
    with pytest.raises(InvalidInput):
        call.accept([*frames(0, 3), write_frame(far), *frames(3, 5)])
    assert call.acknowledged() == {LegName.CALLER: 3}
    assert list(read_frames(desk.log(call))) == frames(0, 3)
    if restarted:
        desk.restart()
        (call,) = desk.calls.going_on()
    assert call.accept(frames(3, 6)) == {LegName.CALLER: 6}
    over(call)
    assert b"not-kept" not in b"".join(call.events.after(0))
    assert desk.sound(call) == sent(6)


@pytest.mark.parametrize("far", FAR, ids=["at", "seq"])
@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
def test_a_log_that_holds_such_a_frame_is_read_without_it(desk: Desk, far: Frame, restarted: bool) -> None:
    call = desk.begin()
    call.accept(frames(0, 3))
    if not restarted:
        call.accept(frames(3, 6))
    other = AudioLog(desk.log(call), power_safe=False)  # as earlier releases wrote it
    other.append([write_frame(far), b"no frame at all"])
    other.close()
    if restarted:
        desk.restart()
        (call,) = desk.calls.going_on()
        assert call.accept(frames(3, 6)) == {LegName.CALLER: 6}
    over(call)
    assert desk.sound(call) == sent(6)


def test_frames_after_the_end_are_left_out(desk: Desk) -> None:
    call = desk.begin()
    call.accept(frames(0, 3))
    call.end("too-long")
    assert call.accept([*frames(3, 5), write_frame(FAR[0])]) == {LegName.CALLER: 3}  # its source streams on
    over(call)
    assert desk.sound(call) == sent(3)
