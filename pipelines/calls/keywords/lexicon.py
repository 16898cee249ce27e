"""The lexicon: phrases that say what happened, read from `lexicon.csv`."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from core.errors import ConfigurationError
from core.languages import Language
from pipelines.calls.keywords.patterns import Pattern, parse_pattern, plain_phrase

CATEGORIES: tuple[str, ...] = (
    "fire",
    "explosion",
    "gas",
    "threat",
    "medical",
    "trapped",
    "drowning",
    "road_accident",
    "earthquake",
    "chemical",
    "child",
    "suicide",
    "flood",
    "utility",
    "animal",
    "lost",
)
_COLUMNS = ["category", "language", "pattern", "confidence", "source"]


@dataclass(frozen=True)
class Entry:
    """One phrase of the lexicon; `text` is its pattern as written, `phrase` the same for people to read.

    `phrase` is empty where the pattern has no one reading: a beginning of a word, a choice, words in any order.
    """

    category: str
    text: str
    patterns: tuple[Pattern, ...]  # any of them
    confidence: float  # 0..1: how surely the phrase means its category in a call
    source: str
    phrase: str = ""


def read_entries(text: str, name: str) -> tuple[Entry, ...]:
    """Return the entries of a CSV file. Raises ConfigurationError naming the line that cannot be read."""
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != _COLUMNS:
        raise ConfigurationError(f"{name}, line 1: columns are not {_COLUMNS}", advice="restore the heading")
    entries: list[Entry] = []
    seen: set[tuple[str, str, str]] = set()
    for row in reader:
        try:
            entry = _entry(row)
            key = (entry.category, row["language"], entry.text)
            if key in seen:
                raise ValueError("the phrase stands twice in its category")
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"{name}, line {reader.line_num}: {error}", advice="see docs/calls-keywords.md for the columns"
            ) from error
        seen.add(key)
        entries.append(entry)
    return tuple(entries)


def _entry(row: dict[str, str]) -> Entry:
    if row["category"] not in CATEGORIES:
        raise ValueError(f"no such category: {row['category']!r}")
    language = Language(row["language"])
    confidence = float(row["confidence"])
    if not 0 < confidence <= 1:
        raise ValueError(f"confidence is not within 0..1: {confidence}")
    if not row["source"].strip():
        raise ValueError("no source")
    pattern = row["pattern"].strip()
    patterns = parse_pattern(pattern, language)
    return Entry(row["category"], pattern, patterns, confidence, row["source"].strip(), plain_phrase(pattern))


@lru_cache(maxsize=1)
def load_lexicon() -> tuple[Entry, ...]:
    """Return the entries of `lexicon.csv`, read once. Raises ConfigurationError naming a bad line."""
    return read_entries(files(__package__).joinpath("lexicon.csv").read_text(encoding="utf-8"), "lexicon.csv")
