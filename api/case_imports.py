"""Takes files of cases in: keeps the file and its mapping, starts the job that reads them."""

import uuid
from pathlib import Path

from core.blobs import BlobStore
from core.errors import InvalidInput, NotFound, TooLarge
from core.jobs.records import State
from core.jobs.service import Jobs
from core.settings import Settings
from pipelines.cases.loading import PIPELINE, require_same
from pipelines.cases.mapping import read_mapping


class FileImports:
    """Files of cases on their way from an upload to a job."""

    def __init__(self, settings: Settings, blobs: BlobStore, jobs: Jobs) -> None:
        self._settings = settings
        self._blobs = blobs
        self._jobs = jobs

    def submit(self, path: Path, name: str, mapping: str, *, actor: str, territory: str | None, key: str | None) -> str:
        """Keep the file and return the job that imports it; the mapping is the YAML itself.

        Raises `InvalidInput` (an empty file, a wrong mapping), `TooLarge`, `Conflict` when the key came with another.
        """
        read_mapping(mapping)
        refuse_size(path.stat().st_size, self._settings)
        with path.open("rb") as stream:
            source = self._blobs.put_stream(stream)
        key = key or uuid.uuid4().hex
        import_id = self._jobs.id_of(PIPELINE, key)
        state: State = {
            "source": source,
            "mapping": self._blobs.put(mapping.encode("utf-8")),
            "name": name,
            "actor": actor,
            "territory": territory,
            "import_id": import_id,
        }
        job_id = self._jobs.enqueue(PIPELINE, state, key=key)
        require_same(self._jobs.given(job_id), state)
        return job_id


def refuse_size(size: int, settings: Settings) -> None:
    """Raise `InvalidInput` for an empty file, `TooLarge` for one over the limit."""
    if size == 0:
        raise InvalidInput("the file is empty: it has 0 bytes", advice="choose the file again")
    limit = settings.cases.max_bytes
    if size > limit:
        raise TooLarge(
            f"the file has {size} bytes, the limit is {limit}", advice="split it, or raise the setting cases.max_bytes"
        )


def saved_mapping(name: str, settings: Settings) -> str:
    """Return the YAML of a mapping saved under a name. Raises `NotFound`, which lists the names there are."""
    folder = settings.cases.mappings or settings.data_dir / "mappings"
    known = {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder.is_dir() else {}
    if name not in known:
        listed = ", ".join(known) or "none yet"
        raise NotFound(
            f"no mapping is saved as {name[:60]!r}",
            advice=f"send the mapping itself, or save it as NAME.yaml in the directory cases.mappings; saved: {listed}",
        )
    return known[name].read_text(encoding="utf-8-sig")
