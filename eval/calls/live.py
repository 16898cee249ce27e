"""Live calls, measured by playing calls in real time: how late their text is and how well it is read."""

import math
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson

from core.call_records import Analysis, FieldValue, LegName, Segment
from core.errors import InvalidInput
from core.languages import Language
from core.settings import Settings
from eval.calls.dataset import CallCase, read_calls, spoken
from eval.calls.word_errors import WordErrors, count_errors, total
from pipelines.calls.analysis import analyse
from pipelines.calls.audio import Encoding, decode_recording
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import build_reader
from pipelines.calls.live.differences import PersonFields
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.live.pool import PoolTuning
from pipelines.calls.live.session import CallStart, LiveCall
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_FRAME = SAMPLE_RATE // 10
_LEGS = (LegName.CALLER, LegName.OPERATOR)
_LONGEST_END_S = 120.0

Transcripts = Mapping[str, Sequence[Segment]]
"""Id of a call -> its segments as the recording's pipeline wrote them."""


@dataclass
class Played:
    """What one call told, and when: seconds of the call at which each came."""

    case: CallCase
    lags_s: list[float] = field(default_factory=list)  # a word's end -> its commitment, for each committed word
    chips_s: list[float] = field(default_factory=list)  # the commitment of a keyword's words -> its tag
    text: dict[LegName, list[str]] = field(default_factory=dict)
    late_end_s: float = 0.0  # from the last sample to the end of the call's reading


def measure_live(
    folder: Path,
    ids: Sequence[str],
    settings: Settings,
    speed: float = 1.0,
    recordings: Transcripts | None = None,
    at_once: int = 1,
) -> dict[str, float]:
    """Play the calls `ids` of a set, `at_once` of them together, and return the metrics, with `n_` counts.

    Everything but the WebSocket takes part: journal, order of frames, speech activity, reading, agreement, analysis.
    With `speed` other than 1 the lags are those of a machine so much slower. Raises `InvalidInput` for ids that the
    set has not, ModelError where the model is not there.
    """
    known = {case.id: case for case in read_calls(folder)}
    if unknown := [call_id for call_id in ids if call_id not in known]:
        raise InvalidInput(f"the set has no call {', '.join(unknown)}", advice="take ids of calls.jsonl")
    cases = [known[call_id] for call_id in ids]
    live = settings.live
    tuning = LiveTuning(
        max_calls=max(at_once, 1), pool=PoolTuning(live.workers, live.beam, live.draft_beam, live.shed_after_s)
    )
    with tempfile.TemporaryDirectory(prefix="qorgan-") as place:
        languages = frozenset({Language.RU})
        calls = LiveCalls(Path(place), build_reader(settings), _Nowhere(), analyse, lambda: languages, tuning)
        try:
            calls.prepare()
            played: list[Played] = []
            for start in range(0, len(cases), at_once):
                played += _play_together(calls, cases[start : start + at_once], settings, speed)
        finally:
            calls.close()
    return metrics_of(played, recordings or {})


def metrics_of(played: Sequence[Played], recordings: Transcripts) -> dict[str, float]:
    """Return the metrics of played calls."""
    lags = [lag for one in played for lag in one.lags_s]
    chips = [delay for one in played for delay in one.chips_s]
    made = {
        "lag_p50_s": _percentile(lags, 50),
        "lag_p95_s": _percentile(lags, 95),
        "n_live_words": float(len(lags)),
        "chip_delay_p50_s": _percentile(chips, 50),
        "chip_delay_p95_s": _percentile(chips, 95),
        "n_chips": float(len(chips)),
        "late_end_max_s": max((one.late_end_s for one in played), default=math.nan),
    }
    both: list[tuple[WordErrors, WordErrors]] = []
    for leg in _LEGS:
        live = total(_errors(one.case, leg, " ".join(one.text.get(leg, []))) for one in played)
        made[f"wer_live_{leg.value}"] = live.rate
        heard = [one for one in played if one.case.id in recordings]
        both += [
            (
                _errors(one.case, leg, " ".join(one.text.get(leg, []))),
                _errors(one.case, leg, _text(one, leg, recordings)),
            )
            for one in heard
        ]
    if both:
        made["wer_live_minus_recording"] = total(b[0] for b in both).rate - total(b[1] for b in both).rate
    return made


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
        call.accept([write_frame(Frame(leg, seq, at, _pcm16(s[at : at + _FRAME]))) for leg, s in legs.items()])
        calls.pool.wake()
    call.end("ended")
    follower.join(_LONGEST_END_S)
    played.late_end_s = (time.monotonic() - began) * speed - length / SAMPLE_RATE
    return played


def _follow(call: LiveCall, played: Played, began: float, speed: float) -> None:
    news = threading.Event()
    stop = call.events.listen(news.set)
    seen = 0
    committed: dict[str, list[tuple[float, float]]] = {}  # leg -> end of a word, when it was committed
    while True:
        over = call.events.finished
        lines = call.events.after(seen)
        now = (time.monotonic() - began) * speed
        for line in lines:
            _note(orjson.loads(line), now, played, committed)
        seen += len(lines)
        if not lines:
            if over:
                break
            news.wait(1.0)
            news.clear()
    stop()


def _note(
    event: Mapping[str, object], now: float, played: Played, committed: dict[str, list[tuple[float, float]]]
) -> None:
    if event["type"] == "transcript.committed" and isinstance(event["words"], list):
        leg = str(event["leg"])
        for word in event["words"]:
            played.lags_s.append(now - word["end_s"])
            committed.setdefault(leg, []).append((word["end_s"], now))
            played.text.setdefault(LegName(leg), []).append(word["text"])
    if event["type"] == "tag.raised" and isinstance(event["tag"], dict) and event["tag"]["kind"] == "keyword":
        evidence = event["tag"]["evidence"]
        words = committed.get(evidence["leg"], [])
        when = [at for end_s, at in words if end_s <= evidence["end_s"] + 0.01]
        if when:
            played.chips_s.append(now - max(when))


class _Nowhere:
    """Keeps nothing: what is measured is what is told."""

    def begin(self, start: CallStart) -> None:
        """Nothing to keep."""

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


def _errors(case: CallCase, leg: LegName, written: str) -> WordErrors:
    said = " ".join(segment.text for segment in spoken(case) if segment.leg is leg)
    return count_errors(said, written)


def _text(one: Played, leg: LegName, recordings: Transcripts) -> str:
    return " ".join(segment.text for segment in recordings[one.case.id] if segment.leg is leg)


def _pcm16(samples: Samples) -> bytes:
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else math.nan
