"""A set's acts, loaded into a base of their own to be asked."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.assistant.context import Knowledge
from core.blobs import FolderBlobs
from core.errors import InvalidInput, QorganError
from core.settings import Settings
from core.storage.acts import ActStore
from core.storage.database import Database
from knowledge_base.clauses.metadata import SIDECAR_FIELDS
from knowledge_base.embedding import build_embedder
from knowledge_base.index.factory import open_index
from knowledge_base.search.base import Base, NormativeBase
from pipelines.acts.loading import ActLoading

Say = Callable[[str], None]


@dataclass
class Loaded:
    """The set's acts, loaded into a base of their own."""

    store: ActStore
    base: Base
    knowledge: Knowledge
    reports: dict[str, dict[str, object]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


@contextmanager
def loaded_acts(data: Path, settings: Settings, say: Say) -> Iterator[Loaded]:
    """Load all files of `data/acts` into a base of its own; embeddings are cached in the data directory."""
    sidecars = _sidecars(data / "acts" / "acts.jsonl")
    files = sorted(p for p in (data / "acts").iterdir() if p.is_file() and p.name != "acts.jsonl")
    if not files:
        raise InvalidInput(f"no acts in {data / 'acts'}", advice="give the folder that holds acts/ and questions.jsonl")
    with TemporaryDirectory(prefix="qorgan-eval-") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder)})
        database = Database(own.database_url)
        database.upgrade()
        store = ActStore(database)
        embedder = build_embedder(settings)
        index = open_index(own, dimension=embedder.dimensions)
        loading = ActLoading(FolderBlobs(Path(folder) / "blobs"), store, index, embedder, settings.uploads)
        reports: dict[str, dict[str, object]] = {}
        failures: dict[str, str] = {}
        for number, file in enumerate(files, start=1):
            say(f"loading {number}/{len(files)}: {file.name}")
            state: dict[str, object] = {"source": loading.blobs.put(file.read_bytes()), "name": file.name}
            if file.name in sidecars:
                state["sidecar"] = sidecars[file.name]
            try:
                for step in loading.steps():
                    state = step.run(state)
                result = state["report"]
                assert isinstance(result, dict)
                reports[file.name] = result
            except QorganError as error:
                failures[file.name] = f"{error.code}: {error.detail}"
                say(f"  not loaded: {error.detail}")
        index.mark_rebuilt()
        base = NormativeBase(store, index, embedder, Path(folder) / "terms").current()
        knowledge = Knowledge.of(
            base, store, home=settings.search.jurisdiction, embedder=embedder.name, index=index.version
        )
        yield Loaded(store, base, knowledge, reports, failures)
        index.close()
        database.close()


def _sidecars(path: Path) -> dict[str, dict[str, object]]:
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    # A set may say more of an act than a sidecar holds, such as where it was found.
    return {row["file"]: {name: row[name] for name in SIDECAR_FIELDS if name in row} for row in rows}
