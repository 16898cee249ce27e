"""`qorgan bench loading`: what loading acts costs beside the embedder's own time in the same run.

The files go through the steps of the real pipeline, three times: into an empty base with an empty cache of vectors;
into another empty base with the vectors cached (another installation, or an index made anew); and once more into the
base that holds them. The peer is the embedder: the time spent inside the model during the first load, its weights
loaded beforehand. Everything is kept in a folder of its own that is removed at the end.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.blobs import FolderBlobs
from core.settings import Settings
from core.storage.acts import ActStore
from core.storage.database import Database
from knowledge_base.embedding import Embedder, Progress, bare_embedder, cached_in
from knowledge_base.index.factory import open_index
from pipelines.acts.loading import ActLoading

if TYPE_CHECKING:
    from knowledge_base.embedding import Vectors

BUDGET_RATIO = 1.1
"""Of the time of a first load to the embedder's own (DESIGN, budgets)."""

Source = tuple[Path, dict[str, object] | None]
"""A file and its sidecar."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Spent:
    """Time of a stretch of work; the CPU time of processes it started and waited for is in it."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)


NOTHING = Spent(0.0, 0.0)


@dataclass(frozen=True)
class Load:
    """One load of all files."""

    steps: dict[str, Spent]  # by the pipeline's names
    embedder: Spent  # of `index_clauses`, inside the model
    embedded: int  # texts that reached the model
    written: int  # points written into the index

    @property
    def total(self) -> Spent:
        """All steps together."""
        return sum(self.steps.values(), NOTHING)


class TimedEmbedder:
    """An `Embedder` that says what passages have cost so far."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.spent = NOTHING
        self.embedded = 0

    @property
    def name(self) -> str:
        """Model and revision."""
        return self._inner.name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> "Vectors":
        """Return vectors of texts to be found."""
        before = now()
        vectors = self._inner.embed_passages(texts, progress)
        self.spent += now() - before
        self.embedded += len(texts)
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> "Vectors":
        """Return vectors of texts that are looked for."""
        return self._inner.embed_queries(texts)


def run(settings: Settings, sources: Sequence[Source], say: Say = lambda _: None) -> dict[str, object]:
    """Load the files three times and return the report. Raises what loading raises, naming the file first."""
    embedder = TimedEmbedder(bare_embedder(settings))
    embedder.embed_queries(["пожар"])
    with tempfile.TemporaryDirectory(prefix="qorgan-bench-") as name:
        folder = Path(name)
        cached = cached_in(folder / "embeddings.sqlite3", embedder, settings)
        say("first load")
        first = _load(settings, folder / "first", sources, embedder, cached, say)
        say("into another base, vectors cached")
        second = _load(settings, folder / "second", sources, embedder, cached, say)
        say("again into the same base")
        again = _load(settings, folder / "second", sources, embedder, cached, say)
    ratio = {
        "wall": first.total.wall_s / max(first.embedder.wall_s, 1e-9),
        "cpu": first.total.cpu_s / max(first.embedder.cpu_s, 1e-9),
    }
    return {
        "task": "bench loading",
        "files": [path.name for path, _ in sources],
        "bytes": sum(path.stat().st_size for path, _ in sources),
        "loads": {kind: _shown(load) for kind, load in (("first", first), ("cached", second), ("again", again))},
        "ratio": ratio,
        "budgets": {
            "first_load_to_embedder_cpu": {
                "value": ratio["cpu"],
                "budget": BUDGET_RATIO,
                "met": ratio["cpu"] <= BUDGET_RATIO,
            }
        },
        "versions": {"embedder": embedder.name},
        "machine": {"cpus": os.cpu_count(), "load_average": os.getloadavg()[0], "threads": settings.models.threads},
    }


def lines(report: dict[str, object]) -> list[str]:
    """Return the report as lines of a Markdown table and the verdict."""
    loads, budgets = report["loads"], report["budgets"]
    assert isinstance(loads, dict)
    assert isinstance(budgets, dict)
    rows = [("all", "total"), *((step, step) for step in loads["first"]["steps"]), ("inside the model", "embedder")]
    table = ["| CPU-s (wall s) | first | vectors cached | again |", "|---|---|---|---|"]
    for title, key in rows:
        spent = [load["steps"].get(key) or load[key] for load in loads.values()]
        table.append(f"| {title} | " + " | ".join(f"{s['cpu_s']:.2f} ({s['wall_s']:.2f})" for s in spent) + " |")
    for key in ("embedded", "written"):
        table.append(f"| texts {key} | " + " | ".join(str(load[key]) for load in loads.values()) + " |")
    verdicts = [
        f"{name}: {'met' if budget['met'] else 'MISSED'} ({budget['value']:.3f}, budget {budget['budget']})"
        for name, budget in budgets.items()
    ]
    return [*table, "", *verdicts]


def now() -> Spent:
    """Return the clock and the CPU time of this process and of its children that have ended."""
    times = os.times()
    return Spent(time.perf_counter(), times.user + times.system + times.children_user + times.children_system)


def _load(
    settings: Settings, folder: Path, sources: Sequence[Source], timed: TimedEmbedder, cached: Embedder, say: Say
) -> Load:
    folder.mkdir(exist_ok=True)
    own = settings.model_copy(update={"data_dir": folder, "storage": settings.storage.model_copy()})
    own.storage.database_url = ""
    own.index = settings.index.model_copy(update={"backend": "edge"})
    database = Database(own.database_url)
    database.upgrade()
    index = open_index(own, dimension=timed.dimensions)
    spent: dict[str, Spent] = {}
    written, before, embedded = 0, timed.spent, timed.embedded
    try:
        loading = ActLoading(FolderBlobs(folder / "blobs"), ActStore(database), index, cached, settings.uploads)
        for path, sidecar in sources:
            say(f"  {path.name}")
            state: dict[str, object] = {"source": loading.blobs.put(path.read_bytes()), "name": path.name}
            if sidecar is not None:
                state["sidecar"] = sidecar
            for step in loading.steps():
                started = now()
                state = step.run(state)
                spent[step.name] = spent.get(step.name, NOTHING) + (now() - started)
            indexed = state["indexed"]
            assert isinstance(indexed, dict)
            written += int(indexed["written"])
    finally:
        index.close()
        database.close()
    return Load(spent, timed.spent - before, timed.embedded - embedded, written)


def _shown(load: Load) -> dict[str, object]:
    return {**asdict(load), "total": asdict(load.total)}
