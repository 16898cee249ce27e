"""How something is said: loudness, pitch, brightness. Nothing here knows what is said or who says it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_FRAME = round(0.040 * SAMPLE_RATE)
_HOP = round(0.020 * SAMPLE_RATE)
_FFT = 2048
_LOWEST_PITCH_HZ, _HIGHEST_PITCH_HZ = 75.0, 550.0  # a shout of a child reaches 500 Hz and more
_LEAST_VOICING = 0.45  # normalised autocorrelation at the pitch period
_LOW_BAND_HZ = (300.0, 1000.0)
_HIGH_BAND_HZ = (1000.0, 3400.0)  # what a telephone passes
_QUIET_DB = 30.0  # frames so far under the loudest are pauses
_LEAST_VOICED = 5
_TINY = 1e-10


@dataclass(frozen=True)
class Prosody:
    """How a stretch of speech was said. Levels in dB re full scale, pitch in semitones over 100 Hz."""

    level_db: float  # of the frames that are not pauses
    pitch: float  # median of voiced frames
    tilt_db: float  # 1-3.4 kHz over 0.3-1 kHz in voiced frames: a strained voice is brighter
    voiced_share: float  # of the frames that are not pauses


def measure_prosody(samples: Samples) -> Prosody | None:
    """Return the prosody of a stretch of speech (`Samples`); None where too little of it is voiced."""
    if len(samples) < _FRAME * _LEAST_VOICED:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    power = np.square(frames).mean(axis=1) + _TINY
    level = 10 * np.log10(power)
    speaking = level > level.max() - _QUIET_DB
    spectrum = np.square(np.abs(np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), _FFT))) + _TINY
    period, strength = _periods(spectrum)
    voiced = speaking & (strength > _LEAST_VOICING)
    if voiced.sum() < _LEAST_VOICED:
        return None
    pitch = 12 * np.log2(SAMPLE_RATE / period[voiced] / 100.0)
    bands = [10 * np.log10(_band(spectrum[voiced], *edges)) for edges in (_HIGH_BAND_HZ, _LOW_BAND_HZ)]
    return Prosody(
        level_db=float(10 * np.log10(power[speaking].mean())),
        pitch=float(np.median(pitch)),
        tilt_db=float(np.median(bands[0] - bands[1])),
        voiced_share=float(voiced.sum() / speaking.sum()),
    )


def _periods(spectrum: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the pitch period of each frame in samples and how periodic it is, 0..1.

    Autocorrelation of the windowed frame over that of the window (Boersma 1993).
    """
    own = np.fft.irfft(spectrum, _FFT)
    window = np.fft.irfft(np.square(np.abs(np.fft.rfft(np.hanning(_FRAME), _FFT))), _FFT)
    first, last = int(SAMPLE_RATE / _HIGHEST_PITCH_HZ), int(SAMPLE_RATE / _LOWEST_PITCH_HZ)
    lags = np.arange(first, last + 1)
    normal = own[:, first : last + 1] / own[:, :1] / (window[lags] / window[0])
    best = normal.max(axis=1, keepdims=True)
    # The first lag nearly as good as the best: twice the period is as periodic as the period.
    chosen = np.argmax(normal >= 0.92 * best, axis=1)
    # ... and from there up to the top of its own peak.
    for _ in range(30):
        following = np.minimum(chosen + 1, len(lags) - 1)
        rows = np.arange(len(chosen))
        chosen = np.where(normal[rows, following] > normal[rows, chosen], following, chosen)
    return lags[chosen], np.clip(normal[np.arange(len(chosen)), chosen], 0.0, 1.0)


def _band(spectrum: NDArray[np.float64], low_hz: float, high_hz: float) -> NDArray[np.float64]:
    bins = slice(round(low_hz * _FFT / SAMPLE_RATE), round(high_hz * _FFT / SAMPLE_RATE))
    return np.asarray(spectrum[:, bins].sum(axis=1))
