"""The small language of patterns in which the lexicon and the contexts are written.

пожар            any form of the word (Russian: its paradigm; Kazakh: the stem with inflections)
=пожара          this form only
взрыв*           anything that begins so
дом|квартира     one of these
_  __  ___       up to one, two, three other words between
    дверь _ заклинить   words in this order
~ дверь заклинить   words in any order, with up to two others between
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations

from core.languages import Language

_ATOM = re.compile(r"=?[^\W\d_]+\*?")
MAX_GAP = 3
_FREE_GAP = 2
_MOST_FREE = 3


class Form(StrEnum):
    """How much of a word an atom fixes."""

    ANY = "any"
    EXACT = "exact"
    PREFIX = "prefix"


@dataclass(frozen=True)
class Atom:
    """One word of a pattern, in lower case with ё as е."""

    text: str
    form: Form
    language: Language


@dataclass(frozen=True)
class Slot:
    """A place of a pattern: the words that fit it and how many others may stand before it."""

    atoms: frozenset[Atom]
    gap: int = 0


Pattern = tuple[Slot, ...]


def parse_pattern(text: str, language: Language) -> tuple[Pattern, ...]:
    """Return the pattern, or one for each order of its words. Raises ValueError that names what cannot be read."""
    if not text.startswith("~"):
        return (_in_order(text, language),)
    slots = _in_order(text[1:], language)
    if not 1 < len(slots) <= _MOST_FREE:
        raise ValueError(f"any order is for two or three words: {text!r}")
    return tuple(
        tuple(Slot(slot.atoms, _FREE_GAP if place else 0) for place, slot in enumerate(order))
        for order in permutations(slots)
    )


def plain_phrase(text: str) -> str:
    """Return the pattern without its marks; empty where it has no one reading (`*`, `|`, `~`)."""
    if any(mark in text for mark in "*|~"):
        return ""
    return " ".join(part.lstrip("=") for part in text.split() if set(part) != {"_"})


def _in_order(text: str, language: Language) -> Pattern:
    slots: list[Slot] = []
    gap = 0
    for part in text.replace("-", " ").split():
        if set(part) == {"_"}:
            gap = len(part)
            if not slots or gap > MAX_GAP:
                raise ValueError(f"a gap of 1 to {MAX_GAP} may stand between two words only: {text!r}")
            continue
        slots.append(Slot(frozenset(_atoms(part, language)), gap))
        gap = 0
    if not slots or gap:
        raise ValueError(f"a pattern begins and ends with a word: {text!r}")
    return tuple(slots)


def _atoms(part: str, language: Language) -> Iterator[Atom]:
    for atom in part.split("|"):
        if not _ATOM.fullmatch(atom):
            raise ValueError(f"not a word of a pattern: {atom!r}")
        form = Form.EXACT if atom.startswith("=") else Form.PREFIX if atom.endswith("*") else Form.ANY
        yield Atom(atom.strip("=*").lower().replace("ё", "е"), form, language)
