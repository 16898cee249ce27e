"""Live calls on a virtual clock: processor time is what makes text late, and nothing else does."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.call_records import Analysis, Word
from core.languages import Language
from core.settings import Settings
from eval.calls.dataset import CallCase
from eval.calls.live import Nowhere
from eval.calls.live_figures import Played, metrics_of
from eval.calls.live_virtual import play_virtually
from pipelines.calls.live.decoding import Manner
from pipelines.calls.live.leg_stream import Tuning
from pipelines.calls.live.pool import PoolTuning
from pipelines.calls.transcriber import SAMPLE_RATE, Samples
from tests.pipelines.calls.live.voice_like import murmur

SAID = ("горит", "дом", "на", "улице", "приезжайте", "скорее")


class Reader:
    """Says a word for each half second, after so much work."""

    def __init__(self, cpu_s: float) -> None:
        self._cpu_s = cpu_s

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        until = time.process_time() + self._cpu_s
        while time.process_time() < until:
            pass
        count = min(len(samples) * 2 // SAMPLE_RATE, len(SAID))
        return tuple(Word(SAID[n], 0.5 * n, 0.5 * n + 0.4) for n in range(count))


def play(folder: Path, cpu_s: float, workers: int = 1, calls: int = 1) -> list[Played]:
    folder.mkdir()
    sound = np.zeros((4 * SAMPLE_RATE, 2), np.float32)
    sound[: 3 * SAMPLE_RATE, 0] = murmur(3.0)
    soundfile.write(folder / "call.wav", sound, SAMPLE_RATE)
    turn = {"channel": "caller", "text": " ".join(SAID), "start_s": 0.0, "end_s": 3.0}
    cases = [CallCase(f"c{n}", folder / "call.wav", {"dialogue": [turn]}) for n in range(calls)]
    tuning = PoolTuning(workers=workers)
    return play_virtually(
        cases,
        Reader(cpu_s),
        Nowhere(),
        lambda segments, noticed: Analysis(),
        Settings(),
        tuning,
        Tuning(),
        folder / "logs",
    )


def test_work_makes_text_late_and_real_time_does_not(tmp_path: Path) -> None:
    quick, slow = metrics_of(play(tmp_path / "a", 0.0), {}), metrics_of(play(tmp_path / "b", 0.3), {})
    assert quick["wer_live_caller"] == slow["wer_live_caller"] == 0.0
    assert quick["lag_p95_s"] + 0.2 < slow["lag_p95_s"] < quick["lag_p95_s"] + 1.5
    assert quick["live_cpu_s_per_call_s"] < slow["live_cpu_s_per_call_s"]


@pytest.mark.slow
def test_calls_share_the_workers(tmp_path: Path) -> None:
    few = metrics_of(play(tmp_path / "a", 0.2, workers=1, calls=3), {})
    many = metrics_of(play(tmp_path / "b", 0.2, workers=3, calls=3), {})
    assert many["lag_p95_s"] < few["lag_p95_s"]
    assert many["n_live_words"] == few["n_live_words"] == 3 * len(SAID)
