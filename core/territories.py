"""Places by their codes of КАТО: region (2 digits), district (4), rural district (6), settlement (9)."""

import re

_KATO = re.compile(r"\d{2,9}", re.ASCII)
_LEVELS = ((6, 9), (4, 6), (2, 4))
"""Digits of a code that name its level; zeros there mean: all of the level above."""


def is_kato(code: str) -> bool:
    """Tell whether this has the form of a КАТО code."""
    return bool(_KATO.fullmatch(code))


def is_inside(code: str, territory: str) -> bool:
    """Tell whether the place of a code is the territory or inside it."""
    return is_kato(territory) and code.startswith(prefix_of(territory))


def prefix_of(territory: str) -> str:
    """Return what the codes of all places inside a territory begin with."""
    prefix = territory
    for start, end in _LEVELS:
        if len(prefix) > start and not prefix[start:end].strip("0"):
            prefix = prefix[:start]
    return prefix
