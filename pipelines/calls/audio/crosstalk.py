"""The other side's voice in a leg: found by how the waveforms agree, silenced where nobody of this leg speaks.

On a quiet leg a transcriber may also write what leaks in from the other one, so that the other's words come twice.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.calls.transcriber import SAMPLE_RATE, Samples

Levels = NDArray[np.float32]
"""Level a frame, dB of full scale, shape (frames,)."""

FRAME = SAMPLE_RATE // 50  # 20 ms
_FLOOR = 1e-10
_NOTHING_DB = -95.0  # digital silence
_CHUNK = SAMPLE_RATE // 2
_CHUNKS = 60  # half-seconds that are compared, of the loudest of the other leg
_LAG = SAMPLE_RATE // 20  # a leak comes at most 50 ms apart
_QUIETER_DB = 12.0  # a leg in which somebody speaks is not as far below the other
_AGREEMENT = 0.2  # correlation; measured: .23-.49 with a leak, .01-.04 without (eight calls)
_ABOVE_LEAK_DB = 8.0  # own sound is this far above the leak
_REACH = 5  # frames to each side whose loudest counts: leaks are delayed and smeared
_SHORTEST = 10  # frames; shorter stretches are pauses of one's own


@dataclass(frozen=True)
class Leak:
    """How much of the other leg is heard in this one."""

    level_db: float  # of the other leg's sound, here
    agreement: float  # correlation of the waveforms where only the other speaks, 0..1


def levels(samples: Samples) -> Levels:
    """Return the level of each whole frame of 20 ms, dB of full scale."""
    count = len(samples) // FRAME
    out = np.empty(count, np.float32)
    step = 3000  # frames at once: a minute
    for at in range(0, count, step):
        frames = samples[at * FRAME : min(at + step, count) * FRAME].reshape(-1, FRAME)
        out[at : at + len(frames)] = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + _FLOOR)
    return out


def find_leak(own: Samples, other: Samples) -> Leak | None:
    """Return the leak of `other` into `own`, or None where there is none to be heard."""
    size = min(len(own), len(other)) // _CHUNK
    loudness = np.array([_level(other[n * _CHUNK : (n + 1) * _CHUNK]) for n in range(size)])
    quiet = np.array([_level(own[n * _CHUNK : (n + 1) * _CHUNK]) for n in range(size)])
    chosen = np.flatnonzero(quiet < loudness - _QUIETER_DB)
    chosen = chosen[np.argsort(-loudness[chosen])][:_CHUNKS]
    if len(chosen) < 2:
        return None
    cross = np.zeros(2 * _CHUNK)
    powers_own = powers_other = 0.0
    for n in chosen:
        a, b = (np.asarray(x[n * _CHUNK : (n + 1) * _CHUNK], np.float64) for x in (own, other))
        weight = 1 / (np.sqrt(np.mean(b**2)) + 1e-9)  # so that a loud second does not decide alone
        cross += np.fft.irfft(np.fft.rfft(a * weight, 2 * _CHUNK) * np.fft.rfft(b * weight, 2 * _CHUNK).conj())
        powers_own += float(np.sum((a * weight) ** 2))
        powers_other += float(np.sum((b * weight) ** 2))
    near = np.abs(np.concatenate([cross[: _LAG + 1], cross[-_LAG:]]))
    peak = float(near.max())
    agreement = peak / float(np.sqrt(powers_own * powers_other) + _FLOOR)
    if agreement < _AGREEMENT:
        return None
    return Leak(20 * float(np.log10(peak / powers_other + _FLOOR)), agreement)


def loudest_leak(other: Samples, leak: Leak) -> Levels:
    """Return the level of each frame under which sound of this leg may be `leak` of `other`, dB of full scale."""
    from scipy.ndimage import maximum_filter1d

    loudest: Levels = maximum_filter1d(levels(other), 2 * _REACH + 1) + np.float32(leak.level_db + _ABOVE_LEAK_DB)
    return loudest


def without_leak(own: Samples, other: Samples, leak: Leak) -> Samples:
    """Return `own` with its noise alone where nothing but `leak` of `other` is heard; both begin at the same time.

    Noise, not silence: a transcriber reads worse what follows an edge (25 % of the words wrong against 33 %, one call).
    """
    from scipy.ndimage import binary_opening, maximum_filter1d

    size = min(len(own), len(other)) // FRAME
    here = levels(own)[:size]
    leaked = maximum_filter1d(here, 3) < loudest_leak(other, leak)[:size]
    leaked = binary_opening(leaked, np.ones(_SHORTEST))
    if not leaked.any():
        return own
    noise_db = np.percentile(here[here > _NOTHING_DB], 10) if (here > _NOTHING_DB).any() else -100.0
    noise = np.random.default_rng(0).standard_normal((int(leaked.sum()), FRAME), np.float32)
    gated = np.array(own, np.float32)
    gated[: size * FRAME].reshape(-1, FRAME)[leaked] = noise * np.float32(10 ** (noise_db / 20))
    return gated


def _level(samples: Samples) -> float:
    return 10 * float(np.log10(np.mean(np.square(samples, dtype=np.float64)) + _FLOOR))
