"""GigaAM, T-one and their like in this process: a folder of the operator's, run by onnx-asr."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.call_records import Word
from core.errors import ModelError
from core.languages import Language
from pipelines.calls.audio.speech import Span, find_speech
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcript, Utterance

if TYPE_CHECKING:
    from onnx_asr.adapters import TimestampedResultsAsrAdapter
    from onnx_asr.asr import TimestampedResult

_LONGEST_S = 20.0  # such models are trained on utterances of up to some 25 s
_PAUSE_S = 0.5  # a pause that divides utterances
_PAD_S = 0.2
_SHORTEST_S = 0.1
_TOKEN_S = 0.08  # length given to the last token of an utterance, which nothing follows


class OnnxTranscriber:
    """A `Transcriber` over a local folder with a `config.json` that names its `model_type`; nothing is ever fetched.

    Hot words and beams are not used: these models decode greedily. Loaded at the first sound.
    """

    def __init__(
        self, folder: Path, *, name: str, languages: frozenset[Language], default: Language, threads: int
    ) -> None:
        self._folder = folder
        self._name = name
        self._languages = languages
        self._default = default
        self._threads = threads
        self._model: TimestampedResultsAsrAdapter | None = None
        self._one = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name in the manifest."""
        return self._name

    @property
    def languages(self) -> frozenset[Language]:
        """Languages it writes reliably."""
        return self._languages

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        """Return what is said in `samples`. Raises ModelError when the model cannot be run."""
        whole = [Span(0.0, len(samples) / SAMPLE_RATE)]
        spans = find_speech(samples, pause_s=_PAUSE_S, pad_s=_PAD_S) if hints.skip_silence else whole
        utterances = []
        with self._one:
            model = self._loaded()
            for span in cut(spans, _LONGEST_S):
                piece = samples[round(span.start_s * SAMPLE_RATE) : round(span.end_s * SAMPLE_RATE)]
                if len(piece) < _SHORTEST_S * SAMPLE_RATE:
                    continue
                try:
                    result = model.recognize(np.ascontiguousarray(piece, np.float32))
                except Exception as error:  # onnxruntime's own exceptions have no common ancestor
                    raise ModelError(
                        f"{self._name} could not transcribe {span.length_s:.1f} s: {type(error).__name__}",
                        advice="Check that the folder holds the model that its config.json names.",
                    ) from error
                if utterance := _utterance(result, span):
                    utterances.append(utterance)
        return Transcript(tuple(utterances), hints.language or self._default)

    def _loaded(self) -> "TimestampedResultsAsrAdapter":
        if self._model is None:
            from onnx_asr.loader import Manager
            from onnxruntime import SessionOptions

            options = SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            try:
                manager = Manager(options, ["CPUExecutionProvider"])
                self._model = manager.create_asr(None, self._folder, offline=True).with_timestamps()
            except Exception as error:  # as above
                raise ModelError(
                    f"{self._name} in {self._folder} cannot be loaded: {type(error).__name__}: {error}",
                    advice="It must be a folder that onnx-asr reads, with a config.json that names its model_type.",
                ) from error
        return self._model


def cut(spans: Sequence[Span], longest_s: float) -> list[Span]:
    """Return the spans, those longer than `longest_s` in equal pieces."""
    pieces = []
    for span in spans:
        count = max(1, math.ceil(span.length_s / longest_s))
        step = span.length_s / count
        pieces += [Span(span.start_s + n * step, span.start_s + (n + 1) * step) for n in range(count)]
    return pieces


def _utterance(result: "TimestampedResult", span: Span) -> Utterance | None:
    """Join tokens into words; a token that begins with a space begins a word."""
    tokens, times = result.tokens or [], result.timestamps or []
    scores = result.logprobs or [0.0] * len(tokens)
    rows = list(zip(tokens, times, scores, strict=False))
    if not rows:  # a model without token times: words are spread over the span
        return _spread(result.text, span)
    words: list[Word] = []
    text, start_s, score = "", 0.0, 0.0
    ends = [*(time for _, time, _ in rows[1:]), min(rows[-1][1] + _TOKEN_S, span.length_s)]

    def close(end_s: float) -> None:
        if text.strip():
            end_s = max(start_s, min(end_s, span.length_s))
            words.append(Word(text.strip(), span.start_s + start_s, span.start_s + end_s, math.exp(min(0.0, score))))

    last_s = 0.0
    for (token, time, value), end_s in zip(rows, ends, strict=True):
        if token.startswith(" "):
            close(last_s)
            text, start_s, score = "", time, 0.0
        if not text.strip():
            start_s = time
        text += token
        score = min(score, value)
        if token.strip():
            last_s = min(end_s, time + _TOKEN_S)
    close(last_s)
    mean = sum(scores) / len(scores)
    return Utterance(tuple(words), mean) if words else None


def _spread(text: str, span: Span) -> Utterance | None:
    parts = text.split()
    if not parts:
        return None
    step = span.length_s / len(parts)
    return Utterance(
        tuple(Word(part, span.start_s + n * step, span.start_s + (n + 1) * step) for n, part in enumerate(parts))
    )
