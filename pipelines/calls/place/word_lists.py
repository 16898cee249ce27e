"""The words of addresses, of streets and of landmarks, from the tables beside this module."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, get_args

from rapidfuzz import fuzz, process

from core.errors import ConfigurationError
from pipelines.calls.place.spelling import cuts, fold, kazakh_stems, sounds, stem_of

Role = Literal[
    "street",
    "settlement",
    "region",
    "district",
    "house",
    "flat",
    "block",
    "letter",
    "km",
    "floor",
    "entrance",
    "doorphone",
    "ask",
    "correct",
    "filler",
    "unit",
    "origin",
]
Gender = Literal["m", "f", "n"]
_ROLES: tuple[Role, ...] = get_args(Role)
_OFTEN_SAID = frozenset(
    ("улица", "проспект", "микрорайон", "посёлок", "район", "область", "квартира", "километр", "подъезд")
)
_SHORTEST_GARBLED = 5  # letters
_SHORT_NAME = 5  # letters: a shorter name must sound almost the same
_GARBLED_CLOSENESS = 84  # per cent, by sound
_SPELLING_OF_THE_SAME = 80  # per cent of letters
_GENDERS: tuple[Gender, ...] = get_args(Gender)


@dataclass(frozen=True)
class WordUse:
    """What a word is in an address: its role, the word a card writes, and that word's gender."""

    role: Role
    value: str
    gender: Gender


@dataclass(frozen=True)
class StreetMatch:
    """A street's name as a card writes it, and how like it what was heard is (0..1)."""

    name: str
    score: float


@cache
def address_words() -> dict[str, WordUse]:
    """Return word form -> its use, from `words.csv`."""
    with resources.files("pipelines.calls.place").joinpath("words.csv").open(encoding="utf-8") as file:
        return read_words(file)


def read_words(lines: Iterable[str]) -> dict[str, WordUse]:
    """Return word form -> its use; a form that stands twice is what it is first.

    Raises ConfigurationError naming the line that makes no sense.
    """
    uses: dict[str, WordUse] = {}
    for line, row in enumerate(csv.DictReader(lines), start=2):
        role = next((role for role in _ROLES if role == row["role"]), None)
        gender = next((gender for gender in _GENDERS if gender == row["gender"]), None)
        if role is None or gender is None or not row["forms"].strip():
            raise ConfigurationError(
                f"words.csv, line {line}: unknown role or gender, or no forms", advice=f"Roles are {', '.join(_ROLES)}."
            )
        for form in row["forms"].split():
            uses.setdefault(form.replace("ё", "е"), WordUse(role, row["value"], gender))
    return uses


@lru_cache(maxsize=4096)
def garbled_word(text: str) -> WordUse | None:
    """Return what word of addresses a word that was heard badly may be («утлица», «роспект», «гилометре»)."""
    if len(text) < _SHORTEST_GARBLED:
        return None
    known = _sounding_words()
    hit = process.extractOne(sounds(text), known.keys(), scorer=fuzz.ratio, score_cutoff=_GARBLED_CLOSENESS)
    return None if hit is None else known[hit[0]]


@cache
def _sounding_words() -> dict[str, WordUse]:
    long = {form: use for form, use in address_words().items() if len(form) >= _SHORTEST_GARBLED}
    return {sounds(form): use for form, use in long.items() if use.value in _OFTEN_SAID}


@cache
def _streets() -> tuple[dict[str, str], dict[str, tuple[tuple[str, frozenset[str]], ...]], dict[str, str]]:
    """Names folded -> as written; stems -> names with endings; sounds -> names."""
    exact: dict[str, str] = {}
    stems: dict[str, list[tuple[str, frozenset[str]]]] = {}
    heard: dict[str, str] = {}
    for line, row in _rows("streets.csv"):
        if not row["ru"] or not row["source"]:
            raise ConfigurationError(
                f"streets.csv, line {line}: no Russian name or no source", advice="Give both columns."
            )
        for name in (row["ru"], row["kk"], *row["also"].split(";")):
            folded, written = fold(name), row["ru"]
            if len(folded) < 3:
                continue
            if name not in (row["ru"], row["kk"]) and fuzz.ratio(fold(row["ru"]), folded) < _SPELLING_OF_THE_SAME:
                written = name.strip()  # another name of the street: a card keeps the one that was said
            exact.setdefault(folded, written)
            stem, endings = stem_of(folded)
            stems.setdefault(stem, []).append((written, endings))
            if len(folded) >= _SHORTEST_GARBLED - 1:
                heard.setdefault(sounds(name), written)
    return exact, {stem: tuple(found) for stem, found in stems.items()}, heard


def match_street(said: str, *, closeness: float = 1.0) -> StreetMatch | None:
    """Return the street of `streets.csv` that `said` names in any case, at least `closeness` like it."""
    exact, stems, heard = _streets()
    folded = fold(said)
    if len(folded) < 3:
        return None
    if folded in exact:
        return StreetMatch(exact[folded], 1.0)
    for stem, ending in cuts(folded):
        for name, endings in stems.get(stem, ()):
            if ending in endings:
                return StreetMatch(name, 0.98)
    for stem in kazakh_stems(folded):
        if stem in exact:
            return StreetMatch(exact[stem], 0.97)
    if closeness >= 1.0 or len(folded) < 4:
        return None
    if len(sounds(said)) <= _SHORT_NAME:
        closeness = max(closeness, 0.9)
    hit = process.extractOne(sounds(said), heard.keys(), scorer=fuzz.ratio, score_cutoff=closeness * 100)
    return None if hit is None else StreetMatch(heard[hit[0]], 0.95 * hit[1] / 100)


def street_names() -> tuple[str, ...]:
    """Return the names of streets as cards write them."""
    return tuple(row["ru"] for _, row in _rows("streets.csv"))


@cache
def landmark_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return (what may be a landmark, what leads to one) as stems and words of `landmarks.csv`."""
    things: set[str] = set()
    leads: set[str] = set()
    for line, row in _rows("landmarks.csv"):
        if row["role"] not in ("thing", "lead"):
            raise ConfigurationError(f"landmarks.csv, line {line}: unknown role", advice="Roles are thing and lead.")
        (things if row["role"] == "thing" else leads).update(row["words"].split())
    return frozenset(things), frozenset(leads)


def _rows(name: str) -> Iterator[tuple[int, dict[str, str]]]:
    with resources.files("pipelines.calls.place").joinpath(name).open(encoding="utf-8") as file:
        yield from enumerate(csv.DictReader(file), start=2)
