"""YAMNet through onnxruntime: 521 classes of AudioSet, a frame of 0.96 s every 0.48 s."""

import csv
from pathlib import Path

import numpy as np

from core.errors import ModelError
from pipelines.calls.sounds.logmel import PATCH_HOP_S, PATCH_S, log_mel, patch_count, patches
from pipelines.calls.sounds.missing_band import fill_missing_band, is_telephone_band
from pipelines.calls.sounds.tagger import Scores
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

MODEL_NAME = "yamnet"

_ADVICE = f"Run `qorgan models pull {MODEL_NAME}`."
_PATCHES_AT_ONCE = 100  # 48 s: bounds memory on long recordings
_HOP = round(PATCH_HOP_S * SAMPLE_RATE)
_OVERLAP = round((PATCH_S - PATCH_HOP_S + 0.015) * SAMPLE_RATE)  # the last window is 25 ms at a hop of 10 ms
_LEAST_SCORE = 1e-6


class YamnetTagger:
    """The adapter of `SoundTagger` for the model that `qorgan models pull` makes."""

    name = MODEL_NAME
    hop_s = PATCH_HOP_S
    frame_s = PATCH_S

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """`folder`: `model.onnx` and `yamnet_class_map.csv`; `threads`: CPU threads it may use.

        Raises:
            ModelError: the files are not there or not usable.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            with (folder / "yamnet_class_map.csv").open(encoding="utf-8", newline="") as file:
                self.classes = tuple(row["display_name"] for row in csv.DictReader(file))
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises classes of its own, which it does not publish
            raise ModelError(f"the sound model in {folder} cannot be used: {error}", advice=_ADVICE) from error
        self._input = self._session.get_inputs()[0].name

    def score(self, samples: Samples) -> Scores:
        """Return the scores of `samples`; telephone sound is filled up first (`missing_band`)."""
        count = patch_count(len(samples))
        found = [np.zeros((0, len(self.classes)), np.float32)]
        for first in range(0, count, _PATCHES_AT_ONCE):
            last = min(first + _PATCHES_AT_ONCE, count)
            found.append(self._score_piece(samples[first * _HOP : last * _HOP + _OVERLAP])[: last - first])
        return np.concatenate(found)

    def _score_piece(self, samples: Samples) -> Scores:
        frames = log_mel(samples)
        if not is_telephone_band(frames):
            return self._run(patches(frames))
        scores = [np.clip(self._run(patches(f)), _LEAST_SCORE, 1 - _LEAST_SCORE) for f in fill_missing_band(frames)]
        logit = np.mean([np.log(score / (1 - score)) for score in scores], axis=0)
        return np.asarray(1 / (1 + np.exp(-logit)), np.float32)

    def _run(self, batch: Scores) -> Scores:
        try:
            return np.asarray(self._session.run(None, {self._input: batch})[0], np.float32)
        except Exception as error:  # as above
            raise ModelError(f"the sound model failed: {error}", advice=_ADVICE) from error
