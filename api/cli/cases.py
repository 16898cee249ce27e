"""`qorgan cases load | list` (and `causes`: `api.cli.suggesting`)."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import AsJson, console, print_json, print_table, progress
from api.cli.start import ACTOR, cases_of_records
from core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.settings import Settings
    from pipelines.cases.mapping import CaseMapping
    from pipelines.cases.report import RowIssue

app = typer.Typer(help="Fires and their causes.", no_args_is_help=True)


@app.command("load")
def load(
    path: Annotated[Path, typer.Argument(help="CSV, CSV.gz or XLSX of past fires.")],
    mapping: Annotated[str, typer.Option(help="Mapping of its columns: a YAML file, or the name of a saved one.")],
    issues: Annotated[
        Path | None, typer.Option(help="Write every issue to this file, .csv or .json (one object a line).")
    ] = None,
    check: Annotated[bool, typer.Option(help="Only read and report; keep nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load past fires and report on every row that was not taken over whole. Loading again changes nothing."""
    if not path.is_file():
        raise NotFound(f"no file {path}", advice="check the path")
    if issues is not None and issues.suffix not in (".csv", ".json"):
        raise InvalidInput(f"{issues.name} is neither .csv nor .json", advice="name the file so")
    from core.records import stable_id
    from pipelines.cases.importing import CaseImport
    from pipelines.cases.loading import keep_cases, short

    with cases_of_records() as (store, office, settings), progress() as bars, _writer(issues) as write:
        chosen = _mapping(mapping, settings)
        task = bars.add_task(path.name[:50], total=1.0)
        reading = CaseImport(
            path,
            chosen,
            max_unpacked_bytes=settings.cases.max_unpacked_bytes,
            on_issue=write,
            on_progress=lambda share: bars.update(task, completed=share),
        )
        saved: dict[str, int] | None = None
        if check:
            for _ in reading:
                pass
        else:
            import_id = stable_id("import", chosen.name, path.name)
            office.audit.append(
                actor=ACTOR, action="cases.load", subject=import_id, detail={"bytes": path.stat().st_size}
            )
            saved = keep_cases(reading, store, actor=ACTOR, import_id=import_id)
    found = short(reading.report)
    if as_json:
        print_json({"report": found, "saved": saved})
    else:
        _print(found, saved)
    if not reading.report.cases:
        raise typer.Exit(2)


@app.command("list")
def list_cases(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most cases listed.")] = 50, as_json: AsJson = False
) -> None:
    """List the cases changed last."""
    from api.schemas.cases import brief_out

    with cases_of_records() as (store, _, _):
        found = store.cases(limit=limit).cases
    if as_json:
        print_json([brief_out(case).model_dump(mode="json") for case in found])
        return
    rows = [(c.case.id, c.case.occurred_on or "", c.state.value, c.case.cause or "", c.case.title) for c in found]
    print_table(("id", "day", "state", "cause", "title"), rows)


def _mapping(given: str, settings: "Settings") -> "CaseMapping":
    from api.case_imports import saved_mapping
    from pipelines.cases.mapping import load_mapping, read_mapping

    if Path(given).suffix in (".yaml", ".yml") or Path(given).is_file():
        return load_mapping(Path(given))
    return read_mapping(saved_mapping(given, settings), given)


@contextmanager
def _writer(path: Path | None) -> Iterator["Callable[[RowIssue], None] | None"]:
    """Give what writes issues to the file as they come, `None` without a file."""
    if path is None:
        yield None
        return
    from pipelines.cases.report import csv_of, issue_object

    as_csv = path.suffix == ".csv"
    with path.open("w", encoding="utf-8-sig" if as_csv else "utf-8", newline="") as stream:
        if as_csv:
            stream.writelines(csv_of(()))

        def write(issue: "RowIssue") -> None:
            if as_csv:
                stream.writelines(csv_of([issue_object(issue)], header=False))
            else:
                stream.write(json.dumps(issue_object(issue), ensure_ascii=False) + "\n")

        yield write


def _print(found: Mapping[str, object], saved: Mapping[str, int] | None) -> None:
    out = console()
    names = ("file", "kind", "encoding", "rows", "cases", "open_cases", "refused", "duplicates", "blank")
    for name in names:
        out.print(f"{name.replace('_', ' ')}: {found[name]}", markup=False, soft_wrap=True)
    for name in ("excluded", "issues"):
        _print_counts(name, found[name])
    if saved is not None:
        _print_counts("saved", saved)
    first = found["first_issues"]
    rows = [tuple(issue.values()) for issue in first if isinstance(issue, dict)] if isinstance(first, list) else []
    if rows:
        print_table(("row", "column", "what", "outcome", "detail", "value"), rows)


def _print_counts(name: str, counts: object) -> None:
    listed = ", ".join(f"{what} {n}" for what, n in counts.items()) if isinstance(counts, Mapping) else ""
    console().print(f"{name}: {listed or 'none'}", markup=False, soft_wrap=True)
