"""How well calls are transcribed, beside the bare transcriber with the same settings in the same run."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.call_records import LegName, Segment
from core.languages import Language
from core.settings import Settings
from eval.calls.dataset import CallCase
from eval.calls.word_errors import WordErrors, count_errors, total
from eval.metrics import Measure, statistic
from pipelines.calls.audio import decode_recording
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Transcriber
from pipelines.calls.transcription import transcribe_legs

_LEVELS_DB = (20, 10, 5)


@dataclass(frozen=True)
class Heard:
    """What was heard in one call: by the pipeline, and by the transcriber alone (`plain`)."""

    segments: tuple[Segment, ...]
    plain: tuple[Segment, ...]
    cpu_s: float  # with decoding the file and the second pass
    plain_cpu_s: float
    audio_s: float


@dataclass(frozen=True)
class LegErrors:
    """Word errors of one leg of one call."""

    call: str
    leg: LegName
    group: str  # "dialogue", "real_ru" or "kk"
    snr_db: float | None
    ours: WordErrors
    plain: WordErrors


def hear(
    cases: Sequence[CallCase], transcriber: Transcriber, settings: Settings, say: Callable[[str], None] = lambda _: None
) -> dict[str, Heard]:
    """Transcribe every call twice, by the pipeline and plainly. Raises as decoding and the transcriber do."""
    transcriber.transcribe(np.zeros(SAMPLE_RATE, np.float32), Hints(skip_silence=False))  # loads the model
    return {case.id: _hear(case, transcriber, settings, say) for case in cases}


def measure_transcription(cases: Sequence[CallCase], heard: Mapping[str, Heard]) -> dict[str, Measure]:
    """Return word error rates (errors a word, not a mean of calls) and the cost beside the bare transcriber's.

    `wer_*` are of dialogues, `wer_real_ru_*` of recorded Russian prompts, `wer_kk_*` of Kazakh speech; `_plain_` is the
    baseline. Intervals are over legs.
    """
    legs = [leg for case in cases if case.id in heard for leg in leg_errors(case, heard[case.id])]
    found: dict[str, Measure] = {}
    for group, prefix in (("dialogue", "wer_"), ("real_ru", "wer_real_ru_"), ("kk", "wer_kk_")):
        for name in (LegName.CALLER, LegName.OPERATOR):
            mine = [leg for leg in legs if leg.group == group and leg.leg is name]
            chosen = {f"{name}": mine} | {
                f"{name}_{level}db": [leg for leg in mine if leg.snr_db == level] for level in _LEVELS_DB
            }
            for label, some in chosen.items():
                if some:
                    found[f"{prefix}{label}"] = statistic(some, lambda legs: total(leg.ours for leg in legs).rate)
                    found[f"{prefix}plain_{label}"] = statistic(
                        some, lambda legs: total(leg.plain for leg in legs).rate
                    )
    calls = list(heard.values())
    found["cost_ratio_to_asr"] = statistic(
        calls, lambda some: sum(h.cpu_s for h in some) / max(1e-9, sum(h.plain_cpu_s for h in some))
    )
    found["asr_cpu_s_per_audio_s"] = statistic(
        calls, lambda some: sum(h.cpu_s for h in some) / max(1e-9, sum(h.audio_s for h in some))
    )
    return found


def leg_errors(case: CallCase, heard: Heard) -> list[LegErrors]:
    """Return the word errors of each leg in which something is said."""
    turns = case.truth["dialogue"]
    audio = case.truth.get("audio")
    assert isinstance(turns, list)
    group = "dialogue" if case.has_card else "kk" if case.language == "kk" else "real_ru"
    found = []
    for leg in (LegName.CALLER, LegName.OPERATOR):
        mine = sorted((t for t in turns if t["channel"] == leg.value), key=lambda t: float(t["start_s"]))
        if not mine:
            continue
        said = " ".join(str(turn["text"]) for turn in mine)
        level = audio.get(f"{leg.value}_snr_db") if isinstance(audio, Mapping) else None
        found.append(
            LegErrors(
                case.id,
                leg,
                group,
                level if isinstance(level, (int, float)) else None,
                count_errors(said, _text(heard.segments, leg)),
                count_errors(said, _text(heard.plain, leg)),
            )
        )
    return found


def _hear(case: CallCase, transcriber: Transcriber, settings: Settings, say: Callable[[str], None]) -> Heard:
    say(f"listening to {case.id}")
    hints = Hints(Language(case.language) if case.language in set(Language) else settings.calls.language)
    started = time.process_time()
    recording = decode_recording(case.audio, settings.calls)
    segments = transcribe_legs(recording.legs, transcriber, hints)
    ours_s = time.process_time() - started
    started = time.process_time()
    plain = tuple(
        Segment(leg, utterance.words[0].start_s, utterance.words[-1].end_s, utterance.words)
        for leg, samples in recording.legs.items()
        for utterance in transcriber.transcribe(samples, hints).utterances
    )
    plain_s = time.process_time() - started
    return Heard(segments, plain, ours_s, plain_s, recording.duration_s)


def _text(segments: Sequence[Segment], leg: LegName) -> str:
    mine = sorted((s for s in segments if s.leg in (leg, LegName.MIXED)), key=lambda s: s.start_s)
    return " ".join(segment.text for segment in mine)
