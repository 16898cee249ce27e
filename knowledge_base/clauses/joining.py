"""Lines become running text: folded white space, mended hyphenation, spaced-out letters drawn together."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge_base.clauses.model import Line

_SPACES = re.compile(r"[ \t\r\n\f\v\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_SPACED = re.compile(r"(?<![\w-])(?:[А-ЯЁа-яёӘҒҚҢӨҰҮҺІәғқңөұүһі] {1,2}){4,}[А-ЯЁа-яёӘҒҚҢӨҰҮҺІәғқңөұүһі](?!\w)")
_WORD = re.compile(r"\w+(?:-\w+)*")
_TAIL = re.compile(r"(\w+)-$")
_LONGEST_WORD = 80
_HEAD = re.compile(r"(\w+)")


def fold(text: str) -> str:
    """Return `text` with white space folded, invisible characters and soft hyphens out, «П р и м е р» joined."""
    folded = _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()
    folded = re.sub("\u00ad ?", "", folded)
    return _SPACED.sub(lambda m: m.group().replace(" ", ""), folded)


def visible(text: str) -> int:
    """Number of characters that are not white space or soft hyphens: the unit of the load report."""
    return sum(1 for c in text if not c.isspace() and c != "\u00ad")


@dataclass(frozen=True)
class Hyphenation:
    """Decides what a hyphen at a line's end is, by the words that occur inside the lines of the same document."""

    words: Counter[str]

    @classmethod
    def learn(cls, lines: Iterable[Line]) -> "Hyphenation":
        """Count the words of `lines`, without those broken at line ends."""
        words: Counter[str] = Counter()
        for line in lines:
            found = _WORD.findall(line.text.casefold())
            words.update(found[1:-1] if not line.whole else found)
        return cls(words)

    def glue(self, left: str, right: str, soft: bool) -> str:
        """Return what stands between `left` and `right` after joining: `left` (mended), its separator and `right`."""
        if soft:
            return left + right
        tail, head = _TAIL.search(left[-_LONGEST_WORD:]), _HEAD.match(right)
        if tail is None or head is None:
            return f"{left} {right}"
        a, b = tail.group(1).casefold(), head.group(1).casefold()
        if a.isdigit() or b.isdigit() or not head.group(1)[0].islower():
            return left + right
        joined, parted = self.words[a + b], self.words[f"{a}-{b}"]
        if parted > joined:
            return left + right
        if joined or not (self.words[a] > 1 and self.words[b] > 1):
            return left[:-1] + right
        return left + right


def assemble(lines: Iterable[Line], hyphenation: Hyphenation) -> tuple[str, list[int]]:
    """Join `lines`; return the text and the offset in it at which each line begins."""
    text, soft = "", False
    offsets: list[int] = []
    for line in lines:
        if not text:
            text, offsets = line.text, [*offsets, 0]
        elif line.text:
            text = hyphenation.glue(text, line.text, soft) if not line.layout else f"{text} {line.text}"
            offsets.append(len(text) - len(line.text))
        else:
            offsets.append(len(text))
        soft = line.soft_end
    return text, offsets
