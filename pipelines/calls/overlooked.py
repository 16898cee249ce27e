"""Where a leg has sound that no word accounts for: a whispering caller, whom voice detection does not hear."""

from collections.abc import Sequence

import numpy as np

from core.call_records import Word
from pipelines.calls.audio.crosstalk import FRAME, levels
from pipelines.calls.audio.speech import Span
from pipelines.calls.transcriber import SAMPLE_RATE, Samples, Utterance

_FRAMES_A_SECOND = SAMPLE_RATE // FRAME
_NOTHING_DB = -95.0  # digital silence, or what was silenced as the other side's
_ABOVE_NOISE_DB = 9.0
_AROUND_WORD_S = 0.4  # times of words are this exact
_PAUSE_S = 0.5  # within a stretch
_SHORTEST_S = 0.6
_WORTH_S = 1.2  # less than this in all is not worth a second pass
_PAD_S = 0.3
_SHARE = 0.1  # of the sound of a leg that has been heard: what a second pass may cost there
_HEARD = 0.4  # share of the sound under words from which on a leg counts as heard

_LOG_PROBABILITY = -1.0  # Whisper's own thresholds for "this is no speech"
_NO_SPEECH = 0.6
_SURE = 0.4  # mean probability of the words


def find_overlooked(samples: Samples, words: Sequence[Word]) -> list[Span]:
    """Return the stretches of a leg that have sound above its noise and no word of `words`, in order.

    Of a leg whose sound is mostly under words only a tenth is returned, the longest stretches.
    """
    from scipy.ndimage import binary_closing, label, uniform_filter1d

    level = levels(samples)
    sounding = level > _NOTHING_DB
    if not sounding.any():
        return []
    noise_db = float(np.percentile(level[sounding], 10))
    power = uniform_filter1d(10 ** (level / 10), 5)
    active = (10 * np.log10(power + 1e-12) > noise_db + _ABOVE_NOISE_DB) & sounding
    covered = np.zeros(len(level), bool)
    for word in words:
        start, end = (word.start_s - _AROUND_WORD_S, word.end_s + _AROUND_WORD_S)
        covered[max(0, round(start * _FRAMES_A_SECOND)) : max(0, round(end * _FRAMES_A_SECOND))] = True
    bare = active & ~covered
    joined = binary_closing(bare, np.ones(round(_PAUSE_S * _FRAMES_A_SECOND))) & ~covered
    numbered, count = label(joined)
    spans = []
    for number in range(1, count + 1):
        frames = np.flatnonzero(numbered == number)
        if len(frames) >= _SHORTEST_S * _FRAMES_A_SECOND:
            spans.append(Span(float(frames[0]) / _FRAMES_A_SECOND, float(frames[-1] + 1) / _FRAMES_A_SECOND))
    if active.sum() and (active & covered).sum() / active.sum() >= _HEARD:
        spans = _longest(spans, _SHARE * float(active.sum()) / _FRAMES_A_SECOND)
    if sum(span.length_s for span in spans) < _WORTH_S:
        return []
    return _padded(spans, len(samples) / SAMPLE_RATE)


def is_credible(utterance: Utterance) -> bool:
    """Tell whether an utterance heard without voice detection was said rather than invented."""
    mean = sum(word.probability for word in utterance.words) / max(1, len(utterance.words))
    return (
        utterance.log_probability > _LOG_PROBABILITY and utterance.no_speech_probability < _NO_SPEECH and mean >= _SURE
    )


def _longest(spans: list[Span], limit_s: float) -> list[Span]:
    kept, used_s = [], 0.0
    for span in sorted(spans, key=lambda s: -s.length_s):
        if used_s + span.length_s <= limit_s:
            kept.append(span)
            used_s += span.length_s
    return sorted(kept, key=lambda s: s.start_s)


def _padded(spans: list[Span], end_s: float) -> list[Span]:
    padded: list[Span] = []
    for span in spans:
        wider = Span(max(0.0, span.start_s - _PAD_S), min(end_s, span.end_s + _PAD_S))
        if padded and wider.start_s <= padded[-1].end_s:
            wider = Span(padded.pop().start_s, wider.end_s)
        padded.append(wider)
    return padded
