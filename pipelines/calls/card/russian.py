"""What the Russian dictionary (pymorphy3, OpenCorpora) says of a word."""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

NamePart = Literal["Name", "Patr", "Surn"]
"""Given name, patronymic (отчество), surname: the grammemes of OpenCorpora."""


@lru_cache(maxsize=1)
def _morph() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()


@lru_cache(maxsize=50_000)
def is_russian_word(word: str) -> bool:
    """Tell whether a lower-case word is in the dictionary (е stands for ё as well)."""
    return bool(_morph().word_is_known(word))


@lru_cache(maxsize=20_000)
def name_part(word: str) -> NamePart | None:
    """Return what part of a person's name the word is in its likeliest dictionary reading, or None."""
    if not is_russian_word(word):
        return None
    parse = _morph().parse(word)[0]
    parts: tuple[NamePart, ...] = ("Name", "Patr", "Surn")
    return next((part for part in parts if part in parse.tag), None)


@lru_cache(maxsize=20_000)
def in_nominative(word: str) -> str:
    """Return the nominative of a name's word, with its gender and number kept, lower case."""
    parses = [p for p in _morph().parse(word) if {"Name"} in p.tag or {"Patr"} in p.tag or {"Surn"} in p.tag]
    if not parses:
        return word
    nominative = next((p for p in parses if "nomn" in p.tag), None)
    if nominative is not None:
        return word
    changed = parses[0].inflect({"nomn"})
    return word if changed is None else str(changed.word)


@lru_cache(maxsize=20_000)
def is_proper_name(word: str) -> bool:
    """Tell whether the word's likeliest reading is a name of a place or a person."""
    if not is_russian_word(word):
        return False
    tag = _morph().parse(word)[0].tag
    return "Geox" in tag or "Name" in tag or "Surn" in tag
