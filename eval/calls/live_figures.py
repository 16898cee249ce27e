"""What a played call told and when, and the figures made of that."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from core.call_records import LegName, Segment
from eval.calls.dataset import CallCase, spoken
from eval.calls.word_errors import WordErrors, count_errors, total

LEGS = (LegName.CALLER, LegName.OPERATOR)

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
    cpu_s: float = 0.0  # of intake, reading and analysis; counted by the virtual clock only
    length_s: float = 0.0
    _committed: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # leg -> end of a word, when told

    def note(self, line: bytes, now_s: float) -> None:
        """Take an event of the call's stream that came at `now_s`."""
        event: Mapping[str, object] = orjson.loads(line)
        if event["type"] == "transcript.committed" and isinstance(event["words"], list):
            leg = str(event["leg"])
            for word in event["words"]:
                self.lags_s.append(now_s - word["end_s"])
                self._committed.setdefault(leg, []).append((word["end_s"], now_s))
                self.text.setdefault(LegName(leg), []).append(word["text"])
        if event["type"] == "tag.raised" and isinstance(event["tag"], dict) and event["tag"]["kind"] == "keyword":
            evidence = event["tag"]["evidence"]
            words = self._committed.get(evidence["leg"], [])
            when = [at for end_s, at in words if end_s <= evidence["end_s"] + 0.01]
            if when:
                self.chips_s.append(now_s - max(when))


def metrics_of(played: Sequence[Played], recordings: Transcripts) -> dict[str, float]:
    """Return the metrics of played calls; word error rates are errors a word, not a mean of calls."""
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
    if spent := sum(one.cpu_s for one in played):
        made["live_cpu_s_per_call_s"] = spent / sum(one.length_s for one in played)
    heard = [one for one in played if one.case.id in recordings]
    for leg in LEGS:
        live = total(_errors(one, leg, _live_text(one, leg)) for one in played)
        if live.words:
            made[f"wer_live_{leg.value}"] = live.rate
        if live.words and heard:
            made[f"wer_recording_{leg.value}"] = total(_errors(o, leg, _text(o, leg, recordings)) for o in heard).rate
    if heard:
        live = total(_errors(one, leg, _live_text(one, leg)) for one in heard for leg in LEGS)
        recorded = total(_errors(one, leg, _text(one, leg, recordings)) for one in heard for leg in LEGS)
        made["wer_live_minus_recording"] = live.rate - recorded.rate
    return made


def _errors(one: Played, leg: LegName, written: str) -> WordErrors:
    said = " ".join(segment.text for segment in spoken(one.case) if segment.leg is leg)
    return count_errors(said, written)


def _live_text(one: Played, leg: LegName) -> str:
    return " ".join(one.text.get(leg, []))


def _text(one: Played, leg: LegName, recordings: Transcripts) -> str:
    return " ".join(segment.text for segment in recordings[one.case.id] if segment.leg is leg)


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else math.nan
