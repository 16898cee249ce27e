"""References to clauses in running text: «п. 849 ППБ», «410 статья», «589-баптың 1-бөлігі», "Article 410".

The inverse of `labels.label`: a printed label is read back into the steps it was made of.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from core.records import Level, PathStep
from knowledge_base.clauses.designators import LONGEST_TEXT, ActDesignator, find_act_designators

__all__ = ["Reference", "find_references", "parse_path"]


@dataclass(frozen=True)
class Reference:
    """A clause a text refers to: steps from the outermost, and the act's number if it is named beside it."""

    act_hint: str | None
    steps: tuple[PathStep, ...]
    span: tuple[int, int]


@dataclass(frozen=True)
class _Hit:
    level: Level
    number: str
    start: int
    end: int


_NUM = r"(?:\d{1,4}(?:\.\d{1,4})*(?:-\d{1,2}(?!\d))?|[А-ЯA-ZӘІ](?:\.\d{1,3})+)"
_LETTER = r"[А-ЯA-ZӘІа-яa-z]"
_STEMS: tuple[tuple[str, Level], ...] = (
    (r"ст|стать\w*|статя\w*|art|articles?", Level.ARTICLE),
    (r"ч|част[ьияеью]\w*|parts?", Level.CLAUSE),
    (r"подп|пп|подпункт\w*|sub-?clauses?|items?", Level.SUBCLAUSE),
    (r"п|пункт\w*|пунк|п-т|clauses?|paragraphs?|para|cl", Level.CLAUSE),
    (r"табл|таблиц\w*|tables?", Level.TABLE),
    (r"прил|приложени\w*|appendix|annex", Level.APPENDIX),
    (r"строк\w*|rows?", Level.ROW),
    (r"примечани\w*|прим|notes?", Level.NOTE),
    (r"глав\w*|гл|chapters?", Level.CHAPTER),
    (r"параграф\w*|§", Level.SECTION),
    (r"раздел\w*", Level.PART),
)
_WORD_FIRST = re.compile(
    rf"(?<![^\W\d])(?<!-)(?P<word>[А-Яа-яA-Za-z]+(?:-т)?|§)\.?(?:\s{{0,2}}(?:№\s?)?(?P<num>{_NUM})"
    rf"|\s{{1,2}}(?P<letter>{_LETTER}))(?P<close>\)?)(?=\W|$|ч\.|п\.|ст\.)"
)
_KAZAKH: tuple[tuple[str, Level], ...] = (
    (r"бап\w*|баб\w*", Level.ARTICLE),
    (r"бөлі[кг]\w*", Level.CLAUSE),
    (r"тармақша\w*", Level.SUBCLAUSE),
    (r"тарма[қғ]\w*|тармак\w*|тармаг\w*", Level.CLAUSE),
    (r"кесте\w*", Level.TABLE),
    (r"қосымша\w*", Level.APPENDIX),
    (r"жол\w*", Level.ROW),
    (r"ескертпе\w*", Level.NOTE),
    (r"тарау\w*", Level.CHAPTER),
)
_RUSSIAN_AFTER: tuple[tuple[str, Level], ...] = (
    (r"стать[яиюе]|стате[йя]|ст\.?", Level.ARTICLE),
    (r"пункт[аеуы]?|пунктом", Level.CLAUSE),
)
_NUMBER_FIRST = re.compile(
    rf"(?<![\w.,-])(?P<num>{_NUM}|{_LETTER}(?=\s?қосымша"
    rf"|\)\s?тармақша))(?P<close>\)?)\s?[-–]?\s?(?P<word>[А-Яа-яӘҒҚҢӨҰҮҺІәғқңөұүһі]+)"
)
_FORM = re.compile(
    r"(?:форм\w*|нысан\w*|form)?\s{0,2}(?<![\w-])(\d{1,2}-[А-ЯA-Zа-я]{2,8})(?![\w-])(?:\s(?:нысан\w*|форм\w*))?", re.I
)
_BARE = re.compile(r"(?<![\w.,/-])(\d{1,2}(?:\.\d{1,3}){2,4}|[А-Я](?:\.\d{1,3}){2,3})(?![\w/-]|[.,]\d)")
_BESIDE = re.compile(rf"(?<![\w.,-])({_NUM})(?![\w-]|[.,]\d)")
_BARE_NOTE = re.compile(r"(?<!\w)(?:примечани\w*|ескертпе\w*|note)(?!\w)", re.I)
_RANK = {
    Level.APPENDIX: 0,
    Level.FORM: 0,
    Level.PART: 1,
    Level.CHAPTER: 2,
    Level.SECTION: 3,
    Level.ARTICLE: 4,
    Level.TABLE: 5,
    Level.CLAUSE: 6,
    Level.ROW: 6,
    Level.SUBCLAUSE: 7,
    Level.NOTE: 8,
}
_FUZZY = {
    "пункт": Level.CLAUSE,
    "пункте": Level.CLAUSE,
    "пункта": Level.CLAUSE,
    "статья": Level.ARTICLE,
    "статьи": Level.ARTICLE,
    "подпункт": Level.SUBCLAUSE,
    "таблица": Level.TABLE,
    "приложение": Level.APPENDIX,
    "article": Level.ARTICLE,
    "clause": Level.CLAUSE,
    "тармақ": Level.CLAUSE,
    "тармағы": Level.CLAUSE,
}
_CLOSE_ENOUGH = 82
_GLUE = re.compile(r"^[\s,;:()«»\"]*(?:(?:к|в|of|to|и|настоящ\w+|осы|the|from)\s)?[\s,]*$")


def find_references(question: str) -> tuple[Reference, ...]:
    """Return the references to clauses in the first `LONGEST_TEXT` characters of `question`, by place."""
    text = question[:LONGEST_TEXT].replace("–", "-").replace("—", "-").replace("\u00a0", " ")
    acts = [one for one in find_act_designators(question) if one.kind != "jurisdiction"]
    taken = [one.span for one in acts]
    hits = _hits(text, taken)
    return tuple(_reference(group, acts, text) for group in _groups(hits, text))


def parse_path(label: str) -> tuple[PathStep, ...]:
    """Return the steps that a printed label names: the inverse of `labels.label_of_steps`."""
    found = find_references(label)
    return found[0].steps if found else ()


def _hits(text: str, taken: list[tuple[int, int]]) -> list[_Hit]:
    hits: list[_Hit] = []
    busy = list(taken)

    def take(level: Level | None, number: str, span: tuple[int, int]) -> None:
        if level is not None and all(span[1] <= a or span[0] >= b for a, b in busy):
            hits.append(_Hit(level, number, *span))
            busy.append(span)

    for m in _FORM.finditer(text):
        if m.group(1).upper() == m.group(1):
            take(Level.FORM, m.group(1), m.span())
    for m in _NUMBER_FIRST.finditer(text):
        take(_level(m["word"], _KAZAKH), m["num"], m.span())
    for m in _words_first(text):
        word = m["word"].casefold()
        if word in ("ч", "с") and re.search(r"\d\s*$", text[: m.start()]) and not text[m.start() + 1 :].startswith("."):
            continue  # «2 ч 30 мин»
        level = _level(word, _STEMS) or _fuzzy(word)
        if level is Level.CLAUSE and m["close"]:
            level = Level.SUBCLAUSE
        take(level, m["num"] or m["letter"], m.span())
    for m in _NUMBER_FIRST.finditer(text):
        level = _level(m["word"], _RUSSIAN_AFTER)
        take(level or _fuzzy(m["word"], strict=True), m["num"], m.span())
    for m in _BARE.finditer(text):
        take(Level.CLAUSE, m.group(1), m.span(1))
    _beside_acts(text, taken, take, hits)
    for m in _BARE_NOTE.finditer(text):
        if hits:
            take(Level.NOTE, "", m.span())
    return sorted(hits, key=lambda hit: hit.start)


def _words_first(text: str) -> Iterator[re.Match[str]]:
    """Yield the words followed by a number or a letter; «дословно п. 27» is «п. 27», not «дословно п»."""
    at = 0
    while (m := _WORD_FIRST.search(text, at)) is not None:
        lettered = m["close"] or m["word"].casefold().startswith(("прил", "appen", "annex"))
        if m["letter"] and not lettered:
            at = m.end("word")
            continue
        yield m
        at = m.end()


def _beside_acts(
    text: str,
    taken: list[tuple[int, int]],
    take: Callable[[Level | None, str, tuple[int, int]], None],
    hits: list[_Hit],
) -> None:
    """A number right beside an act's name: «336 КоАП», «СП РК 2.02-101-2022 5.2»."""
    for start, end in taken:
        code = re.search(r"кодекс|коап|ӘҚБ|koap|code", text[start:end], re.I) is not None
        for m in _BESIDE.finditer(text):
            near = text[m.end() : start] if m.end() <= start else text[end : m.start()]
            if len(near) > 2 or near.strip(" ,"):
                continue
            number = m.group(1)
            if code and "." not in number:
                take(Level.ARTICLE, number, m.span(1))
            elif "." in number and not hits:
                take(Level.CLAUSE, number, m.span(1))


def _level(word: str, stems: tuple[tuple[str, Level], ...]) -> Level | None:
    for stem, level in stems:
        if re.fullmatch(stem, word, re.I):
            return level
    return None


def _fuzzy(word: str, *, strict: bool = False) -> Level | None:
    if len(word) < 5:
        return None
    found = process.extractOne(
        word.casefold(), _FUZZY.keys(), scorer=fuzz.ratio, score_cutoff=90 if strict else _CLOSE_ENOUGH
    )
    return _FUZZY[found[0]] if found else None


def _groups(hits: list[_Hit], text: str) -> list[list[_Hit]]:
    groups: list[list[_Hit]] = []
    for hit in hits:
        last = groups[-1] if groups else []
        joined = last and _GLUE.match(text[last[-1].end : hit.start]) is not None
        levels = [(one.level, one.number.isalpha()) for one in last]
        again = (hit.level, hit.number.isalpha()) in levels and hit.level not in (Level.ROW, Level.SUBCLAUSE)
        if joined and not again:
            last.append(hit)
        else:
            groups.append([hit])
    return groups


def _reference(group: list[_Hit], acts: list[ActDesignator], text: str) -> Reference:
    span = (group[0].start, group[-1].end)
    levels = {hit.level for hit in group}
    steps: list[tuple[int, int, PathStep]] = []
    for i, hit in enumerate(group):
        level = hit.level
        in_table = bool(levels & {Level.FORM, Level.ROW, Level.TABLE})
        if (level is Level.SUBCLAUSE and in_table) or (level is Level.CLAUSE and Level.TABLE in levels):
            level = Level.ROW
        nested = 1 if level is Level.ROW and hit.level is Level.SUBCLAUSE else 0
        if hit.level is Level.ROW and any(one.level is Level.ROW for one in group[:i]):
            nested = 2
        if level is Level.SUBCLAUSE and hit.number.isalpha():
            nested = 1
        steps.append((_RANK[level] + nested, i, PathStep(level, hit.number)))
    steps.sort(key=lambda one: (one[0], one[1]))
    near = sorted(acts, key=lambda one: min(abs(one.span[0] - span[1]), abs(span[0] - one.span[1])))
    hint = (
        near[0].number
        if near and (len(acts) == 1 or abs(near[0].span[0] - span[1]) < 60 or abs(span[0] - near[0].span[1]) < 60)
        else None
    )
    return Reference(hint, tuple(step for _, _, step in steps), span)
