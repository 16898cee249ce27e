"""Lines that name a table or say that it goes on, in Russian, Kazakh and English."""

import re

TABLE_CONTINUATION = "table continuation"
REPEATED_HEADER = "repeated table header"

_NUMBER = r"(?:[A-ZА-ЯӘІҢҒҮҰҚӨҺ]\s?\.?\s?)?\d*(?:[.\-]\d+)*"
_CAPTION = re.compile(
    rf"^(?:таблица|кесте|table)\s+(?:№\s*)?{_NUMBER}(?=\s|$|[.–—:-])|^{_NUMBER}\s?-?\s?кесте(?=\s|$|[.–—:-])",
    re.IGNORECASE,
)
_CONTINUATION = re.compile(
    r"^(?:продолжение|окончание)\s+(?:таблицы|табл\.?)|кесте\w*\s+(?:жалғасы|соңы|аяғы)|^table\s+\S+\s*\(?continu",
    re.IGNORECASE,
)
_LONGEST = 90


def is_caption(line: str) -> bool:
    """«Таблица 1 – …», «1-кесте – …», "Table 1"."""
    return bool(_CAPTION.match(line.strip())) and not is_continuation(line)


def is_continuation(line: str) -> bool:
    """«Продолжение таблицы 1», «Окончание таблицы», «1-кестенің жалғасы», «1-кестенің соңы»."""
    return len(line) <= _LONGEST and bool(_CONTINUATION.search(line.strip()))
