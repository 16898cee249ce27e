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
_LETTERSPACED = re.compile(r"(?<=\b[^\W\d_]) (?=[^\W\d_]\b)")  # «Т а б л и ц а», set in spaced type


def _plain(line: str) -> str:
    return _LETTERSPACED.sub("", line.strip())


def is_caption(line: str) -> bool:
    """«Таблица 1 – …», «1-кесте – …», "Table 1"."""
    return bool(_CAPTION.match(_plain(line))) and not is_continuation(line)


def is_continuation(line: str) -> bool:
    """«Продолжение таблицы 1», «Окончание таблицы», «1-кестенің жалғасы», «1-кестенің соңы»."""
    return len(line) <= _LONGEST and bool(_CONTINUATION.search(_plain(line)))


def names_table(line: str) -> bool:
    """Whether the line belongs to a table, whether it begins it or takes it up again."""
    return is_caption(line) or is_continuation(line)
