"""How words sound on a telephone line: keys under which a word and its mishearings fall together.

Russian: unstressed vowels reduce, voiced and unvoiced consonants change places, soft signs are not heard. Kazakh
letters fall on the Russian ones that Russian recognisers write for them.
"""

import re
from functools import lru_cache

_KAZAKH = str.maketrans("әғқңөұүһі", "агкноуухи")
_SOUNDS = str.maketrans("оеэяыюбдзжгхвщц", "аииииуптсшккфшс", "ъьй")
_DOUBLED = re.compile(r"(.)\1+")
_SILENT = (("стн", "сн"), ("здн", "зн"), ("тьс", "ц"), ("тс", "ц"), ("вств", "ств"), ("лнц", "нц"), ("сч", "щ"))


def fold_letters(word: str) -> str:
    """Return a lower-case word with ё and the Kazakh letters written as the Russian letters nearest in sound."""
    return word.replace("ё", "е").translate(_KAZAKH)


@lru_cache(maxsize=200_000)
def sound_key(word: str) -> str:
    """Return the key of a lower-case word; words that are easily taken for one another share it."""
    key = fold_letters(word)
    for written, said in _SILENT:
        key = key.replace(written, said)
    return _DOUBLED.sub(r"\1", key.translate(_SOUNDS))
