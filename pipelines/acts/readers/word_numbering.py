"""Numbers that Word makes itself: they are not in the text of a DOCX, but they are printed  # нумерация списков."""

import re
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"  # Word's russianLower skips ё, й, ъ, ы, ь
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_ONES = ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_LEVELS = 9


@dataclass(frozen=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""


@dataclass
class Numbering:
    """The list definitions of a document and how far each list has counted.

    `number` must be called for the paragraphs in the order of the document.
    """

    _abstract: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _abstract_of: dict[str, str] = field(default_factory=dict)
    _overrides: dict[tuple[str, int], _Level] = field(default_factory=dict)
    _restarts: dict[tuple[str, int], int] = field(default_factory=dict)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def parse(cls, root: etree._Element | None) -> "Numbering":
        """Read word/numbering.xml."""
        numbering = cls()
        if root is None:
            return numbering
        for abstract in root.iter(f"{W}abstractNum"):
            levels = {int(level.get(f"{W}ilvl", "0")): _level(level) for level in abstract.iter(f"{W}lvl")}
            numbering._abstract[abstract.get(f"{W}abstractNumId", "")] = levels
        for num in root.iter(f"{W}num"):
            num_id = num.get(f"{W}numId", "")
            link = num.find(f"{W}abstractNumId")
            if link is not None:
                numbering._abstract_of[num_id] = link.get(f"{W}val", "")
            for override in num.iter(f"{W}lvlOverride"):
                level = int(override.get(f"{W}ilvl", "0"))
                start = override.find(f"{W}startOverride")
                if start is not None:
                    numbering._restarts[num_id, level] = _int(start.get(f"{W}val"), 1)
                own = override.find(f"{W}lvl")
                if own is not None:
                    numbering._overrides[num_id, level] = _level(own)
        return numbering

    def number(self, num_id: str, level: int) -> str:
        """Count one paragraph of the list and return its number as printed, "" for a list that is not defined."""
        abstract_id = self._abstract_of.get(num_id)
        if abstract_id is None or abstract_id not in self._abstract or not 0 <= level < _LEVELS:
            return ""
        counts = self._counts.setdefault(abstract_id, [None] * _LEVELS)
        restart = self._restarts.get((num_id, level))
        if restart is not None and (num_id, level) not in self._begun:
            counts[level] = restart
        else:
            before = counts[level]
            counts[level] = self._of(num_id, level).start if before is None else before + 1
        self._begun.add((num_id, level))
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)
        this = self._of(num_id, level)
        if this.format == "bullet":
            return this.text if this.text.isprintable() and not "\ue000" <= this.text[:1] <= "\uf8ff" else "•"
        return re.sub(r"%([1-9])", lambda match: self._part(num_id, int(match.group(1)) - 1, counts), this.text)

    def _part(self, num_id: str, level: int, counts: list[int | None]) -> str:
        definition = self._of(num_id, level)
        count = counts[level]
        return render_number(definition.start if count is None else count, definition.format)

    def _of(self, num_id: str, level: int) -> _Level:
        own = self._overrides.get((num_id, level))
        return own or self._abstract[self._abstract_of[num_id]].get(level, _Level())


def _level(element: etree._Element) -> _Level:
    def value(tag: str, default: str) -> str:
        child = element.find(f"{W}{tag}")
        return default if child is None else child.get(f"{W}val", default)

    return _Level(_int(value("start", "1"), 1), value("numFmt", "decimal"), value("lvlText", ""))


def _int(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.lstrip("-").isdigit() else default


def render_number(count: int, number_format: str) -> str:
    """Write a count in a number format of Word (ECMA-376 ST_NumberFormat): decimal, upperRoman, russianLower ..."""
    match number_format:
        case "none":
            return ""
        case "decimalZero":
            return f"{count:02d}"
        case "upperRoman" | "lowerRoman":
            roman = _roman(count)
            return roman.upper() if number_format == "upperRoman" else roman
        case "upperLetter" | "lowerLetter":
            return _letters(count, _LATIN, number_format == "upperLetter")
        case "russianUpper" | "russianLower":
            return _letters(count, _RUSSIAN, number_format == "russianUpper")
        case _:
            return str(count)


def _letters(count: int, alphabet: str, upper: bool) -> str:
    """Word goes on after the last letter by doubling: z, aa, bb."""
    if count < 1:
        return str(count)
    times, place = divmod(count - 1, len(alphabet))
    letter = alphabet[place] * (times + 1)
    return letter.upper() if upper else letter


def _roman(count: int) -> str:
    if not 0 < count < 4000:
        return str(count)
    text = ""
    for value, sign in _ROMAN + _ROMAN_ONES:
        while count >= value:
            text += sign
            count -= value
    return text
