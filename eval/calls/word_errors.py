"""Word error rate of calls: what is written two ways counts as the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.calls.spoken_numbers import find_numbers

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*", re.UNICODE)


@dataclass(frozen=True)
class WordErrors:
    """Substitutions, deletions and insertions in `words` words that were said."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        """Errors a word; over 1 where more was written than said."""
        return self.errors / self.words if self.words else float("nan")

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(self.errors + other.errors, self.words + other.words)


def total(parts: Iterable[WordErrors]) -> WordErrors:
    """Return the sum; its rate weighs each word alike."""
    return sum(parts, WordErrors(0, 0))


def count_errors(said: str, written: str) -> WordErrors:
    """Compare two texts word by word, after `normalised`."""
    from rapidfuzz.distance import Levenshtein

    reference, hypothesis = normalised(said), normalised(written)
    return WordErrors(Levenshtein.distance(reference, hypothesis), len(reference))


def normalised(text: str) -> list[str]:
    """Return the words of `text`: small letters, ё as е, no punctuation, numbers as digits, one digit a word.

    A number is read by the same code on both sides ("сто двенадцать", "112" -> 1 1 2), so that how a transcriber writes
    or groups numbers does not count.
    """
    raw = [word for word in re.split(r"\s+", text.lower().replace("ё", "е").replace("-", " ")) if word]
    words: list[str] = []
    spans = {span.start: span for span in find_numbers(raw)}
    at = 0
    while at < len(raw):
        span = spans.get(at)
        if span is None:
            words += _WORD.findall(raw[at])
            at += 1
        else:
            words += [letter for letter in span.digits if letter.isalnum()]
            at = span.end
    return words
