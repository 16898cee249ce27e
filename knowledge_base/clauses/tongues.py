"""Which language each part of a file is in; a bilingual file becomes one stream per language."""

import re
from collections.abc import Sequence

from core.languages import Language
from knowledge_base.clauses.model import Item, Line

_KAZAKH = re.compile(r"[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_CYRILLIC = re.compile(r"[а-яёА-ЯЁәғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_LATIN = re.compile(r"[a-zA-Z]")
_ENGLISH = re.compile(r"\b(?:the|of|and|shall|for|with|in|to|is|be)\b", re.I)
_SWITCH_LINE = 2.5
_SWITCH_PARAGRAPH = 1.2
_STRAY = 0.012  # Kazakh letters among all of a long text that are a misprint or a name, not the language
_SHARE_OF_SECOND = 0.12  # of all letters: less is quotation, not a second language


def letters_of(text: str) -> dict[Language, float]:
    """Score how much of each language `text` shows: about 1 for a full line in it, 0 for none."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    kazakh = len(_KAZAKH.findall(text))
    scores = {Language.RU: 0.0, Language.KK: 0.0, Language.EN: 0.0}
    if latin > cyrillic * 2 and len(_ENGLISH.findall(text)) >= 1:
        scores[Language.EN] = min(latin / 40, 1.5)
    elif cyrillic >= 3:
        if kazakh and (kazakh / cyrillic > _STRAY or cyrillic < 60):
            scores[Language.KK] = min(0.4 + 12 * kazakh / cyrillic, 1.0) * min(cyrillic / 25, 1.5)
        else:
            scores[Language.RU] = min(cyrillic / 40, 1.5)
    return scores


def split_languages(items: Sequence[Item], only: tuple[Language, ...] = ()) -> dict[Language, list[Item]]:
    """Return the stream of each language of the file, in the order they first appear.

    `only` narrows the choice (from the sidecar). Neighbours decide over lines that show no language of their own.
    """
    texts = [_text(item) for item in items]
    weights: dict[Language, int] = {}
    for text in texts:
        scores = letters_of(text)
        language = max(scores, key=lambda one: scores[one])
        if scores[language] > 0.2:
            weights[language] = weights.get(language, 0) + len(text)
    total = sum(weights.values()) or 1
    allowed = only or tuple(Language)
    present = [one for one, n in weights.items() if n / total >= _SHARE_OF_SECOND and one in allowed]
    if len(present) < 2:
        language = present[0] if present else (only[0] if only else Language.RU)
        return {language: list(items)}
    path = _smooth(items, texts, present)
    streams: dict[Language, list[Item]] = {}
    for item, language in zip(items, path, strict=True):
        streams.setdefault(language, []).append(item)
    return streams


def _smooth(items: Sequence[Item], texts: list[str], present: list[Language]) -> list[Language]:
    """Viterbi over the lines: the likeliest language of each, with a price for every change."""
    best = dict.fromkeys(present, 0.0)
    back: list[dict[Language, Language]] = []
    for item, text in zip(items, texts, strict=True):
        price = _SWITCH_LINE if isinstance(item, Line) and not item.whole else _SWITCH_PARAGRAPH
        scores = letters_of(text)
        came: dict[Language, Language] = {}
        fresh: dict[Language, float] = {}
        for language in present:
            source = max(present, key=lambda one: best[one] - (0.0 if one is language else price))
            came[language] = source
            fresh[language] = best[source] - (0.0 if source is language else price) + scores[language]
        back.append(came)
        best = fresh
    language = max(present, key=lambda one: best[one])
    path = [language]
    for came in reversed(back[1:]):
        language = came[language]
        path.append(language)
    return path[::-1]


def _text(item: Item) -> str:
    if isinstance(item, Line):
        return item.text
    return " ".join(cell for row in item.table.rows for cell in row)
