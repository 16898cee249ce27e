"""YAMNet's front end: patches of log-mel spectrogram, as published.

Source of every constant: `params.py` and `features.py` of YAMNet
(github.com/tensorflow/models/tree/master/research/audioset/yamnet).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.calls.transcriber import SAMPLE_RATE, Samples

BANDS = 64
PATCH_FRAMES = 96
PATCH_HOP_FRAMES = 48
HOP_S = 0.010
PATCH_S = PATCH_FRAMES * HOP_S
PATCH_HOP_S = PATCH_HOP_FRAMES * HOP_S

_WINDOW = round(0.025 * SAMPLE_RATE)
_HOP = round(HOP_S * SAMPLE_RATE)
_FFT = 512
_LOWEST_HZ, _HIGHEST_HZ = 125.0, 7500.0
_LOG_OFFSET = 0.001
_LEAST_SAMPLES = (PATCH_FRAMES - 1) * _HOP + _WINDOW

Spectrogram = NDArray[np.float32]
"""Log-mel frames: float32, shape (frames, BANDS)."""


def patch_count(n_samples: int) -> int:
    """Return how many patches `n_samples` samples make; the last may be padded with silence."""
    if n_samples == 0:
        return 0
    return 1 + -(-max(0, n_samples - _LEAST_SAMPLES) // (PATCH_HOP_FRAMES * _HOP))


def log_mel(samples: Samples) -> Spectrogram:
    """Return the log-mel frames of `samples`, padded with silence to whole patches."""
    padded = np.zeros(_LEAST_SAMPLES + (patch_count(len(samples)) - 1) * PATCH_HOP_FRAMES * _HOP, np.float32)
    padded[: len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    magnitude = np.abs(np.fft.rfft(frames * _window(), _FFT)).astype(np.float32)
    return np.asarray(np.log(magnitude @ _mel_matrix() + _LOG_OFFSET), np.float32)


def patches(frames: Spectrogram) -> NDArray[np.float32]:
    """Return the overlapping patches of log-mel frames: float32, shape (patches, 1, PATCH_FRAMES, BANDS)."""
    windows = np.lib.stride_tricks.sliding_window_view(frames, PATCH_FRAMES, axis=0)[::PATCH_HOP_FRAMES]
    return np.ascontiguousarray(windows.transpose(0, 2, 1)[:, None])


@cache
def band_centres_hz() -> NDArray[np.float64]:
    """Return the centre of each mel band, Hz."""
    return _hz(np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2))[1:-1]


@cache
def _window() -> NDArray[np.float32]:
    """Return the periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)


@cache
def _mel_matrix() -> NDArray[np.float32]:
    """Return the triangular bands, linear in mel, without the bin at 0 Hz; shape (bins, BANDS)."""
    bins = _mel(np.linspace(0.0, SAMPLE_RATE / 2, _FFT // 2 + 1))[:, None]
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre))
    matrix = np.maximum(0.0, triangles)
    matrix[0] = 0.0
    return matrix.astype(np.float32)


def _mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hz) / 700.0)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700.0 * np.expm1(mel / 1127.0)
