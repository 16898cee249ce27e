"""A deterministic embedder for tests of everything but embeddings: words hashed into a few dimensions."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 64


class HashingEmbedder:
    name = "hashing-for-tests"
    dimensions = DIMENSIONS

    def embed_passages(self, texts: Sequence[str], progress: object = None) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word[:5].encode()) % DIMENSIONS] += 1
            vectors[row, 0] += 0.01
            vectors[row] /= np.linalg.norm(vectors[row])
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_passages(texts)
