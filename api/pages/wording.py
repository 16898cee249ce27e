"""How texts of norms and places in them are set on a page: no character changes; lines and words are added."""

import itertools
import re

from markupsafe import Markup, escape

from api.pages.messages import Messages

_ITEM = re.compile(r"(?<=[:;.] )(?=(?:[-–—•] |\d{1,2}\) |[а-яёәіңғүұқөһa-z]\) ))")
"""Before an item of a list: line breaks were folded into spaces when the act was read."""
_STEP = re.compile(
    r"\b(preamble|part|chapter|section|article|clause|subclause|note|appendix|form|table|row):([^\s/;,]*)(/?)"
)
_LANGUAGE = re.compile(r"^(ru|kk|en): ")


def lines(text: str) -> Markup:
    """Return the text with every item of its lists on a line of its own; no character is changed or left out."""
    return Markup("<br>").join(escape(piece) for piece in _ITEM.split(text))


def lines_of_parts(parts: tuple[str, ...]) -> list[Markup]:
    """Return the parts of one text set as `lines` sets the whole: an item may begin where a part does."""
    breaks = {found.start() for found in _ITEM.finditer("".join(parts))}
    made, start = [], 0
    for part in parts:
        inside = sorted(at - start for at in breaks if start <= at < start + len(part))
        edges = [0, *inside, len(part)]
        pieces = [part[a:b] for a, b in itertools.pairwise(edges)]
        made.append(Markup("<br>").join(escape(piece) for piece in pieces))
        start += len(part)
    return made


def full_stop(text: str) -> str:
    """Return the text as a sentence that another may follow."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def place(text: str, t: Messages) -> str:
    """Return a line of a load report with its path ("article:5/clause:2") in words of the language."""

    def step(found: re.Match[str]) -> str:
        level, number, more = found.groups()
        return f"{t.get(f'level.{level}', level)} {number}".strip() + (", " if more else "")

    text = _LANGUAGE.sub(lambda found: f"{t('language.' + found[1])}: ", text)
    return _STEP.sub(step, text)


def said(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells that are not empty."""
    return tuple(cell for cell in cells if cell.strip())


def clock(seconds: float) -> str:
    """Return a time in a call as people write it, 1:05."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
