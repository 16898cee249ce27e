"""The legs of a recording become segments of text.

Each leg is transcribed in pieces, once more without the other side's voice where that was written too, looked at again
where it has sound but no words, and rid of what the transcriber invented.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from core.call_records import LegName, Segment, Word
from pipelines.calls.audio.crosstalk import FRAME, Leak, find_leak, levels, without_leak
from pipelines.calls.audio.speech import Span
from pipelines.calls.invented import without_invented
from pipelines.calls.overheard import has_overheard
from pipelines.calls.overlooked import find_overlooked, is_credible
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcriber

_PIECE_S = 300  # transcribed at once; bounds memory
_SEARCH_S = 30  # at the end of a piece, where the quietest place is looked for
_TURN_S = 0.8  # a pause that divides segments: the other side may have spoken in it
_OTHER = {LegName.CALLER: LegName.OPERATOR, LegName.OPERATOR: LegName.CALLER}


@dataclass(frozen=True)
class Beside:
    """The other leg, for the same time, and how it leaks in."""

    samples: Samples
    leak: Leak


def transcribe_legs(
    legs: Mapping[LegName, Samples], transcriber: Transcriber, hints: Hints | None = None
) -> tuple[Segment, ...]:
    """Return what is said in each leg, in the order of time.

    Raises:
        ModelError: the model cannot be run.
        Unavailable: a transcription server does not answer.
    """
    hints = hints or Hints()
    segments: list[Segment] = []
    for name, samples in legs.items():
        other = legs.get(_OTHER.get(name, name)) if name in _OTHER else None
        leak = find_leak(samples, other) if other is not None else None
        for span in cut_at_pauses(samples):
            part = slice(round(span.start_s * SAMPLE_RATE), round(span.end_s * SAMPLE_RATE))
            beside = Beside(other[part], leak) if leak is not None and other is not None else None
            segments += _segments(name, span.start_s, transcribe_leg(samples[part], transcriber, hints, beside))
    return tuple(sorted(segments, key=lambda s: (s.start_s, s.end_s)))


def transcribe_leg(
    samples: Samples, transcriber: Transcriber, hints: Hints, beside: Beside | None = None
) -> list[tuple[Word, ...]]:
    """Return the utterances of a piece of one leg, in order; times in seconds of `samples`. Raises as the port.

    `beside`: what leaks in from the other leg, None where nothing does. The leak is taken out before transcription only
    where its words were written: elsewhere it does no harm, and taking it out costs words of this leg.
    """
    heard = [without_invented(u.words) for u in transcriber.transcribe(samples, hints).utterances]
    words = [word for utterance in heard for word in utterance]
    if beside is not None:
        clean = without_leak(samples, beside.samples, beside.leak)
        if has_overheard(words, samples, beside.samples, beside.leak):
            heard = [without_invented(u.words) for u in transcriber.transcribe(clean, hints).utterances]
            words = [word for utterance in heard for word in utterance]
        samples = clean  # a leak is nothing that was overlooked
    spans = find_overlooked(samples, words)
    if spans:
        second = transcriber.transcribe(_joined(samples, spans), replace(hints, skip_silence=False))
        heard += [
            _moved(without_invented(utterance.words), spans)
            for utterance in second.utterances
            if is_credible(utterance)
        ]
    return sorted((utterance for utterance in heard if utterance), key=lambda u: u[0].start_s)


def cut_at_pauses(samples: Samples) -> Iterator[Span]:
    """Yield consecutive pieces of at most five minutes, cut where it is quietest."""
    start, step, search = 0, _PIECE_S * SAMPLE_RATE, _SEARCH_S * SAMPLE_RATE
    while start < len(samples):
        end = min(start + step, len(samples))
        if end < len(samples):
            level = levels(samples[end - search : end])
            smooth = np.convolve(level, np.ones(25), "same")
            end = end - search + (int(smooth[25:-25].argmin()) + 25) * FRAME
        yield Span(start / SAMPLE_RATE, end / SAMPLE_RATE)
        start = end


def _segments(leg: LegName, offset_s: float, utterances: Sequence[tuple[Word, ...]]) -> Iterator[Segment]:
    for utterance in utterances:
        words = tuple(replace(w, start_s=w.start_s + offset_s, end_s=w.end_s + offset_s) for w in utterance)
        starts = [0, *(n + 1 for n, (a, b) in enumerate(pairwise(words)) if b.start_s - a.end_s >= _TURN_S), len(words)]
        for first, last in pairwise(starts):
            turn = words[first:last]
            yield Segment(leg, turn[0].start_s, max(word.end_s for word in turn), turn)


def _joined(samples: Samples, spans: Sequence[Span]) -> Samples:
    return np.concatenate([samples[round(s.start_s * SAMPLE_RATE) : round(s.end_s * SAMPLE_RATE)] for s in spans])


def _moved(words: Sequence[Word], spans: Sequence[Span]) -> tuple[Word, ...]:
    """Put words of joined stretches back where these were."""
    moved = []
    for word in words:
        at_s = (word.start_s + word.end_s) / 2
        for span in spans:
            if at_s < span.length_s or span is spans[-1]:
                break
            at_s -= span.length_s
        shift_s = span.start_s + at_s - (word.start_s + word.end_s) / 2
        start_s = max(span.start_s, word.start_s + shift_s)
        moved.append(replace(word, start_s=start_s, end_s=max(start_s, min(span.end_s, word.end_s + shift_s))))
    return tuple(moved)
