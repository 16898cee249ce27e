"""Reading a short stretch of a live call: cheap enough to do again and again while it grows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.call_records import Word
from core.errors import ModelError
from core.languages import Language
from core.models import find_model, require
from core.settings import LiveSettings, Settings
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcriber

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_FRAMES_PER_S = 100
_ROOM_FRAMES = 150
"""Silence after the speech: with less than a second and a half Whisper says the last words twice (ADR 0014)."""
_MOST_FRAMES = 3000
_TOKENS_PER_S = 12
"""Bound on what is said in a second; a loop of repeated tokens ends there. Russian speech in a hurry needs 9."""


@dataclass(frozen=True)
class Manner:
    """How carefully to read."""

    beam: int = 5


class ShortReader(Protocol):
    """Reads a stretch of speech of up to 30 s. Safe to call from several threads."""

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        """Return the words, times in seconds of `samples`. Raises ModelError."""
        ...


class TranscriberReader:
    """Any transcriber as a short reader; `Manner` is left to it."""

    def __init__(self, transcriber: Transcriber, hot_words: tuple[str, ...] = ()) -> None:
        self._transcriber = transcriber
        self._hot_words = hot_words

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        """Return the words of all utterances."""
        hints = Hints(language=language, hot_words=self._hot_words, skip_silence=False)
        transcript = self._transcriber.transcribe(samples, hints)
        return tuple(word for utterance in transcript.utterances for word in utterance.words)


class ShortWhisper:
    """Whisper over just the audio there is.

    Whisper was trained on windows of 30 s, and every reading of 2 s would cost the encoding of 30 (1.3 CPU-s for base,
    int8). CTranslate2's encoder takes shorter windows: 6 s cost 0.12 CPU-s and read much the same (ADR 0014).
    """

    def __init__(self, model: "WhisperModel", hot_words: tuple[str, ...] = ()) -> None:
        self._model = model
        self._hot_words = " ".join(hot_words) or None

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        """Return the words with the times of Whisper's cross-attention."""
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        if not model.model.is_multilingual:
            raise ModelError("the live model is not multilingual", advice="use a multilingual Whisper")
        features = model.feature_extractor(samples)[..., :_MOST_FRAMES]
        speech = features.shape[-1]
        room = min(speech + _ROOM_FRAMES, _MOST_FRAMES) - speech
        padded = np.pad(features, ((0, 0), (0, room + (speech + room) % 2)))
        encoded = model.encode(padded)
        tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language=(language or Language.RU).value)
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=self._hot_words)
        most = len(prompt) + 8 + round(_TOKENS_PER_S * len(samples) / SAMPLE_RATE)
        result = model.model.generate(
            encoded,
            [prompt],
            beam_size=manner.beam,
            no_repeat_ngram_size=3,
            max_length=min(most, model.max_length),
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        if not tokens:
            return ()
        return _words(model.find_alignment(tokenizer, [tokens], encoded, speech)[0], len(samples) / SAMPLE_RATE)


def _words(aligned: "list[dict[str, object]]", end_s: float) -> tuple[Word, ...]:
    """Join the pieces of faster-whisper's alignment into words with their punctuation; times never run backwards."""
    words: list[Word] = []
    for piece in aligned:
        text = str(piece["word"])
        start_s = min(float(str(piece["start"])), end_s)
        stop_s = min(float(str(piece["end"])), end_s)
        probability = float(str(piece["probability"]))
        if words and not text.startswith(" "):
            last = words[-1]
            words[-1] = Word(last.text + text.strip(), last.start_s, max(last.end_s, stop_s), last.probability)
        elif text.strip():
            start_s = max(start_s, words[-1].start_s if words else 0.0)
            words.append(Word(text.strip(), start_s, max(stop_s, start_s), probability))
    return tuple(words)


class LazyReader:
    """A reader that is made at the first reading."""

    def __init__(self, make: Callable[[], ShortReader]) -> None:
        """`make` returns the same reader each time."""
        self._make = make

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        """Return what the reader returns."""
        return self._make().read(samples, language, manner)


def build_reader(settings: Settings) -> ShortReader:
    """Return the reader of the configured transcriber; Whisper in this process over windows as short as the audio.

    Raises ModelError when its weights are missing or altered.
    """
    model = find_model(settings, settings.calls.transcriber)
    if model.kind != "endpoint":
        folder = require(settings, model.name)
        if (folder / "model.bin").is_file():
            return load_short_whisper(folder, settings.live)
    from pipelines.calls.transcribers.factory import build_transcriber

    return TranscriberReader(build_transcriber(settings))


def load_short_whisper(folder: Path, settings: LiveSettings) -> ShortWhisper:
    """Load a CTranslate2 folder. Apart from the one of recordings: a long recording must not hold live calls up."""
    from faster_whisper import WhisperModel

    try:
        model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=settings.threads,
            num_workers=settings.workers,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"the model in {folder} cannot be loaded", advice="run `qorgan models verify`") from error
    return ShortWhisper(model)
