"""What a transcriber writes though nobody said it: credits of films, and words it cannot stop repeating.

The credits are in `invented.csv`: `phrase`, `language`, `drop` (`phrase`: these words; `rest`: these and all after them
in the utterance; `alone`: an utterance that holds nothing else), `source`.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Literal, get_args

from core.call_records import Word
from core.errors import ConfigurationError
from core.languages import Language

Drop = Literal["phrase", "rest", "alone"]

LONGEST_LOOP = 6
"""Words of the longest phrase that is looked for in a loop."""

_TIMES = 3  # a phrase that comes this often in a row may be a loop
_MOST_TIMES = 10  # nobody says a thing more often without a pause
_WORD_S = 0.13  # nobody says words faster on the mean; those of a loop share whatever time is left
_SURE = 0.5  # probability of a word that was said
_LETTERS = 4  # this many single letters in a row are no speech (telephone numbers come as digits)
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Credit:
    """A phrase that transcribers invent."""

    words: tuple[str, ...]
    language: Language
    drop: Drop


def without_invented(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words of one utterance without credits and loops; of a loop its first turn stays."""
    return _without_loops(_without_letters(_without_credits(tuple(words))))


def parse_credits(text: str, name: str) -> tuple[Credit, ...]:
    """Read a table of credits.

    Raises:
        ConfigurationError: a row is wrong; the file and line are named.
    """
    reader = csv.DictReader(text.splitlines(), strict=True)
    if reader.fieldnames != ["phrase", "language", "drop", "source"]:
        raise ConfigurationError(f"{name}, line 1: the columns must be phrase,language,drop,source")
    credits_: dict[tuple[str, ...], Credit] = {}
    for row in reader:
        place = f"{name}, line {reader.line_num}"
        words = tuple(filter(None, map(_bare, (row["phrase"] or "").split())))
        drop = next((value for value in get_args(Drop) if value == row["drop"]), None)
        if not words or drop is None or row["language"] not in set(Language) or not (row["source"] or "").strip():
            raise ConfigurationError(
                f"{place}: needs a phrase, a language, drop (phrase, rest, alone) and a source",
                advice="Correct the line.",
            )
        if words in credits_:
            raise ConfigurationError(f"{place}: {' '.join(words)!r} is there twice", advice="Remove one of them.")
        credits_[words] = Credit(words, Language(row["language"]), drop)
    return tuple(credits_.values())


@cache
def _credits() -> dict[str, tuple[Credit, ...]]:
    """Return the shipped credits by their first word, the longest first."""
    text = resources.files("pipelines.calls").joinpath("invented.csv").read_text("utf-8")
    found: dict[str, tuple[Credit, ...]] = {}
    for credit in sorted(parse_credits(text, "invented.csv"), key=lambda c: -len(c.words)):
        found[credit.words[0]] = (*found.get(credit.words[0], ()), credit)
    return found


def _bare(word: str) -> str:
    return _NOT_LETTERS.sub("", word.lower().replace("ё", "е"))


def _without_credits(words: tuple[Word, ...]) -> tuple[Word, ...]:
    bare = [_bare(word.text) for word in words]
    kept: list[Word] = []
    at = 0
    while at < len(words):
        credit = next((c for c in _credits().get(bare[at], ()) if tuple(bare[at : at + len(c.words)]) == c.words), None)
        if credit is None or (credit.drop == "alone" and len(credit.words) < len(list(filter(None, bare)))):
            kept.append(words[at])
            at += 1
        elif credit.drop == "rest":
            break
        else:
            at += len(credit.words)
    return tuple(kept)


def _without_letters(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Drop runs of single letters, as Whisper writes them for a language it does not know."""
    kept: list[Word] = []
    run: list[Word] = []
    for word in (*words, None):
        if word is not None and len(bare := _bare(word.text)) == 1 and bare.isalpha():
            run.append(word)
            continue
        if len(run) < _LETTERS:
            kept += run
        run = []
        if word is not None:
            kept.append(word)
    return tuple(kept)


def _without_loops(words: tuple[Word, ...]) -> tuple[Word, ...]:
    bare = [_bare(word.text) for word in words]
    for size in range(1, LONGEST_LOOP + 1):
        at = 0
        while at + size * _TIMES <= len(words):
            times = 1
            while bare[at + times * size : at + (times + 1) * size] == bare[at : at + size]:
                times += 1
            if times >= _TIMES and not _was_said(words[at : at + times * size], size):
                words = words[: at + size] + words[at + times * size :]
                bare = bare[: at + size] + bare[at + times * size :]
            at += 1
    return words


def _was_said(words: Sequence[Word], size: int) -> bool:
    """Tell whether people's repetition ("помогите, помогите, помогите!") is more likely than a loop."""
    if len(words) > size * _MOST_TIMES:
        return False
    seconds = words[-1].end_s - words[0].start_s
    steady = all(later.start_s > earlier.start_s for earlier, later in pairwise(words))
    sure = sum(word.probability for word in words) / len(words) >= _SURE
    return steady and sure and seconds / len(words) >= _WORD_S
