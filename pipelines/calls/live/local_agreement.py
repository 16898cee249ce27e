"""LocalAgreement-2: text is committed when two readings of growing audio agree on it.

Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System", IJCNLP-AACL 2023. The audio since some
point is read again and again as it grows; the longest common prefix of the last two readings is committed and never
changes; what follows is the tail, which may.
"""

import math
import re
from collections.abc import Sequence

from core.call_records import Word

_LETTERS_A_SECOND = 6.0
"""What a second of disagreement in time weighs against letters of disagreement in text. Speech has some 15 letters."""
_NOT_LETTERS = re.compile(r"[\W_]+")


class LocalAgreement:
    """The committed words and the tail of one stretch of speech."""

    def __init__(self) -> None:
        self._committed: list[Word] = []
        self._tail: tuple[Word, ...] = ()

    @property
    def committed(self) -> tuple[Word, ...]:
        """All words committed so far; only ever grows at its end."""
        return tuple(self._committed)

    @property
    def tail(self) -> tuple[Word, ...]:
        """What the last reading says after the committed words."""
        return self._tail

    def hear(self, reading: Sequence[Word], before_s: float = math.inf) -> tuple[Word, ...]:
        """Take the next reading of the audio; return the words it commits: those the last reading had too.

        Words that end after `before_s` wait: what follows a word changes how it is read.
        """
        fresh = self._after_committed(reading)
        most = min(len(fresh), len(self._tail))
        agreed = 0
        while agreed < most and _same(fresh[agreed], self._tail[agreed]) and fresh[agreed].end_s <= before_s:
            agreed += 1
        return self._commit(fresh, agreed)

    def settle(self, reading: Sequence[Word]) -> tuple[Word, ...]:
        """Take the last reading, of all the audio; return the words it commits: all that are not committed yet."""
        fresh = self._after_committed(reading)
        return self._commit(fresh, len(fresh))

    def settle_before(self, time_s: float) -> tuple[Word, ...]:
        """Commit, and return, the words of the tail that ended before `time_s`: so far back readings change little."""
        count = 0
        while count < len(self._tail) and self._tail[count].end_s < time_s:
            count += 1
        return self._commit(self._tail, count)

    def _commit(self, fresh: tuple[Word, ...], count: int) -> tuple[Word, ...]:
        self._committed.extend(fresh[:count])
        self._tail = fresh[count:]
        return fresh[:count]

    def _after_committed(self, reading: Sequence[Word]) -> tuple[Word, ...]:
        """Leave out what a reading repeats of the committed words.

        The paper's program compares times, then equal words. Short windows move times and change endings, so the cut
        is where the words before it are most like the committed ones, in letters, and end most nearly when they do.
        """
        if not self._committed or not reading:
            return tuple(reading)
        from rapidfuzz.distance import Levenshtein

        first_s, end_s = reading[0].start_s, self._committed[-1].end_s
        held = "".join(_folded(word.text) for word in self._committed if word.end_s > first_s)
        best, cut, before = _LETTERS_A_SECOND * abs(end_s - first_s) + len(held), 0, ""
        for count, word in enumerate(reading, 1):
            before += _folded(word.text)
            cost = Levenshtein.distance(before, held) + _LETTERS_A_SECOND * abs(word.end_s - end_s)
            if cost <= best:
                best, cut = cost, count
        return tuple(reading[cut:])


def _same(left: Word, right: Word) -> bool:
    """Tell whether two readings wrote one word; its case and punctuation change with what follows it."""
    return _folded(left.text) == _folded(right.text)


def _folded(text: str) -> str:
    return _NOT_LETTERS.sub("", text.lower().replace("ё", "е")) or text
