"""The legs of a recording become segments of text."""

from collections.abc import Mapping

from core.call_records import LegName, Segment
from pipelines.calls.transcriber import Hints, Samples, Transcriber


def transcribe_legs(
    legs: Mapping[LegName, Samples], transcriber: Transcriber, hints: Hints | None = None
) -> tuple[Segment, ...]:
    """Return what is said in each leg, in the order of time.

    Raises:
        ModelError: the model cannot be run.
        Unavailable: a transcription server does not answer.
    """
    hints = hints or Hints()
    segments = [
        Segment(leg, utterance.words[0].start_s, utterance.words[-1].end_s, utterance.words)
        for leg, samples in legs.items()
        for utterance in transcriber.transcribe(samples, hints).utterances
        if utterance.words
    ]
    return tuple(sorted(segments, key=lambda s: (s.start_s, s.end_s)))
