"""A file with sound becomes the legs of a call at 16 kHz, block by block."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.call_records import LegName
from core.settings import CallSettings
from pipelines.calls.audio.containers import declared_seconds
from pipelines.calls.audio.problems import AudioProblem, NotAudio, ProblemKind, RecordingTooLong, SilentRecording
from pipelines.calls.audio.resampling import HIGHEST_RATE, LOWEST_RATE, StreamResampler
from pipelines.calls.audio.telephony import Encoding
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    import soundfile

_BLOCK_S = 1  # of a flac file that is cut short, the block in which it ends is lost
_IN_MEMORY_S = 1200  # a longer recording is kept in a temporary file that the system pages in and out
_SILENCE = 1e-4  # -80 dBFS: less than one step of 13-bit G.711
_SAME_CHANNEL = 1e-3  # channels that differ by less are one, written twice
_CLIPPED = 0.985
_CLIPPED_SHARE = 1e-3  # of all samples; speech that fits has some 1e-5
_MISSING_S = 0.25  # a file that lacks less of its sound than this is whole
_SUBTYPES = {Encoding.PCM16: "PCM_16", Encoding.MULAW: "ULAW", Encoding.ALAW: "ALAW"}


@dataclass(frozen=True)
class RawFormat:
    """What a file without a header holds."""

    encoding: Encoding
    rate: int = 8000
    channels: int = 1


@dataclass(frozen=True)
class Recording:
    """The sound of a call. Each leg: float32, shape (n,), -1..1, 16 kHz; both of the same length."""

    legs: Mapping[LegName, Samples]
    duration_s: float
    source_rate: int
    problems: tuple[AudioProblem, ...] = ()


def decode_recording(path: Path, settings: CallSettings, *, raw: RawFormat | None = None) -> Recording:
    """Return the legs of the recording in `path`: wav, flac, mp3, ogg, or `raw` samples without a header.

    Two channels are caller and operator in the order of `calls.channels`; one channel, or the same one written twice,
    is the leg `mixed`. Of a file that is cut short, what can be read is returned, and a problem says where it ends.

    Raises:
        NotAudio: no sound that can be read, or more than two channels.
        SilentRecording: not a sound in it.
        RecordingTooLong: longer than `calls.max_seconds`.
    """
    import soundfile

    try:
        if raw is None:
            source = soundfile.SoundFile(path)
        else:
            source = soundfile.SoundFile(
                path, format="RAW", subtype=_SUBTYPES[raw.encoding], channels=raw.channels, samplerate=raw.rate
            )
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise NotAudio(
            "the file is not sound in a format that can be read",
            advice="Send wav (PCM, μ-law, A-law), flac, mp3 or ogg.",
        ) from error
    with source:
        _check(source, settings)
        rate = source.samplerate
        long = source.frames > _IN_MEMORY_S * rate
        tracks = [_Track(rate, long=long) for _ in range(source.channels)]
        try:
            ended_early = _read(source, tracks, settings)
            legs, problems = _legs(tracks, settings)
        finally:
            for track in tracks:
                track.close()
    read_s = len(next(iter(legs.values()))) / SAMPLE_RATE
    whole_s = declared_seconds(path) if raw is None else None
    if ended_early or (whole_s is not None and whole_s - read_s > _MISSING_S):
        of = f" of {whole_s:.1f} s" if whole_s is not None and read_s < whole_s < float("inf") else ""
        problems.insert(
            0, AudioProblem(ProblemKind.TRUNCATED, f"the file is cut short: {read_s:.1f} s{of} were read", read_s)
        )
    return Recording(legs, read_s, rate, tuple(problems))


def _check(source: "soundfile.SoundFile", settings: CallSettings) -> None:
    if source.channels not in (1, 2):
        raise NotAudio(f"the file has {source.channels} channels", advice="Send one leg a channel, two at most.")
    if not LOWEST_RATE <= source.samplerate <= HIGHEST_RATE:
        raise NotAudio(
            f"the file has {source.samplerate} samples a second",
            advice=f"Send {LOWEST_RATE} to {HIGHEST_RATE}; telephone lines have 8000.",
        )
    _check_length(source.frames / source.samplerate if source.seekable() else 0.0, settings)


def _check_length(seconds: float, settings: CallSettings) -> None:
    if seconds > settings.max_seconds:
        raise RecordingTooLong(
            f"the recording has more than {settings.max_seconds:.0f} s",
            advice="Cut it into calls, or raise calls.max_seconds.",
        )


def _read(source: "soundfile.SoundFile", tracks: "list[_Track]", settings: CallSettings) -> bool:
    """Fill a track a channel; tell whether the sound broke off."""
    import soundfile

    frames = 0
    broken = False
    while True:
        try:
            block = source.read(_BLOCK_S * source.samplerate, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError):
            broken = True
            break
        if not len(block):
            break
        frames += len(block)
        _check_length(frames / source.samplerate, settings)
        block = np.clip(np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
        for number, track in enumerate(tracks):
            track.push(np.ascontiguousarray(block[:, number]))
    if not frames:
        raise NotAudio("the file holds no samples", advice="Send the recording again.")
    for track in tracks:
        track.finish()
    return broken or source.frames - frames > _MISSING_S * source.samplerate


class _Track:
    """One channel while it is read."""

    def __init__(self, rate: int, *, long: bool) -> None:
        self._resampler = StreamResampler(rate)
        self._file = tempfile.TemporaryFile() if long else None  # noqa: SIM115 - lives as long as its map
        self._pieces: list[Samples] = []
        self.peak = 0.0
        self.clipped = 0
        self.count = 0

    def push(self, samples: Samples) -> None:
        self._keep(self._resampler.push(samples), samples)

    def finish(self) -> None:
        self._keep(self._resampler.flush(), np.zeros(0, np.float32))

    def samples(self) -> Samples:
        if self._file is None:
            return np.concatenate(self._pieces)
        self._file.flush()
        mapped = np.memmap(self._file, np.float32, "r+")
        self.close()  # the map keeps the sound
        return mapped

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _keep(self, samples: Samples, source: Samples) -> None:
        if len(source):
            level: NDArray[np.float32] = np.abs(source)
            self.peak = max(self.peak, float(level.max()))
            self.clipped += int((level >= _CLIPPED).sum())
            self.count += len(source)
        if self._file is None:
            self._pieces.append(samples)
        else:
            samples.tofile(self._file)


def _legs(tracks: "list[_Track]", settings: CallSettings) -> tuple[dict[LegName, Samples], list[AudioProblem]]:
    if all(track.peak < _SILENCE for track in tracks):
        raise SilentRecording("the recording holds no sound at all", advice="Check the line that was recorded.")
    samples = [track.samples() for track in tracks]
    names: tuple[LegName, ...] = (LegName.MIXED,)
    if len(tracks) == 2 and not _same(*samples):
        names = (LegName.CALLER, LegName.OPERATOR)
        if settings.channels == "operator-caller":
            names = names[::-1]
    problems: list[AudioProblem] = []
    for name, track in zip(names, tracks, strict=False):
        if track.peak < _SILENCE:
            problems.append(AudioProblem(ProblemKind.SILENT_LEG, f"the leg {name} holds no sound"))
        elif track.clipped > _CLIPPED_SHARE * track.count:
            problems.append(AudioProblem(ProblemKind.CLIPPING, f"the leg {name} was recorded too loud and is clipped"))
    return dict(zip(names, samples, strict=False)), problems


def _same(first: Samples, second: Samples) -> bool:
    step = _BLOCK_S * SAMPLE_RATE
    return all(
        float(np.abs(first[at : at + step] - second[at : at + step]).max()) < _SAME_CHANNEL
        for at in range(0, len(first), step)
    )
