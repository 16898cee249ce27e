"""A cache of vectors by content, so that loading the same text again costs a look-up."""

import hashlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import StorageError
from core.models.manifest import Prefixes
from knowledge_base.embedders.local import unit_length
from knowledge_base.embedding import Embedder, Progress

_LOOKED_UP_AT_ONCE = 500  # under SQLite's least limit of 999 variables
_KEPT_AT_ONCE = 256  # texts embedded between two commits: what a kill loses at most
_QUERIES_REMEMBERED = 1024


class CachedEmbedder:
    """An `Embedder` that remembers the vectors of another.

    Passages are kept in an SQLite file under sha256(model name, prefix, text), as float16 (384 dimensions: 768 bytes;
    cosine to float32 above 0.999999); fresh vectors are rounded alike, so that a vector does not depend on where it
    came from. Questions are people's words: theirs are remembered in memory only.
    """

    def __init__(self, inner: Embedder, path: Path, prefixes: Prefixes | None = None) -> None:
        self._inner = inner
        self._path = path
        self._salt = f"{inner.name}\x1f{(prefixes or Prefixes()).passage}\x1f".encode()
        self._queries: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def name(self) -> str:
        """Model and revision."""
        return self._inner.name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return vectors of texts to be found; only texts never seen reach the model, each once.

        Raises:
            StorageError: the cache's file cannot be read or written.
        """
        result = np.zeros((len(texts), self.dimensions), np.float32)
        places: dict[bytes, list[int]] = {}
        for place, text in enumerate(texts):
            places.setdefault(self._key(text), []).append(place)
        with self._open() as connection:
            done = 0
            for key, vector in self._known(connection, list(places)):
                result[places[key]] = vector
                done += len(places.pop(key))
                if progress is not None and not places:
                    progress(done, len(texts))
            # Longest first, as the model batches best texts of like lengths.
            fresh = sorted(places, key=lambda key: -len(texts[places[key][0]]))
            for start in range(0, len(fresh), _KEPT_AT_ONCE):
                keys = fresh[start : start + _KEPT_AT_ONCE]
                before = done

                def tell(part: int, whole: int, before: int = before, keys: list[bytes] = keys) -> None:
                    if progress is not None and part < whole:
                        progress(before + sum(len(places[key]) for key in keys[:part]), len(texts))

                vectors = self._inner.embed_passages([texts[places[key][0]] for key in keys], tell).astype("<f2")
                self._keep(connection, keys, vectors)
                for key, vector in zip(keys, unit_length(vectors.astype(np.float32)), strict=True):
                    result[places[key]] = vector
                    done += len(places[key])
                if progress is not None:
                    progress(done, len(texts))
        return result

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of texts that are looked for."""
        with self._guard:
            found = {text: self._queries[text] for text in texts if text in self._queries}
        fresh = [text for text in dict.fromkeys(texts) if text not in found]
        if fresh:
            found.update(zip(fresh, self._inner.embed_queries(fresh), strict=True))
        with self._guard:
            for text in texts:
                self._queries[text] = found[text]
                self._queries.move_to_end(text)
            while len(self._queries) > _QUERIES_REMEMBERED:
                self._queries.popitem(last=False)
        return np.array([found[text] for text in texts], np.float32).reshape(len(texts), self.dimensions)

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(self._salt + text.encode("utf-8", "surrogatepass")).digest()

    def _known(
        self, connection: sqlite3.Connection, keys: Sequence[bytes]
    ) -> Iterator[tuple[bytes, NDArray[np.float32]]]:
        for start in range(0, len(keys), _LOOKED_UP_AT_ONCE):
            part = keys[start : start + _LOOKED_UP_AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part).fetchall()  # noqa: S608
            rows = [row for row in rows if len(row[1]) == 2 * self.dimensions]
            vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f2").reshape(len(rows), self.dimensions)
            yield from zip((row[0] for row in rows), unit_length(vectors.astype(np.float32)), strict=True)

    def _keep(self, connection: sqlite3.Connection, keys: Sequence[bytes], vectors: NDArray[np.float16]) -> None:
        with connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)],
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the cache for one call: connections are not shared between threads."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=60)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
                )
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"the cache of vectors {self._path} cannot be used: {error}",
                advice="It holds nothing that cannot be made again: free its disk, or delete the file.",
            ) from error
