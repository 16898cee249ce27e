"""The port of speech recognition: what a call needs of it, and nothing of who serves it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.call_records import Word
from core.languages import Language

Samples = NDArray[np.float32]
"""Mono audio: float32, shape (n,), -1..1, at `SAMPLE_RATE`."""

SAMPLE_RATE = 16_000
"""Samples a second that every transcriber and tagger is given."""


@dataclass(frozen=True)
class Hints:
    """What helps a transcriber. `language` None: the transcriber's own default."""

    language: Language | None = None
    hot_words: tuple[str, ...] = ()
    skip_silence: bool = True  # find speech first; False reads all of it, for a voice that detection misses
    beam: int | None = None  # hypotheses kept while decoding, where the model has such; None: the transcriber's own


@dataclass(frozen=True)
class Utterance:
    """A stretch of speech as the transcriber cut it; `words` in order, times in seconds of the samples."""

    words: tuple[Word, ...]
    log_probability: float = 0.0  # mean over tokens
    no_speech_probability: float = 0.0


@dataclass(frozen=True)
class Transcript:
    """What a transcriber heard; empty where it heard nothing."""

    utterances: tuple[Utterance, ...]
    language: Language | None = None


class Transcriber(Protocol):
    """Speech to text. Safe to call from several threads; calls may wait for one another."""

    @property
    def name(self) -> str:
        """The model's name in the manifest."""
        ...

    @property
    def languages(self) -> frozenset[Language]:
        """Languages it writes reliably; a pane says so of the others."""
        ...

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        """Return what is said in `samples` (`Samples`). Raises ModelError when the model cannot be run."""
        ...
