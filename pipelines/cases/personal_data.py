"""Masks personal data of people in free text that leaves the records: exports, reports, logs.

Masked: ИИН/БИН and other long numbers, telephone numbers, e-mail addresses, plates of cars, full names of people in the
forms of Russian and Kazakh papers (surname with initials or with name and patronymic), street with house and flat.
"""

import re

MASK = "▮▮▮"
_UP = "А-ЯЁӘІҢҒҮҰҚӨҺ"
_LOW = "а-яёәіңғүұқөһ"
_WORD = rf"[{_UP}][{_LOW}]+(?:-[{_UP}][{_LOW}]+)?"
_PATRONYMIC = rf"[{_UP}][{_LOW}]+(?:вич|вна|ич|чна|ұлы|улы|қызы|кызы)(?:а|у|ем|ом|е|ы|ой|дың|ның|ға|мен)?"
_PATTERNS = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?<!\d)(?:\+?\s?[78][\s(-]{0,3}\d{3}[\s)-]{0,3}\d{3}[\s-]?\d{2}[\s-]?\d{2})(?!\d)"),
    re.compile(r"(?<!\d)\d{2}[\s-]\d{2}[\s-]\d{2}(?!\d)"),
    re.compile(r"(?<!\d)\d{7,}(?!\d)"),
    re.compile(r"(?<!\w)\d{3}\s?[A-ZА-Я]{2,3}\s?\d{2}(?!\w)"),
    re.compile(rf"{_WORD}\s+{_WORD}\s+{_PATRONYMIC}(?!\w)"),
    re.compile(rf"(?<!\w){_WORD}\s+{_PATRONYMIC}(?!\w)"),
    re.compile(rf"(?<!\w){_WORD}\s+[{_UP}]\.\s?(?:[{_UP}]\.)?"),
    re.compile(rf"(?<!\w)[{_UP}]\.\s?(?:[{_UP}]\.)?\s?{_WORD}"),
    re.compile(
        r"(?<!\w)(?:ул(?:\.|ица|ице|ицы)|пр(?:\.|-т|осп\.|оспект[а-я]*)|пер(?:\.|еул[а-я]*)|мкр\.?|микрорайон[а-я]*|көш\.?"
        rf"|көшесі)\s*[«\"]?{_WORD}[»\"]?(?:\s*,?\s*(?:д(?:\.|ом|ома|оме)?\s*)?№?\s*\d+[а-яА-Я]?(?:/\d+)?)?"
        r"(?:\s*,?\s*(?:кв\.?|квартира|пәтер)\s*\d+)?"
    ),
    re.compile(rf"(?<!\w){_WORD}\s+көшесі(?:\s*,?\s*\d+[а-яА-Я]?(?:/\d+)?(?:-үй)?)?"),
)


def mask_personal(text: str) -> str:
    """Return the text with personal data of people replaced by a mark."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text
