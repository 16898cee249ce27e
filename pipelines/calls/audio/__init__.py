"""Sound of a call: files and streams become legs at 16 kHz, and where in them somebody speaks."""

from pipelines.calls.audio.decoding import RawFormat, Recording, decode_recording
from pipelines.calls.audio.problems import AudioProblem, NotAudio, ProblemKind, RecordingTooLong, SilentRecording
from pipelines.calls.audio.resampling import StreamResampler
from pipelines.calls.audio.speech import Span, find_speech
from pipelines.calls.audio.telephony import Encoding, decode_samples

__all__ = [
    "AudioProblem",
    "Encoding",
    "NotAudio",
    "ProblemKind",
    "RawFormat",
    "Recording",
    "RecordingTooLong",
    "SilentRecording",
    "Span",
    "StreamResampler",
    "decode_recording",
    "decode_samples",
    "find_speech",
]
