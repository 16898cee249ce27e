"""Turns a value, as a cell or a person gives it, into the value of a fact, or says why it is none."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from core.case_records import FactValue
from core.languages import Language
from pipelines.cases.classifier import Classifier, folded, looks_like_code
from pipelines.cases.schema import Fact, FactKind

MOST_CATEGORY_CHARS = 300
MOST_TEXT_CHARS = 20_000
_NUMBER = re.compile(r"[+-]?\d[\d \u00a0\u202f']*(?:[.,]\d+)?(?:[eE][+-]?\d{1,3})?")
_SPACES = re.compile(r"[ \u00a0\u202f']")
_YES = frozenset({"да", "иә", "ия", "yes", "y", "true", "1", "+", "есть", "бар"})
_NO = frozenset({"нет", "жоқ", "no", "n", "false", "0", "-", "отсутствует"})


class IssueKind(StrEnum):
    """What is wrong with a row or with a cell of it."""

    WRONG_CELLS = "wrong-cells"  # the row has more or fewer cells than the header, or is not CSV
    BAD_ENCODING = "bad-encoding"
    NO_ID = "no-id"
    DUPLICATE_ROW = "duplicate-row"  # the same row again
    DUPLICATE_ID = "duplicate-id"  # another row with the id of one before
    NO_FACTS = "no-facts"
    UNKNOWN_CODE = "unknown-code"  # written as a code of the classifier, which has none such
    NOT_A_NUMBER = "not-a-number"
    OUT_OF_RANGE = "out-of-range"
    NOT_YES_OR_NO = "not-yes-or-no"
    NOT_A_DATE = "not-a-date"
    IN_THE_FUTURE = "in-the-future"
    TOO_LONG = "too-long"
    CONTRADICTION = "contradiction"
    NO_DATE = "no-date"
    BAD_TERRITORY = "bad-territory"
    OUTSIDE_TERRITORY = "outside-territory"  # of the person who imports
    CHANGED_BY_PEOPLE = "changed-by-people"  # the case is kept as people left it


class BadValue(Exception):
    """A value that the fact cannot have; `detail` says what it takes, and never repeats the value."""

    def __init__(self, kind: IssueKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class Known:
    """A value of a fact; `named`: the schema or the classifier has a name for it, else it is the source's own."""

    value: FactValue
    named: bool = True


def cleaned(value: object) -> str:
    """Return a value as text: one space between words, nothing unprintable; a whole number without its `.0`."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = " ".join(str(value).split())
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def checked(fact: Fact, value: object, *, now: datetime | None = None, form: str = "iso") -> Known:
    """Return the value as the fact holds it; raise `BadValue`.

    `form`: how a date is written, as `strptime` reads it. `now`: the moment after which a date is in the future.
    """
    if fact.kind is FactKind.CATEGORY:
        return _category(fact, value)
    if fact.kind is FactKind.NUMBER:
        return Known(_number(fact, value))
    if fact.kind is FactKind.YES_NO:
        return Known(_yes_no(value))
    if fact.kind is FactKind.DATE:
        return Known(_moment(value, form, now or datetime.now(UTC)))
    text = cleaned(value)
    if not text or len(text) > MOST_TEXT_CHARS:
        raise BadValue(IssueKind.TOO_LONG, f"text of 1 to {MOST_TEXT_CHARS} characters")
    return Known(text)


def checked_cause(classifier: Classifier, value: object) -> Known:
    """Return a cause: the code of the classifier by its code or name, else the source's own word; raise `BadValue`."""
    return _of_classifier(classifier, _category_text(value))


def read_day(value: object, form: str) -> date | datetime:
    """Return the day or the moment a value names. Raises `BadValue`."""
    if isinstance(value, datetime | date):
        return value
    text = cleaned(value)
    try:
        if form != "iso":
            return datetime.strptime(text, form)  # noqa: DTZ007 (the source says nothing of a zone)
        return date.fromisoformat(text) if len(text) == len("2026-03-01") else datetime.fromisoformat(text)
    except ValueError:
        written = "YYYY-MM-DD, or with a time" if form == "iso" else form
        raise BadValue(IssueKind.NOT_A_DATE, f"a date written as {written}") from None


def in_future(day: date | datetime, now: datetime) -> bool:
    """Tell whether the day or the moment is later than now; without a zone, a day is allowed for the difference."""
    if isinstance(day, datetime) and day.tzinfo is not None:
        return day > now
    return (day.date() if isinstance(day, datetime) else day) > now.astimezone().date()


def _category(fact: Fact, value: object) -> Known:
    text = _category_text(value)
    if fact.classifier is not None:
        return _of_classifier(fact.classifier, text)
    if not fact.options:
        return Known(text)
    if text in fact.options:
        return Known(text)
    wanted = folded(text)
    for option, names in fact.options.items():
        if wanted == option or any(wanted == folded(names[language]) for language in Language):
            return Known(option)
    return Known(text, named=False)


def _category_text(value: object) -> str:
    text = cleaned(value)
    if not text or len(text) > MOST_CATEGORY_CHARS:
        raise BadValue(IssueKind.TOO_LONG, f"a category of 1 to {MOST_CATEGORY_CHARS} characters")
    return text


def _of_classifier(classifier: Classifier, text: str) -> Known:
    code = classifier.find(text)
    if code is not None:
        return Known(code.code)
    if looks_like_code(text):
        raise BadValue(IssueKind.UNKNOWN_CODE, f"a code of the classifier of {classifier.name} (order № 928)")
    return Known(text, named=False)


def _number(fact: Fact, value: object) -> float:
    number = _as_number(value)
    if number is None:
        raise BadValue(IssueKind.NOT_A_NUMBER, f"a number ({fact.unit})")
    assert fact.least is not None
    assert fact.most is not None
    if not fact.least <= number <= fact.most:
        raise BadValue(IssueKind.OUT_OF_RANGE, f"a number from {fact.least:g} to {fact.most:g} ({fact.unit})")
    return number


def _as_number(value: object) -> float | None:
    if isinstance(value, bool | datetime | date | time):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    text = cleaned(value)
    if len(text) > 60 or not _NUMBER.fullmatch(text):
        return None
    number = float(_SPACES.sub("", text).replace(",", "."))
    return number if math.isfinite(number) else None


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = folded(cleaned(value))
    if word in _YES or word in _NO:
        return word in _YES
    raise BadValue(IssueKind.NOT_YES_OR_NO, "yes or no")


def _moment(value: object, form: str, now: datetime) -> str:
    day = read_day(value, form)
    if in_future(day, now):
        raise BadValue(IssueKind.IN_THE_FUTURE, "a date that is not in the future")
    return day.isoformat()
