"""Signs of distress: what prosody measures, when a state is shown, and that it is off without a legal basis."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.call_records import Evidence, LegName, Segment, Tag, TagKind, Word
from core.errors import ConfigurationError
from core.settings import Settings
from pipelines.calls.analysis import analyse
from pipelines.calls.distress import Prosody, arousal, load_signs, measure_prosody, parse_signs, tag_distress
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

BASIS = "a basis for the test"
CALM = Prosody(level_db=-30.0, pitch=10.0, tilt_db=-10.0, voiced_share=0.7)


def voice(seconds: float, pitch_hz: float, level: float, *, bright: float = 0.7) -> Samples:
    """A buzz whose harmonics fall by `bright` each: a voice to the measures."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    harmonics = range(1, int(3400 / pitch_hz))
    wave = sum(bright**n * np.sin(2 * np.pi * n * pitch_hz * t + n * n) for n in harmonics)
    return np.asarray(level * wave / np.abs(wave).max(), np.float32)


def said(text: str, start_s: float, end_s: float, leg: LegName = LegName.CALLER) -> Segment:
    words = text.split()
    step = (end_s - start_s) / max(1, len(words))
    return Segment(
        leg, start_s, end_s, tuple(Word(w, start_s + i * step, start_s + (i + 1) * step) for i, w in enumerate(words))
    )


def call(*parts: Samples) -> dict[LegName, Samples]:
    return {LegName.CALLER: np.concatenate(parts)}


@pytest.mark.parametrize("pitch_hz", [90.0, 150.0, 220.0, 400.0])
def test_pitch_and_level_are_those_of_the_voice(pitch_hz: float) -> None:
    measured = measure_prosody(voice(1.0, pitch_hz, 0.5))
    assert measured is not None
    assert measured.pitch == pytest.approx(12 * np.log2(pitch_hz / 100), abs=0.5)
    quieter = measure_prosody(voice(1.0, pitch_hz, 0.05))
    assert quieter is not None
    assert measured.level_db - quieter.level_db == pytest.approx(20, abs=0.2)
    brighter = measure_prosody(voice(1.0, pitch_hz, 0.5, bright=0.95))
    assert brighter is not None
    assert brighter.tilt_db > measured.tilt_db + 1


@pytest.mark.parametrize("kind", ["empty", "silent", "short", "noise"])
def test_silence_and_noise_have_no_prosody(kind: str) -> None:
    samples = {
        "empty": np.zeros(0),
        "silent": np.zeros(SAMPLE_RATE),
        "short": np.ones(300),
        "noise": np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE),
    }[kind]
    assert measure_prosody(samples.astype(np.float32)) is None


@given(st.floats(-60, 60), st.floats(-30, 30), st.floats(-30, 30), st.floats(0.01, 10))
def test_a_louder_higher_brighter_voice_is_never_calmer(level: float, pitch: float, tilt: float, more: float) -> None:
    scale = load_signs().scale
    voiced = replace(CALM, level_db=level, pitch=pitch, tilt_db=tilt)
    base = arousal(voiced, CALM, scale)
    assert 0 < base < 1
    for name in ("level_db", "pitch", "tilt_db"):
        assert arousal(replace(voiced, **{name: getattr(voiced, name) + more}), CALM, scale) >= base
    assert arousal(CALM, CALM, scale) == 0.5


def test_without_a_legal_basis_nothing_is_determined_and_that_is_the_default() -> None:
    legs = call(voice(10, 150, 0.1))
    segments = [said("помогите помогите", 0, 10)]
    assert Settings().calls.distress_legal_basis == ""
    assert tag_distress(legs, segments, (), legal_basis="") == ()
    assert tag_distress(legs, segments, (), legal_basis="  ") == ()
    assert tag_distress(legs, segments, (), legal_basis=BASIS) != ()


def test_a_voice_that_rises_over_its_start_is_anxious_and_with_a_plea_panic() -> None:
    legs = call(voice(8, 140, 0.05), voice(4, 230, 0.4, bright=0.95))
    first = said("у нас на кухне дым", 0, 8)
    [anxious] = tag_distress(legs, [first, said("он стал гуще", 8, 12)], (), legal_basis=BASIS)
    assert (anxious.label, anxious.evidence.start_s, anxious.evidence.end_s) == ("anxious", 8, 12)
    [panic] = tag_distress(legs, [first, said("помогите нам", 8, 12)], (), legal_basis=BASIS)
    assert panic.label == "panic"
    assert panic.confidence > anxious.confidence or panic.confidence >= 0.7


def test_an_even_voice_is_calm_once() -> None:
    legs = call(voice(12, 150, 0.1))
    tags = tag_distress(legs, [said("алло", 0, 4), said("это я", 4, 8), said("да", 8, 12)], (), legal_basis=BASIS)
    assert [(t.label, t.evidence.start_s, t.evidence.end_s) for t in tags] == [("calm", 0, 12)]


def test_screams_words_and_joining() -> None:
    legs = call(voice(20, 150, 0.1))
    scream = Tag(TagKind.SOUND, "scream", Evidence(LegName.CALLER, 9, 10, ""), 0.9)
    segments = [said("идиоты вы", 0, 4), said("быстрее же", 5, 8), said("скорее", 9, 12), said("хорошо", 16, 20)]
    tags = tag_distress(legs, segments, [scream], legal_basis=BASIS)
    assert [t.label for t in tags] == ["aggressive", "anxious", "panic"]
    joined = tag_distress(legs, [said("помогите", 0, 4), said("спасите", 6, 8)], (), legal_basis=BASIS)
    assert [(t.label, t.evidence.start_s, t.evidence.end_s) for t in joined] == [("anxious", 0, 8)]


def test_the_operator_and_mixed_recordings_are_not_judged() -> None:
    sound = voice(10, 150, 0.1)
    plea = "помогите"
    assert tag_distress({LegName.MIXED: sound}, [said(plea, 0, 9, LegName.MIXED)], (), legal_basis=BASIS) == ()
    both = {LegName.CALLER: sound, LegName.OPERATOR: sound}
    assert tag_distress(both, [said(plea, 0, 9, LegName.OPERATOR)], (), legal_basis=BASIS) == ()


def test_distress_changes_neither_urgency_nor_services() -> None:
    segments = [said("у нас горит квартира на пятом этаже", 0, 8)]
    panic = Tag(TagKind.DISTRESS, "panic", Evidence(LegName.CALLER, 0, 8, ""), 1.0)
    assert analyse(segments, (panic,)).card == analyse(segments).card


def test_the_legal_basis_cannot_be_forgotten() -> None:
    assert inspect.signature(tag_distress).parameters["legal_basis"].default is inspect.Parameter.empty


@pytest.mark.parametrize(
    ("old", "new", "said_of_it"),
    [
        ("start_s: 6.0", "start_s: -1", "start_s"),
        ("aroused: 0.75", "aroused: 2", "aroused"),
        ("kind: plea", "kind: joy", "words"),
        ("scale: {", "scales: {", "scale"),
    ],
)
def test_nonsense_in_the_data_file_is_refused(old: str, new: str, said_of_it: str) -> None:
    from importlib import resources

    text = resources.files("pipelines.calls.distress").joinpath("signs.yaml").read_text("utf-8")
    assert parse_signs(text) == load_signs()
    with pytest.raises(ConfigurationError, match=said_of_it):
        parse_signs(text.replace(old, new, 1))
