"""What can be wrong with a recording: what stops its processing, and what is told beside the result."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import NotReadable, TooLarge


class NotAudio(NotReadable):
    """A file that holds no sound we can read."""

    code = "not-audio"


class SilentRecording(NotReadable):
    """A file without a sound in any leg."""

    code = "silent-recording"


class RecordingTooLong(TooLarge):
    """Longer than `calls.max_seconds`."""

    code = "recording-too-long"


class ProblemKind(StrEnum):
    """What is wrong with a recording that is read all the same."""

    TRUNCATED = "truncated"  # the file ends before its sound does
    SILENT_LEG = "silent-leg"  # one of two legs holds no sound
    CLIPPING = "clipping"  # a leg was recorded too loud


@dataclass(frozen=True)
class AudioProblem:
    """Something a reader of the result should know."""

    kind: ProblemKind
    detail: str
    at_s: float | None = None  # truncated: where the readable sound ends
