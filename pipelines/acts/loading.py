"""Loading an act: a durable pipeline from a kept file to clauses that can be found.

Each step is idempotent and its state small, so that a kill at any point loses nothing and doubles nothing: the source
is a blob, what was read of it is another, clauses are records with stable ids, index points carry content hashes.
"""

import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from core.blobs import BlobStore
from core.errors import InvalidInput
from core.jobs.progress import report
from core.jobs.records import State, Step
from core.records import Redaction, RedactionStatus
from core.settings import UploadSettings
from core.storage.acts import ActStore
from knowledge_base.clauses import Sidecar, parse
from knowledge_base.embedding import Embedder
from knowledge_base.index.port import ClauseIndex
from knowledge_base.search.indexing import index_redaction
from pipelines.acts.isolation import read_isolated
from pipelines.acts.keeping import dump_document, load_document

PIPELINE = "acts.load"


@dataclass(frozen=True)
class ActLoading:
    """The steps of loading an act and what they work with."""

    blobs: BlobStore
    store: ActStore
    index: ClauseIndex
    embedder: Embedder
    uploads: UploadSettings

    def steps(self) -> tuple[Step, ...]:
        """Return the pipeline, in order."""
        return (
            Step("read_source", self.read_source),  # file -> paragraphs and tables
            Step("cut_into_clauses", self.cut_into_clauses),  # -> act, redaction, clauses, report
            Step("settle_redactions", self.settle_redactions),  # the earlier redaction ends where this one begins
            Step("index_clauses", self.index_clauses),  # -> dense and lexical vectors
        )

    def read_source(self, state: State) -> State:
        """Read the kept file in a process of its own; keep what was read as a blob."""
        name = str(state["name"])
        with tempfile.TemporaryDirectory(prefix="qorgan-") as folder:
            path = Path(folder) / "source"
            path.write_bytes(self.blobs.get(str(state["source"])))
            document = read_isolated(path, name, self.uploads)
        return {**state, "document": self.blobs.put(dump_document(document))}

    def cut_into_clauses(self, state: State) -> State:
        """Cut what was read into clauses and store them with their report."""
        document = load_document(self.blobs.get(str(state["document"])))
        given = state.get("sidecar")
        if given is not None and not isinstance(given, dict):
            raise InvalidInput("the sidecar is not an object", advice="give act metadata as a JSON object")
        report(0.1)
        parsed = parse(document, Sidecar.from_mapping(given) if given else None)
        report(0.7)
        figures: dict[str, object] = {**parsed.report.to_json(), "replaces": list(parsed.replaces)}
        self.store.save_redaction(parsed.act, parsed.redaction, parsed.clauses, figures)
        return {**state, "act_id": parsed.act.id, "redaction_id": parsed.redaction.id}

    def settle_redactions(self, state: State) -> State:
        """End each redaction of the act at the day on which the next one begins."""
        redactions = self.store.redactions(str(state["act_id"]))
        for earlier, later in itertools.pairwise(redactions):
            ended = _ended(earlier, later)
            if ended != earlier:
                self.store.set_redaction_validity(
                    ended.id,
                    valid_from=ended.valid_from,
                    valid_to=ended.valid_to,
                    status=ended.status,
                    replaced_by=ended.replaced_by,
                )
        return state

    def index_clauses(self, state: State) -> State:
        """Index what changed of the act: its new redaction, and the validity of the others."""
        act = self.store.act(str(state["act_id"]))
        redactions = self.store.redactions(act.id)
        written = kept = removed = 0
        for done, redaction in enumerate(redactions):
            share = (done / len(redactions), 1 / len(redactions))
            clauses = self.store.clauses(redaction.id)
            indexed = index_redaction(
                self.index,
                self.embedder,
                act,
                redaction,
                redactions,
                clauses,
                lambda part, share=share: report(share[0] + part * share[1]),  # type: ignore[misc]
            )
            written, kept, removed = written + indexed.written, kept + indexed.kept, removed + indexed.removed
        redaction_id = str(state["redaction_id"])
        return {
            "act_id": act.id,
            "redaction_id": redaction_id,
            "number": act.number,
            "indexed": {"written": written, "kept": kept, "removed": removed},
            "report": self.store.report(redaction_id),
        }


def _ended(earlier: Redaction, later: Redaction) -> Redaction:
    """Return the earlier redaction as it stands once the later one is known."""
    if later.valid_from is None or (earlier.valid_to is not None and earlier.valid_to <= later.valid_from):
        return earlier
    return replace(earlier, valid_to=later.valid_from, status=RedactionStatus.SUPERSEDED)
