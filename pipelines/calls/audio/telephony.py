"""Samples as telephone lines carry them: G.711 μ-law and A-law, and PCM of 16 bits."""

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from pipelines.calls.transcriber import Samples


class Encoding(StrEnum):
    """How samples are written in bytes; PCM is little-endian."""

    PCM16 = "pcm16"
    MULAW = "mulaw"
    ALAW = "alaw"


def decode_samples(data: bytes, encoding: Encoding) -> Samples:
    """Return the samples in `data`, -1..1, at the rate they came with.

    Raises:
        InvalidInput: PCM of an odd number of bytes.
    """
    if encoding is Encoding.PCM16:
        if len(data) % 2:
            raise InvalidInput(
                f"{len(data)} bytes are no whole number of 16-bit samples", advice="send whole samples in each frame"
            )
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    table = _mulaw() if encoding is Encoding.MULAW else _alaw()
    return table[np.frombuffer(data, np.uint8)]


@cache
def _mulaw() -> NDArray[np.float32]:
    """Return the 256 values of μ-law (ITU-T G.711, table 2), as 14 bits in 16: bits inverted, bias 33."""
    code = ~np.arange(256, dtype=np.int64) & 0xFF
    exponent, mantissa = code >> 4 & 7, code & 15
    magnitude = ((2 * mantissa + 33 << exponent) - 33) * 4
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


@cache
def _alaw() -> NDArray[np.float32]:
    """Return the 256 values of A-law (ITU-T G.711, table 1), as 13 bits in 16: even bits inverted."""
    code = np.arange(256, dtype=np.int64) ^ 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    linear = 2 * mantissa + 1
    magnitude = np.where(exponent == 0, linear, linear + 32 << np.maximum(exponent - 1, 0)) * 8
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)
