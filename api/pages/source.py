"""What the source page shows of a clause."""

from core.languages import Language
from core.records import Act, Clause


def title_in(act: Act, language: Language) -> tuple[str, str]:
    """Return the act's title and its language: the wanted one, else Russian, Kazakh, any."""
    for choice in (language, Language.RU, Language.KK, *act.titles):
        if act.titles.get(choice):
            return act.titles[choice], choice.value
    return "", ""


def marked_parts(whole: Clause, clause: Clause, start: int | None, end: int | None) -> tuple[str, str, str]:
    """Return the text of `whole` before, within and after the marked span.

    The span is given in the text of `clause`, which `whole` holds. Without a sensible one, a clause inside a larger
    one is marked as a whole and a clause by itself is not marked at all.
    """
    offset = max(whole.text.find(clause.text), 0) if whole.id != clause.id else 0
    if start is None or end is None or not 0 <= start < end <= len(clause.text):
        start, end = (0, len(clause.text)) if whole.id != clause.id else (0, 0)
    text = whole.text
    return text[: offset + start], text[offset + start : offset + end], text[offset + end :]
