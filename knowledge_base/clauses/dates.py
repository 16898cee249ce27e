"""Dates as normative acts print them, in Russian and Kazakh."""

import re
from datetime import date

_MONTHS = {
    "янв": 1,
    "фев": 2,
    "мар": 3,
    "апр": 4,
    "мая": 5,
    "май": 5,
    "июн": 6,
    "июл": 7,
    "авг": 8,
    "сен": 9,
    "окт": 10,
    "ноя": 11,
    "дек": 12,
    "қаң": 1,
    "ақп": 2,
    "нау": 3,
    "сәу": 4,
    "мам": 5,
    "мау": 6,
    "шіл": 7,
    "там": 8,
    "қыр": 9,
    "қаз": 10,
    "қар": 11,
    "жел": 12,
}
_ISO = re.compile(r"(\d{4})\s?[-–—]\s?(\d{2})\s?[-–—]\s?(\d{2})")
_POINTS = re.compile(r"(\d{1,2})\.(\d{2})\.(\d{4})")
_RUSSIAN = re.compile(r"[«\"]?\s?(\d{1,2})\s?[»\"]?\s+([а-я]{3})[а-я]*\s+(\d{4})", re.I)
_KAZAKH = re.compile(r"(\d{4})\s*жыл\w*\s+(\d{1,2})\s+([а-яәғқңөұүһі]{3})", re.I)


def parse_iso(text: str) -> date | None:
    """Return the date written as 2015-01-31, None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def find_date(text: str) -> date | None:
    """Return the first date in `text` in any of the usual forms."""
    found: list[tuple[int, tuple[int, int, int]]] = []
    if m := _ISO.search(text):
        found.append((m.start(), (int(m.group(1)), int(m.group(2)), int(m.group(3)))))
    if m := _POINTS.search(text):
        found.append((m.start(), (int(m.group(3)), int(m.group(2)), int(m.group(1)))))
    if (m := _RUSSIAN.search(text)) and (month := _MONTHS.get(m.group(2).casefold())):
        found.append((m.start(), (int(m.group(3)), month, int(m.group(1)))))
    if (m := _KAZAKH.search(text)) and (month := _MONTHS.get(m.group(3).casefold())):
        found.append((m.start(), (int(m.group(1)), month, int(m.group(2)))))
    for _, (year, month, day) in sorted(found):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return None
