"""Something that a detector takes for a voice, made by the tests: no recording of anybody."""

import numpy as np
from scipy.signal import lfilter

from pipelines.calls.transcriber import SAMPLE_RATE, Samples


def murmur(seconds: float, seed: int = 0) -> Samples:
    """Return a voice-like sound: a glottal pulse train through the formants of vowels, four syllables a second."""
    rng = np.random.default_rng(seed)
    count = round(seconds * SAMPLE_RATE)
    time_s = np.arange(count) / SAMPLE_RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * time_s) + 3 * rng.standard_normal(count).cumsum() / 200
    phase = np.cumsum(pitch) / SAMPLE_RATE
    sound = np.diff(np.floor(phase), prepend=0.0) + 0.01 * rng.standard_normal(count)
    vowels = [(700, 1220, 2600), (300, 2200, 3000), (500, 900, 2400), (450, 1800, 2500)]
    out = np.zeros(count)
    step = SAMPLE_RATE // 4
    for index, at in enumerate(range(0, count, step)):
        piece = sound[at : at + step]
        for formant in vowels[index % len(vowels)]:
            radius = np.exp(-np.pi * 90 / SAMPLE_RATE)
            angle = 2 * np.pi * formant / SAMPLE_RATE
            piece = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], piece)
        envelope = np.sin(np.pi * np.arange(len(piece)) / step) ** 0.5
        out[at : at + step] = piece * envelope
    return (0.3 * out / max(1e-9, np.abs(out).max())).astype(np.float32)
