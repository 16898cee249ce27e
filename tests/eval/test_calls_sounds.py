"""The measure of sounds: average precision, and the split that keeps takes of one recording together."""

import numpy as np
import pytest

from eval.calls.sounds import SoundClip, average_precision, mixed, tuning_half


def test_average_precision_is_that_of_the_textbook() -> None:
    truth = np.asarray([True, False, True, False])
    assert average_precision(truth, np.asarray([0.9, 0.8, 0.7, 0.1])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(truth, np.asarray([0.9, 0.1, 0.8, 0.2])) == 1.0
    assert average_precision(np.zeros(3, bool), np.ones(3)) == 0.0


def test_takes_of_one_recording_stay_on_one_side() -> None:
    nothing = np.zeros(1, np.float32)
    clips = [SoundClip("dog", r, nothing) for r in ("1", "1", "2", "3")] + [SoundClip("rain", "2", nothing)]
    assert tuning_half(clips) == [True, True, False, True, True]


def test_a_mix_has_the_stated_level_and_the_telephone_band() -> None:
    random = np.random.default_rng(1)
    clip, talk = random.normal(size=(2, 16000)).astype(np.float32)
    quiet, loud = mixed(clip, talk, -20.0, 0), mixed(clip, talk, 20.0, 0)
    assert len(quiet) == 32000
    assert np.std(loud) > 5 * np.std(quiet)
    spectrum = np.abs(np.fft.rfft(loud))
    assert spectrum[9_000:].mean() < 0.05 * spectrum[1_000:6_000].mean()
