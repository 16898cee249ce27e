"""`qorgan calls transcribe | show | list`."""

import hashlib
import json
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.call_text import print_call
from api.cli.output import AsJson, print_json, print_table, progress
from api.cli.start import ACTOR, calls_of_records, whole_service
from core.errors import InvalidInput, NotFound
from core.languages import Language

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from api.contract import Services, TakenCall
    from core.jobs.records import Job

app = typer.Typer(help="Recorded emergency calls.", no_args_is_help=True)
_POLL_S = 0.2
_SOUNDS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus"})


@app.command("transcribe")
def transcribe(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, or directories of them.")],
    language: Annotated[Language | None, typer.Option(help="Language spoken; the setting unless given.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for one JSON file a call.")] = None,
    again: Annotated[bool, typer.Option(help="Transcribe anew what was transcribed before, as another call.")] = False,
    as_json: AsJson = False,
) -> None:
    """Transcribe recordings and fill their cards. They are kept, and stand on the page of calls."""
    from api.call_reading import call_out

    files = recordings(paths)
    shown: list[dict[str, object]] = []
    failed = False
    with whole_service() as services:
        with progress() as bars:
            taken = [(path, _submit(services, path, language, again)) for path in files]
            tasks = [(path, one, bars.add_task(path.name[:50], total=1.0)) for path, one in taken]
            for _, one, task in tasks:
                failed = _wait(services, one, bars, task).error is not None or failed
        for path, one in taken:
            call = call_out(services.calls, services.calls.call(one.call_id))
            document = {"file": path.name, **call.model_dump(mode="json")}
            if out is not None:
                _write(out, path, document)
            if as_json:
                shown.append(document)
            else:
                print_call(call)
    if as_json:
        print_json(shown)
    if failed:
        raise typer.Exit(2)


@app.command("show")
def show(call_id: Annotated[str, typer.Argument(help="Id of the call.")], as_json: AsJson = False) -> None:
    """Show a call: transcript, keywords, card, missing questions, quality."""
    from api.call_reading import call_out

    with calls_of_records() as calls:
        call = call_out(calls, calls.call(call_id))
    if as_json:
        print_json(call.model_dump(mode="json"))
    else:
        print_call(call)


@app.command("list")
def list_calls(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most calls listed.")] = 50, as_json: AsJson = False
) -> None:
    """List the latest calls."""
    from api.schemas.calls import CallBriefOut

    with calls_of_records() as calls:
        found = calls.calls(limit=limit).calls
    if as_json:
        print_json([CallBriefOut.model_validate(call).model_dump(mode="json") for call in found])
        return
    rows = [
        (
            call.id,
            f"{call.started_at.astimezone():%Y-%m-%d %H:%M}",
            call.state.value,
            f"{call.duration_s:.0f} s" if call.duration_s is not None else "",
            call.incident_type or call.call_class or "",
            call.place,
            call.file_name,
        )
        for call in found
    ]
    print_table(("id", "started", "state", "length", "incident", "place", "file"), rows)


def recordings(paths: list[Path]) -> list[Path]:
    """Return the files to transcribe. Raises `NotFound`, `InvalidInput`."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(inner for inner in path.iterdir() if inner.suffix.lower() in _SOUNDS and inner.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise NotFound(f"no file or directory {path}", advice="check the path")
    if not found:
        raise InvalidInput("there is nothing to transcribe", advice="give wav, flac, mp3 or ogg files")
    return found


def _submit(services: "Services", path: Path, language: Language | None, again: bool) -> "TakenCall":
    from api.contract import CallUpload

    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    key = uuid.uuid4().hex if again else f"{content} {path.name} {language or ''}"
    upload = CallUpload(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC), None, language)
    taken = services.recordings.submit(path, upload, actor=ACTOR, key=key)
    services.security.audit.append(
        actor=ACTOR, action="calls.upload", subject=taken.call_id, detail={"bytes": path.stat().st_size}
    )
    return taken


def _wait(services: "Services", taken: "TakenCall", bars: "Progress", task: "TaskID") -> "Job":
    while True:
        job = services.jobs.job(taken.job_id)
        bars.update(task, completed=job.progress)
        if job.finished:
            return job
        time.sleep(_POLL_S)


def _write(folder: Path, path: Path, document: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=2)
    (folder / f"{path.name}.json").write_text(text + "\n", encoding="utf-8")
