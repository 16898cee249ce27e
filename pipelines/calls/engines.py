"""What listens to recordings, built from the settings; each model is loaded at its first use."""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from core.call_records import Analysis, Segment, Tag
from core.errors import ModelError
from core.jobs.progress import part_of_step, report
from core.languages import Language
from core.models import require
from core.settings import Settings
from pipelines.calls.audio import Recording
from pipelines.calls.recording import CallEngines
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcriber, Transcript

if TYPE_CHECKING:
    from pipelines.calls.sounds import SoundTagger

Made = TypeVar("Made")
NONE = "none"
"""The version of an engine that is not there."""
log = logging.getLogger(__name__)


def build_engines(settings: Settings, transcriber: Callable[[], Transcriber]) -> CallEngines:
    """Return the engines; `transcriber` gives the one that recordings and live calls share."""
    tagger = Once(partial(sound_tagger, settings))

    def versions() -> dict[str, str]:
        sounds = tagger()
        return {"transcriber": transcriber().name, "sounds": sounds.name if sounds else NONE}

    return CallEngines(
        transcribe=lambda recording, language: _transcribe(recording, language, transcriber(), settings.calls.hints),
        tag_sounds=lambda recording: _tag_sounds(recording, tagger()),
        tag_distress=lambda recording, segments, sounds: _tag_distress(recording, segments, sounds, settings),
        analyse=_analyse,
        versions=versions,
        reliable=lambda: transcriber().languages,
    )


def call_models(settings: Settings) -> tuple[str, ...]:
    """Return the names of the manifest's models that calls need: the transcribers that are set, and the sounds'."""
    from pipelines.calls.sounds import MODEL_NAME

    names = (settings.calls.transcriber, settings.calls.fallback_transcriber, MODEL_NAME)
    return tuple(name for name in names if name)


class Once(Generic[Made]):
    """Makes something at the first call and gives the same ever after; what failed is tried again."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[Made] = []

    def __call__(self) -> Made:
        """Return what was made; raises what `make` raises."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class _Reporting:
    """A transcriber whose progress on one leg counts as a share of all the sound of a recording."""

    def __init__(self, inner: Transcriber, seconds: float) -> None:
        self._inner = inner
        self._seconds = max(seconds, 1e-9)
        self._done = 0.0
        self.name = inner.name
        self.languages = inner.languages

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        """See `Transcriber`."""
        share = len(samples) / SAMPLE_RATE / self._seconds
        with part_of_step(self._done, share):
            heard = self._inner.transcribe(samples, hints)
        self._done = min(self._done + share, 1.0)
        report(self._done)
        return heard


def _transcribe(
    recording: Recording, language: Language, transcriber: Transcriber, with_hints: bool
) -> tuple[Segment, ...]:
    from pipelines.calls.place import hot_words
    from pipelines.calls.transcription import transcribe_legs

    seconds = recording.duration_s * len(recording.legs)
    hints = Hints(language=language, hot_words=hot_words() if with_hints else ())
    return transcribe_legs(recording.legs, _Reporting(transcriber, seconds), hints)


def sound_tagger(settings: Settings) -> "SoundTagger | None":
    """Return what hears sounds, None (and a line in the log) where its model is not here."""
    from pipelines.calls.sounds import MODEL_NAME, YamnetTagger

    try:
        return YamnetTagger(require(settings, MODEL_NAME), threads=settings.models.threads)
    except ModelError as error:
        log.warning("sounds of calls are not tagged: %s", error.code)
        return None


def _tag_sounds(recording: Recording, tagger: "SoundTagger | None") -> tuple[Tag, ...]:
    from pipelines.calls.sounds import tag_sounds

    return tag_sounds(recording.legs, tagger) if tagger is not None else ()


def _tag_distress(
    recording: Recording, segments: Sequence[Segment], sounds: Sequence[Tag], settings: Settings
) -> tuple[Tag, ...]:
    from pipelines.calls.distress import tag_distress

    return tag_distress(recording.legs, segments, sounds, legal_basis=settings.calls.distress_legal_basis)


def _analyse(segments: Sequence[Segment], noticed: Sequence[Tag]) -> Analysis:
    from pipelines.calls.analysis import analyse

    return analyse(segments, noticed)
