"""Which of our languages a question is in."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from core.languages import Language

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_LATIN = re.compile(r"[A-Za-z]")
_LETTER = re.compile(r"[^\W\d_]")
_KAZAKH_WORDS = re.compile(
    r"\b(?:неше|керек|бойынша|туралы|тармак|тармағы|бап|бабы|калай|канша|кандай|орт|ертен|бар|жок|болады)\b",
    re.IGNORECASE,
)
_OTHER_LATIN_CONFIDENCE = 0.9
_MIN_LETTERS_TO_DOUBT = 25


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> Language | None:
    """Return the language of a question, or None where it is none of ours (or has no letters)."""
    letters = _LETTER.findall(text)
    if not letters:
        return None
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if cyrillic + latin < 0.7 * len(letters):
        return None
    if latin > cyrillic or _framed_in_english(text):
        return Language.EN if _is_english(text, latin) else None
    if len(_KAZAKH.findall(text)) >= max(1, 0.02 * cyrillic) or len(_KAZAKH_WORDS.findall(text)) >= 2:
        return Language.KK
    return Language.RU


def _framed_in_english(text: str) -> bool:
    """An English question may carry a long quote in Russian or Kazakh; the words outside the quote decide."""
    outside = re.sub(r"[«\"“„].*?[»\"”]", " ", text, flags=re.DOTALL)
    return len(_LATIN.findall(outside)) > 12 and len(_LATIN.findall(outside)) > 2 * len(_CYRILLIC.findall(outside))


def _is_english(text: str, latin: int) -> bool:
    if latin < _MIN_LETTERS_TO_DOUBT:
        return True
    outside = re.sub(r"[Ѐ-ӿ]+", " ", text)
    code, probability = _identifier().classify(outside)
    return code == "en" or float(probability) < _OTHER_LATIN_CONFIDENCE
