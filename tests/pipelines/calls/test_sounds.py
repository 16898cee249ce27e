"""Sounds of a call: the front end, the real model, and how scores become tags."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.call_records import LegName, TagKind
from core.errors import ConfigurationError, ModelError
from core.models import require
from core.settings import Settings
from pipelines.calls.sounds import (
    MODEL_NAME,
    SoundLabel,
    SoundStream,
    YamnetTagger,
    load_labels,
    parse_labels,
    tag_sounds,
)
from pipelines.calls.sounds.logmel import BANDS, PATCH_FRAMES, log_mel, patch_count, patches
from pipelines.calls.sounds.missing_band import fill_missing_band, is_telephone_band
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

LABELS = (
    SoundLabel(label="siren", classes=("Siren",), threshold=0.4, source="a test"),
    SoundLabel(label="dog", classes=("Bark", "Dog"), threshold=0.2, least_s=1.4, source="a test"),
)


class ScriptedTagger:
    """Gives the scores it was made with, by the level of the leg."""

    name = "scripted"
    classes = ("Dog", "Siren", "Bark")
    hop_s = 0.48
    frame_s = 0.96

    def __init__(self, *tables: list[tuple[float, float, float]]) -> None:
        self.tables = [np.asarray(t, np.float32).reshape(-1, 3) for t in tables]

    def score(self, samples: Samples) -> NDArray[np.float32]:
        return self.tables[int(samples[0])]


def leg(number: int, seconds: float = 10.0) -> Samples:
    return np.full(round(seconds * SAMPLE_RATE), number, np.float32)


QUIET = (0.0, 0.0, 0.0)


def test_frames_over_the_threshold_become_one_tag_across_short_falls() -> None:
    siren = (0.0, 0.5, 0.0)
    fall = (0.0, 0.05, 0.0)
    scores = [QUIET, QUIET, siren, fall, fall, siren, QUIET, QUIET, QUIET, QUIET, QUIET, siren]
    tags = tag_sounds({LegName.CALLER: leg(0)}, ScriptedTagger(scores), labels=LABELS)
    assert [(t.label, t.evidence.start_s, t.evidence.end_s) for t in tags] == [
        ("siren", 0.96, 3.36),
        ("siren", 5.28, 6.24),
    ]
    assert all(t.kind is TagKind.SOUND and t.confidence == pytest.approx(0.5 / 0.9, abs=0.001) for t in tags)


def test_the_highest_class_counts_and_short_stretches_are_left_out() -> None:
    scores = [(0.0, 0.0, 0.9), QUIET, QUIET, QUIET, QUIET, QUIET, (0.3, 0.0, 0.0), (0.0, 0.0, 0.3)]
    tags = tag_sounds({LegName.CALLER: leg(0)}, ScriptedTagger(scores), start_s=100.0, labels=LABELS)
    assert [(t.label, t.evidence.start_s) for t in tags] == [("dog", 102.88)]


def test_what_the_other_leg_hears_better_is_crosstalk_and_the_caller_comes_first() -> None:
    strong, weak = (0.0, 0.9, 0.0), (0.0, 0.5, 0.0)
    tagger = ScriptedTagger([strong, QUIET, QUIET, QUIET, QUIET, weak], [weak, QUIET, QUIET, QUIET, QUIET, strong])
    tags = tag_sounds({LegName.OPERATOR: leg(1), LegName.CALLER: leg(0)}, tagger, labels=LABELS)
    assert [(t.evidence.leg, t.evidence.start_s) for t in tags] == [(LegName.CALLER, 0.0), (LegName.OPERATOR, 2.4)]


def test_a_label_is_left_out_where_another_says_it_better() -> None:
    labels = (LABELS[0], SoundLabel(label="dog", classes=("Dog",), threshold=0.2, unless=("siren",), source="a test"))
    both, dog = (0.9, 0.9, 0.0), (0.9, 0.0, 0.0)
    tagger = ScriptedTagger([both, both, QUIET, QUIET, QUIET, QUIET, QUIET, dog])
    tags = tag_sounds({LegName.CALLER: leg(0)}, tagger, labels=labels)
    assert [(t.label, t.evidence.start_s) for t in tags] == [("siren", 0.0), ("dog", 3.36)]


@given(st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 3), max_size=30))
def test_tags_lie_in_the_call_and_hold_a_frame_over_the_threshold(scores: list[tuple[float, float, float]]) -> None:
    seconds = len(scores) * 0.48 + 0.3
    tags = tag_sounds({LegName.CALLER: leg(0, max(seconds, 0.1))}, ScriptedTagger(scores), labels=LABELS)
    for tag in tags:
        assert 0 <= tag.evidence.start_s < tag.evidence.end_s <= seconds + 0.01
        assert 0.5 <= tag.confidence < 1
    assert list(tags) == sorted(tags, key=lambda t: (t.evidence.start_s, t.label))


def test_a_label_of_a_class_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no class 'Howl'"):
        tag_sounds(
            {LegName.CALLER: leg(0)},
            ScriptedTagger([QUIET]),
            labels=(SoundLabel(label="dog", classes=("Howl",), threshold=0.1, source="a test"),),
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("labels:\n  - label: a\n    classes: [X]\n    threshold: 2\n    source: s\n", "line 2: threshold"),
        ("labels:\n  - label: a\n    classes: [X]\n    threshold: 0.1\n", "line 2: source"),
        (
            "labels:\n  - label: a\n    classes: [X]\n    threshold: 0.1\n    unless: [b]\n    source: s\n",
            "line 2: unless: there is no label b",
        ),
        ("labels: []\n", "labels"),
        ("labels: [\n", "not YAML"),
        (
            "labels:\n" + "  - label: a\n    classes: [X]\n    threshold: 0.1\n    source: s\n" * 2,
            "line 6: a stands twice",
        ),
    ],
)
def test_nonsense_among_the_labels_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse_labels(text)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4 * SAMPLE_RATE))
def test_every_sample_is_in_a_patch_and_no_patch_is_all_padding(n: int) -> None:
    frames = log_mel(np.zeros(n, np.float32))
    made = patches(frames)
    assert made.shape == (patch_count(n), 1, PATCH_FRAMES, BANDS)
    assert len(frames) * 160 + 240 >= n
    assert patch_count(n) == 1 or n > (patch_count(n) - 1) * 7680


def test_telephone_sound_is_known_and_only_its_empty_bands_are_filled() -> None:
    from scipy.signal import resample_poly

    noise = np.random.default_rng(1).normal(0, 0.05, 4 * SAMPLE_RATE).astype(np.float32)
    telephone = resample_poly(noise[: 2 * SAMPLE_RATE], 2, 1).astype(np.float32)
    assert not is_telephone_band(log_mel(noise))
    assert not is_telephone_band(log_mel(np.zeros(SAMPLE_RATE, np.float32)))
    frames = log_mel(telephone)
    assert is_telephone_band(frames)
    for filled in fill_missing_band(frames):
        assert np.array_equal(filled[:, :46], frames[:, :46])
        assert filled[:, 52:].mean() > frames[:, 52:].mean() + 1


class LoudnessTagger:
    """A siren is what is loud: the score of a frame is the level of its own samples."""

    name = "loudness"
    classes = ("Dog", "Siren", "Bark")
    hop_s = 0.48
    frame_s = 0.96

    def score(self, samples: Samples) -> NDArray[np.float32]:
        frames = [samples[i * 7680 : i * 7680 + 15_360] for i in range(patch_count(len(samples)))]
        return np.asarray([(0.0, np.abs(f).max(initial=0.0), 0.0) for f in frames], np.float32).reshape(-1, 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40_000), st.booleans(), st.booleans()), max_size=12))
def test_a_call_in_pieces_gives_the_tags_of_the_whole(pieces: list[tuple[int, bool, bool]]) -> None:
    stream = SoundStream(LoudnessTagger(), [LegName.CALLER], LABELS)
    heard: list[Samples] = []
    for length, loud, listen in pieces:
        piece = np.full(length, 0.9 if loud else 0.0, np.float32)
        heard.append(piece)
        stream.push(LegName.CALLER, piece)
        if listen:
            stream.listen()
    whole = np.concatenate([np.zeros(0, np.float32), *heard])
    expected = tag_sounds({LegName.CALLER: whole}, LoudnessTagger(), labels=LABELS)
    assert stream.listen(to_the_end=True) == expected


@pytest.fixture(scope="module")
def tagger() -> YamnetTagger:
    """The real model; skips where it has not been pulled."""
    try:
        return YamnetTagger(require(Settings(), MODEL_NAME))
    except ModelError as error:
        pytest.skip(f"the sound model is not here: {error.advice}")


def siren(seconds: float, rate: int) -> NDArray[np.float64]:
    """A wail between 500 and 1500 Hz every four seconds."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(1000 + 500 * np.sin(2 * np.pi * 0.25 * t)) / rate
    return np.asarray(0.2 * (np.sin(phase) + 0.3 * np.sin(2 * phase)))


def test_every_label_stands_for_classes_of_the_model(tagger: YamnetTagger) -> None:
    assert len(tagger.classes) == 521
    assert tag_sounds({LegName.CALLER: np.zeros(0, np.float32)}, tagger) == ()
    assert len(load_labels()) > 30


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_siren_is_heard_where_it_is_at_either_rate(tagger: YamnetTagger, rate: int) -> None:
    from scipy.signal import resample_poly

    sound = np.zeros(20 * rate)
    sound += np.random.default_rng(1).normal(0, 0.002, len(sound))
    sound[6 * rate : 14 * rate] += siren(8, rate)
    samples = resample_poly(sound, SAMPLE_RATE // rate, 1).astype(np.float32)
    tags = [t for t in tag_sounds({LegName.CALLER: samples}, tagger) if t.label == "siren"]
    assert tags
    assert min(t.evidence.start_s for t in tags) == pytest.approx(6, abs=1.0)
    assert max(t.evidence.end_s for t in tags) == pytest.approx(14, abs=1.0)


def test_a_recording_in_pieces_scores_as_the_whole(tagger: YamnetTagger) -> None:
    samples = np.random.default_rng(2).normal(0, 0.05, 100 * SAMPLE_RATE).astype(np.float32)
    scores = tagger.score(samples)
    assert scores.shape == (patch_count(len(samples)), 521)
    part = tagger.score(samples[90 * 7680 : 120 * 7680])
    assert np.abs(scores[90:118] - part[:28]).max() < 1e-4


@pytest.mark.parametrize("samples", [np.zeros(5, np.float32), np.ones(SAMPLE_RATE, np.float32)])
def test_odd_sound_gives_scores_and_no_failure(tagger: YamnetTagger, samples: Samples) -> None:
    assert np.isfinite(tagger.score(samples)).all()


def test_a_folder_without_the_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        YamnetTagger(tmp_path)
    assert "qorgan models pull" in caught.value.advice
