"""`qorgan eval TASK` and `qorgan bench WHAT`; they join the command line by the entry points `qorgan.commands`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import AsJson, console, print_json
from api.cli.start import load_settings, quiet_logs

eval_app = typer.Typer(help="Measure the service on data in a documented format.", no_args_is_help=True)
bench_app = typer.Typer(help="Measure speed and memory against their budgets.", no_args_is_help=True)


@eval_app.callback()
def _tasks() -> None:
    """Keep a task a command of its own: Typer makes a group's only command the group itself."""


@bench_app.callback()
def _benches() -> None:
    """As above."""


@eval_app.command("regulations")
def regulations(
    data: Annotated[Path, typer.Option("--data", exists=True, file_okay=False, help="Folder of the set.")],
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="Write the result here as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Questions to the norms: retrieval, citations, abstentions, latency."""
    from eval.regulations import run

    settings = load_settings()
    quiet_logs(settings)
    result = run(data, settings, out, lambda said: typer.echo(said, err=True))
    _show(result, as_json)


@eval_app.command("calls")
def calls(
    data: Annotated[Path, typer.Option("--data", exists=True, file_okay=False, help="Folder of the set.")],
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="Write the result here as JSON.")] = None,
    text_only: Annotated[bool, typer.Option("--text-only", help="True transcripts alone: no model is run.")] = False,
    live: Annotated[
        list[str] | None,
        typer.Option("--live", help="Also play this call in real time; may be given again; `all`: every call."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Emergency calls: transcription, keywords, cards, the operator's conduct, sounds, distress, live lag."""
    from eval.calls.run import run

    settings = load_settings()
    quiet_logs(settings)
    result = run(data, settings, out, lambda said: typer.echo(said, err=True), listen=not text_only, live=live or ())
    _show(result, as_json)


@eval_app.command("causes")
def causes(
    data: Annotated[Path, typer.Option("--data", exists=True, file_okay=False, help="Folder of the set.")],
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="Write the result here as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fire causes: trained on the set's earlier cases, measured on its later ones beside the baselines."""
    from eval.causes import run

    settings = load_settings()
    quiet_logs(settings)
    result = run(data, settings, out, lambda said: typer.echo(said, err=True))
    _show(result, as_json)


def _show(result: dict[str, object], as_json: bool) -> None:
    from eval.table import print_result

    if as_json:
        print_json(result)
    else:
        print_result(result, console())


@bench_app.command("search")
def search(
    sizes: Annotated[list[int] | None, typer.Option("--size", min=1, help="Clauses; may be given again.")] = None,
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="Write the report here as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Search at growing numbers of synthetic clauses: latency, recall of the vector index, memory."""
    from eval.bench.search import SIZES, lines, run

    settings = load_settings()
    quiet_logs(settings)
    report = run(settings, sizes or SIZES, out)
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines(report)))


@bench_app.command("loading")
def loading(
    paths: Annotated[list[Path], typer.Argument(help="Acts: files, or directories of files with their acts.jsonl.")],
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="Write the report here as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Loading acts against the embedder's own time in the same run; loading them again."""
    from api.cli.acts import sources
    from eval.bench.loading import lines, run

    settings = load_settings()
    quiet_logs(settings)
    report = run(settings, sources(paths, None), lambda said: typer.echo(said, err=True))
    if out is not None:
        out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines(report)))
