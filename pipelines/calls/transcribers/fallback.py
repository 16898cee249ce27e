"""A second transcriber for when the first one cannot be run."""

import logging
from collections.abc import Sequence

from core.errors import ModelError, Unavailable
from core.languages import Language
from pipelines.calls.transcriber import Hints, Samples, Transcriber, Transcript

log = logging.getLogger(__name__)


class FallbackTranscriber:
    """A `Transcriber` that asks the next of its chain when one fails; the last one's failure is raised."""

    def __init__(self, chain: Sequence[Transcriber]) -> None:
        """`chain`: at least one."""
        self._chain = tuple(chain)

    @property
    def name(self) -> str:
        """The first one's name."""
        return self._chain[0].name

    @property
    def languages(self) -> frozenset[Language]:
        """Languages the first one writes reliably."""
        return self._chain[0].languages

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        """Return what the first transcriber that can be run heard; raises ModelError or Unavailable when none can."""
        for transcriber in self._chain[:-1]:
            try:
                return transcriber.transcribe(samples, hints)
            except (ModelError, Unavailable) as error:
                log.warning(
                    "transcriber failed, the next one is asked", extra={"model": transcriber.name, "code": error.code}
                )
        return self._chain[-1].transcribe(samples, hints)
