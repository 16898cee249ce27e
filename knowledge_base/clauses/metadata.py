"""What the text of an act says of itself: number, kind, dates, issuer, titles, what it replaces."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from core.errors import InvalidInput
from core.languages import Language
from core.records import RedactionStatus
from knowledge_base.clauses.dates import find_date, parse_iso
from knowledge_base.clauses.designators import ActDesignator, find_act_designators
from knowledge_base.clauses.tongues import letters_of

SIDECAR_FIELDS = (
    *("file", "jurisdiction", "kind", "number", "title_ru", "title_kk", "title_en", "languages", "aliases"),
    *("issuer", "adopted_on", "valid_from", "valid_to", "status", "replaced_by"),
)
"""Fields of a row of `acts.jsonl`; `file` says which file the others describe."""

_OPENING = 90  # lines from the start in which an act names itself


@dataclass(frozen=True)
class Sidecar:
    """What the person who loads an act says of it; None: read it from the text."""

    jurisdiction: str | None = None
    kind: str | None = None
    number: str | None = None
    titles: dict[Language, str] = field(default_factory=dict)
    languages: tuple[Language, ...] = ()
    aliases: tuple[str, ...] = ()
    issuer: str | None = None
    adopted_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    status: RedactionStatus | None = None
    replaced_by: str | None = None

    @classmethod
    def from_mapping(cls, row: Mapping[str, object]) -> "Sidecar":
        """Read a row of `acts.jsonl` (jurisdiction, kind, number, title_ru, title_kk, title_en, languages, dates …).

        Raises `InvalidInput` naming the field that cannot be used, or that is none of a sidecar's.
        """
        unknown = sorted(str(name) for name in row if name not in SIDECAR_FIELDS)
        if unknown:
            raise InvalidInput(
                f"sidecar: no such field: {', '.join(unknown)}", advice=f"its fields are {', '.join(SIDECAR_FIELDS)}"
            )
        try:
            return cls(
                jurisdiction=_text(row, "jurisdiction"),
                kind=_text(row, "kind"),
                number=_text(row, "number"),
                titles={one: title for one in Language if (title := _text(row, f"title_{one.value}"))},
                languages=tuple(Language(one) for one in _list(row, "languages")),
                aliases=tuple(_list(row, "aliases")),
                issuer=_text(row, "issuer"),
                adopted_on=_date(row, "adopted_on"),
                valid_from=_date(row, "valid_from"),
                valid_to=_date(row, "valid_to"),
                status=_status(_text(row, "status")),
                replaced_by=_text(row, "replaced_by"),
            )
        except ValueError as error:
            raise InvalidInput(f"sidecar: {error}", advice="see the description of the sidecar's fields") from error


def _text(row: Mapping[str, object], name: str) -> str | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text")
    return value


def _list(row: Mapping[str, object], name: str) -> list[str]:
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} must be a list of texts")
    return [str(one) for one in value]


def _date(row: Mapping[str, object], name: str) -> date | None:
    value = _text(row, name)
    if value is None:
        return None
    found = parse_iso(value)
    if found is None:
        raise ValueError(f"{name} must be a date like 2015-01-31")
    return found


def _status(value: str | None) -> RedactionStatus | None:
    return None if value is None else RedactionStatus(value)


@dataclass(frozen=True)
class Metadata:
    """Everything known of an act and its redaction."""

    jurisdiction: str
    kind: str
    number: str
    titles: dict[Language, str]
    aliases: tuple[str, ...]
    replaces: tuple[str, ...]
    issuer: str | None
    adopted_on: date | None
    valid_from: date | None
    valid_to: date | None
    status: RedactionStatus
    replaced_by: str | None


_NUMBERED_ACT = re.compile(
    r"(?P<kind>Совместный приказ|Приказ|Постановление|Закон|Конституционный закон|Указ|Решение"
    r"|Кодекс)\s(?P<issuer>.{0,260}?)\s?"
    r"от\s(?P<date>[^№N]{6,40}?)\s?(?:№|N[oо°]?|М[еоo]|Ne)\s?(?P<number>[\w/.-]+)",
    re.I,
)
_NUMBERED_ACT_KK = re.compile(
    r"(?P<issuer>(?:Қазақстан|ҚР).{0,260}?)\s(?P<date>\d{4} жыл\w+ \d{1,2} [а-яәғқңөұүһі]+)\s(?:№|N)\s?"
    r"(?P<number>[\w/.-]+)\s(?P<kind>бірлескен бұйрығы|бұйрығы|қаулысы|Заңы|Кодексі|Жарлығы|шешімі)",
    re.I,
)
_LAW_KK = re.compile(
    r"(?P<issuer>Қазақстан Республикасының)\s(?:\w+\s)?(?P<kind>Заңы|Кодексі|Жарлығы)\s"
    r"(?P<date>\d{4} жыл\w+ \d{1,2} [а-яәғқңөұүһі]+)\s(?:№|N[oо°]?|М[еоo]|Ne)\s?(?P<number>[\w/.-]+)",
    re.I,
)
_NAMED = (_NUMBERED_ACT, _NUMBERED_ACT_KK, _LAW_KK)
_DATED_NUMBER = re.compile(
    r"(?P<date>\d{1,2} [а-я]+ \d{4}) (?:года|г\.)\s(?:№|N)\s?\d{1,4}-[IVXІХ]+"
    r"|(?P<date_kk>\d{4} жыл\w* \d{1,2} [а-яәғқңөұүһі]+)\.?\s(?:№|N)\s?\d{1,4}-[IVXІХ]+",
    re.I,
)
_FOREWORD = re.compile(
    r"(?:предисловие|введение|содержание|алғы\s?сөз|кіріспе|мазмұны|сведения о своде правил)\.?$", re.I
)
_NORMS = re.compile(r"свод\w* правил|строительн\w+ норм|государственн\w+ норматив|ережелер жина|құрылыс норма", re.I)
_KINDS = {
    "приказ": "order",
    "совместный приказ": "order",
    "бұйрығы": "order",
    "бірлескен бұйрығы": "order",
    "постановление": "decree",
    "қаулысы": "decree",
    "закон": "law",
    "конституционный закон": "law",
    "заңы": "law",
    "указ": "decree",
    "жарлығы": "decree",
    "кодекс": "code",
    "кодексі": "code",
    "решение": "decision",
    "шешімі": "decision",
}
_REPLACES = re.compile(r"(?:ВЗАМЕН|Взамен|ОРНЫНА)\b\s*:?\s*(.{3,300})", re.S)
_IN_FORCE = re.compile(
    r"(?:Дата введения|Енгізілген күні|введен\w* в действие|ввести в действие|вводится в действие"
    r"|қолданысқа енгіз\w+)\W{0,5}"
    r"(?:с\s)?(\d[^;№]{6,40})",
    re.I,
)
_STOP_TITLE = re.compile(
    r"издание официальное|ресми басылым|государственные норматив|мемлекеттік норматив|^нормативтер"
    r"|градостроительств|строительные нормы респ"
    r"|құрылыс нормалары|свод\s*правил|ережелер жинағы|министерств|министрліг|комитет|по делам"
    r"|ликвидации последствий|москва|астана|нур-султан|алматы|стандартинформ|^введени"
    r"|дата введения|енгізілген|предисловие|алғы сөз|содержание|^©|^\d{4}$|^с в о д|приказ|утвержд|fire|system"
    r"|комитетi|консультантплюс|межгосударственн|национальный стандарт|^\(?мгс\)?$|^гост|^мемст|^\d+\s?[–—-]$",
    re.I,
)


def read_metadata(lines: Sequence[str], heads: Sequence[str], name: str, sidecar: Sidecar) -> Metadata:
    """Return what `lines` (the whole text) and `heads` (running heads) say, overridden by `sidecar`."""
    opening = _before_norms([line for line in lines[:_OPENING] if line])
    own = _own_designators(opening, heads)
    opening = [line for line in opening if not re.match(r"(?:Сноска|Ескерту)\.", line)]
    numbered, line_of_number = _numbered_act(opening[:25], lines[-12:])
    text_of_opening = " ".join(opening)
    titles: dict[Language, str] = {}
    kind, number, jurisdiction, issuer, adopted = "act", re.sub(r"\.\w{1,4}$", "", name), None, None, None
    replaces: tuple[str, ...] = ()
    if own and (numbered is None or _is_code_of_rules(opening) or _NORMS.search(" ".join(opening[:8]))):
        numbered = None
        first = own[0]
        kind, number, jurisdiction = first.kind, first.number, first.jurisdiction_hint
        titles = _titles_beside(opening, [one.number for one in own])
        replaces = _replaced(lines[: _OPENING * 2], number)
        issuer, adopted = _approval(" ".join(opening))
    elif numbered is not None:
        kind, number, issuer, adopted = numbered
        titles = _title_of_order(opening, line_of_number)
        named = _named_by_file(name) if _NORMS.search(" ".join(titles.values()) or text_of_opening[:600]) else None
        if named is not None:
            kind, number, jurisdiction = named.kind, named.number, named.jurisdiction_hint
            titles = _title_in_quotes(text_of_opening) or titles
    aliases = tuple(dict.fromkeys(one.number for one in own if one.number != number and not numbered))
    text = text_of_opening
    in_force = _IN_FORCE.search(text) if numbered is None or own else _takes_effect(lines)
    return Metadata(
        jurisdiction=sidecar.jurisdiction or jurisdiction or _state(text),
        kind=sidecar.kind or kind,
        number=sidecar.number or number,
        titles={**titles, **sidecar.titles},
        aliases=tuple(
            dict.fromkeys(
                (*sidecar.aliases, *aliases, *([number] if sidecar.number and number != sidecar.number else []))
            )
        ),
        replaces=replaces,
        issuer=sidecar.issuer or issuer,
        adopted_on=sidecar.adopted_on or adopted,
        valid_from=sidecar.valid_from or (find_date(next(filter(None, in_force.groups()))) if in_force else None),
        valid_to=sidecar.valid_to,
        status=sidecar.status or _stated_status(opening),
        replaced_by=sidecar.replaced_by,
    )


def _named_by_file(name: str) -> ActDesignator | None:
    """The designator of a code of rules that its text leaves out and the name of its file gives."""
    words = re.sub(r"\.[a-zA-Z]{1,5}$", "", name).replace("_", " ")
    words = re.sub(r"свод правил", "СП", words, flags=re.I)
    found = [one for one in find_act_designators(words) if one.series and one.kind != "jurisdiction"]
    return found[0] if len(found) == 1 else None


def _title_in_quotes(text: str) -> dict[Language, str]:
    m = re.search(r"свод\w* правил\s+[\"«](.{8,400}?)[\"»]", text, re.I)
    return {Language.RU: m.group(1)} if m else {}


def _before_norms(opening: list[str]) -> list[str]:
    """The lines before «1 Область применения», where what is said is said of the act itself."""
    for i, line in enumerate(opening):
        if i > 3 and re.match(r"1\.?\s(?:область применения|қолдан\w+ (?:саласы|аясы)|общие положения)", line, re.I):
            return opening[:i]
    return opening


def _takes_effect(lines: Sequence[str]) -> re.Match[str] | None:
    for line in lines:
        if m := re.search(
            r"Настоящ\w*\s[\w\s]{0,40}(?:вводится в действие|введен в действие)\W{0,3}с\s(\d[^;№]{6,30})"
            r"|Осы\s[\w\s]{0,40}?(?P<kk>\d{4}\sжыл\w+\s\d{1,2}\s\w+)\s(?:бастап\s)?қолданысқа енгізіл",
            line,
        ):
            return m
    return None


def _own_designators(opening: Sequence[str], heads: Sequence[str]) -> list[ActDesignator]:
    """Designators that fill a line of their own: the act's number in each language, the Russian one first."""
    found: dict[str, ActDesignator] = {}
    for line in (*opening, *heads):
        for one in find_act_designators(line):
            fills = one.span[1] - one.span[0] >= len(line.strip()) - 6 and any(c.isdigit() for c in line)
            if one.series and one.kind != "jurisdiction" and fills:
                found.setdefault(one.number, one)
        if len(found) >= 4:
            break
    if not found:
        return []
    figures = re.sub(r"^\D+", "", next(iter(found)))
    same = [one for number, one in found.items() if re.sub(r"^\D+", "", number) == figures]
    return sorted(same, key=lambda one: bool(re.search(r"[ҚқҰұӘәӨө]|ЕЖ|МЕМСТ", one.number)))


def _is_code_of_rules(opening: Sequence[str]) -> bool:
    return not any(pattern.match(line) for line in opening[:3] for pattern in _NAMED)


_Numbered = tuple[str, str, str | None, date | None]


def _numbered_act(opening: Sequence[str], ending: Sequence[str]) -> tuple[_Numbered | None, int]:
    """Kind, number, issuer and date of an act named by a number of its own, and the line on which it is named."""
    for place in range(len(opening)):
        for length in (1, 5):  # the line may be broken at a width
            text = " ".join(opening[place : place + length])
            m = next((found for pattern in _NAMED if (found := pattern.match(text))), None)
            if m and (adopted := find_date(m["date"])):
                kind = _KINDS.get(m["kind"].casefold(), "act")
                issuer = m["issuer"].strip(" ,") or None
                return (kind, m["number"].rstrip("."), None if kind in ("law", "code") else issuer, adopted), place
    joined = " ".join(opening[:8])
    heading = re.match(
        r"\W*(КОДЕКС|ЗАКОН)\sРЕСПУБЛИКИ КАЗАХСТАН|\W*ҚАЗАҚСТАН РЕСПУБЛИКАСЫНЫҢ (КОДЕКСІ|ЗАҢЫ)", joined, re.I
    )
    tail = " ".join(ending)
    number = re.search(r"(?:№|N)\s?(\d{1,4}-[IVXІХ]+)(?:\s?(?:зрк|қрз))?", f"{joined} {tail}", re.I)
    if heading is None or number is None:
        return None, -1
    word = (heading.group(1) or heading.group(2)).casefold()
    dated = _DATED_NUMBER.search(tail) or _DATED_NUMBER.search(joined)
    adopted = find_date(dated["date"] or dated["date_kk"]) if dated else find_date(joined)
    return (_KINDS[word], number.group(1).upper(), None, adopted), -1


def _titles_beside(opening: Sequence[str], numbers: Sequence[str]) -> dict[Language, str]:
    """The title of a building code: the free lines next to its number, in each language."""
    front = next((i for i, line in enumerate(opening) if i > 2 and _FOREWORD.match(line)), len(opening))
    opening = opening[:front]
    places = [i for i, line in enumerate(opening) if any(n.split(" ")[-1] in line for n in numbers) and len(line) < 60]
    titles: dict[Language, list[str]] = {}
    after = _run(opening, places[-1] if len(places) < 3 else places[1], 1) if places else []
    before = _run(opening, places[0], -1)[::-1] if places else []
    for line in after or before or _longest_run(opening):
        scores = letters_of(line)
        language = max(scores, key=lambda one: scores[one])
        if language is Language.EN or scores[language] == 0:
            continue
        if titles.get(Language.KK) and not titles.get(Language.RU) and " " not in line:
            language = Language.KK  # the last word of a title may show no letter of its own
        titles.setdefault(language, []).append(line)
    return {language: " ".join(parts)[:300] for language, parts in titles.items()}


def _run(opening: Sequence[str], start: int, step: int) -> list[str]:
    lines: list[str] = []
    at = start + step
    while 0 <= at < len(opening) and len(lines) < 6:
        if _STOP_TITLE.search(opening[at]) or len(opening[at]) > 130:
            break
        lines.append(opening[at])
        at += step
    return lines


def _longest_run(opening: Sequence[str]) -> list[str]:
    best: list[str] = []
    run: list[str] = []
    for line in (*opening[:25], ""):
        if line and len(line) < 130 and not _STOP_TITLE.search(line):
            run.append(line)
            continue
        best, run = (run if len(run) > len(best) else best), []
    return best[:5]


def _title_of_order(opening: Sequence[str], line_of_number: int) -> dict[Language, str]:
    lines: list[str] = []
    for line in opening[: line_of_number if line_of_number >= 0 else 10][:10]:
        if re.match(r"(?:Раздел|Глава|Статья|\d+-)", line):
            break
        lines.append(line)
    if not lines:
        lines = [line for line in opening[1:8] if line.upper() == line and len(line) > 8][:4]
    title = " ".join(lines)[:400]
    if not title:
        return {}
    scores = letters_of(title)
    return {max(scores, key=lambda one: scores[one]): title}


def _replaced(lines: Sequence[str], number: str) -> tuple[str, ...]:
    m = _REPLACES.search("\n".join(lines))
    found = find_act_designators(m.group(1)) if m else ()
    return tuple(
        dict.fromkeys(one.number for one in found if one.series and one.kind != "jurisdiction" and one.number != number)
    )[:6]


def _approval(text: str) -> tuple[str | None, date | None]:
    m = re.search(r"[Пп]риказом\s(.{5,200}?)\sот\s(.{6,24}?)\s?(?:года|г\.)?\s?№", text)
    return (m.group(1), find_date(m.group(2))) if m else (None, None)


def _state(text: str) -> str:
    kazakh = len(re.findall(r"Казахстан|Қазақстан|\bРК\b|\bҚР\b", text, re.I))
    russian = len(re.findall(r"Российск|России\b|\bРФ\b", text, re.I))
    return "RU" if russian > kazakh else "KZ"


def _stated_status(opening: Sequence[str]) -> RedactionStatus:
    text = " ".join(opening[:6])
    lapsed = re.search(
        r"Сноска\. (?:Утратил\w* силу|.{0,40}утратил силу)|Ескерту\. .{0,20}күші жойылды|^Утратил", text, re.I
    )
    return RedactionStatus.REPEALED if lapsed else RedactionStatus.UNKNOWN
