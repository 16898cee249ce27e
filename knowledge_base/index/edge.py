"""The index in this process: a Qdrant Edge shard in a folder. The default.

Layout under the index's directory: `lock` (held while open), `state.json` (what the last clean flush left), `shard/`
(the engine's own files), `damaged/` (the last shard that could not be read, kept for a look).

The engine locks within itself and lets other threads run while it searches: readers need no lock of ours. Writers
take one, because building the graph must not meet another build.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import qdrant_edge as qe

from core.errors import StorageError, Unavailable
from knowledge_base.index import payload
from knowledge_base.index.place import take_lock
from knowledge_base.index.port import DIMENSION, NO_FILTERS, DenseVector, Filters, Hit, IndexPoint, SparseVector

_BATCH = 1000
_PAGE = 5000


@dataclass(frozen=True)
class _State:
    needs_rebuild: bool
    points: int  # at the last flush
    clean: bool  # nothing was written since


class EdgeIndex:
    """`ClauseIndex` on a Qdrant Edge shard. One process at a time may have it open."""

    def __init__(
        self,
        directory: Path,
        *,
        version: str,
        dimension: int = DIMENSION,
        hnsw_ef: int = 128,
        exact_points: int = 10_000,
    ) -> None:
        """Open the index in `directory`, making it anew where there is none or what is there cannot be read.

        Raises `Unavailable` when another process has it open, `StorageError` when the folder cannot be used.
        """
        self._directory = directory
        self._version = version
        self._dimension = dimension
        self._exact_points = exact_points
        self._write = threading.RLock()
        # Quantized candidates are compared again by their full vectors; twice as many make up for the rounding.
        # ACORN walks over clauses a filter leaves out: without it one in fifty of the nearest was missed (ADR 0006).
        self._params = qe.SearchParams(
            hnsw_ef=hnsw_ef,
            quantization=qe.QuantizationSearchParams(rescore=True, oversampling=2.0),
            acorn=qe.AcornSearchParams(enable=True, max_selectivity=payload.ACORN_BELOW),
        )
        self._lock_fd = take_lock(directory)
        try:
            self._shard, self._state = self._open()
        except BaseException:
            os.close(self._lock_fd)
            raise
        self._closed = False

    @property
    def version(self) -> str:
        """Layout and embedder."""
        return self._version

    @property
    def needs_rebuild(self) -> bool:
        """Whether it was made anew and not yet filled from the records."""
        return self._state.needs_rebuild

    def mark_rebuilt(self) -> None:
        """Record that the index holds all that the records say it should."""
        with self._write:
            self.flush()
            self._save(_State(needs_rebuild=False, points=self._state.points, clean=True))

    def upsert(self, points: Iterable[IndexPoint]) -> None:
        """Insert or replace by id."""
        for batch in payload.batches(points, _BATCH):
            rows = [self._row(payload.checked_point(point, self._dimension)) for point in batch]
            self._update(qe.UpdateOperation.upsert_points(rows))

    def delete(self, ids: Iterable[str]) -> None:
        """Remove points by id."""
        doomed: list[qe.PointId] = [payload.checked_id(point_id) for point_id in ids]
        if doomed:
            self._update(qe.UpdateOperation.delete_points(doomed))

    def ids(self, redaction_id: str) -> dict[str, str]:
        """Return id -> content_hash of a redaction."""
        wanted = _filter((payload.OneOf("redaction_id", (redaction_id,)),))
        found: dict[str, str] = {}
        offset: qe.PointId | None = None
        with self._engine("list the points of a redaction"):
            while True:
                page, offset = self._shard.scroll(
                    qe.ScrollRequest(
                        offset=offset, limit=_PAGE, filter=wanted, with_payload=["content_hash"], with_vector=False
                    )
                )
                found.update((str(record.id), str((record.payload or {})["content_hash"])) for record in page)
                if offset is None:
                    return found

    def dense(self, vector: DenseVector, limit: int, filters: Filters = NO_FILTERS) -> Sequence[Hit]:
        """Return the nearest by cosine."""
        query = payload.checked_vector(vector, self._dimension).tolist()
        return self._search(qe.Query.Nearest(query, using=payload.DENSE), limit, filters)

    def lexical(self, sparse: SparseVector, limit: int, filters: Filters = NO_FILTERS) -> Sequence[Hit]:
        """Return the greatest dot products."""
        if not sparse.indices.size:
            return []
        return self._search(qe.Query.Nearest(_sparse(sparse), using=payload.LEXICAL), limit, filters)

    def count(self) -> int:
        """Return how many points are kept."""
        with self._engine("count the points"):
            return self._shard.count(qe.CountRequest(exact=True))

    def flush(self) -> None:
        """Build the graph of what was added where it is large enough, and write all to disk."""
        with self._write, self._engine("write to disk"):
            if self._state.clean:
                return
            self._shard.optimize()
            self._shard.flush()
            self._save(_State(needs_rebuild=self._state.needs_rebuild, points=self.count(), clean=True))

    def close(self) -> None:
        """Flush and release the folder."""
        with self._write:
            if self._closed:
                return
            self._closed = True
            try:
                self.flush()
            finally:
                self._shard.close()
                os.close(self._lock_fd)

    def _search(self, query: qe.Query, limit: int, filters: Filters) -> list[Hit]:
        wanted = payload.conditions(filters)
        if wanted is None or limit < 1:
            return []
        request = qe.QueryRequest(
            limit=limit, query=query, filter=_filter(wanted), params=self._params, with_payload=["clause_id"]
        )
        with self._engine("search"):
            found = self._shard.query(request)
        hits = [Hit(str(p.id), str((p.payload or {})["clause_id"]), p.score) for p in found]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def _row(self, point: IndexPoint) -> qe.Point:
        # Lists, because the binding takes them in half the time it takes an array.
        vectors: dict[str, qe.NamedVector] = {payload.DENSE: point.dense.tolist()}
        if point.lexical.indices.size:
            vectors[payload.LEXICAL] = _sparse(point.lexical)
        return qe.Point(point.id, vectors, payload.payload_of(point))

    def _update(self, operation: qe.UpdateOperation) -> None:
        with self._write, self._engine("write"):
            if self._state.clean:
                self._save(_State(needs_rebuild=self._state.needs_rebuild, points=self._state.points, clean=False))
            self._shard.update(operation)

    def _open(self) -> tuple[qe.EdgeShard, _State]:
        state = _load_state(self._directory / "state.json")
        shard_dir = self._directory / "shard"
        if state is not None:
            shard = self._load_sound(shard_dir, state)
            if shard is not None:
                return shard, state
        if shard_dir.exists():
            damaged = self._directory / "damaged"
            shutil.rmtree(damaged, ignore_errors=True)
            shard_dir.rename(damaged)
        shard_dir.mkdir()
        with self._engine("make the index"):
            shard = qe.EdgeShard.create(str(shard_dir), self._config())
            for name in payload.KEYWORD_FIELDS:
                keyword = qe.KeywordIndexParams(enable_hnsw=False)
                shard.update(qe.UpdateOperation.create_field_index(name, keyword))
            for name in payload.DAY_FIELDS:
                days = qe.IntegerIndexParams(lookup=False, range=True, enable_hnsw=False)
                shard.update(qe.UpdateOperation.create_field_index(name, days))
            shard.flush()
        state = _State(needs_rebuild=True, points=0, clean=True)
        self._save(state)
        return shard, state

    def _load_sound(self, shard_dir: Path, state: _State) -> qe.EdgeShard | None:
        """Return the shard when it holds what the last flush left; the engine itself starts empty on lost files."""
        segments = shard_dir / "segments"
        if not segments.is_dir() or (state.points and not any(segments.iterdir())):
            return None
        try:
            shard = qe.EdgeShard.load(str(shard_dir))
        except Exception:  # the engine has no type of its own for what it cannot read
            return None
        if state.clean and shard.count(qe.CountRequest(exact=True)) != state.points:
            shard.close()
            return None
        return shard

    def _config(self) -> qe.EdgeConfig:
        exact_kb = self._exact_points * self._dimension * 4 // 1024 + 1
        return qe.EdgeConfig(
            vectors={
                payload.DENSE: qe.EdgeVectorParams(
                    size=self._dimension,
                    distance=qe.Distance.Cosine,
                    quantization_config=qe.ScalarQuantizationConfig(type=qe.ScalarType.Int8, quantile=0.99),
                )
            },
            sparse_vectors={payload.LEXICAL: qe.EdgeSparseVectorParams()},
            hnsw_config=qe.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=exact_kb),
            optimizers=qe.EdgeOptimizersConfig(indexing_threshold=exact_kb),
        )

    def _save(self, state: _State) -> None:
        path = self._directory / "state.json"
        fresh = path.with_suffix(".new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(asdict(state), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise StorageError(
                f"the state of the index cannot be written: {path}: {error.strerror}",
                advice="check the disk's free space and the folder's permissions",
            ) from error
        self._state = state

    @contextmanager
    def _engine(self, doing: str) -> Iterator[None]:
        """Turn the engine's errors, which have no type of their own, into ours."""
        try:
            yield
        except (StorageError, Unavailable):
            raise
        except Exception as error:
            raise StorageError(
                f"the index in {self._directory} could not {doing}: {error}",
                advice="check the disk's free space; if it goes on, stop the service, remove the folder and start "
                "again: the index is rebuilt from the records",
            ) from error


def _load_state(path: Path) -> _State | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return _State(bool(raw["needs_rebuild"]), int(raw["points"]), bool(raw["clean"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sparse(vector: SparseVector) -> qe.SparseVector:
    return qe.SparseVector(vector.indices.tolist(), vector.values.tolist())


def _filter(wanted: Iterable[payload.Condition]) -> qe.Filter | None:
    must: list[qe.ConditionType] = [
        qe.FieldCondition(c.field, match=qe.MatchAny(list(c.values)))
        if isinstance(c, payload.OneOf)
        else qe.FieldCondition(c.field, range=qe.RangeFloat(lte=c.lte, gt=c.gt))
        for c in wanted
    ]
    return qe.Filter(must=must) if must else None
