"""The port of sound recognition: what a call needs of it, and nothing of who serves it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.calls.transcriber import Samples

Scores = NDArray[np.float32]
"""Independent scores 0..1: float32, shape (frames, classes); frame i begins at i * hop_s."""


class SoundTagger(Protocol):
    """Audio to scores of AudioSet classes. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """The model's name in the manifest."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes as AudioSet displays them, in the order of the columns."""
        ...

    @property
    def hop_s(self) -> float:
        """Seconds from the start of one frame to the start of the next."""
        ...

    @property
    def frame_s(self) -> float:
        """Seconds one frame covers."""
        ...

    def score(self, samples: Samples) -> Scores:
        """Return the scores of `samples` (`Samples`); no frame where they are empty.

        Raises:
            ModelError: the model cannot be run.
        """
        ...
