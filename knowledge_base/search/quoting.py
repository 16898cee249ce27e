"""From a quoted text to the clause that holds it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz

from core.records import Clause
from knowledge_base.citations import fold_text, locate

MIN_QUOTE_WORDS = 3
NEAR = 0.87
"""Least similarity, 0..1, at which a misremembered quote still counts as found."""

_OPEN, _CLOSE = '«“„"', '»”“"'
_ELLIPSIS = re.compile(r"\s*(?:\.{3,}|…|\[\.\.\.\]|<\.\.\.>)\s*")


@dataclass(frozen=True)
class Match:
    """A clause and how well it holds the quote: 1 where every part of it is there word for word."""

    clause: Clause
    similarity: float


def quoted(question: str) -> str | None:
    """Return what stands between the outermost quotation marks of a question, or None.

    An opening mark without its closing one quotes up to the end.
    """
    starts = [i for i, c in enumerate(question) if c in _OPEN]
    if not starts:
        return None
    ends = [i for i, c in enumerate(question) if c in _CLOSE and i > starts[0]]
    inner = question[starts[0] + 1 : ends[-1] if ends else len(question)].strip(" .,;:")
    return inner if len(inner.split()) >= MIN_QUOTE_WORDS else None


def parts(quote: str) -> list[str]:
    """Split a quote at its ellipses."""
    return [p for p in _ELLIPSIS.split(quote) if p.strip()]


def matches(quote: str, clauses: Iterable[Clause]) -> list[Match]:
    """Return the clauses that hold the quote or nearly do, best first; the shortest of equals first."""
    pieces = parts(quote)
    found = []
    for clause in clauses:
        if pieces and all(locate(p, clause.text) for p in pieces):
            found.append(Match(clause, 1.0))
            continue
        folded = fold_text(clause.text)
        total = sum(len(p) for p in pieces)
        similarity = (
            sum(fuzz.partial_ratio(fold_text(p), folded) * len(p) for p in pieces) / (100 * total) if total else 0.0
        )
        if len(folded) < 0.6 * max((len(p) for p in pieces), default=0):
            similarity *= len(folded) / (0.6 * max(len(p) for p in pieces))
        if similarity >= NEAR:
            found.append(Match(clause, min(similarity, 0.999)))
    return sorted(found, key=lambda m: (-m.similarity, len(m.clause.text)))
