"""Which loaded act a question names: by its number, a short name, or words of its title."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.languages import Language
from core.records import Act
from knowledge_base.search.analysis import base_form, is_question_word, tokens

_NOT_ALNUM = re.compile(r"[^0-9a-zа-яёәғқңөұүһі]+")
_HOMOGLYPHS = str.maketrans("abcehkmoptxy", "авсенкмортху")


def number_key(number: str) -> str:
    """Return a number for comparison: lower case, look-alike letters unified, without spaces and punctuation."""
    return _NOT_ALNUM.sub("", number.lower().translate(_HOMOGLYPHS).replace("ё", "е"))


def digits_key(number: str) -> str:
    """Return only the digits and what separates them («2.02-101-2022»), which survive translation of the series."""
    found = re.findall(r"\d+(?:[.\-]\d+)*", number)
    return max(found, key=len, default="")


@dataclass(frozen=True)
class ActNames:
    """The loaded acts by the names people use."""

    acts: tuple[Act, ...]

    @staticmethod
    def of(acts: Iterable[Act]) -> "ActNames":
        """Collect the names of acts."""
        return ActNames(tuple(acts))

    def by_number(self, number: str) -> list[Act]:
        """Return the acts with this number, alias or short name; a number without its year finds the act as well."""
        key, digits = number_key(number), digits_key(number)
        exact = [a for a in self.acts if key and key in {number_key(n) for n in (a.number, *a.aliases)}]
        if exact:
            return exact
        if len(re.sub(r"\D", "", digits)) < 3:
            return []
        return [
            a
            for a in self.acts
            if any(_same_number(digits, digits_key(n)) for n in (a.number, *a.aliases)) and _same_series(number, a)
        ]

    def by_title(self, text: str, language: Language, least: float = 0.6) -> list[tuple[Act, float]]:
        """Return the acts whose title or alias words the text says, with the share said, best first."""
        said = {
            base_form(t, language) for kind, t in tokens(text) if kind == "word" and not is_question_word(t, language)
        }
        prefixes = {w[:5] for w in said if len(w) >= 5} | {w for w in said if len(w) < 5}
        found = []
        for act in self.acts:
            titles = [act.titles[other] for other in act.titles if other is language]
            best = max((_share_said(t, language, prefixes) for t in titles), default=0.0)
            if best >= least:
                found.append((act, best))
        return sorted(found, key=lambda pair: -pair[1])


def _same_number(asked: str, held: str) -> bool:
    return asked == held or (
        held.startswith(f"{asked}-") and re.fullmatch(r"\d{4}", held[len(asked) + 1 :]) is not None
    )


_SERIES_KINDS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"(?<![а-яә-ө])(?:сп|еж|ереже\w*)(?![а-яә-ө])|code of practice|\bsp\b", re.IGNORECASE), "сп"),
    (re.compile(r"(?<![а-яә-ө])(?:сн|қн)(?![а-яә-ө])|\bsn\b", re.IGNORECASE), "сн"),
)


def series_of(text: str) -> str | None:
    """Return "сп" or "сн" where the text names a code of practice or building norms in any of our languages."""
    for pattern, series in _SERIES_KINDS:
        if pattern.search(text):
            return series
    return None


def _same_series(number: str, act: Act) -> bool:
    asked, held = series_of(number), series_of(act.number)
    return asked is None or held is None or asked == held


def _share_said(title: str, language: Language, prefixes: set[str]) -> float:
    words = [
        base_form(t, language)
        for kind, t in tokens(title)
        if kind == "word" and len(t) > 2 and not is_question_word(t, language)
    ]
    keys = [w[:5] if len(w) >= 5 else w for w in words]
    if not keys:
        return 0.0
    # abbreviated words («пож», «безоп») say the word they begin
    said = sum(k in prefixes or any(len(p) >= 3 and k.startswith(p) for p in prefixes) for k in keys)
    return said / len(keys)
