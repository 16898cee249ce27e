"""Synthetic clauses that cost an index what real ones do, made in blocks so that a million need no memory.

Vectors are laid out as a sentence encoder's: one direction shared by all (two unlike sentences still have a cosine
about .75, as with multilingual-e5), topics around it, variance falling off by a power law instead of equal in every
direction. Terms follow Zipf–Mandelbrot as the words of a text do once stop words are gone.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.records import Level
from knowledge_base.index.port import DIMENSION, IndexPoint, SparseVector

Floats = NDArray[np.float32]

BLOCK = 5000
VOCABULARY = 200_000
TERMS = 60  # distinct terms of a clause, about
QUESTION_TERMS = 8
AS_OF = date(2025, 1, 1)

_SHARED, _TOPIC, _OWN = 0.75, 0.15, 0.10  # parts of a vector's squared length
_CLAUSES_PER_TOPIC = 200
_CLAUSES_PER_ACT = 500
_MANDELBROT_SHIFT = 30.0


@dataclass(frozen=True, eq=False)
class Block:
    """Clauses from number `start` on; dense: (b, DIMENSION) float32 of unit length."""

    start: int
    dense: Floats
    lexical: tuple[SparseVector, ...]
    languages: tuple[str, ...]
    lapsed: NDArray[np.bool_]

    def points(self) -> Iterator[IndexPoint]:
        """Yield the block as points of the index."""
        for row, (lexical, language, lapsed) in enumerate(zip(self.lexical, self.languages, self.lapsed, strict=True)):
            number = self.start + row
            act = f"act-{number // _CLAUSES_PER_ACT}"
            yield IndexPoint(
                id=point_id(number),
                clause_id=point_id(number),
                act_id=act,
                redaction_id=f"{act}-r",
                language=language,
                jurisdiction="KZ",
                valid_from=date(2020, 1, 1),
                valid_to=date(2024, 1, 1) if lapsed else None,
                level=Level.CLAUSE,
                dense=self.dense[row],
                lexical=lexical,
                content_hash=str(number),
            )


def point_id(number: int) -> str:
    """Return the id of clause `number`."""
    return str(uuid.UUID(int=number + 1))


class SyntheticClauses:
    """`count` clauses, the same for the same count and seed."""

    def __init__(self, count: int, seed: int = 20250101) -> None:
        self.count = count
        self._seed = seed
        rng = np.random.default_rng([seed, count])
        turn, _ = np.linalg.qr(rng.standard_normal((DIMENSION, DIMENSION)))
        spectrum = np.arange(1, DIMENSION + 1) ** -0.5
        spectrum /= np.linalg.norm(spectrum)
        self._shape = (spectrum[:, None] * turn).astype(np.float32)
        self._shared = _unit(rng.standard_normal(DIMENSION).astype(np.float32)) * np.float32(_SHARED**0.5)
        topics = max(20, count // _CLAUSES_PER_TOPIC)
        self._topics = self._spread(rng, topics) * np.float32(_TOPIC**0.5)
        ranks = 1.0 / (np.arange(VOCABULARY) + _MANDELBROT_SHIFT)
        self._cumulative = np.cumsum(ranks / ranks.sum())

    def blocks(self) -> Iterator[Block]:
        """Yield all clauses in blocks of at most `BLOCK`."""
        for start in range(0, self.count, BLOCK):
            yield self.block(start)

    def block(self, start: int) -> Block:
        """Return the block that begins with clause `start`."""
        size = min(BLOCK, self.count - start)
        rng = np.random.default_rng([self._seed, self.count, start])
        own = self._spread(rng, size) * np.float32(_OWN**0.5)
        dense = _unit(self._shared + self._topics[rng.integers(len(self._topics), size=size)] + own)
        languages = rng.choice(["ru", "kk", "en"], p=[0.45, 0.45, 0.1], size=size)
        return Block(
            start=start,
            dense=dense,
            lexical=tuple(self._terms(rng) for _ in range(size)),
            languages=tuple(str(language) for language in languages),
            lapsed=rng.random(size) < 0.15,
        )

    def questions(self, n: int, document_frequency: NDArray[np.int64]) -> tuple[Floats, list[SparseVector]]:
        """Return `n` questions, each near some clause: dense (n, DIMENSION), and its terms weighted by idf."""
        rng = np.random.default_rng([self._seed, self.count, 2**31])
        dense = np.empty((n, DIMENSION), dtype=np.float32)
        lexical = []
        by_block: dict[int, Block] = {}
        for row, number in enumerate(rng.integers(self.count, size=n)):
            start = int(number) // BLOCK * BLOCK
            if start not in by_block:
                by_block = (
                    {start: self.block(start)} if self.count > 20 * BLOCK else by_block | {start: self.block(start)}
                )
            near = by_block[start].dense[int(number) - start]
            dense[row] = _unit(near + self._spread(rng, 1)[0] * np.float32(0.3))
            terms = by_block[start].lexical[int(number) - start].indices
            asked = np.sort(rng.choice(terms, size=min(QUESTION_TERMS, terms.size), replace=False))
            df = document_frequency[asked]
            idf = np.log1p((self.count - df + 0.5) / (df + 0.5))
            lexical.append(SparseVector(asked, idf.astype(np.float32)))
        return dense, lexical

    def _terms(self, rng: np.random.Generator) -> SparseVector:
        drawn, times = np.unique(np.searchsorted(self._cumulative, rng.random(int(TERMS * 1.03))), return_counts=True)
        indices = np.minimum(drawn, VOCABULARY - 1)
        if indices[-1] == VOCABULARY - 1:  # rounding of the last step of the distribution
            indices, times = indices[:-1], times[:-1]
        return SparseVector(indices.astype(np.uint32), (times * 2.2 / (times + 1.2)).astype(np.float32))

    def _spread(self, rng: np.random.Generator, n: int) -> Floats:
        """Return (n, DIMENSION) directions of about unit length whose variance falls off by a power law."""
        directions: Floats = rng.standard_normal((n, DIMENSION)).astype(np.float32) @ self._shape
        return directions


def _unit(vectors: Floats) -> Floats:
    unit: Floats = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return unit
