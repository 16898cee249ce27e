"""BM25 as sparse vectors: documents carry the saturated term frequency, queries the inverse document frequency.

So a plain dot product, which any sparse vector index computes, is the BM25 score; and a clause's vector does not
change when other clauses are loaded (the mean length is a constant, as is usual for BM25 in vector stores).
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from core.languages import Language
from knowledge_base.index.port import SparseVector

K1 = 1.2
B = 0.6
MEAN_LENGTH = 90.0
"""Terms of a typical clause; fixed, see above."""


def term_id(language: Language, term: str) -> int:
    """Return the 32-bit index of a term; languages do not share ids. Collisions are harmless at 10^5 terms."""
    return zlib.crc32(f"{language}\x1f{term}".encode())


def document_vector(weighted: Mapping[str, float], language: Language) -> SparseVector:
    """Return the document side of BM25. `weighted`: term -> frequency, fractions allowed for context fields."""
    length = sum(weighted.values())
    norm = K1 * (1 - B + B * length / MEAN_LENGTH)
    values: dict[int, float] = {}
    for term, frequency in weighted.items():
        index = term_id(language, term)
        values[index] = values.get(index, 0.0) + frequency * (K1 + 1) / (frequency + norm)
    return sparse(values)


def sparse(values: Mapping[int, float]) -> SparseVector:
    """Return a sparse vector with sorted indices."""
    order = sorted(values)
    return SparseVector(
        indices=np.array(order, dtype=np.uint32), values=np.array([values[i] for i in order], dtype=np.float32)
    )


@dataclass
class Lexicon:
    """How many clauses of one language hold each term."""

    language: Language
    documents: int = 0
    frequency: Counter[str] = field(default_factory=Counter)

    def add(self, documents: Iterable[Iterable[str]]) -> None:
        """Count the terms of more documents."""
        for document in documents:
            self.documents += 1
            self.frequency.update(set(document))

    def merge(self, other: "Lexicon") -> None:
        """Add the counts of another lexicon of the same language."""
        self.documents += other.documents
        self.frequency.update(other.frequency)

    def idf(self, term: str) -> float:
        """Return the BM25 inverse document frequency, >= 0; the highest for a term never seen."""
        seen = self.frequency.get(term, 0)
        return math.log(1 + (self.documents - seen + 0.5) / (seen + 0.5))

    def knows(self, term: str) -> bool:
        """Tell whether any clause holds the term."""
        return term in self.frequency

    def query_vector(self, weighted: Mapping[str, float]) -> SparseVector:
        """Return the query side of BM25; `weighted`: term -> weight of the term in the question."""
        values: dict[int, float] = {}
        for term, weight in weighted.items():
            if self.knows(term):
                index = term_id(self.language, term)
                values[index] = values.get(index, 0.0) + weight * self.idf(term)
        return sparse(values)
