"""Reads a stream of items once: what each line opens, which lines are table text, and which numbers are clauses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.records import Level
from knowledge_base.clauses.chain import Candidate, best_chain
from knowledge_base.clauses.markers import Marker, Numbered, Sign, find_marker, find_number
from knowledge_base.clauses.model import Item, Line, TableItem

_REFERS = re.compile(
    r"(?:^|[\s(«\"])(?:п{1,2}\.|пп?\.|пункт\w*|подпункт\w*|ст\.|стать\w+|част\w+|раздел\w*|подраздел\w*|глав\w+"
    r"|таблиц\w+|табл\."
    r"|приложени\w+|рис\.|рисун\w+|формул\w+|требовани\w+|№|N|в|во|по|на|с|со|к|от|до|из|и|или|не|менее|более"
    r"|чем|при|для"
    r"|СП|СН|СНиП|ГОСТ|ГОСТ Р|СТ|РК|ҚР|ҚН|ЕЖ|МЕМСТ|ISO|EN|IEC|и/или|=|≤|≥|<|>|\+|бап\w*|тарма\w+|кесте\w*|және"
    r"|немесе|мен|бен|пен"
    r"|кемінде|класс(?:а|у|ом|е|ы|ов|ам|ами|ах)?|тип\w*|равн\w+|составляет|примерно|около|ещё|еще|всех|clauses?|sections?|articles?|of"
    r"|and|to)$",
    re.I,
)
_UNIT = re.compile(
    r"(?:м|мм|см|дм|км|кг|т|л|с|сек|ч|мин|г|га|шт|чел|человек\w*|тыс|млн|млрд|года?|году|лет|м2|м3|м²|м³|Па|кПа"
    r"|МПа|В(?=[.,;)]|$)|кВ|Вт|кВт|МВт"
    r"|лк|дБ\w*|Гц|°С|°|%|мес\w*|дн\w*|дней|сут\w*|час\w*|минут\w*|секунд\w*|кВА|мкм|л/с|м/с|процент\w*|метр\w*"
    r"|адам|жыл\w*|дана|пайыз\w*)(?![\w-])"
)
_ORDER = re.compile(r"приказываю|постановляет|бұйырамын|қаулы етеді|қаулы етемін|решил[аио]?:|решает:|шешті", re.I)
_FIRST_CHAPTER = re.compile(
    r"(?:область применения|қолдану саласы|қолданылу саласы|общие положения|жалпы|scope|general)", re.I
)
_HOPELESS = -2.3  # weight under which a number is not even tried


@dataclass(slots=True)
class Reading:
    """The stream with what each item opens."""

    items: Sequence[Item]
    markers: list[Marker | None] = field(default_factory=list)
    in_table: list[bool] = field(default_factory=list)
    numbers: dict[int, Numbered] = field(default_factory=dict)  # place -> accepted clause number
    restarts: set[int] = field(default_factory=set)  # places where a numbering begins anew
    is_order: bool = False


def read_starts(items: Sequence[Item]) -> Reading:
    """Find the openings in `items`."""
    reading = Reading(items)
    opening = [item.text for item in items[:150] if isinstance(item, Line)]
    reading.is_order = any(_ORDER.search(text) for text in opening)
    _mark(reading)
    _find_table_text(reading)
    _number(reading)
    return reading


def _mark(reading: Reading) -> None:
    before: Line | None = None
    for item in reading.items:
        marker = None
        if isinstance(item, Line):
            marker = find_marker(item.text)
            above = reading.markers[-1] if reading.markers else None
            after_heading = above is not None and above.sign is Sign.CONTAINER and above.level is not Level.ARTICLE
            if marker is not None and not _stands(marker, item, before, reading.is_order, after_heading):
                marker = None
            before = item
        else:
            before = None
        reading.markers.append(marker)


def _stands(marker: Marker, line: Line, before: Line | None, is_order: bool, after_heading: bool) -> bool:
    if marker.sign is Sign.APPROVED:
        if not is_order or (before is not None and not before.layout and _refers(before)):
            return False
        if line.whole and line.text.endswith((".", ";", ",")):
            return False
        return line.layout or line.centred or line.whole or len(line.text) < 90
    if line.whole or line.layout or before is None:
        return True
    if marker.sign is Sign.CONTAINER and after_heading:
        return True
    if marker.sign is Sign.APPENDIX and marker.rest and marker.rest[0].islower() and line.text.endswith("."):
        return False
    return not (_refers(before) or (before.text.endswith(",") and not line.bold))


def _refers(line: Line) -> bool:
    if line.soft_end or re.search(r"\w-$", line.text):
        return True
    return _REFERS.search(line.text) is not None and not re.search(r"т\.\s?[пд]\.$", line.text)


def _find_table_text(reading: Reading) -> None:
    inside = False
    items = reading.items
    for place, item in enumerate(items):
        marker = reading.markers[place]
        if isinstance(item, TableItem):
            inside = False
        elif marker is not None and marker.sign in (Sign.TABLE, Sign.TABLE_MORE):
            inside = not any(isinstance(other, TableItem) for other in items[place + 1 : place + 9])
        elif (marker is not None and inside) or (inside and isinstance(item, Line) and is_prose(items, place)):
            inside = False
        reading.in_table.append(inside)


def is_prose(items: Sequence[Item], place: int) -> bool:
    """Tell whether running text, not the cells of a table, begins at `place`."""
    item = items[place]
    if not isinstance(item, Line) or len(item.text) < 60:
        return False
    after = items[place + 1] if place + 1 < len(items) else None
    if not (item.text[0].isupper() or find_number(item.text) is not None):
        return False
    return item.text.endswith(".") or (isinstance(after, Line) and len(after.text) >= 55)


def _number(reading: Reading) -> None:
    scope: list[tuple[Candidate, Numbered]] = []
    zone, notes_next, in_article, closing = 0, 0, False, False
    before: Item | None = None
    before_marker: Marker | None = None
    for place, item in enumerate(reading.items):
        marker = reading.markers[place]
        if marker is not None:
            if marker.sign in (Sign.CONTAINER, Sign.APPENDIX, Sign.APPROVED, Sign.PREAMBLE):
                zone += 1
                notes_next = 0
                in_article = marker.level is Level.ARTICLE
                if marker.level is Level.ARTICLE or marker.sign in (Sign.APPENDIX, Sign.APPROVED):
                    _settle(reading, scope)
                    scope = []
            elif marker.sign is Sign.NOTES or (marker.sign is Sign.NOTE and not marker.rest and not marker.number):
                notes_next = 1
                closing = in_article or isinstance(before, TableItem) or not any(c.weight > 0 for c, _ in scope)
        elif isinstance(item, Line) and (number := find_number(item.text)) is not None:
            weight = _weigh(reading, place, item, number, before, before_marker)
            if notes_next > 0 and number.key == ((notes_next, 0),):
                notes_next += 1
                weight -= 9.0 if closing else 2.0  # notes close an article or a table; clauses go on after others
            if weight > _HOPELESS:
                scope.append((Candidate(place, number.key, number.last, weight, zone), number))
        before, before_marker = item, marker
    _settle(reading, scope)


def _settle(reading: Reading, scope: list[tuple[Candidate, Numbered]]) -> None:
    body = scope[_body_start(scope) :]
    chain = best_chain([candidate for candidate, _ in body])
    numbers = {candidate.place: number for candidate, number in body}
    for i, candidate in enumerate(chain):
        if i and candidate.key <= chain[i - 1].key:
            reading.restarts.add(candidate.place)
        reading.numbers[candidate.place] = numbers[candidate.place]


def _body_start(scope: list[tuple[Candidate, Numbered]]) -> int:
    """Where the numbering of the norms begins: a foreword has a numbering of its own before it."""
    first = ((1, 0),)
    ones = [i for i, (one, _) in enumerate(scope) if one.key == first and one.weight > -1.0]
    for i in ones:
        if _FIRST_CHAPTER.match(scope[i][1].rest):
            return i
    for i, (one, _) in enumerate(scope[:60]):
        if one.key == ((1, 0), (1, 0)) and one.weight > 0:
            return max((j for j in ones if j < i), default=i)
    return 0


def _weigh(
    reading: Reading, place: int, line: Line, number: Numbered, before: Item | None, before_marker: Marker | None
) -> float:
    weight = 0.6
    rest = number.rest
    if number.style == "lone":
        weight -= 0.8 if len(number.key) > 1 else 3.0
    elif number.style == "bare":
        heading = line.bold or rest.upper() == rest or _FIRST_CHAPTER.match(rest) is not None
        weight += 0.3 if heading else (-0.5 if len(rest) < 110 and not rest.endswith((".", ";", ",")) else -1.2)
    else:
        weight += 0.3
    if rest:
        first = rest.lstrip("«\"'(*")[:1]
        if _UNIT.match(rest):
            weight -= 3.0
        elif first.isupper():
            weight += 0.3
        elif first.islower():
            weight -= 0.4
        else:
            weight -= 1.0
    if line.bold:
        weight += 0.5
    if isinstance(before, Line) and not line.whole:
        weight += _after(before, before_marker)
    if reading.in_table[place]:
        weight -= 9.0 if number.style == "integer" else 3.0
    return weight


def _after(before: Line, marker: Marker | None) -> float:
    if _refers(before):
        return -3.0
    if before.text.endswith(","):
        return -1.5
    if marker is not None or before.text.endswith((".", ";", ":", "!", "?")) or before.bold:
        return 0.3
    return -0.3 if before.text[-1].islower() else 0.0
