"""What loading and search need of an index of clauses, and nothing of who serves it.

Every adapter passes `tests/knowledge_base/test_index_contract.py`.

What each filter means is said once, in `Filters`; filters act inside each arm, before the best are chosen, so a
search that asks for 10 gets 10 wherever 10 clauses pass.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.records import Level

DIMENSION = 384
"""Length of a dense vector unless the embedder says otherwise (multilingual-e5-small)."""

DenseVector = NDArray[np.float32]
"""Shape (dimension,), float32; its length does not matter, similarity is the cosine."""


@dataclass(frozen=True, eq=False)
class SparseVector:
    """Term weights. `indices`: uint32, shape (n,), no term twice; `values`: float32, shape (n,), positive."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.indices.shape != self.values.shape or self.indices.ndim != 1:
            raise InvalidInput(
                f"a sparse vector has {self.indices.shape} indices and {self.values.shape} values",
                advice="give one value for each index",
            )
        if np.unique(self.indices).size != self.indices.size:
            raise InvalidInput("a sparse vector names a term twice", advice="add up the weights of equal terms first")
        if not (np.isfinite(self.values).all() and (self.values > 0).all()):
            raise InvalidInput(
                "a sparse vector has a weight that is not a positive number", advice="leave out terms without weight"
            )


@dataclass(frozen=True, eq=False)
class IndexPoint:
    """One thing that can be found. A clause may have several points (a long text in parts, a heading).

    `lexical` holds the document's side of BM25: the saturated term frequency, without the inverse document
    frequency, which the query carries. The index multiplies and adds, no more, in every adapter alike.
    """

    id: str  # UUID, the same for the same content's place: upserting again replaces
    clause_id: str  # the clause a hit stands for
    act_id: str
    redaction_id: str
    language: str
    jurisdiction: str
    valid_from: date | None  # first day in force; None: since ever
    valid_to: date | None  # first day no longer in force; None: for ever; date.min: on no day at all
    level: Level
    dense: DenseVector
    lexical: SparseVector
    content_hash: str  # of everything above that a change of must lead to a new upsert


@dataclass(frozen=True)
class Filters:
    """Which points may be found. None: no condition; an empty set: nothing passes; conditions are joined by AND.

    act_ids, languages, jurisdictions, redaction_ids: the point's value is one of these.
    in_force_on: `valid_from <= day < valid_to`, where an unknown end is open.
    """

    act_ids: frozenset[str] | None = None
    languages: frozenset[str] | None = None
    jurisdictions: frozenset[str] | None = None
    in_force_on: date | None = None
    redaction_ids: frozenset[str] | None = None


NO_FILTERS = Filters()


@dataclass(frozen=True)
class Hit:
    """A point found. `score`: cosine of the dense arm (-1..1), dot product of the lexical arm (> 0)."""

    id: str
    clause_id: str
    score: float


class ClauseIndex(Protocol):
    """Vectors of clauses, kept and searched. Methods may be called from any thread.

    All raise `StorageError` when the engine fails and `Unavailable` when it does not answer.
    """

    @property
    def version(self) -> str:
        """What the stored vectors depend on: layout and embedder. Another version is another index."""
        ...

    @property
    def needs_rebuild(self) -> bool:
        """Whether the index was made anew (first start, lost or damaged files) and not yet filled from the records.

        It stays true over restarts until `mark_rebuilt`; until then searches may miss clauses that are loaded.
        """
        ...

    def mark_rebuilt(self) -> None:
        """Record that the index holds all that the records say it should."""
        ...

    def upsert(self, points: Iterable[IndexPoint]) -> None:
        """Insert points, or replace those with the same id. Visible to searches when it returns."""
        ...

    def delete(self, ids: Iterable[str]) -> None:
        """Remove points; ids that are not there are passed over."""
        ...

    def ids(self, redaction_id: str) -> dict[str, str]:
        """Return id -> content_hash of every point of a redaction: what re-indexing need not touch."""
        ...

    def dense(self, vector: DenseVector, limit: int, filters: Filters = NO_FILTERS) -> Sequence[Hit]:
        """Return the nearest points by cosine, best first, equal scores by id."""
        ...

    def lexical(self, sparse: SparseVector, limit: int, filters: Filters = NO_FILTERS) -> Sequence[Hit]:
        """Return the points with the greatest dot product, best first; only those that share a term."""
        ...

    def count(self) -> int:
        """Return how many points are kept."""
        ...

    def flush(self) -> None:
        """Make all that was written durable and build what speeds up search. To be called after a bulk load."""
        ...

    def close(self) -> None:
        """Flush and let go of files and connections; may be called twice."""
        ...
