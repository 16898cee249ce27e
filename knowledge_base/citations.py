"""Quotes and the check that each is in its source.

Nothing else makes a `Citation`: `cite` refuses what it cannot find, so every quote shown is a substring of a stored
clause.
"""

import re
from dataclasses import dataclass

from core.records import Act, Citation, Clause, Redaction, Verification

_SAME = str.maketrans(
    {"ё": "е", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "’": "'", "–": "-", "—": "-", "‑": "-", "−": "-"}
)
_DROPPED = frozenset("\u00ad\u200b\ufeff")


@dataclass(frozen=True)
class Folded:
    """Text folded for comparison, with the place in the original of each of its characters."""

    text: str
    offsets: tuple[int, ...]


def fold(text: str) -> Folded:
    """Fold case, white space, quotation marks, dashes and hyphenation at line ends; cell separators count as space."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        if character in _DROPPED:
            continue
        if character.isspace() or character == "|":
            if characters and characters[-1] != " ":
                characters.append(" ")
                offsets.append(offset)
            continue
        lowered = character.lower().translate(_SAME)
        characters.append(lowered[0])
        offsets.append(offset)
    return Folded("".join(characters), tuple(offsets))


def fold_text(text: str) -> str:
    """Return only the folded text, hyphenation at line ends joined, without outer white space."""
    return fold(re.sub(r"(?<=\w)[-\u00ad]\s*\n\s*(?=\w)", "", text)).text.strip()


def locate(quote: str, source: str) -> tuple[int, int, Verification] | None:
    """Return the span of `quote` in `source` and how it was found, or None.

    Exact first; else equal after folding. The span is in characters of `source`, so that
    `source[start:end]` is what may be shown.
    """
    if not quote.strip():
        return None
    at = source.find(quote)
    if at >= 0:
        return at, at + len(quote), Verification.EXACT
    folded = fold(source)
    wanted = fold(quote).text.strip()
    at = folded.text.find(wanted)
    if at < 0 or not wanted:
        return None
    return folded.offsets[at], folded.offsets[at + len(wanted) - 1] + 1, Verification.NORMALISED


def cite(quote: str, clause: Clause, act: Act, redaction: Redaction, label: str) -> Citation | None:
    """Return the citation of `quote` in `clause`, or None where the clause does not hold it.

    The citation's quote is the source's own characters, also where the given one differed in case or white space.
    """
    found = locate(quote, clause.text)
    if found is None:
        return None
    start, end, verified = found
    return Citation(
        clause_id=clause.id,
        act_id=act.id,
        act_number=act.number,
        act_title=act.titles.get(clause.language) or next(iter(act.titles.values()), ""),
        clause_label=label,
        redaction_id=redaction.id,
        valid_from=redaction.valid_from,
        language=clause.language,
        quote=clause.text[start:end],
        start=start,
        end=end,
        verified=verified,
        page=clause.page,
        box=clause.box,
    )
