"""Sound of calls: files of every kind and state become legs, streams become samples."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from core.call_records import LegName
from core.errors import InvalidInput
from core.settings import CallSettings
from pipelines.calls.audio import (
    Encoding,
    NotAudio,
    ProblemKind,
    RawFormat,
    RecordingTooLong,
    SilentRecording,
    StreamResampler,
    decode_recording,
    decode_samples,
)
from pipelines.calls.audio.crosstalk import find_leak, levels, without_leak
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

LIMITS = CallSettings()


def tone(seconds: float, rate: int, hertz: float = 440.0, level: float = 0.3) -> Samples:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def stereo(seconds: float, rate: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.stack([tone(seconds, rate, 440), tone(seconds, rate, 900)], axis=1)


def pitch(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * SAMPLE_RATE / len(samples)


FORMATS = [
    ("wav", "PCM_16", 8000),
    ("wav", "ULAW", 8000),
    ("wav", "ALAW", 8000),
    ("wav", "FLOAT", 44_100),
    ("wav", "PCM_24", 16_000),
    ("flac", "PCM_16", 11_025),
    ("ogg", "VORBIS", 16_000),
    ("ogg", "OPUS", 48_000),
    ("mp3", "MPEG_LAYER_III", 16_000),
    ("w64", "PCM_16", 22_050),
]


@pytest.mark.parametrize(("kind", "subtype", "rate"), FORMATS)
def test_every_format_gives_two_legs_at_the_rate_of_the_models(
    tmp_path: Path, kind: str, subtype: str, rate: int
) -> None:
    path = tmp_path / f"call.{kind}"
    soundfile.write(path, stereo(2.0, rate), rate, subtype=subtype)
    recording = decode_recording(path, LIMITS)
    assert list(recording.legs) == [LegName.CALLER, LegName.OPERATOR]
    assert recording.source_rate == rate
    assert recording.duration_s == pytest.approx(2.0, abs=0.1)
    assert recording.problems == ()
    for leg, hertz in ((LegName.CALLER, 440), (LegName.OPERATOR, 900)):
        samples = recording.legs[leg]
        assert samples.dtype == np.float32
        assert pitch(samples) == pytest.approx(hertz, abs=2)
        assert float(np.quantile(np.abs(samples), 0.99)) == pytest.approx(0.3, abs=0.03)


def test_order_of_channels_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, stereo(1.0, 8000), 8000)
    recording = decode_recording(path, CallSettings(channels="operator-caller"))
    assert pitch(recording.legs[LegName.OPERATOR]) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("twice", [False, True])
def test_one_channel_or_the_same_one_twice_is_mixed(tmp_path: Path, twice: bool) -> None:
    path = tmp_path / "call.wav"
    one = tone(1.0, 8000)
    soundfile.write(path, np.stack([one, one], axis=1) if twice else one, 8000)
    assert list(decode_recording(path, LIMITS).legs) == [LegName.MIXED]


def test_samples_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "call.ulaw"
    soundfile.write(path, stereo(1.0, 8000), 8000, format="RAW", subtype="ULAW")
    recording = decode_recording(path, LIMITS, raw=RawFormat(Encoding.MULAW, 8000, 2))
    assert pitch(recording.legs[LegName.OPERATOR]) == pytest.approx(900, abs=2)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not sound at all" * 100, b"\x00" * 4096, b"OggS" + b"\x00" * 60])
def test_what_is_not_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    with pytest.raises(NotAudio) as refused:
        decode_recording(path, LIMITS)
    assert refused.value.advice


def test_no_samples_silence_and_too_many_channels(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, np.zeros((0, 2), np.float32), 8000)
    with pytest.raises(NotAudio, match="no samples"):
        decode_recording(path, LIMITS)
    soundfile.write(path, np.zeros((8000, 2), np.float32), 8000)
    with pytest.raises(SilentRecording):
        decode_recording(path, LIMITS)
    soundfile.write(path, np.ones((8000, 3), np.float32) * 0.1, 8000)
    with pytest.raises(NotAudio, match="3 channels"):
        decode_recording(path, LIMITS)
    soundfile.write(path, tone(1, 1000), 1000)
    with pytest.raises(NotAudio, match="1000 samples a second"):
        decode_recording(path, LIMITS)


def test_too_long_is_told_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, tone(3.0, 8000), 8000)
    with pytest.raises(RecordingTooLong) as refused:
        decode_recording(path, CallSettings(max_seconds=2))
    assert "calls.max_seconds" in refused.value.advice


@pytest.mark.parametrize(("kind", "subtype"), [("wav", "PCM_16"), ("flac", "PCM_16"), ("ogg", "VORBIS")])
def test_of_a_file_cut_short_what_can_be_read_is_kept(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / f"call.{kind}"
    noisy = stereo(30.0, 8000) + np.random.default_rng(1).normal(0, 0.05, (240_000, 2)).astype(np.float32)
    soundfile.write(path, noisy, 8000, subtype=subtype)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    recording = decode_recording(path, LIMITS)
    assert 5 < recording.duration_s < 25
    problem = recording.problems[0]
    assert problem.kind is ProblemKind.TRUNCATED
    assert problem.at_s == pytest.approx(recording.duration_s)
    assert f"{recording.duration_s:.1f} s" in problem.detail
    assert pitch(recording.legs[LegName.OPERATOR]) == pytest.approx(900, abs=2)


def test_a_silent_leg_and_a_clipped_one_are_told(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, np.stack([tone(1, 8000) * 0, np.clip(tone(1, 8000) * 9, -1, 1)], axis=1), 8000)
    problems = {problem.kind: problem.detail for problem in decode_recording(path, LIMITS).problems}
    assert "caller" in problems[ProblemKind.SILENT_LEG]
    assert "operator" in problems[ProblemKind.CLIPPING]


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    samples = tone(1.0, 16_000)
    samples[100:200] = np.nan
    samples[300] = np.inf
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    decoded = decode_recording(path, LIMITS).legs[LegName.MIXED]
    assert np.isfinite(decoded).all()
    assert float(np.abs(decoded).max()) <= 1.0


@pytest.mark.slow
def test_a_long_recording_is_kept_out_of_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "call.flac"
    with soundfile.SoundFile(path, "w", 8000, 2) as file:
        for _ in range(25):
            file.write(stereo(60.0, 8000))
    tracemalloc.start()
    recording = decode_recording(path, LIMITS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert recording.duration_s == pytest.approx(1500, abs=0.01)
    assert peak < 60_000_000  # the legs have 192 MB
    assert pitch(recording.legs[LegName.OPERATOR][-SAMPLE_RATE:]) == pytest.approx(900, abs=2)


# --- streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "subtype"), [(Encoding.MULAW, "ULAW"), (Encoding.ALAW, "ALAW")])
def test_g711_is_what_libsndfile_reads(tmp_path: Path, encoding: Encoding, subtype: str) -> None:
    path = tmp_path / "codes.raw"
    path.write_bytes(bytes(range(256)))
    expected, _ = soundfile.read(path, format="RAW", subtype=subtype, channels=1, samplerate=8000, dtype="float32")
    np.testing.assert_array_equal(decode_samples(bytes(range(256)), encoding), expected)


def test_pcm_comes_in_whole_samples() -> None:
    np.testing.assert_array_equal(
        decode_samples(b"\x00\x80\xff\x7f", Encoding.PCM16), np.array([-1, 32767 / 32768], np.float32)
    )
    with pytest.raises(InvalidInput, match="3 bytes"):
        decode_samples(b"abc", Encoding.PCM16)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([8000, 11_025, 16_000, 22_050, 44_100, 48_000, 7919]),
    st.lists(st.integers(0, 3000), min_size=1, max_size=8),
)
def test_pieces_of_any_length_give_what_the_whole_would(rate: int, lengths: list[int]) -> None:
    samples = np.random.default_rng(7).normal(0, 0.2, sum(lengths)).astype(np.float32)
    resampler = StreamResampler(rate)
    parts, at = [], 0
    for length in lengths:
        parts.append(resampler.push(samples[at : at + length]))
        at += length
    parts.append(resampler.flush())
    common = np.gcd(rate, SAMPLE_RATE)
    expected = (
        resample_poly(samples, SAMPLE_RATE // common, rate // common)
        if rate != SAMPLE_RATE and len(samples)
        else samples
    )
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=2e-5)


# --- crosstalk --------------------------------------------------------------------------------------------------------


def _turns(seed: int, at: tuple[tuple[int, int], ...]) -> Samples:
    """Bursts of noise that rises and falls like syllables, in seconds `at` of ten."""
    rng = np.random.default_rng(seed)
    time = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    voice = rng.normal(0, 0.15, len(time)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    return np.where(sum((time >= a) & (time < b) for a, b in at), voice, 0).astype(np.float32)


@pytest.mark.parametrize("delay", [0, 160])
def test_the_other_sides_voice_is_silenced_and_ones_own_is_not(delay: int) -> None:
    caller, operator = _turns(1, ((0, 3), (6, 8))), _turns(2, ((3, 5), (8, 9)))
    noise = np.random.default_rng(3).normal(0, 0.001, len(caller)).astype(np.float32)
    leg = caller + np.roll(operator, delay) * np.float32(10 ** (-26 / 20)) + noise
    leak = find_leak(leg, operator)
    assert leak is not None
    assert leak.level_db == pytest.approx(-26, abs=1)
    gated = without_leak(leg, operator, leak)
    level = levels(gated)
    assert np.median(level[160:240]) == pytest.approx(-60, abs=2)  # the operator's turn: the line's noise alone
    np.testing.assert_array_equal(gated[: round(2.9 * SAMPLE_RATE)], leg[: round(2.9 * SAMPLE_RATE)])


def test_there_is_no_leak_between_legs_that_have_nothing_in_common() -> None:
    caller, operator = _turns(1, ((0, 3), (6, 8))), _turns(2, ((3, 5), (8, 9)))
    noise = np.random.default_rng(3).normal(0, 0.003, len(caller)).astype(np.float32)
    assert find_leak(caller + noise, operator) is None
    assert find_leak(np.zeros(0, np.float32), operator) is None
