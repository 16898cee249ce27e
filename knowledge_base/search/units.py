"""What of a clause is indexed: its searchable text, its context, and the clause a hit stands for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from core.records import CONTAINERS, Clause, Level
from knowledge_base.index.port import SparseVector
from knowledge_base.search.analysis import terms
from knowledge_base.search.lexicon import document_vector

CONTEXT_WEIGHT = 0.35
"""Weight of a term in the headings above a clause against one in its text."""

HEADING_WEIGHT = 1.0
MAX_TERM_CHARS = 80
"""A clause's own heading up to this long is the term it defines, and its words count more."""

LONG_CLAUSE_CHARS = 500
"""Subclauses of longer clauses are indexed by themselves as well, so that one of many is found."""

MIN_LEAD_IN_CHARS = 40
_VERSION = "3"


@dataclass(frozen=True)
class Unit:
    """One indexed piece: `clause` is what is indexed, `stands_for` the id of the clause that is shown."""

    clause: Clause
    stands_for: str
    text: str
    context: str

    @property
    def dense_text(self) -> str:
        """The text that is embedded: the nearest headings, then the text."""
        return f"{self.context[-200:]}. {self.text}" if self.context else self.text

    @property
    def content_hash(self) -> str:
        """Changes when what is indexed changes."""
        parts = (_VERSION, self.stands_for, self.context, self.text)
        return sha256("\x1f".join(parts).encode()).hexdigest()

    def weighted_terms(self) -> Mapping[str, float]:
        """Return term -> frequency, terms of the context at `CONTEXT_WEIGHT`."""
        weighted: Counter[str] = Counter(terms(self.text, self.clause.language))
        result: dict[str, float] = dict(weighted)
        for term in set(terms(self.context, self.clause.language)):
            result[term] = result.get(term, 0.0) + CONTEXT_WEIGHT
        if self.clause.heading and len(self.clause.heading) <= MAX_TERM_CHARS and self.clause.level is Level.CLAUSE:
            for term in set(terms(self.clause.heading, self.clause.language)):
                result[term] = result.get(term, 0.0) + HEADING_WEIGHT
        return result

    def vector(self) -> SparseVector:
        """Return the document side of BM25."""
        return document_vector(self.weighted_terms(), self.clause.language)


def units(clauses: Sequence[Clause]) -> Iterable[Unit]:
    """Yield the units of the clauses of one redaction (all languages), in their order."""
    by_id = {c.id: c for c in clauses}
    for clause in clauses:
        parent = by_id.get(clause.parent_id) if clause.parent_id else None
        if not _is_indexed(clause, parent):
            continue
        yield Unit(clause, _stands_for(clause, parent), clause.text, _context(clause, parent))


def _is_indexed(clause: Clause, parent: Clause | None) -> bool:
    if clause.level in CONTAINERS:
        return len(clause.text) - len(clause.heading) >= MIN_LEAD_IN_CHARS
    if parent is not None and _inside(clause, parent):
        return len(parent.text) > LONG_CLAUSE_CHARS
    return bool(clause.text.strip())


def _inside(clause: Clause, parent: Clause) -> bool:
    return (
        clause.level in (Level.SUBCLAUSE, Level.NOTE) and parent.level not in CONTAINERS and clause.text in parent.text
    )


def _stands_for(clause: Clause, parent: Clause | None) -> str:
    return parent.id if parent is not None and _inside(clause, parent) else clause.id


def _context(clause: Clause, parent: Clause | None) -> str:
    parts = list(clause.breadcrumb)
    if clause.heading and clause.heading not in clause.text:
        parts.append(clause.heading)
    if parent is not None and _inside(clause, parent):
        start = parent.text.find(clause.text)
        parts.append(parent.text[: min(start, 300)] if start > 0 else parent.heading)
    if clause.level is Level.ROW:
        parts.extend(c for c in dict.fromkeys(clause.columns) if c)
    return ". ".join(p.strip(" .:-") for p in parts if p.strip())
