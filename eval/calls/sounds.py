"""How well sounds are heard under telephone speech: ESC-10 clips mixed under recorded prompts at stated levels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from eval.metrics import Measure
from pipelines.calls.sounds import SoundTagger, load_labels
from pipelines.calls.sounds.labels import place_labels
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

LEVELS_DB = (10.0, 0.0, -6.0)
"""Level of the sound over that of the speech, both by their louder half."""

_FOLDERS = {"dog_bark": "dog", "person_sneeze": "sneezing"}  # ESC-10's name: ours, where they differ
_TELEPHONE_RATE = 8000
_TELEPHONE_BAND_HZ = (300.0, 3400.0)
_SPEECH_LEVEL = 0.06
_STRETCH = 400  # samples: 50 ms, for levels
_RESAMPLES = 300
_SEED = 20


@dataclass(frozen=True)
class SoundClip:
    """A clip, what it is, and the recording it was cut from (clips of one recording stay on one side of a split)."""

    label: str
    recording: str
    samples: Samples  # at 8 kHz


@dataclass(frozen=True)
class SoundResult:
    """Mean average precision and what it is made of; intervals by resampling clips."""

    metrics: dict[str, Measure]
    by_class: dict[str, dict[str, float]]  # label -> {"10 dB": average precision, ...}


def measure_sounds(sounds: Path, speech: Path, tagger: SoundTagger) -> SoundResult:
    """Return mean average precision on the half of the clips that nothing was tuned on, beside chance.

    `sounds`: a folder per class with clips named FOLD-RECORDING-TAKE; `speech`: recordings of speech, any depth.

    Raises:
        InvalidInput: a folder holds no clips.
    """
    clips = read_clips(sounds)
    reported = [clip for clip, tuned in zip(clips, tuning_half(clips), strict=True) if not tuned]
    talk = read_speech(speech)
    labels = sorted({clip.label for clip in reported})
    placed = {p.label.label: list(p.columns) for p in place_labels(load_labels(), tagger.classes)}
    truth = np.asarray([labels.index(clip.label) for clip in reported])
    metrics: dict[str, Measure] = {}
    by_class: dict[str, dict[str, float]] = {label: {} for label in labels}
    tables = []
    for level in LEVELS_DB:
        scores = np.asarray(
            [
                [tagger.score(mixed(clip.samples, talk, level, number))[:, placed[k]].max() for k in labels]
                for number, clip in enumerate(reported)
            ]
        )
        tables.append(scores)
        for column, label in enumerate(labels):
            by_class[label][f"{level:g} dB"] = round(average_precision(truth == column, scores[:, column]), 3)
        metrics[f"sound_map_{level:g}db"] = _mean_precision(truth, [scores])
    metrics["sound_map"] = _mean_precision(truth, tables)
    metrics["baseline_sound_map_chance"] = _chance(truth, len(labels))
    return SoundResult(metrics, by_class)


def read_clips(folder: Path) -> list[SoundClip]:
    """Return the clips of a folder per class, at 8 kHz, in the order of their names."""
    paths = sorted(p for p in folder.glob("*/*") if p.suffix in {".ogg", ".wav", ".flac"})
    if not paths:
        raise InvalidInput(f"{folder} holds no clips", advice="It needs a folder per class, as ESC-10 has.")
    return [
        SoundClip(
            _FOLDERS.get(p.parent.name, p.parent.name), p.stem.split("-")[-2] if "-" in p.stem else p.stem, _read(p)
        )
        for p in paths
    ]


def tuning_half(clips: Sequence[SoundClip]) -> list[bool]:
    """Tell of each clip whether thresholds and the filling of the missing band were tuned on it.

    Within a class, every other recording.
    """
    recordings = {
        label: sorted({clip.recording for clip in clips if clip.label == label}) for label in {c.label for c in clips}
    }
    return [recordings[clip.label].index(clip.recording) % 2 == 0 for clip in clips]


def read_speech(folder: Path) -> Samples:
    """Return two minutes of speech and more, at 8 kHz."""
    pieces = [_read(path) for path in sorted(folder.rglob("*.flac"))[:400]]
    pieces = [piece for piece in pieces if len(piece) > _TELEPHONE_RATE]
    if not pieces:
        raise InvalidInput(f"{folder} holds no speech", advice="It needs recordings in FLAC.")
    return np.concatenate(pieces)


def mixed(clip: Samples, talk: Samples, level_db: float, number: int) -> Samples:
    """Return `clip` in the telephone band under a stretch of `talk` chosen by `number`, at 16 kHz."""
    from scipy.signal import butter, resample_poly, sosfiltfilt

    start = number * 63_352 % max(1, len(talk) - len(clip))
    voice = np.resize(talk[start : start + len(clip)], len(clip))
    band = butter(4, _TELEPHONE_BAND_HZ, "bandpass", fs=_TELEPHONE_RATE, output="sos")
    sound = sosfiltfilt(band, clip)
    whole = _SPEECH_LEVEL * (voice / _level(voice) + sound / _level(sound) * 10 ** (level_db / 20))
    rounded = np.round(np.clip(whole, -1, 1) * 32767) / 32767
    return np.asarray(resample_poly(rounded, SAMPLE_RATE // _TELEPHONE_RATE, 1), np.float32)


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the mean over the right ones of precision at their rank."""
    hits = truth[np.argsort(-scores, kind="stable")]
    if not hits.any():
        return 0.0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def _mean_precision(truth: NDArray[np.int64], tables: Sequence[NDArray[np.float64]]) -> Measure:
    classes = range(tables[0].shape[1])

    def over(picks: NDArray[np.int64]) -> float:
        kinds = [k for k in classes if (truth[picks] == k).any()]
        return float(np.mean([average_precision(truth[picks] == k, t[picks, k]) for t in tables for k in kinds]))

    return _with_interval(len(truth), over)


def _chance(truth: NDArray[np.int64], labels: int) -> Measure:
    """Return what scores drawn at random reach, with the spread of the draws."""
    random = np.random.default_rng(_SEED)
    drawn = [
        float(np.mean([average_precision(truth == k, random.random(len(truth))) for k in range(labels)]))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Measure(float(np.mean(drawn)), len(truth), float(low), float(high))


def _with_interval(n: int, figure: Callable[[NDArray[np.int64]], float]) -> Measure:
    random = np.random.default_rng(_SEED)
    drawn = [figure(random.integers(0, n, n)) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Measure(figure(np.arange(n)), n, float(low), float(high))


def _read(path: Path) -> Samples:
    import soundfile
    from scipy.signal import resample_poly

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != _TELEPHONE_RATE:
        mono = resample_poly(mono, _TELEPHONE_RATE, rate)
    return np.asarray(mono, np.float32)


def _level(samples: NDArray[np.float32] | NDArray[np.float64]) -> float:
    """Return the root mean square of the louder half of 50 ms stretches."""
    powers = np.square(samples[: len(samples) // _STRETCH * _STRETCH]).reshape(-1, _STRETCH).mean(axis=1)
    return float(np.sqrt(np.sort(powers)[len(powers) // 2 :].mean() + 1e-12))
