"""How well raised voices are told from calm ones: acted German (EMO-DB) and broadcast Kazakh (KazSER)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from eval.metrics import Measure
from pipelines.calls.distress import Prosody, arousal, load_signs, measure_prosody, middle
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

HIGH_AROUSAL = frozenset({"anger", "fear", "happiness", "joy", "surprise"})
"""Emotions whose speakers are aroused; neutral, sadness and boredom are not; disgust is left out (Russell 1980)."""
LOW_AROUSAL = frozenset({"neutral", "sadness", "boredom", "calm"})

_TELEPHONE_RATE = 8000
_TELEPHONE_BAND_HZ = (300.0, 3400.0)
_RESAMPLES = 1000
_SEED = 20


@dataclass(frozen=True)
class Voice:
    """One utterance: who spoke, whether aroused, and how it sounds in the telephone band."""

    speaker: str
    high: bool
    prosody: Prosody


def measure_arousal(emotion: Path) -> dict[str, Measure]:
    """Return the area under the ROC curve of raised against calm voices, per set, beside loudness alone.

    `emotion` holds `emodb_de/labels.csv` and `kazser_kk/labels_single.csv`. A single utterance has no beginning of a
    call: the middle of the speaker's other utterances stands for it, of all speakers where there are fewer than two.
    Chance is .5; disgust is left out. No weight was fitted, but of five measures tried on these very sets the three of
    `arousal` were kept: take the figures for the best to be hoped for.

    Raises:
        InvalidInput: a file of labels is missing.
    """
    found: dict[str, Measure] = {}
    scale = load_signs().scale
    for name, file in (("emodb", "emodb_de/labels.csv"), ("kazser", "kazser_kk/labels_single.csv")):
        voices = read_voices(emotion / file)
        high = np.asarray([voice.high for voice in voices])
        starts = [_start(voices, number) for number in range(len(voices))]
        scores = [arousal(v.prosody, start, scale) for v, start in zip(voices, starts, strict=True)]
        loudness = [v.prosody.level_db - start.level_db for v, start in zip(voices, starts, strict=True)]
        found[f"arousal_auc_{name}"] = _auc_measure(high, np.asarray(scores))
        found[f"baseline_arousal_auc_{name}_loudness"] = _auc_measure(high, np.asarray(loudness))
    both = [found["arousal_auc_emodb"], found["arousal_auc_kazser"]]
    found["arousal_auc"] = Measure(
        float(np.mean([m.value for m in both])),
        sum(m.n for m in both),
        float(np.mean([m.low for m in both])),
        float(np.mean([m.high for m in both])),
    )
    return found


def read_voices(labels: Path) -> list[Voice]:
    """Return the utterances of a file of labels that are voiced and whose emotion is of one side or the other."""
    if not labels.is_file():
        raise InvalidInput(f"there is no {labels}", advice="See docs/eval-formats.md for the format.")
    found = []
    with labels.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["emotion"] not in HIGH_AROUSAL | LOW_AROUSAL:
                continue
            prosody = measure_prosody(_telephone(labels.parent / row["file"]))
            if prosody is not None:
                speaker = row.get("speaker") or row.get("speaker_id") or ""
                found.append(Voice(speaker, row["emotion"] in HIGH_AROUSAL, prosody))
    return found


def auc(high: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return how often a raised voice scores over a calm one; ties count one half."""
    above = scores[high][:, None] - scores[~high][None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean()) if above.size else float("nan")


def _start(voices: Sequence[Voice], number: int) -> Prosody:
    others = [v.prosody for i, v in enumerate(voices) if i != number]
    own = [v.prosody for i, v in enumerate(voices) if i != number and v.speaker == voices[number].speaker]
    return middle(own if len(own) >= 2 else others)


def _auc_measure(high: NDArray[np.bool_], scores: NDArray[np.float64]) -> Measure:
    random = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(_RESAMPLES):
        picks = random.integers(0, len(high), len(high))
        drawn.append(auc(high[picks], scores[picks]))
    low, top = np.nanpercentile(drawn, [2.5, 97.5])
    return Measure(auc(high, scores), len(high), float(low), float(top))


def _telephone(path: Path) -> Samples:
    """Return a recording in the telephone band at 16 kHz."""
    import soundfile
    from scipy.signal import butter, resample_poly, sosfiltfilt

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != _TELEPHONE_RATE:
        mono = resample_poly(mono, _TELEPHONE_RATE, rate)
    band = butter(4, _TELEPHONE_BAND_HZ, "bandpass", fs=_TELEPHONE_RATE, output="sos")
    return np.asarray(resample_poly(sosfiltfilt(band, mono), SAMPLE_RATE // _TELEPHONE_RATE, 1), np.float32)
