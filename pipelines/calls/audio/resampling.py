"""From any sample rate to that of the models, in pieces of any length."""

from math import gcd

import numpy as np

from pipelines.calls.transcriber import SAMPLE_RATE, Samples

LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000
"""Sample rates that are believed; speech under 4 kHz cannot be recognised."""

_HALF_LENGTH = 10  # zero crossings of the filter to each side, as scipy.signal.resample_poly has it
_KAISER_BETA = 5.0  # likewise


class StreamResampler:
    """Resamples one leg to `SAMPLE_RATE`; pieces of any length give what the whole would.

    A polyphase FIR filter; its delay is 10 samples of the lower rate (1.25 ms at 8 kHz).
    """

    def __init__(self, rate: int) -> None:
        """`rate`: samples a second of what is pushed, `LOWEST_RATE`..`HIGHEST_RATE`."""
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ValueError(f"a sample rate of {rate} Hz is outside {LOWEST_RATE}..{HIGHEST_RATE}")
        common = gcd(rate, SAMPLE_RATE)
        self._up, self._down = SAMPLE_RATE // common, rate // common
        self._held = np.zeros(0, np.float32)
        self._done = 0  # samples at the start of `_held` that are context only
        if self._up == self._down:
            return
        from scipy.signal import firwin

        faster = max(self._up, self._down)
        reach = -(-_HALF_LENGTH * faster // self._up)
        self._context = -(-reach // self._down) * self._down
        self._filter = firwin(2 * _HALF_LENGTH * faster + 1, 1 / faster, window=("kaiser", _KAISER_BETA)).astype(
            np.float32
        )

    def push(self, samples: Samples) -> Samples:
        """Return what is certain by now, at `SAMPLE_RATE`."""
        if self._up == self._down:
            return samples
        held = np.concatenate([self._held, samples])
        ready = (len(held) - self._done - self._context) // self._down * self._down
        if ready <= 0:
            self._held = held
            return np.zeros(0, np.float32)
        out = self._filtered(held, self._done, self._done + ready)
        keep = min(self._context, self._done + ready)
        self._held = held[self._done + ready - keep :]
        self._done = keep
        return out

    def flush(self) -> Samples:
        """Return the rest at the end of the sound, and start anew."""
        held, done = self._held, self._done
        self._held, self._done = np.zeros(0, np.float32), 0
        return self._filtered(held, done, len(held)) if len(held) > done else np.zeros(0, np.float32)

    def _filtered(self, held: Samples, start: int, stop: int) -> Samples:
        from scipy.signal import resample_poly

        whole = resample_poly(held, self._up, self._down, window=self._filter)
        last = None if stop == len(held) else stop * self._up // self._down
        return np.asarray(whole[start * self._up // self._down : last], np.float32)
