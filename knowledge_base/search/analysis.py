"""Words of Russian, Kazakh and English text as index terms.

Each word gives two terms: its form reduced by what the language allows (Russian: the lemma by pymorphy3; Kazakh:
the stem after stripping inflectional suffixes; English: the stem after stripping endings) and a prefix, which ties
derived words («лестница», «лестничный») together. Numbers and class codes («Ф1.3», «EI 60») are terms of their own.
The measurements behind these choices are in `docs/adr/0010-search.md`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from core.languages import Language

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

PREFIX_LENGTH = 5
"""Letters of a prefix term; best of 4 to 7 for Kazakh and equal to lemmas for Russian on the dev questions."""

_TOKEN = re.compile(
    r"(?P<code>(?<![^\W\d_])[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ]{1,4}[ -]?\d+(?:[.,]\d+)*(?![^\W\d_]))"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<unit>(?<![^\W\d_])м[23](?!\d))"
    r"|(?P<word>[^\W\d_]+)"
)
_UNITS = {"м2": "м2", "м²": "м2", "м3": "м3", "м³": "м3"}
_UNIT = re.compile(r"(?<![^\W\d_])м\s?[2²3³](?!\d)")
_HOMOGLYPHS = str.maketrans("ABCEHKMOPTXYabceopxyk", "АВСЕНКМОРТХУавсеорхук")
_CYRILLIC = re.compile(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]")


@dataclass(frozen=True)
class _Words:
    """The lists of `words.yaml`; suffixes longest first."""

    question: dict[Language, frozenset[str]]
    kazakh_suffixes: tuple[str, ...]
    english_suffixes: tuple[str, ...]


@lru_cache(maxsize=1)
def _words() -> _Words:
    raw = yaml.safe_load(files("knowledge_base.search").joinpath("words.yaml").read_text(encoding="utf-8"))
    return _Words(
        {language: frozenset(raw["question_words"][language].split()) for language in Language},
        tuple(sorted(raw["kazakh_suffixes"].split(), key=len, reverse=True)),
        tuple(sorted(raw["english_suffixes"].split(), key=len, reverse=True)),
    )


@lru_cache(maxsize=1)
def _morph() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()


@lru_cache(maxsize=200_000)
def lemma_ru(word: str) -> str:
    """Return the most probable dictionary form of a lower-case Russian word."""
    return str(_morph().parse(word)[0].normal_form).replace("ё", "е")


@lru_cache(maxsize=200_000)
def stem_kk(word: str) -> str:
    """Strip inflectional suffixes of a lower-case Kazakh word while at least four letters stay."""
    stem = word
    for _ in range(3):
        for suffix in _words().kazakh_suffixes:
            if len(stem) - len(suffix) >= 4 and stem.endswith(suffix):
                stem = stem[: -len(suffix)]
                break
        else:
            break
    return stem


@lru_cache(maxsize=20_000)
def forms_ru(word: str) -> frozenset[str]:
    """Return all forms of a lower-case Russian word given in its dictionary form (ё as е), gerunds left out.

    Of a word given in another form, the forms of its most probable reading.
    """
    readings = _morph().parse(word)
    own = [
        r for r in readings if r.normal_form.replace("ё", "е") == word and "Name" not in r.tag and "Surn" not in r.tag
    ]
    forms = {f.word.replace("ё", "е") for r in own or readings[:1] for f in r.lexeme if f.tag.POS != "GRND"}
    return frozenset(forms | {word})


@lru_cache(maxsize=200_000)
def is_known_ru(word: str) -> bool:
    """Tell whether a lower-case word is a form of a Russian word in the dictionary."""
    return bool(_morph().word_is_known(word))


@lru_cache(maxsize=200_000)
def grammemes_ru(word: str) -> frozenset[str]:
    """Return the OpenCorpora grammemes of the most probable reading of a lower-case word ("VERB", "impr", ...)."""
    return frozenset(str(g) for g in _morph().parse(word)[0].tag.grammemes)


@lru_cache(maxsize=200_000)
def is_inflected_kk(word: str, stem: str) -> bool:
    """Tell whether a lower-case Kazakh word is `stem` with at most four inflectional suffixes."""
    return word.startswith(stem) and _are_suffixes(word[len(stem) :], 4)


def _are_suffixes(rest: str, left: int) -> bool:
    if not rest:
        return True
    return left > 0 and any(
        rest.startswith(s) and _are_suffixes(rest[len(s) :], left - 1) for s in _words().kazakh_suffixes
    )


@lru_cache(maxsize=100_000)
def stem_en(word: str) -> str:
    """Strip common English endings while at least four letters stay."""
    for suffix in _words().english_suffixes:
        if len(word) - len(suffix) >= 4 and word.endswith(suffix):
            return word[: -len(suffix)]
    return word


def base_form(word: str, language: Language) -> str:
    """Return the reduced form of a lower-case word in `language`."""
    if language is Language.RU:
        return lemma_ru(word)
    return stem_kk(word) if language is Language.KK else stem_en(word)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, token) of `text` in order; kind is `word` (lower case), `number` ("1.2") or `code` ("ф1.3")."""
    text = _UNIT.sub(lambda m: _UNITS[m[0].replace(" ", "")], text.replace("\u00ad", ""))
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        token = match[0]
        if kind == "code":
            letters = token.rstrip("0123456789.,").rstrip(" -")
            digits = token[len(letters) :].lstrip(" -").replace(",", ".")
            yield "code", letters.translate(_HOMOGLYPHS).lower() + digits
        elif kind == "number":
            yield "number", token.replace(",", ".")
        elif kind == "unit":
            yield "word", token
        else:
            if _CYRILLIC.search(token):
                token = token.translate(_HOMOGLYPHS)
            yield "word", token.lower().replace("ё", "е")


def word_terms(word: str, language: Language) -> tuple[str, ...]:
    """Return the index terms of one lower-case word: its base form and, where long enough, its prefix."""
    base = base_form(word, language)
    stemmed = word if language is Language.KK else base
    if len(stemmed) < PREFIX_LENGTH:
        return (f"l:{base}",)
    return (f"l:{base}", f"p:{stemmed[:PREFIX_LENGTH]}")


def terms(text: str, language: Language) -> list[str]:
    """Return all index terms of `text` in order, with repetitions."""
    found: list[str] = []
    before = ""
    for kind, token in tokens(text):
        if kind == "word":
            if len(token) > 1 or before == "number":  # one letter after a number is a unit: «28 м», «5 т»
                found.extend(word_terms(token, language))
        elif kind == "number":
            found.append(f"n:{token}")
        else:
            found.append(f"c:{token}")
            digits = re.sub(r"^\D+", "", token)
            found.append(f"n:{digits}")
        before = kind
    return found


def is_question_word(word: str, language: Language) -> bool:
    """Tell whether a lower-case word only frames a question and says nothing of its subject."""
    stop = _words().question[language]
    return word in stop or base_form(word, language) in stop
