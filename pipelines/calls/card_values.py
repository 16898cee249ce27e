"""What a person may put in a field of a card."""

import re
from collections.abc import Callable

from core.call_records import CARD_FIELDS, FieldValue
from core.errors import InvalidInput
from pipelines.calls.card.tables import SERVICES

CALL_CLASSES = ("emergency", "non_emergency", "false")
MOST_URGENT, LEAST_URGENT = 1, 4
_MOST_CHARS = 300
_MOST_PEOPLE = 100_000
_MOST_ITEMS = 20
_MOST_ITEM_CHARS = 100
_PHONE = re.compile(r"\+?[\d\s()-]{3,20}")


def checked_value(name: str, value: object) -> FieldValue:
    """Return the value as the field holds it: text trimmed, a telephone number as +7XXXXXXXXXX where it is one.

    Raises `InvalidInput` that names the field and says what it takes; the value itself is not repeated.
    """
    check = _CHECKS.get(name, _text if name in CARD_FIELDS else None)
    if check is None:
        raise InvalidInput("a card has no such field", advice=f"name one of {', '.join(CARD_FIELDS)}")
    try:
        return check(value)
    except ValueError as error:
        raise InvalidInput(f"the field {name!r} cannot hold this value", advice=f"give {error}") from None


def _text(value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text or len(text) > _MOST_CHARS or not text.isprintable():
        raise ValueError(f"text of 1 to {_MOST_CHARS} characters, or null to empty the field")
    return text


def _call_class(value: object) -> str:
    if value not in CALL_CLASSES:
        raise ValueError(f"one of {', '.join(CALL_CLASSES)}")
    return str(value)


def _incident_type(value: object) -> str:
    from pipelines.calls.card import type_names

    known = type_names()
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"one of {', '.join(known)}")
    return value


def _services(value: object) -> tuple[str, ...]:
    found = _items(value)
    if not found or any(item not in SERVICES for item in found):
        raise ValueError(f"a list of {', '.join(SERVICES)}, the lead one first")
    return found


def _hazards(value: object) -> tuple[str, ...]:
    found = _items(value)
    if not found or not all(item.isprintable() and 0 < len(item.strip()) <= _MOST_ITEM_CHARS for item in found):
        raise ValueError(f"a list of dangers, each of 1 to {_MOST_ITEM_CHARS} characters")
    return found


def _items(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_ITEMS:
        return ()
    return tuple(dict.fromkeys(str(item) for item in value))


def _urgency(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not MOST_URGENT <= value <= LEAST_URGENT:
        raise ValueError(f"a number from {MOST_URGENT} (life) to {LEAST_URGENT}")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_PEOPLE:
        raise ValueError(f"a number from 0 to {_MOST_PEOPLE}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _kato(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{9}", value):
        raise ValueError("the nine digits of a КАТО code")
    return value


def _phone(value: object) -> str:
    if not isinstance(value, str) or not _PHONE.fullmatch(value.strip()):
        raise ValueError("a telephone number")
    digits = re.sub(r"\D", "", value)
    if len(digits) == 11 and digits[0] in "78":
        return f"+7{digits[1:]}"
    return f"+{digits}" if value.strip().startswith("+") else digits


_CHECKS: dict[str, Callable[[object], FieldValue]] = {
    "call_class": _call_class,
    "incident_type": _incident_type,
    "services": _services,
    "urgency": _urgency,
    "kato": _kato,
    "injured_count": _count,
    "dead_count": _count,
    "people_trapped": _flag,
    "trapped_count": _count,
    "children_involved": _flag,
    "callback_phone": _phone,
    "hazards": _hazards,
}
