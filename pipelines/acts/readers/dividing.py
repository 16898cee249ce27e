"""Words divided at the end of a line: is the hyphen the word's own («үй-жай») or the line's?"""

import re
from collections.abc import Iterable

SOFT_HYPHEN = "\u00ad"
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TAIL = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)[-\u2010]$")
_HEAD = re.compile(r"^([^\W\d_]+)")


class Joiner:
    """Joins lines of one document; it decides by the words the document itself uses inside its lines."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._words: set[str] = set()
        for line in lines:
            self.learn(line)

    def learn(self, line: str) -> None:
        """Take note of the words that stand whole in a line."""
        words = [w.casefold() for w in _WORD.findall(line.replace(SOFT_HYPHEN, ""))]
        if line.rstrip().endswith(("-", SOFT_HYPHEN)):
            words = words[:-1]
        self._words.update(words)

    def join(self, lines: Iterable[str]) -> str:
        """Return the lines as one string: soft hyphens gone, divided words whole, compounds with their hyphen."""
        text = ""
        for line in lines:
            piece = line.strip()
            if not text or not piece:
                text += piece
            elif text.endswith(SOFT_HYPHEN):
                text = text[:-1] + piece
            elif text.endswith(("-", "\u2010")) and (tail := _TAIL.search(text)) and (head := _HEAD.match(piece)):
                text = (text if self._is_compound(tail.group(1), head.group(1)) else text[:-1]) + piece
            else:
                text = f"{text} {piece}"
        return text.replace(SOFT_HYPHEN, "")

    def _is_compound(self, left: str, right: str) -> bool:
        left, right = left.casefold(), right.casefold()
        if left + right in self._words:
            return False
        if f"{left}-{right}" in self._words:
            return True
        stem = right[: max(4, len(right) - 3)]
        if any(w.startswith(f"{left}-{stem[:4]}") for w in self._words):
            return True
        return left in self._words and right in self._words
