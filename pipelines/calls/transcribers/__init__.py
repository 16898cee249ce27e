"""What serves the port `pipelines.calls.transcriber.Transcriber`.

`build_transcriber` makes the one that the settings name; one contract test holds for all.
"""

from pipelines.calls.transcribers.factory import build_transcriber

__all__ = ["build_transcriber"]
