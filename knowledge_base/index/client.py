"""The index on a Qdrant server or cluster, for several processes or more than one machine can hold.

`:memory:` as the address is the client's local mode: plain Python in this process, for tests and small trials.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from core.errors import StorageError, Unavailable
from knowledge_base.index import payload
from knowledge_base.index.port import DIMENSION, NO_FILTERS, DenseVector, Filters, Hit, IndexPoint, SparseVector

LOCAL = ":memory:"
_BATCH = 256
_PAGE = 5000
_TIMEOUT_S = 30


class ClientIndex:
    """`ClauseIndex` on a collection of a Qdrant server; another version is another collection."""

    def __init__(
        self,
        url: str,
        *,
        version: str,
        api_key: str = "",
        collection: str = "clauses",
        dimension: int = DIMENSION,
        hnsw_ef: int = 128,
        exact_points: int = 10_000,
    ) -> None:
        """Connect to `url` and make the collection where there is none. Raises `Unavailable` without a connection."""
        self._local = url == LOCAL
        self._where = "local mode" if self._local else url
        self._version = version
        self._dimension = dimension
        self._exact_points = exact_points
        self.collection = f"{collection}-{version}"
        # Local mode compares exactly, warns of parameters it does not need, and is not made for threads.
        self._params = (
            None
            if self._local
            else models.SearchParams(
                hnsw_ef=hnsw_ef,
                quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0),
                acorn=models.AcornSearchParams(enable=True, max_selectivity=payload.ACORN_BELOW),
            )
        )
        self._turn: AbstractContextManager[object] = threading.RLock() if self._local else nullcontext()
        with self._engine("open the collection"):
            # Its check of versions runs in a thread whose warnings reach nobody; a refusal raises where it is used.
            self._client = (
                QdrantClient(location=LOCAL)
                if self._local
                else QdrantClient(url=url, api_key=api_key or None, timeout=_TIMEOUT_S, check_compatibility=False)
            )
            if not self._client.collection_exists(self.collection):
                self._create()

    @property
    def version(self) -> str:
        """Layout and embedder."""
        return self._version

    @property
    def needs_rebuild(self) -> bool:
        """Whether the collection was made anew and not yet filled from the records."""
        with self._engine("read the collection's state"):
            metadata = self._client.get_collection(self.collection).config.metadata or {}
        return bool(metadata.get("needs_rebuild", True))

    def mark_rebuilt(self) -> None:
        """Record that the index holds all that the records say it should."""
        with self._engine("write the collection's state"):
            self._client.update_collection(self.collection, metadata={"needs_rebuild": False})

    def upsert(self, points: Iterable[IndexPoint]) -> None:
        """Insert or replace by id."""
        for batch in payload.batches(points, _BATCH):
            rows = [self._row(payload.checked_point(point, self._dimension)) for point in batch]
            with self._engine("write"):
                self._client.upsert(self.collection, rows, wait=True)

    def delete(self, ids: Iterable[str]) -> None:
        """Remove points by id."""
        doomed: list[models.ExtendedPointId] = [payload.checked_id(point_id) for point_id in ids]
        if doomed:
            with self._engine("write"):
                self._client.delete(self.collection, models.PointIdsList(points=doomed), wait=True)

    def ids(self, redaction_id: str) -> dict[str, str]:
        """Return id -> content_hash of a redaction."""
        wanted = _filter((payload.OneOf("redaction_id", (redaction_id,)),))
        found: dict[str, str] = {}
        offset = None
        with self._engine("list the points of a redaction"):
            while True:
                page, offset = self._client.scroll(
                    self.collection,
                    scroll_filter=wanted,
                    limit=_PAGE,
                    offset=offset,
                    with_payload=["content_hash"],
                    with_vectors=False,
                )
                found.update((str(record.id), str((record.payload or {})["content_hash"])) for record in page)
                if offset is None:
                    return found

    def dense(self, vector: DenseVector, limit: int, filters: Filters = NO_FILTERS) -> Sequence[Hit]:
        """Return the nearest by cosine."""
        return self._search(payload.checked_vector(vector, self._dimension).tolist(), payload.DENSE, limit, filters)

    def lexical(self, sparse: SparseVector, limit: int, filters: Filters = NO_FILTERS) -> Sequence[Hit]:
        """Return the greatest dot products."""
        if not sparse.indices.size:
            return []
        return self._search(_sparse(sparse), payload.LEXICAL, limit, filters)

    def count(self) -> int:
        """Return how many points are kept."""
        with self._engine("count the points"):
            return self._client.count(self.collection, exact=True).count

    def flush(self) -> None:
        """Nothing to do: the server keeps what it has acknowledged and builds its graph by itself."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _create(self) -> None:
        exact_kb = self._exact_points * self._dimension * 4 // 1024 + 1
        self._client.create_collection(
            self.collection,
            vectors_config={payload.DENSE: models.VectorParams(size=self._dimension, distance=models.Distance.COSINE)},
            sparse_vectors_config={payload.LEXICAL: models.SparseVectorParams()},
            hnsw_config=models.HnswConfigDiff(m=16, ef_construct=100, full_scan_threshold=exact_kb),
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=exact_kb),
            quantization_config=models.ScalarQuantization(
                scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99)
            ),
            metadata={"needs_rebuild": True},
        )
        if self._local:  # it filters without indexes, and warns of them
            return
        for name in payload.KEYWORD_FIELDS:
            keyword = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, enable_hnsw=False)
            self._client.create_payload_index(self.collection, name, keyword, wait=True)
        for name in payload.DAY_FIELDS:
            days = models.IntegerIndexParams(
                type=models.IntegerIndexType.INTEGER, lookup=False, range=True, enable_hnsw=False
            )
            self._client.create_payload_index(self.collection, name, days, wait=True)

    def _search(
        self, query: list[float] | models.SparseVector, using: str, limit: int, filters: Filters
    ) -> Sequence[Hit]:
        wanted = payload.conditions(filters)
        if wanted is None or limit < 1:
            return []
        with self._engine("search"):
            found = self._client.query_points(
                self.collection,
                query=query,
                using=using,
                query_filter=_filter(wanted),
                search_params=self._params,
                limit=limit,
                with_payload=["clause_id"],
            ).points
        hits = [Hit(str(p.id), str((p.payload or {})["clause_id"]), float(p.score)) for p in found]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def _row(self, point: IndexPoint) -> models.PointStruct:
        vectors: dict[str, list[float] | models.SparseVector] = {
            payload.DENSE: payload.checked_vector(point.dense, self._dimension).tolist()
        }
        if point.lexical.indices.size:
            vectors[payload.LEXICAL] = _sparse(point.lexical)
        return models.PointStruct(id=point.id, vector=vectors, payload=payload.payload_of(point))  # type: ignore[arg-type]

    @contextmanager
    def _engine(self, doing: str) -> Iterator[None]:
        try:
            with self._turn:
                yield
        except (ResponseHandlingException, ConnectionError, TimeoutError) as error:
            raise Unavailable(
                f"the Qdrant server at {self._where} does not answer (to {doing})",
                advice="check that it runs and that QORGAN_INDEX__URL names it",
            ) from error
        except UnexpectedResponse as error:
            raise StorageError(
                f"the Qdrant server at {self._where} refused to {doing}: status {error.status_code}",
                advice="check QORGAN_INDEX__API_KEY and the server's log",
            ) from error
        except (ApiException, ValueError, RuntimeError) as error:
            raise StorageError(
                f"the index at {self._where} could not {doing}: {error}", advice="see the server's log"
            ) from error


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=vector.indices.tolist(), values=vector.values.tolist())


def _filter(wanted: Iterable[payload.Condition]) -> models.Filter | None:
    must: list[models.Condition] = [
        models.FieldCondition(key=c.field, match=models.MatchAny(any=list(c.values)))
        if isinstance(c, payload.OneOf)
        else models.FieldCondition(key=c.field, range=models.Range(lte=c.lte, gt=c.gt))
        for c in wanted
    ]
    return models.Filter(must=must) if must else None
