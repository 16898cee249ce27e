"""The durable pipeline of a file of cases: read it by its mapping, keep its cases, keep the report of every row."""

import json
import tempfile
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from typing import IO

from core.blobs import BlobStore
from core.errors import Conflict
from core.jobs.progress import report
from core.jobs.records import State, Step
from core.settings import CaseSettings
from core.storage.cases import CaseStore
from core.telemetry import metrics
from pipelines.cases.importing import CaseImport
from pipelines.cases.mapping import read_mapping
from pipelines.cases.report import ImportReport, RowIssue, issue_object
from pipelines.cases.values import IssueKind

PIPELINE = "cases.load"
_BATCH = 1000
_SHOWN_ISSUES = 20
_SHOWN_CATEGORIES = 10


class CaseLoading:
    """The steps; each may run again and then changes nothing that is kept already."""

    def __init__(self, blobs: BlobStore, store: CaseStore, settings: CaseSettings) -> None:
        self._blobs = blobs
        self._store = store
        self._settings = settings

    def steps(self) -> tuple[Step, ...]:
        """Return the steps in order."""
        return (Step("import_cases", self.import_cases),)

    def import_cases(self, state: State) -> State:
        """Read the file and keep its cases.

        Takes `source` and `mapping` (blobs), `name`, `actor`, `territory`, `import_id`. Gives the report in short and
        `issues`: a blob with a line of JSON for each of them. Raises what `CaseImport` does.
        """
        mapping = read_mapping(self._blobs.get(str(state["mapping"])).decode("utf-8"))
        with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile("w+b") as issues:
            with self._blobs.open(str(state["source"])) as source:
                copyfileobj(source, file)
            file.flush()
            reading = CaseImport(
                Path(file.name),
                mapping,
                file_name=str(state["name"]),
                territory=str(state["territory"]) if state.get("territory") else None,
                max_unpacked_bytes=self._settings.max_unpacked_bytes,
                on_issue=lambda issue: _write(issues, issue),
                on_progress=report,
            )
            saved = keep_cases(reading, self._store, actor=str(state["actor"]), import_id=str(state["import_id"]))
            issues.seek(0)
            kept = self._blobs.put_stream(issues)
        found = reading.report
        metrics.CASES.labels("kept").inc(found.cases)
        metrics.CASES.labels("refused").inc(found.refused)
        return {**state, "report": short(found), "saved": saved, "issues": kept}


def keep_cases(reading: CaseImport, store: CaseStore, *, actor: str, import_id: str) -> dict[str, int]:
    """Read all cases into the records, a thousand at a time; return how many were added, changed, unchanged, kept.

    A case that people changed since it was imported stays as they left it; the report says so.
    """
    counts = {"added": 0, "changed": 0, "unchanged": 0, "kept_as_people_left_them": 0}
    cases = iter(reading)
    while batch := list(islice(cases, _BATCH)):
        saved = store.save_imported(batch, actor, import_id)
        rows = {case.id: int(case.source.rpartition(" ")[2]) for case in batch}
        for case_id in saved.kept:
            detail = f"the case {case_id} was changed by people since; it stays as it is"
            reading.tell(RowIssue.of(rows[case_id], "", IssueKind.CHANGED_BY_PEOPLE, "kept", detail))
        counts["added"] += saved.added
        counts["changed"] += saved.changed
        counts["unchanged"] += saved.unchanged
        counts["kept_as_people_left_them"] += len(saved.kept)
    return counts


def short(found: ImportReport) -> dict[str, object]:
    """Return the report as JSON, the first issues and the most frequent categories only."""
    own = {fact: dict(list(counts.items())[:_SHOWN_CATEGORIES]) for fact, counts in found.own_categories.items()}
    cut = asdict(replace(found, first_issues=(), own_categories=own))
    cut["first_issues"] = [issue_object(issue) for issue in found.first_issues[:_SHOWN_ISSUES]]
    cut["own_categories_of"] = {fact: len(counts) for fact, counts in found.own_categories.items()}
    as_json: dict[str, object] = json.loads(json.dumps(cut))
    return as_json


def require_same(given: State, state: State) -> None:
    """Raise `Conflict` unless a repeated request is the same one."""
    if given != state:
        raise Conflict(
            "this Idempotency-Key came with another file, file name or mapping before",
            advice="send a new key with a new request",
        )


def _write(stream: IO[bytes], issue: RowIssue) -> None:
    stream.write(json.dumps(issue_object(issue), ensure_ascii=False).encode() + b"\n")
