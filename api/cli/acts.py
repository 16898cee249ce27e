"""`qorgan acts load | list`."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import AsJson, console, print_json, print_table, progress
from api.cli.start import ACTOR, load_settings, quiet_logs, whole_service
from core.errors import InvalidInput, NotFound
from core.languages import Language

if TYPE_CHECKING:
    from rich.progress import Progress

    from api.contract import Services
    from core.jobs.records import Job

app = typer.Typer(help="Normative acts.", no_args_is_help=True)
SIDECARS = "acts.jsonl"
"""File of a directory of acts: a line of JSON per act, its `file` naming which."""
_POLL_S = 0.1
Sidecar = dict[str, object]


@app.command("load")
def load(
    paths: Annotated[list[Path], typer.Argument(help="Files, or directories of files.")],
    sidecar: Annotated[
        Path | None,
        typer.Option(help="JSON with what the file does not say of itself; acts.jsonl of the directory unless given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load acts and wait for their reports. Loading the same file again changes nothing."""
    files = sources(paths, sidecar)
    results: list[dict[str, object]] = []
    with whole_service() as services, progress() as bars:
        jobs = [(path, services.loader.submit(path, path.name, given, None)) for path, given in files]
        for path, job_id in jobs:
            services.security.audit.append(
                actor=ACTOR, action="acts.load", subject=job_id, detail={"bytes": path.stat().st_size}
            )
        tasks = [(path, job_id, bars.add_task(path.name[:50], total=1.0)) for path, job_id in jobs]
        for path, job_id, task in tasks:
            results.append(_result(path, _wait(services, job_id, bars, task)))
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print_result(result)
    if any(result["state"] != "done" for result in results):
        raise typer.Exit(2)


@app.command("list")
def list_acts(as_json: AsJson = False) -> None:
    """List the acts that are loaded, with their redactions."""
    from api.schemas.norms import act_out, redaction_out
    from core.storage.acts import ActStore
    from core.storage.database import Database

    settings = load_settings()
    quiet_logs(settings)
    database = Database(settings.database_url)
    database.upgrade()
    store = ActStore(database)
    redactions = store.redactions()
    acts = [(act, [r for r in redactions if r.act_id == act.id]) for act in store.acts()]
    database.close()
    if as_json:
        print_json(
            [
                {
                    **act_out(act).model_dump(mode="json"),
                    "redactions": [redaction_out(r).model_dump(mode="json") for r in own],
                }
                for act, own in acts
            ]
        )
        return
    rows = [
        (
            act.jurisdiction,
            act.number,
            act.titles.get(Language.RU) or next(iter(act.titles.values()), ""),
            r.valid_from or "",
            r.valid_to or "",
            r.status,
        )
        for act, own in acts
        for r in own
    ]
    print_table(("", "number", "title", "from", "until", "status"), rows)


def sources(paths: list[Path], sidecar: Path | None) -> list[tuple[Path, Sidecar | None]]:
    """Return the files to load, each with its sidecar. Raises `NotFound`, `InvalidInput`."""
    from knowledge_base.clauses.metadata import Sidecar as ActSidecar

    given = _read_object(sidecar) if sidecar else None
    found: list[tuple[Path, Sidecar | None]] = []
    for path in paths:
        if path.is_dir():
            known = _read_sidecars(path / SIDECARS)
            inside = sorted(inner for inner in path.iterdir() if inner.is_file() and inner.name != SIDECARS)
            found += [(inner, known.get(inner.name)) for inner in inside if not inner.name.startswith(".")]
        elif path.is_file():
            found.append((path, given or _read_sidecars(path.parent / SIDECARS).get(path.name)))
        else:
            raise NotFound(f"no file or directory {path}", advice="check the path")
    if not found:
        raise InvalidInput("there is nothing to load", advice="give files, or directories that hold files")
    if given is not None and len(found) > 1:
        raise InvalidInput("one sidecar cannot describe several files", advice=f"use {SIDECARS} in their directory")
    for path, described in found:
        try:
            ActSidecar.from_mapping(described or {})
        except InvalidInput as error:
            raise InvalidInput(f"{path.name}: {error.detail}", advice=error.advice) from error
    return found


def _read_object(path: Path) -> Sidecar:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound(f"the sidecar {path} cannot be read", advice="check the path") from error
    except ValueError as error:
        raise InvalidInput(f"the sidecar {path} is not JSON: {error}", advice="correct the file") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"the sidecar {path} is not a JSON object", advice="begin it with {")
    return value


def _read_sidecars(path: Path) -> dict[str, Sidecar]:
    if not path.is_file():
        return {}
    known: dict[str, Sidecar] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            known[str(value["file"])] = dict(value)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"{path}, line {number}: not a JSON object with `file`", advice="correct the line"
            ) from error
    return known


def _wait(services: "Services", job_id: str, bars: "Progress", task: object) -> "Job":
    from rich.progress import TaskID

    assert isinstance(task, int)
    while True:
        job = services.jobs.job(job_id)
        bars.update(TaskID(task), completed=job.progress)
        if job.finished:
            return job
        time.sleep(_POLL_S)


def _result(path: Path, job: "Job") -> dict[str, object]:
    result: dict[str, object] = {"file": path.name, "job_id": job.id, "state": job.state.value}
    if job.error is not None:
        result["error"] = {"code": job.error.code, "detail": job.error.detail, "advice": job.error.advice}
    return {**result, **({"result": job.result} if job.result is not None else {})}


def _print_result(result: Mapping[str, object]) -> None:
    out = console()
    error = result.get("error")
    style = "green" if result["state"] == "done" else "red"
    out.print(f"{result['file']}: {result['state']}", markup=False, style=style)
    if isinstance(error, dict):
        out.print(f"  {str(error['detail']).rstrip('.')}. {error['advice']}", markup=False, soft_wrap=True)
    inner = result.get("result")
    report = inner.get("report", inner) if isinstance(inner, dict) else None
    if isinstance(report, dict):
        for name, value in report.items():
            out.print(f"  {name.replace('_', ' ')}: {_brief(value)}", markup=False, soft_wrap=True)


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_brief(inner)}" for name, inner in list(value.items())[:20]) or "none"
    if isinstance(value, list | tuple):
        more = f" and {len(value) - 5} more" if len(value) > 5 else ""
        return ("; ".join(_brief(inner) for inner in value[:5]) + more) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
