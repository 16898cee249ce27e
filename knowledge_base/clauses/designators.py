"""Names and numbers of acts in running text: «СП РК 2.02-101-2022», «приказ № 928», «КоАП», NFPA 13."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from core.errors import ConfigurationError
from knowledge_base.clauses.markers import latin_to_cyrillic

LONGEST_TEXT = 4000
"""Characters of a text that are looked through for acts and clauses: a question has fewer, a flood has more."""


@dataclass(frozen=True)
class ActDesignator:
    """An act named in a text.

    `number` is canonical: series and number («СП РК 2.02-101-2022»), or the number of the act a short name stands
    for («КоАП» -> «235-V»). `jurisdiction_hint` is None where the words do not say whose act it is. A bare name of
    a state has the kind "jurisdiction" and no number.
    """

    kind: str
    number: str
    jurisdiction_hint: str | None
    span: tuple[int, int]
    series: str = ""  # «СП РК», «КоАП»; "" for numbered orders and laws


@dataclass(frozen=True)
class _Pattern:
    regex: re.Pattern[str]
    kind: str
    jurisdiction: str | None
    canonical: str
    number: str | None  # of a short name
    cyrillic: bool


_MONTH = r"\d{1,2}[.\s]\s?(?:\d{2}[.\s]\s?\d{4}|[а-я]+\s+\d{4})(?:\s?(?:года?|г\.?))?"
_ORDINAL = r"(?:-(?:й|го|му|м|ым|ом|ші|шы|інші|ыншы|нші|ншы))?"
_ORDER_WORD = r"(?:приказ\w{0,3}|бұйры\w+)"
_NUMBERED: tuple[tuple[str, str | None, re.Pattern[str]], ...] = (
    ("law", "RU", re.compile(r"(?:№|N)?\s?(\d{1,3}-ФЗ)(?![\w-])", re.I)),
    ("law", "KZ", re.compile(r"(?:№|N)?\s?(\d{1,3}-[IVXІХ]{1,5})(?:\s?(?:ЗРК|ҚРЗ))?(?![\w-])", re.I)),
    (
        "order",
        None,
        re.compile(
            rf"(?:приказ\w*|бұйры\w+|order)\s(?:[^.;?!№]{{0,120}}?)?(?:от\s{_MONTH}\s)?(?:№|N|No\.?"
            rf"|номер)\s?(\d{{1,5}}(?:-\w{{1,4}})?)",
            re.I,
        ),
    ),
    (
        "decree",
        None,
        re.compile(
            rf"(?:постановлени\w+|қаулы\w*|decree)\s(?:[^.;?!№]{{0,120}}?)?(?:от\s{_MONTH}\s)?(?:№|N"
            rf"|No\.?)\s?(\d{{1,5}})",
            re.I,
        ),
    ),
    ("order", None, re.compile(rf"(?:№|N)\s?(\d{{1,5}}){_ORDINAL}\s?-?\s?{_ORDER_WORD}", re.I)),
    (
        "order",  # «928 приказ», «55-бұйрық»; «2 приказа», «10 приказов» count orders
        None,
        re.compile(
            rf"(?<![\w.,/-])(?!(?:19|20)\d\d\D)(\d{{2,5}}){_ORDINAL}\s?-?\s?(?!приказ(?:ов|ах|ами|ы)\b){_ORDER_WORD}",
            re.I,
        ),
    ),
    (
        "order",
        None,
        re.compile(
            r"(?:приказ\w*|бұйры\w+|order)\s(?:(?:МЧС|МВД|ТЖМ|ІІМ)\s(?:РК\s)?)?(\d{1,5})(?![\w.-])"
            r"(?!\s?(?:янв|фев|мар|апр|ма[яй]|июн|июл|авг|сен|окт|ноя|дек|год|жыл))",
            re.I,
        ),
    ),
)


@cache
def _patterns() -> tuple[_Pattern, ...]:
    source = "knowledge_base/clauses/acts.yaml"
    data = yaml.safe_load(files("knowledge_base.clauses").joinpath("acts.yaml").read_text(encoding="utf-8"))
    made: list[_Pattern] = []
    try:
        for entry in data["series"]:
            shape = data["shapes"][entry["number"]]
            for name in entry["names"]:
                body = rf"(?<![\w-]){_spaced(name)}\s?[-№]?\s?({shape})(?![\w])"
                made.append(_make(body, entry, entry.get("canonical", name), None, name))
        for entry in data["names"]:
            for name in entry["names"]:
                made.append(
                    _make(rf"(?<![\w-]){_spaced(name)}(?![\w-])", entry, entry["names"][0], entry["number"], name)
                )
        for entry in data["jurisdictions"]:
            for name in entry["names"]:
                made.append(
                    _make(rf"(?<![\w-]){_spaced(name)}(?![\w-])", {"kind": "jurisdiction", **entry}, name, "", name)
                )
    except (KeyError, TypeError, re.error) as error:
        raise ConfigurationError(
            f"{source}: an entry is malformed ({error})",
            advice="each entry needs names, kind, jurisdiction, number, source",
        ) from error
    return tuple(made)


def _make(body: str, entry: dict[str, str | None], canonical: str, number: str | None, name: str) -> _Pattern:
    if not entry["source"]:
        raise KeyError("source")
    cyrillic = bool(re.search(r"[а-яА-Яәғқңөұүһі]", name))
    flags = re.I if len(name) > 2 else 0
    return _Pattern(re.compile(body, flags), entry["kind"] or "", entry["jurisdiction"], canonical, number, cyrillic)


def _spaced(name: str) -> str:
    """A name as a pattern: white space of any kind, «Правил*» in any case."""
    words = [re.escape(word).replace(r"\*", r"\w*") for word in name.split(" ")]
    return (r"\s?" if len(name) < 10 else r"\s+").join(words)


def find_act_designators(text: str) -> tuple[ActDesignator, ...]:
    """Return the acts named in the first `LONGEST_TEXT` characters of `text`; of overlapping ones the longest."""
    plain = text[:LONGEST_TEXT].replace("–", "-").replace("—", "-").replace("\u00a0", " ")
    mapped = latin_to_cyrillic(plain)
    found: list[ActDesignator] = []
    for pattern in _patterns():
        for m in pattern.regex.finditer(mapped if pattern.cyrillic else plain):
            if pattern.number is None:
                number = f"{pattern.canonical} {plain[m.start(1) : m.end(1)]}"
                found.append(ActDesignator(pattern.kind, number, pattern.jurisdiction, m.span(), pattern.canonical))
            else:
                series = "" if pattern.kind == "jurisdiction" else pattern.canonical
                found.append(ActDesignator(pattern.kind, pattern.number, pattern.jurisdiction, m.span(), series))
    for kind, jurisdiction, regex in _NUMBERED:
        for m in regex.finditer(plain):
            found.append(ActDesignator(kind, m.group(1), jurisdiction, m.span()))
    found.sort(key=lambda one: (-(one.span[1] - one.span[0]), one.span[0]))
    kept: list[ActDesignator] = []
    for one in found:
        if all(one.span[1] <= other.span[0] or one.span[0] >= other.span[1] for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.span))
