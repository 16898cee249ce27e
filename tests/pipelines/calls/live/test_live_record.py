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
from core.calls import CallState
from core.errors import InvalidInput, NotFound, StorageError
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
from pipelines.calls.live.session import CallStart, Limits, LiveCall
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


def unkept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> LiveCall:
    """Return a call that is over and could not be kept."""
    call = desk.begin()
    call.accept(frames(0, 6))

    def fail(*_: object, **__: object) -> None:
        raise StorageError("the disk is full", advice="free some")

    with monkeypatch.context() as broken:
        broken.setattr(desk.keeper, "finish", fail)
        over(call)
    assert b"not-kept" in b"".join(call.events.after(0))
    return call


def test_what_could_not_be_kept_is_kept_after_a_restart(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call = unkept(desk, monkeypatch)
    desk.restart()
    (again,) = desk.calls.going_on()
    assert again.start == call.start
    over(again)
    assert desk.store.call(call.start.call_id).state is CallState.WAITING  # its recording is read anew
    assert desk.sound(call) == sent(6)


def test_a_deleted_call_does_not_come_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call = unkept(desk, monkeypatch)
    desk.store.delete(call.start.call_id)
    desk.restart()
    assert desk.calls.going_on() == ()
    assert not desk.log(call).parent.exists()
    with pytest.raises(NotFound):
        desk.store.call(call.start.call_id)


def test_nothing_stays_of_a_call_deleted_before_its_sound_is_kept(desk: Desk) -> None:
    call = desk.begin()
    call.accept(frames(0, 6))
    desk.store.delete(call.start.call_id)
    with pytest.raises(NotFound):
        desk.keeper.finish(call.start, desk.log(call), again=False)
    assert list(desk.blobs.digests()) == []


def test_a_call_that_could_not_begin_takes_no_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(start: CallStart) -> None:
        raise StorageError("the database is away", advice="wait")

    with monkeypatch.context() as broken:
        broken.setattr(desk.keeper, "begin", fail)
        for _ in range(2):  # as many as may go on, and one more
            with pytest.raises(StorageError):
                desk.begin()
    assert desk.calls.going_on() == ()
    assert not [one for one in (desk.folder / "live").iterdir() if one.is_dir()]
    assert desk.begin().acknowledged() == {LegName.CALLER: 0}


def test_a_call_whose_last_analysis_failed_is_read_anew(desk: Desk) -> None:
    def fail(segments: Sequence[Segment], noticed: Sequence[Tag]) -> Analysis:
        raise ValueError("a rule is broken")

    call = desk.begin()
    call.accept(frames(0, 6))
    desk.analysis = fail
    over(call)
    told = b"".join(call.events.after(0))
    assert b"analysis-failed" in told
    assert b'"job_id":"job"' in told
    assert desk.store.call(call.start.call_id).state is CallState.WAITING
    assert desk.sound(call) == sent(6)
