"""Live calls, measured by playing calls: how late their text is and how well it is read."""

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from core.call_records import Analysis, FieldValue, LegName, Segment, Word
from core.errors import InvalidInput
from core.languages import Language
from core.settings import Settings
from eval.calls.dataset import CallCase, read_calls
from eval.calls.live_figures import Played, Transcripts, metrics_of
from eval.calls.live_virtual import pcm16, play_virtually
from pipelines.calls.analysis import analyse
from pipelines.calls.audio import Encoding, decode_recording
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import Manner, build_reader
from pipelines.calls.live.differences import PersonFields
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.live.leg_stream import Tuning
from pipelines.calls.live.pool import PoolTuning
from pipelines.calls.live.session import CallStart, LiveCall
from pipelines.calls.transcriber import SAMPLE_RATE

_FRAME = SAMPLE_RATE // 10
_LONGEST_END_S = 120.0

Clock = Literal["wall", "cpu"]


def measure_live(
    folder: Path,
    ids: Sequence[str],
    settings: Settings,
    speed: float = 1.0,
    recordings: Transcripts | None = None,
    at_once: int = 1,
    clock: Clock = "wall",
    leg: Tuning | None = None,
) -> dict[str, float]:
    """Play the calls `ids` of a set, `at_once` of them together, and return the metrics, with `n_` counts.

    Everything but the WebSocket takes part: journal, order of frames, speech activity, reading, agreement, analysis.
    `clock` "wall" plays in real time, and other programs of the machine count; with a `speed` other than 1 the lags are
    those of a machine so much slower. "cpu" plays on a virtual clock that processor time advances: figures of a quiet
    machine with a core for each of `live.workers` (see `eval.calls.live_virtual`). `leg`: another cutting of the legs.
    Raises `InvalidInput` for ids that the set has not, ModelError where the model is not there.
    """
    known = {case.id: case for case in read_calls(folder)}
    if unknown := [call_id for call_id in ids if call_id not in known]:
        raise InvalidInput(f"the set has no call {', '.join(unknown)}", advice="take ids of calls.jsonl")
    cases = [known[call_id] for call_id in ids]
    live = settings.live
    pool = PoolTuning(live.workers, live.beam, live.draft_beam, live.shed_after_s)
    groups = [cases[start : start + at_once] for start in range(0, len(cases), at_once)]
    played: list[Played] = []
    reader = build_reader(settings)
    with tempfile.TemporaryDirectory(prefix="qorgan-") as name:
        place = Path(name)
        if clock == "cpu":
            reader.read(np.zeros(SAMPLE_RATE, np.float32), None, Manner(1))  # what is loaded once is nobody's lag
            analyse((Segment(LegName.CALLER, 0.0, 0.5, (Word("пожар", 0.0, 0.5),)),), ())
            for number, group in enumerate(groups):
                folder = place / str(number)
                played += play_virtually(group, reader, Nowhere(), analyse, settings, pool, leg or Tuning(), folder)
            return metrics_of(played, recordings or {})
        tuning = LiveTuning(max_calls=max(at_once, 1), pool=pool, leg=leg or Tuning())
        languages = frozenset({Language.RU})
        calls = LiveCalls(place, reader, Nowhere(), analyse, lambda: languages, tuning)
        try:
            calls.prepare()
            for group in groups:
                played += _play_together(calls, group, settings, speed)
        finally:
            calls.close()
    return metrics_of(played, recordings or {})


def _play_together(calls: LiveCalls, cases: Sequence[CallCase], settings: Settings, speed: float) -> list[Played]:
    done: list[Played] = []
    threads = [
        threading.Thread(target=lambda case=case: done.append(_play(calls, case, settings, speed))) for case in cases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def _play(calls: LiveCalls, case: CallCase, settings: Settings, speed: float) -> Played:
    legs = decode_recording(case.audio, settings.calls).legs
    played = Played(case)
    language = settings.calls.language
    call = calls.begin(
        sample_rate=SAMPLE_RATE,
        encoding=Encoding.PCM16,
        legs=tuple(legs),
        language=language,
        actor="eval",
        territory=None,
    )
    call.become_source(played)
    began = time.monotonic()
    follower = threading.Thread(target=_follow, args=(call, played, began, speed))
    follower.start()
    length = max(len(samples) for samples in legs.values())
    for seq, at in enumerate(range(0, length, _FRAME)):
        due = began + min(at + _FRAME, length) / SAMPLE_RATE / speed
        time.sleep(max(0.0, due - time.monotonic()))
        call.accept([write_frame(Frame(leg, seq, at, pcm16(s[at : at + _FRAME]))) for leg, s in legs.items()])
        calls.pool.wake()
    call.end("ended")
    follower.join(_LONGEST_END_S)
    played.late_end_s = (time.monotonic() - began) * speed - length / SAMPLE_RATE
    return played


def _follow(call: LiveCall, played: Played, began: float, speed: float) -> None:
    news = threading.Event()
    stop = call.events.listen(news.set)
    seen = 0
    while True:
        over = call.events.finished
        lines = call.events.after(seen)
        now = (time.monotonic() - began) * speed
        for line in lines:
            played.note(line, now)
        seen += len(lines)
        if not lines:
            if over:
                break
            news.wait(1.0)
            news.clear()
    stop()


class Nowhere:
    """Keeps nothing: what is measured is what is told."""

    def begin(self, start: CallStart) -> None:
        """Nothing to keep."""

    def knows(self, call_id: str) -> bool:
        """Nothing is kept, so nothing was deleted."""
        return True

    def commit(self, call_id: str, first: int, segments: Sequence[Segment]) -> None:
        """Nothing to keep."""

    def analysed(self, call_id: str, analysis: Analysis) -> None:
        """Nothing to keep."""

    def people(self, call_id: str) -> PersonFields:
        """Nobody edits."""
        return {}

    def edit(self, call_id: str, name: str, value: FieldValue | None, actor: str) -> None:
        """Nobody edits."""

    def undo(self, call_id: str, name: str, actor: str) -> None:
        """Nobody edits."""

    def finish(self, start: CallStart, audio: Path, *, again: bool) -> str | None:
        """No job follows."""
        return None
