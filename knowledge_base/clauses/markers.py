"""Where a line opens something: words (Глава, 410-бап, Приложение), numbers (5.2.3, 849.) and list marks (1), а))."""

import re
from dataclasses import dataclass
from enum import StrEnum

from core.records import Level

Key = tuple[tuple[int, int], ...]
"""A number that sorts: each component with its insertion («2-1» -> (2, 1)); letters come after digits."""

_ROMAN = r"[IVXLCІХ]{1,7}"
_INS = r"\d+(?:[-–]\d+)*"


class Sign(StrEnum):
    """What a line that opens with words is."""

    CONTAINER = "container"
    APPENDIX = "appendix"
    APPROVED = "approved"  # «Утверждены приказом …»: what follows is the approved document
    TABLE = "table"
    TABLE_MORE = "table continued"
    NOTE = "note"
    NOTES = "notes"  # the plural: numbered notes follow
    FOOTNOTE = "footnote"
    PREAMBLE = "preamble"
    FORM_INDEX = "form index"


@dataclass(frozen=True)
class Marker:
    """An opening found: level, number as printed, and the rest of the line."""

    sign: Sign
    level: Level
    number: str
    rest: str


_CONTAINERS: tuple[tuple[Level, re.Pattern[str]], ...] = tuple(
    (level, re.compile(pattern))
    for level, pattern in (
        (Level.PART, rf"(?:Раздел|РАЗДЕЛ|Бөлім|Part|PART)\s+({_ROMAN}|\d+(?:-\d+)?)(?![\w)])[.:]?\s*(.*)$"),
        (Level.PART, rf"({_INS}|{_ROMAN})[-–\s]?(?:бөлім|БӨЛІМ)(?!\w)[.:]?\s*(.*)$"),
        (Level.CHAPTER, rf"(?:Глава|ГЛАВА|Тарау|Chapter|CHAPTER)\s+({_INS}|{_ROMAN})(?![\w)])[.:]?\s*(.*)$"),
        (Level.CHAPTER, rf"({_INS}|{_ROMAN})[-–\s]?(?:тарау|ТАРАУ)(?!\w)[.:]?\s*(.*)$"),
        (Level.SECTION, rf"(?:Параграф|ПАРАГРАФ|Подраздел|§)\s*({_INS}|{_ROMAN})(?![\w)])[.:]?\s*(.*)$"),
        (Level.SECTION, rf"({_INS})[-–\s]?(?:параграф|ПАРАГРАФ|кіші бөлім|бөлімше)(?!\w)[.:]?\s*(.*)$"),
        (Level.ARTICLE, rf"(?:Статья|СТАТЬЯ|Статьи|Article|ARTICLE)\s+({_INS}(?:, ?{_INS})*)(?![\w)])[.:]?\s*(.*)$"),
        (Level.ARTICLE, rf"({_INS})[-–\s]?(?:бап|БАП)(?!\w)[.:]?\s*(.*)$"),
    )
)

_APPENDIX = (
    re.compile(
        r"(?:Приложение|ПРИЛОЖЕНИЕ|Қосымша|ҚОСЫМША|Annex|ANNEX|Appendix|APPENDIX)(?:\s*№?\s*(\d+(?:[-–.]\d+)*"
        r"|[А-ЯЁA-ZӘІ]))?"
        r"(?![\w-])\s*[.,:–—-]?\s*((?:к|до|to|to the|\(|«|\"|[А-ЯЁA-ZӘҒҚҢӨҰҮҺІ]).*)?$"
    ),
    re.compile(r"(\d+(?:-\d+)?|[А-ЯЁA-ZӘІ])\s?[-–]?\s?(?:қосымша(?:сы)?|ҚОСЫМША(?:СЫ)?)(?!\w)\s*[.:]?\s*(.*)$"),
    re.compile(r"(?=.{0,150}$)(?:.*\s)?(\d+(?:-\d+)?)[-–\s]+қосымша$"),
)
_APPROVED = (
    re.compile(r"(?:Утвержден[аоы]?|УТВЕРЖДЕН[АОЫ]?|Приложен[аоы]? )(?!\w)(?!\s+И\s+ВВЕД).{0,200}$"),
    re.compile(r".{0,200}(?:бекітілген|бекітілді|БЕКІТІЛГЕН)\.?$"),
)
_TABLE = (
    re.compile(
        r"(?:Таблица|ТАБЛИЦА|Table|TABLE)\s+№?\s*([А-ЯA-Z]?\.?\s?\d+(?:[.-]\d+)*[а-я]?)(?![\w)])\s*[.,:–—-]?\s*(.*)$"
    ),
    re.compile(r"([А-ЯA-Z]?\.?\d+(?:[.-]\d+)*)\s?[-–]?\s?(?:кесте|КЕСТЕ)(?!\w)\s*[.:–—-]?\s*(.*)$"),
)
_TABLE_MORE = re.compile(
    r"(?:Продолжение|Окончание|Continuation of|End of)\s+(?:таблиц\w*|table)\b.*$"
    r"|.{0,12}кестен\w+\s+(?:жалғасы|соңы|аяқталуы)\.?$",
    re.I,
)
_NOTES = re.compile(r"(?:Примечания|ПРИМЕЧАНИЯ|Ескертпелер|ЕСКЕРТПЕЛЕР|Notes|NOTES)(?!\w)\s*[.:–—-]*\s*(.*)$")
_NOTE = re.compile(
    r"(?:Примечани[ея]|ПРИМЕЧАНИ[ЕЯ]|Ескертпе|ЕСКЕРТПЕ|Note|NOTE)\s?(\d{1,2})?(?![\w])\s*[.:–—-]*\s*(?=[\w«\"(*]"
    r"|$)(.*)$"
)
_FOOTNOTE = re.compile(
    r"(?:(?:Сноска|Ескерту)\.|Примечание (?:ИЗПИ|РЦПИ)\s?!|(?:ЗҚАИ|РҚАО)[-–]\s?ның ескертпесі\s?!)\s?(.*)$"
)
_PREAMBLE = re.compile(
    r"(?:Введение|Предисловие|Преамбула|Алғы ?сөз|Кіріспе|Introduction|Foreword|Preamble|Сведения о своде правил"
    r"|Библиография|Библиографиялық тізім|Bibliography)\.?$",
    re.I,
)
_FORM_INDEX = re.compile(
    r"(?:Индекс|Index)\s*:\s*([\w-]+(?:\s?\([\w-]+\))?)\s*$|Нысан\w* индексі\s*:\s*([\w-]+)\s*$", re.I
)


def find_marker(text: str) -> Marker | None:
    """Return what the words at the start of `text` open, if anything."""
    if not text:
        return None
    for level, pattern in _CONTAINERS:
        if (m := pattern.match(text)) and _is_heading(m.group(2), level):
            return Marker(Sign.CONTAINER, level, m.group(1), m.group(2).strip())
    if _TABLE_MORE.match(text):
        return Marker(Sign.TABLE_MORE, Level.TABLE, "", text)
    for pattern in _TABLE:
        if (m := pattern.match(text)) and _is_caption(m.group(2)):
            return Marker(Sign.TABLE, Level.TABLE, m.group(1).replace(" ", ""), m.group(2).strip())
    for pattern in _APPENDIX:
        if m := pattern.match(text):
            rest = (m.group(2) or "").strip() if pattern.groups > 1 else ""
            return Marker(Sign.APPENDIX, Level.APPENDIX, m.group(1) or "", rest)
    if m := _FOOTNOTE.match(text):
        return Marker(Sign.FOOTNOTE, Level.NOTE, "", m.group(1))
    if m := _NOTES.match(text):
        return Marker(Sign.NOTES, Level.NOTE, "", m.group(1))
    if m := _NOTE.match(text):
        return Marker(Sign.NOTE, Level.NOTE, m.group(1) or "", m.group(2))
    if _PREAMBLE.match(text):
        return Marker(Sign.PREAMBLE, Level.PREAMBLE, "", text)
    if m := _FORM_INDEX.match(text):
        return Marker(Sign.FORM_INDEX, Level.FORM, m.group(1) or m.group(2), "")
    if len(text) < 200 and any(pattern.match(text) for pattern in _APPROVED):
        return Marker(Sign.APPROVED, Level.APPENDIX, "", text)
    return None


def _is_heading(rest: str, level: Level) -> bool:
    """A heading goes on with a capital, or ends; a reference («Статья 5 настоящего Закона») with a small letter."""
    stripped = rest.lstrip(" .«\"'(–—-")
    if not stripped:
        return True
    return stripped[0].isupper() or stripped[0].isdigit() or (level is Level.CHAPTER and stripped[0] in "—")


def _is_caption(rest: str) -> bool:
    stripped = rest.lstrip(" .,«\"'(–—-")
    return not stripped or not stripped[0].islower() or rest.lstrip().startswith(("-", "–", "—"))


_DOTTED = re.compile(
    r"((?:\d{1,3}|[А-ЯA-ZӘІ])(?:\.(?:\d{1,3}|\s\d{1,3}(?=\s+[А-ЯЁӘҒҚҢӨҰҮҺІ]))(?:[-–]\d+)?)+)(\.?\*?)(?=[\s*«\"(]|[А-ЯA-ZӘҒҚҢӨҰҮҺІ]|$)\s*(.*)$"
)
_INTEGER = re.compile(r"(\d{1,4}(?:[-–]\d{1,2})*)\.(?!\d)\*?\s*(.*)$")
_INTEGERS = re.compile(
    r"(\d{1,4}(?:-\d{1,2})?(?:(?:, ?| и | және |\s?[–-]\s?)\d{1,4}(?:-\d{1,2})?)+)\.\s*"
    r"((?:Исключ|Утрат|Алып|Күші).*)$"
)
_BARE = re.compile(r"(\d{1,3})\*?\s+([А-ЯЁA-ZӘҒҚҢӨҰҮҺІ«\"].*)$")
_LONE = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?$")


@dataclass(frozen=True)
class Numbered:
    """A number at the start of a line that may open a clause."""

    number: str
    key: Key
    last: Key  # of «2, 3. Исключены»: the last number covered
    rest: str
    style: str  # "dotted" | "integer" | "bare" | "lone"


def find_number(text: str) -> Numbered | None:
    """Return the clause number that may open `text`."""
    if m := _INTEGERS.match(text):
        numbers = re.findall(r"\d+(?:-\d+)?", m.group(1)) if "," in m.group(1) else re.findall(r"\d+", m.group(1))
        if re.search(r"Исключ\w*н[ао]?\b|Утратил[ао]?\b", m.group(2)) and re.fullmatch(r"\d+-\d+", m.group(1)):
            numbers = []  # «3-4. Исключен»: a clause put in after the third
        first, last = (to_key(numbers[0]), to_key(numbers[-1])) if numbers else (None, None)
        if first is not None and last is not None and last > first:
            return Numbered(m.group(1), first, last, m.group(2), "integer")
    for style, pattern in (("dotted", _DOTTED), ("integer", _INTEGER), ("bare", _BARE)):
        if m := pattern.match(text):
            number = m.group(1).replace(" ", "")
            key = to_key(number)
            if key is None:
                return None
            return Numbered(number, key, key, m.group(m.lastindex or 2), style)
    if m := _LONE.match(text):
        key = to_key(m.group(1))
        if key is not None:
            return Numbered(m.group(1), key, key, "", "lone")
    return None


def to_key(number: str) -> Key | None:
    """Return the sort key of a printed number; None when it is none («2022.», «5.0»)."""
    parts: list[tuple[int, int]] = []
    for part in number.split("."):
        if part.isalpha():
            parts.append((1000 + ord(latin_to_cyrillic(part)), 0))
            continue
        main, _, inserted = part.replace("–", "-").partition("-")
        if not main.isdigit() or (inserted and not inserted.replace("-", "").isdigit()):
            return None
        if int(main) == 0 or (len(main) > 1 and main[0] == "0"):
            return None
        parts.append((int(main), int(inserted.replace("-", "")) if inserted else 0))
    return tuple(parts)


_LOOKALIKE = str.maketrans("ABCEHKMOPTXaceopxy", "АВСЕНКМОРТХасеорху")


def latin_to_cyrillic(text: str) -> str:
    """Return `text` with Latin letters that look like Cyrillic ones replaced: for comparing, never for showing."""
    return text.translate(_LOOKALIKE)


_ITEM = re.compile(r"(\d{1,3}(?:[-–]\d{1,2})?|[а-яәғқңөұүһіa-z])\)\s*")


def find_item(text: str) -> tuple[str, str, int] | None:
    """Return (number as printed, its bare number, length) of the list mark «1)», «а)» that opens `text`."""
    m = _ITEM.match(text)
    return (f"{m.group(1)})", m.group(1), m.end()) if m else None
