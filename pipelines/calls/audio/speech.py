"""Where in a leg somebody speaks: Silero v6 (MIT), the ONNX file that comes with faster-whisper."""

from dataclasses import dataclass

import numpy as np

from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_PIECE_S = 600  # so that a long leg is not copied as a whole


@dataclass(frozen=True)
class Span:
    """A stretch of a leg."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Its length, seconds."""
        return self.end_s - self.start_s


def find_speech(samples: Samples, *, threshold: float = 0.5, pause_s: float = 2.0, pad_s: float = 0.4) -> list[Span]:
    """Return where somebody speaks, in order.

    `threshold`: least probability of speech; `pause_s`: shorter pauses do not divide a span; `pad_s` is added at both
    ends. The defaults are those of faster-whisper.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=threshold, min_silence_duration_ms=round(pause_s * 1000), speech_pad_ms=round(pad_s * 1000)
    )
    spans: list[Span] = []
    step = _PIECE_S * SAMPLE_RATE
    for start in range(0, len(samples), step):
        piece = np.ascontiguousarray(samples[start : start + step], np.float32)
        for found in get_speech_timestamps(piece, options):
            span = Span((start + found["start"]) / SAMPLE_RATE, (start + found["end"]) / SAMPLE_RATE)
            if spans and span.start_s <= spans[-1].end_s:
                span = Span(spans.pop().start_s, span.end_s)
            spans.append(span)
    return spans
