"""Words divided at the end of a line: is the hyphen the word's own («үй-жай») or the line's?"""

import re
from collections.abc import Iterable, Sequence

SOFT_HYPHEN = "\u00ad"
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TAIL = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)[-\u2010]$")
_HEAD = re.compile(r"^([^\W\d_]+)")


class Joiner:
    """Joins lines of one document; it decides by the words the document itself uses inside its lines.

    Give it the lines in reading order: where a line ends in a hyphen, it also learns whether this document divides
    words (a typeset book does, a file of an office suite seldom).
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._words: set[str] = set()
        self._compounds: set[str] = set()  # "first-seco" of each word with a hyphen
        breaks: list[tuple[str, str]] = []
        open_tail = ""
        for line in lines:
            head = _HEAD.match(line)
            if open_tail and head:
                breaks.append((open_tail, head.group(1).casefold()))
            tail = _TAIL.search(line.rstrip())
            open_tail = tail.group(1).casefold() if tail else ""
            self._learn(line)
        divided = sum(left + right in self._words for left, right in breaks)
        kept = sum(self._is_known_compound(left, right) for left, right in breaks)
        self._divides = divided >= kept

    def _learn(self, line: str) -> None:
        words = [w.casefold() for w in _WORD.findall(line.replace(SOFT_HYPHEN, ""))]
        if line.rstrip().endswith(("-", "\u2010", SOFT_HYPHEN)):
            words = words[:-1]
        self._words.update(words)
        self._compounds.update(_start(w) for w in words if "-" in w)

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

    def join_cell(self, lines: Sequence[tuple[str, bool]]) -> str:
        """Join the lines of a narrow cell, (text, full) each: after a full line a word may go on with no hyphen."""
        if len(lines) > 1 and all(text.isdigit() for text, _ in lines) and all(full for _, full in lines[:-1]):
            lengths = [len(text) for text, _ in lines]
            if lengths[0] == 1 or (len(set(lengths[:-1])) == 1 and lengths[-1] < lengths[0]):
                return "".join(text for text, _ in lines)
        pieces: list[str] = []
        open_word = False
        for text, full in lines:
            if open_word and self._goes_on(pieces[-1], text):
                pieces[-1] += text
            else:
                pieces.append(text)
            open_word = full
        return self.join(pieces)

    def _goes_on(self, left: str, right: str) -> bool:
        head = _HEAD.match(right)
        if not head or not left[-1:].isalpha() or not right[:1].islower():
            return False
        tail, word = left.split()[-1].casefold(), head.group(1)
        return tail + word in self._words or not (tail in self._words and word in self._words)

    def _is_compound(self, left: str, right: str) -> bool:
        left, right = left.casefold(), right.casefold()
        if left + right in self._words:
            return False
        if self._is_known_compound(left, right):
            return True
        if not self._divides:
            return True
        return left in self._words and right in self._words

    def _is_known_compound(self, left: str, right: str) -> bool:
        return f"{left}-{right}" in self._words or _start(f"{left}-{right}") in self._compounds


def _start(word: str) -> str:
    """A compound up to the fourth letter of its last part: the same for all its endings."""
    left, _, right = word.rpartition("-")
    return f"{left}-{right[:4]}"
