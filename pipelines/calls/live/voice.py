"""Speech activity of audio that is still coming: Silero's model, its state carried from piece to piece."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.calls.transcriber import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FRAME = 512
"""Samples of one judgement: 32 ms, what the model was trained with."""
FRAME_S = FRAME / SAMPLE_RATE
_CONTEXT = 64
_STATE = (1, 1, 128)


class VoiceDetector:
    """Judges every 32 ms of one leg in turn."""

    def __init__(self) -> None:
        self._hidden = np.zeros(_STATE, np.float32)
        self._cell = np.zeros(_STATE, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Return the probability of speech in each frame of `samples`, whose length is a multiple of `FRAME`."""
        if len(samples) == 0:
            return np.zeros(0, np.float32)
        with_context = np.concatenate([self._context, samples])
        self._context = samples[-_CONTEXT:].copy()
        windows = np.lib.stride_tricks.sliding_window_view(with_context, FRAME + _CONTEXT)[::FRAME]
        given = {"input": np.ascontiguousarray(windows), "h": self._hidden, "c": self._cell}
        found, self._hidden, self._cell = _session().run(None, given)
        return np.asarray(found, np.float32).reshape(-1)


@lru_cache(maxsize=1)
def _session() -> "InferenceSession":
    """Return the model that comes with faster-whisper (MIT); one for all legs: it holds no state."""
    import onnxruntime
    from faster_whisper.utils import get_assets_path

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    path = Path(get_assets_path()) / "silero_vad_v6.onnx"
    return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])


def loudness_db(samples: Samples) -> NDArray[np.float32]:
    """Return the power of each frame of `samples` (a multiple of `FRAME` long), dB of full scale, at least -100."""
    power = np.square(samples.reshape(-1, FRAME)).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-10)), np.float32)
