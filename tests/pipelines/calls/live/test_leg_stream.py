"""One leg is cut at pauses; in noise a stretch is read together with the speech before it."""

import numpy as np

from core.call_records import LegName, Word
from pipelines.calls.live.leg_stream import LegStream, Work
from pipelines.calls.transcriber import SAMPLE_RATE, Samples
from tests.pipelines.calls.live.voice_like import murmur


def two_turns(noise: float) -> Samples:
    """A second of voice-like sound, a second of nothing, and again."""
    quiet = np.zeros(SAMPLE_RATE, np.float32)
    sound = np.concatenate([murmur(1.2, 1), quiet, murmur(1.2, 2), quiet])
    return (sound + noise * np.random.default_rng(3).standard_normal(len(sound))).astype(np.float32)


def read_all(leg: LegStream, samples: Samples) -> list[Work]:
    """Play `samples`; each reading hears the word «раз» in the middle of what is new."""
    readings = []
    for at in range(0, len(samples), 1600):
        leg.push(samples[at : at + 1600])
        leg.judge(None)
        while (work := leg.work()) is not None:
            readings.append(work)
            end_s = len(work.samples) / SAMPLE_RATE
            leg.apply(work, [Word("прежде", 0.0, 0.1), Word("раз", end_s - 0.7, end_s - 0.5)])
    leg.close()
    leg.judge(None)
    return readings


def test_a_clear_leg_is_read_stretch_by_stretch() -> None:
    leg = LegStream(LegName.CALLER)
    readings = read_all(leg, two_turns(0.0))
    assert max(len(work.samples) for work in readings) < 2 * SAMPLE_RATE
    assert [segment.text for segment in leg.segments] == ["прежде раз"] * 2


def test_a_noisy_leg_is_read_with_what_came_before_and_says_it_once() -> None:
    leg = LegStream(LegName.CALLER)
    readings = read_all(leg, two_turns(0.02))
    assert leg.is_noisy
    second = readings[-1]
    assert len(second.samples) > 2.2 * SAMPLE_RATE
    assert leg.segments[0].text == "прежде раз"
    assert leg.segments[1].text == "раз"  # what falls into the context was said before
    assert leg.segments[1].start_s > 2.0
