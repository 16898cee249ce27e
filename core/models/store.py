"""What of the manifest is here, and whether it is what the manifest says."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from core.errors import ModelError
from core.models.checksums import Seen, differing, read_seen
from core.models.manifest import Model, find_model, load_manifest, model_folder
from core.settings import Settings

State = Literal["ready", "missing", "altered", "endpoint"]


@dataclass(frozen=True)
class ModelRow:
    """A model of the manifest and its standing here."""

    name: str
    role: str
    source: str
    revision: str
    licence: str
    languages: tuple[str, ...]
    state: State
    detail: str  # what is missing or altered
    optional: bool
    location: str  # folder or URL
    size_bytes: int
    scores: Mapping[str, float]
    notes: str


def list_models(settings: Settings) -> list[ModelRow]:
    """Return every model of the manifest; files that look unchanged are not hashed again."""
    return [row_of(settings, model) for model in load_manifest(settings).values()]


def verify(settings: Settings) -> list[ModelRow]:
    """Return every model of the manifest, with every byte that is here hashed anew."""
    return [row_of(settings, model, thorough=True) for model in load_manifest(settings).values()]


def require(settings: Settings, name: str) -> Path:
    """Return the folder of the model `name`, checked against its checksums.

    Cheap after the first time: a file is hashed again only when its size or time of change differ.

    Raises:
        NotFound: the manifest has no such model.
        ModelError: its files are missing or differ from the manifest, or it is served by an endpoint.
    """
    model = find_model(settings, name)
    row = row_of(settings, model)
    if row.state == "ready":
        return Path(row.location)
    if row.state == "endpoint":
        raise ModelError(
            f"model {name} is served by an endpoint and has no files", advice="Use it through its endpoint."
        )
    if row.state == "altered":
        raise ModelError(
            f"model {name} in {row.location} is not what the manifest says: {row.detail}",
            advice=f"Find out what changed it, then run `qorgan models pull {name}`.",
        )
    raise ModelError(f"model {name} is not in {row.location}: {row.detail}", advice=f"Run `qorgan models pull {name}`.")


def row_of(settings: Settings, model: Model, *, thorough: bool = False) -> ModelRow:
    """Return the standing of one model; `thorough` hashes every byte."""
    if model.kind == "endpoint":
        return _row(model, "endpoint", "", model.location, 0)
    folder = model_folder(settings, model)
    record = record_path(settings, model)
    known = read_seen(record) if _revision(record) == model.revision else {}
    pinned = model.files or {name: seen.sha256 for name, seen in known.items()}
    if not pinned:
        return _row(model, "missing", "it has not been pulled", str(folder), 0)
    wrong, now = differing(folder, pinned, {} if thorough else known)
    if not wrong and now != known:
        write_record(settings, model, now)
    state: State = "ready" if not wrong else "altered" if now else "missing"
    return _row(model, state, "; ".join(wrong), str(folder), sum(seen.size for seen in now.values()))


def record_path(settings: Settings, model: Model) -> Path:
    """Return the file that notes what was pulled: the model's row of the manifest and its files as they were."""
    return settings.data_dir / "models" / model.name / "manifest.json"


def write_record(settings: Settings, model: Model, files: Mapping[str, Seen]) -> None:
    """Note the model's row and its files; a data directory that cannot be written to is let be."""
    path = record_path(settings, model)
    content = record_of(model, files)
    partial = path.with_name(f".manifest.{os.getpid()}.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(content, encoding="utf-8")
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)


def record_of(model: Model, files: Mapping[str, Seen]) -> str:
    """Return the text of the note."""
    row = {
        "name": model.name,
        "role": model.role,
        "source": model.source,
        "revision": model.revision,
        "licence": model.licence,
        "languages": list(model.languages),
        "scores": model.scores,
        "files": {name: asdict(seen) for name, seen in sorted(files.items())},
    }
    return json.dumps(row, ensure_ascii=False, indent=2) + "\n"


def _revision(record: Path) -> str | None:
    try:
        revision = json.loads(record.read_text("utf-8"))["revision"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return revision if isinstance(revision, str) else None


def _row(model: Model, state: State, detail: str, location: str, size_bytes: int) -> ModelRow:
    return ModelRow(
        name=model.name,
        role=model.role,
        source=model.source,
        revision=model.revision,
        licence=model.licence,
        languages=model.languages,
        state=state,
        detail=detail,
        optional=model.optional,
        location=location,
        size_bytes=size_bytes,
        scores=model.scores,
        notes=model.notes,
    )
