"""Spellings of a name brought together: Kazakh letters, endings, and what a telephone does to consonants."""

import re
from functools import lru_cache

_LETTERS = str.maketrans("ёэәғқќңөұүһіыї", "ееагккноуухиии", "ъь")
_SOUNDS = str.maketrans("бвгхдзжщоеяюйцч", "пфкктсшшаиауисш")
_REPEATED = re.compile(r"(.)\1+")
_NOT_LETTERS = re.compile(r"[^а-яa-z0-9]")

_ADJECTIVE = frozenset(
    ("ий", "ии", "ой", "ая", "яя", "ое", "ее", "ого", "его", "ому", "ему", "им", "ом", "ем", "ую", "юю", "ей", "ие")
)
_ENDINGS: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("а", "я"), frozenset(("а", "я", "и", "е", "у", "ю", "ой", "ей", "ою"))),
    (("й",), frozenset(("й", "я", "ю", "е", "ем", "и"))),
    (("о", "е"), frozenset(("о", "е", "а", "у", "ом", "ем", "я", "ю"))),
    (("и", "у", "ю"), frozenset(("и", "у", "ю", "е", "а", "ах", "ов"))),
)
_CONSONANT = frozenset(("", "а", "у", "е", "ом", "ем", "и", "я", "ю", "им"))
_KAZAKH_CASES = re.compile("(?:н?[дт][ае]|[ндт][ае]н|[гкн][ае]|[ндт]ин|[ндт]и|н?[дт][ае]ги|[мбп]ен|син[ае])")
_LONGEST_ENDING = 3
_SHORTEST_STEM = 2


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the letters alone, lower case, Kazakh ones as a Russian keyboard writes them, doubles once."""
    return _REPEATED.sub(r"\1", _NOT_LETTERS.sub("", text.lower().translate(_LETTERS)))


@lru_cache(maxsize=65536)
def sounds(text: str) -> str:
    """Return how the name sounds on a bad line, for comparing by edits."""
    return _REPEATED.sub(r"\1", fold(text).translate(_SOUNDS))


def stem_of(name: str) -> tuple[str, frozenset[str]]:
    """Return the part of a folded name that its cases share, and the endings its cases may have."""
    if len(name) >= 5 and name[-2:] in ("ий", "ой", "ая", "яя", "ое", "ее"):
        return name[:-2], _ADJECTIVE
    for last, endings in _ENDINGS:
        if name.endswith(last) and len(name) > _SHORTEST_STEM:
            return name[:-1], endings
    return name, _CONSONANT


def cuts(word: str) -> tuple[tuple[str, str], ...]:
    """Return the ways to part a folded word into a stem and an ending of up to three letters."""
    return tuple(
        (word[: len(word) - size], word[len(word) - size :])
        for size in range(min(_LONGEST_ENDING, len(word) - _SHORTEST_STEM) + 1)
    )


def kazakh_stems(word: str) -> tuple[str, ...]:
    """Return what the folded word may be without a Kazakh case ending («қарағандыда» -> «караганди»)."""
    return tuple(
        word[:end] for end in range(max(3, len(word) - 5), len(word) - 1) if _KAZAKH_CASES.fullmatch(word, end)
    )
