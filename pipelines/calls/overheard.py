"""Whether a transcriber wrote, in one leg, what the other side said: words where only the other one's leak is heard."""

from collections.abc import Sequence
from itertools import groupby

from core.call_records import Word
from pipelines.calls.audio.crosstalk import FRAME, Leak, levels, loudest_leak
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

OVERHEARD_WORDS = 3
"""This many in a row are the other side's. Fewer may be own words whose times are wrong (by up to four seconds where a
word comes after a pause; seen once in each of two of twelve legs)."""

_FRAMES_A_SECOND = SAMPLE_RATE // FRAME


def has_overheard(words: Sequence[Word], own: Samples, other: Samples, leak: Leak) -> bool:
    """Tell whether `words`, in order, hold words of the other side; the samples begin at the same time."""
    here, leaked = levels(own), loudest_leak(other, leak)
    size = min(len(here), len(leaked))

    def is_overheard(word: Word) -> bool:
        start = round(word.start_s * _FRAMES_A_SECOND)
        frames = slice(start, min(size, max(start + 1, round(word.end_s * _FRAMES_A_SECOND))))
        return start < size and bool(here[frames].max() < leaked[frames].max())

    return any(yes and len(list(run)) >= OVERHEARD_WORDS for yes, run in groupby(words, is_overheard))
