"""The sample acts, loaded through the real pipeline; only the embedder is a stand-in."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agents.assistant.assistant import QuoteAssistant
from agents.assistant.context import Knowledge, Replacement
from core.blobs import FolderBlobs
from core.settings import Settings
from core.storage.acts import ActStore
from core.storage.database import Database
from knowledge_base.index.factory import open_index
from knowledge_base.search.base import NormativeBase
from pipelines.acts.loading import ActLoading
from tests.hashing_embedder import DIMENSIONS, HashingEmbedder

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "acts"
TODAY = date(2026, 3, 2)


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    folder = tmp_path_factory.mktemp("base")
    settings = Settings(data_dir=folder)
    database = Database(settings.database_url)
    database.upgrade()
    store, embedder = ActStore(database), HashingEmbedder()
    index = open_index(settings, dimension=DIMENSIONS)
    loading = ActLoading(FolderBlobs(folder / "blobs"), store, index, embedder, settings.uploads)
    for line in (SAMPLES / "acts.jsonl").read_text().splitlines():
        sidecar = json.loads(line)
        source = loading.blobs.put((SAMPLES / sidecar["file"]).read_bytes())
        state: dict[str, object] = {"source": source, "name": sidecar["file"], "sidecar": sidecar}
        for step in loading.steps():
            state = step.run(state)
    base = NormativeBase(store, index, embedder, folder / "terms").current()
    known = Knowledge.of(base, store, home="KZ", embedder=embedder.name, index=index.version)
    elsewhere = Replacement("СН РК 9.01-01-2001", base.names.acts[0])
    yield replace(known, replaced=(*known.replaced, elsewhere))
    index.close()
    database.close()


@pytest.fixture(scope="session")
def assistant(knowledge: Knowledge) -> QuoteAssistant:
    return QuoteAssistant(lambda: knowledge, max_chars=4000, today=lambda: TODAY)
