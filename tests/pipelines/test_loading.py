"""Loading acts: idempotent, incremental, and true to the dates of redactions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.blobs import FolderBlobs
from core.errors import NotReadable
from core.records import RedactionStatus
from core.settings import Settings
from core.storage.acts import ActStore
from core.storage.database import Database
from knowledge_base.embedders.cached import CachedEmbedder
from knowledge_base.index.factory import open_index
from knowledge_base.index.port import ClauseIndex, Filters
from pipelines.acts.loading import ActLoading
from tests.hashing_embedder import DIMENSIONS, HashingEmbedder

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "acts"


class CountingEmbedder(HashingEmbedder):
    def __init__(self) -> None:
        self.embedded = 0

    def embed_passages(self, texts: Sequence[str], progress: object = None) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return super().embed_passages(texts)


@dataclass
class Bench:
    loading: ActLoading
    store: ActStore
    index: ClauseIndex
    inner: CountingEmbedder
    sidecars: dict[str, dict[str, object]] = field(default_factory=dict)

    def load(self, name: str) -> dict[str, object]:
        source = self.loading.blobs.put((SAMPLES / name).read_bytes())
        state: dict[str, object] = {"source": source, "name": name, "sidecar": self.sidecars[name]}
        for step in self.loading.steps():
            state = step.run(state)
        return state


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    settings = Settings(data_dir=tmp_path)
    database = Database(settings.database_url)
    database.upgrade()
    store, inner = ActStore(database), CountingEmbedder()
    index = open_index(settings, dimension=DIMENSIONS)
    embedder = CachedEmbedder(inner, tmp_path / "embeddings.sqlite3")
    loading = ActLoading(FolderBlobs(tmp_path / "blobs"), store, index, embedder, settings.uploads)
    rows = [json.loads(line) for line in (SAMPLES / "acts.jsonl").read_text().splitlines()]
    yield Bench(loading, store, index, inner, {row["file"]: row for row in rows})
    index.close()
    database.close()


OLD, NEW = "demo-1_2023.kk+ru.txt", "demo-1_2025.kk+ru.docx"


def test_loading_again_changes_nothing(bench: Bench):
    first = bench.load(OLD)
    count, embedded = bench.index.count(), bench.inner.embedded
    again = bench.load(OLD)
    assert again["redaction_id"] == first["redaction_id"]
    assert again["indexed"] == {"written": 0, "kept": count, "removed": 0}
    assert bench.index.count() == count
    assert bench.inner.embedded == embedded
    assert len(bench.store.redactions()) == 1


def test_a_new_redaction_ends_the_old_one_and_embeds_only_what_is_new(bench: Bench):
    bench.load(OLD)
    embedded = bench.inner.embedded
    bench.load(NEW)
    old, new = bench.store.redactions()
    assert old.valid_to == new.valid_from == date(2025, 7, 1)
    assert old.status is RedactionStatus.SUPERSEDED
    assert bench.inner.embedded - embedded < embedded / 2
    vector = bench.inner.embed_queries(["ширина выхода"])[0]
    for day, redaction in ((date(2024, 1, 1), old), (date(2026, 1, 1), new)):
        hits = bench.index.dense(vector, 50, Filters(in_force_on=day))
        found = bench.store.clauses_by_id([h.clause_id for h in hits])
        assert {c.redaction_id for c in found.values()} == {redaction.id}


def test_redactions_loaded_in_the_wrong_order_end_where_they_should(bench: Bench):
    bench.load(NEW)
    bench.load(OLD)
    old, new = bench.store.redactions()
    assert old.valid_to == new.valid_from
    assert new.valid_to is None


def test_the_report_says_what_was_found(bench: Bench):
    report = bench.load(OLD)["report"]
    assert isinstance(report, dict)
    assert report["share_in_clauses"] >= 0.98
    assert report["twins_tied"] > 40
    assert report["missing_numbers"] in ((), [])


def test_what_is_no_document_is_refused_and_leaves_nothing_behind(bench: Bench):
    state: dict[str, object] = {"source": bench.loading.blobs.put(b"\x00\x01\x02" * 500), "name": "x.pdf"}
    with pytest.raises(NotReadable):
        bench.loading.read_source(state)
    assert bench.store.acts() == ()
    assert bench.index.count() == 0
