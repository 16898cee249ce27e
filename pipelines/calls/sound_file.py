"""The decoded sound of a call as a file: WAV, 16 kHz, 16 bits, a channel for each leg. Browsers play it as it is."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.call_records import LegName
from core.errors import StorageError
from pipelines.calls.audio import Recording
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_BLOCK = 30 * SAMPLE_RATE
_IN_MEMORY = 1200 * SAMPLE_RATE
"""A longer sound is laid in temporary files that the system pages in and out."""


def write_sound(path: Path, legs: Mapping[LegName, Samples]) -> None:
    """Write the legs, in their order, as channels; a shorter leg ends in silence."""
    import soundfile

    length = max(len(samples) for samples in legs.values())
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, len(legs), "PCM_16", format="WAV") as file:
        for start in range(0, length, _BLOCK):
            block = np.zeros((min(_BLOCK, length - start), len(legs)), np.float32)
            for channel, samples in enumerate(legs.values()):
                piece = samples[start : start + _BLOCK]
                block[: len(piece), channel] = piece
            file.write(block)


def read_sound(path: Path, legs: Sequence[LegName]) -> Recording:
    """Return what `write_sound` wrote. Raises `StorageError` when the file does not hold these legs."""
    import soundfile

    with soundfile.SoundFile(path) as file:
        if (file.channels, file.samplerate) != (len(legs), SAMPLE_RATE):
            raise StorageError("the kept sound of a call is not what was written", advice="restore it from a backup")
        held = [_room(file.frames) for _ in legs]
        at = 0
        for block in file.blocks(_BLOCK, dtype="float32", always_2d=True):
            for channel, samples in enumerate(held):
                samples[at : at + len(block)] = block[:, channel]
            at += len(block)
    return Recording(dict(zip(legs, held, strict=True)), at / SAMPLE_RATE, SAMPLE_RATE)


def _room(length: int) -> Samples:
    if length <= _IN_MEMORY:
        return np.zeros(length, np.float32)
    return np.memmap(tempfile.TemporaryFile(), np.float32, "w+", shape=(length,))
