"""Stamps printed beside the text, a few words a line: «Утверждены / приказом … / № 55», «… қағидаларына / 1-қосымша».

The lines of a stamp become one line, so that no part of it is taken for a title, a signature or running text.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from knowledge_base.clauses.markers import find_item, find_marker, find_number
from knowledge_base.clauses.model import Item, Line

_LONGEST_LINE = 75
_MOST_LINES = 8
_APPROVED = re.compile(
    r"(?:Утвержден[аоы]?|УТВЕРЖДЕН[АОЫ]?|Утверждён[аоы]?)(?:\s+(?:приказом|постановлением|решением)\b.*)?$"
)
_APPENDIX = re.compile(r"(?:Приложение|ПРИЛОЖЕНИЕ)(?:\s*№?\s*\d+(?:-\d+)?)?(?:\s+к\s.*)?$")
_NUMBERED = re.compile(r"(?:№|N[oо°]?|М[еоo]|Ne)\s?\d[\w/-]*$")
_TO_ACT = re.compile(r"к\s(?:совместному\s)?(?:приказу|постановлению|решению)", re.I)
_APPROVED_KK = re.compile(r"(?:.*\s)?бекітілген$")
_APPENDIX_KK = re.compile(r"\d+(?:-\d+)?\s?[-–]?\s?қосымша(?:сы)?$|қосымша$", re.I)
_STARTS_KK = re.compile(r"Қазақстан Республикасы(?:ның)?(?!\w)")
_TO_DOCUMENT_KK = re.compile(r"(?:ына|іне|на|не|ға|ге|қа|ке)$")


def join_stamps(items: Sequence[Item]) -> list[Item]:
    """Return `items` with the lines of each stamp drawn together."""
    done: list[Item] = []
    place = 0
    while place < len(items):
        item = items[place]
        end = _last_line(items, place) if isinstance(item, Line) else place
        if end > place:
            done.append(_joined(items[place : end + 1]))
        elif isinstance(item, Line) and (start := _first_line(done, item)) < len(done):
            above = done[start:]
            del done[start:]
            done.append(_joined([*above, item]))
        else:
            done.append(item)
        place = end + 1
    return done


def _joined(lines: Sequence[Item]) -> Line:
    parts = [line for line in lines if isinstance(line, Line)]
    return replace(parts[0], text=" ".join(part.text for part in parts), layout=True, soft_end=False)


def _last_line(items: Sequence[Item], place: int) -> int:
    """Place of the last line of the Russian stamp that begins at `place`; `place` where none does."""
    first = items[place]
    if not isinstance(first, Line) or len(first.text) > _LONGEST_LINE:
        return place
    approved = _APPROVED.match(first.text) is not None
    if not approved and not _APPENDIX.match(first.text):
        return place
    following: list[str] = []
    for item in items[place + 1 : place + _MOST_LINES]:
        if not isinstance(item, Line) or not _is_stamped(item):
            break
        following.append(item.text)
    words = " ".join([first.text, *following[:1]])
    if approved or _TO_ACT.search(words):
        if _NUMBERED.search(first.text):
            return place
        ends = [i for i, text in enumerate(following, 1) if _NUMBERED.search(text)]
        return place + ends[0] if ends else place
    if not re.search(r"\sк\s", f"{words} "):
        return place
    count, text = 0, first.text
    for line in following:
        if not (line[0].islower() or text.count('"') % 2 or text.count("«") > text.count("»") or line[0] in '"«'):
            break
        count, text = count + 1, f"{text} {line}"
    return place + count


def _first_line(done: Sequence[Item], last: Line) -> int:
    """Place in `done` of the first line of the Kazakh stamp that ends with `last`; past its end where none does."""
    if len(last.text) > _LONGEST_LINE:
        return len(done)
    approved = _APPROVED_KK.match(last.text) is not None
    if not approved and not _APPENDIX_KK.match(last.text):
        return len(done)
    above = len(done)
    while above > max(0, len(done) - _MOST_LINES + 1):
        line = done[above - 1]
        if not isinstance(line, Line) or not _is_stamped(line) or _APPENDIX_KK.match(line.text):
            break
        if not approved and above == len(done) and not _TO_DOCUMENT_KK.search(line.text):
            break
        above -= 1
        if approved and _STARTS_KK.match(line.text):
            return above
        if not approved and len(done) - above >= 2 and _STARTS_KK.match(line.text):
            return above
    return len(done) if approved else above


def _is_stamped(line: Line) -> bool:
    """A short line that neither ends a sentence nor opens something."""
    return (
        len(line.text) <= _LONGEST_LINE
        and not line.text.endswith((".", ";", ":", ")", ","))
        and find_item(line.text) is None
        and find_number(line.text) is None
        and find_marker(line.text) is None
    )
