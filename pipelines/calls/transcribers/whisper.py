"""Whisper in this process: a CTranslate2 folder run by faster-whisper."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.call_records import Word
from core.errors import ModelError
from core.jobs.progress import report
from core.languages import Language
from core.models.runtime import go_offline
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcript, Utterance

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment as WhisperSegment

NO_REPEAT_NGRAM = 3
"""Tokens that may not come twice in the same order: stops most loops (word error rate at 5 dB: 152 % -> 71 %)."""

_SHORTEST = SAMPLE_RATE // 50  # less than this holds no word and no analysis window


class WhisperTranscriber:
    """A `Transcriber` over a local folder; it is loaded at the first sound. One decoding runs at a time."""

    def __init__(
        self, folder: Path, *, name: str, languages: frozenset[Language], default: Language, threads: int, beam: int = 5
    ) -> None:
        self._folder = folder
        self._name = name
        self._languages = languages
        self._default = default
        self._threads = threads
        self._beam = beam
        self._model: WhisperModel | None = None
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
        language = hints.language or self._default
        if len(samples) < _SHORTEST:
            return Transcript((), language)
        with self._one:
            model = self._loaded()
            try:
                segments, _ = model.transcribe(
                    np.ascontiguousarray(samples, np.float32),
                    language=language.value,
                    beam_size=hints.beam or self._beam,
                    # One temperature: the ladder of fallbacks runs many times slower than real time on hopeless sound.
                    temperature=0.0,
                    no_repeat_ngram_size=NO_REPEAT_NGRAM,
                    condition_on_previous_text=False,
                    hotwords=" ".join(hints.hot_words) or None,
                    vad_filter=hints.skip_silence,
                    word_timestamps=True,
                )
                return Transcript(tuple(_utterances(segments, len(samples) / SAMPLE_RATE)), language)
            except (RuntimeError, ValueError, MemoryError) as error:
                raise ModelError(
                    f"{self._name} could not transcribe {len(samples) / SAMPLE_RATE:.1f} s: {error}",
                    advice="Run `qorgan models verify`; see that the machine has memory left.",
                ) from error

    def _loaded(self) -> "WhisperModel":
        if self._model is None:
            go_offline()
            from faster_whisper import WhisperModel

            try:
                self._model = WhisperModel(
                    str(self._folder),
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=self._threads,
                    num_workers=1,
                    local_files_only=True,
                )
            except (RuntimeError, ValueError, OSError) as error:
                raise ModelError(
                    f"{self._name} in {self._folder} cannot be loaded: {error}",
                    advice="It must be a CTranslate2 Whisper folder with its tokenizer.json.",
                ) from error
        return self._model


def _utterances(segments: "Iterable[WhisperSegment]", length_s: float) -> Iterable[Utterance]:
    for segment in segments:
        report(segment.end / length_s)
        words = tuple(
            Word(text, float(word.start), float(word.end), float(word.probability))
            for word in segment.words or ()
            if (text := word.word.strip())
        )
        if words:
            yield Utterance(words, float(segment.avg_logprob), float(segment.no_speech_prob))
