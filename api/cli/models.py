"""`qorgan models pull | list | verify`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import AsJson, print_json, print_table, progress
from api.cli.start import load_settings, quiet_logs

if TYPE_CHECKING:
    from core.models import ModelRow, PullProgress

app = typer.Typer(help="Models: bring them here, see them, check every byte.", no_args_is_help=True)


@app.command("pull")
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which models; all that are needed unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring models into the data directory and check them. What is here and right is left as it is."""
    from core import models

    settings = load_settings()
    quiet_logs(settings)
    with progress() as bars:
        tasks: dict[str, int] = {}

        def show(now: "PullProgress") -> None:
            if now.model not in tasks:
                tasks[now.model] = bars.add_task(now.model, total=1.0)
            bars.update(
                list(bars.task_ids)[list(tasks).index(now.model)],
                completed=now.done,
                description=f"{now.model}: {now.step}",
            )

        rows = models.pull(settings, names or (), show)
    _print(rows, as_json)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models of the manifest and whether they are here."""
    from core import models

    _print(models.list_models(load_settings()), as_json)


@app.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Hash every byte of every model that is here; ends with code 2 when one is altered."""
    from core import models

    rows = models.verify(load_settings())
    _print(rows, as_json)
    if any(row.state == "altered" for row in rows):
        raise typer.Exit(2)


def _print(rows: "list[ModelRow]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    shown = [
        (row.name, row.role, row.state, row.licence, f"{row.size_bytes / 2**20:.0f} MiB", row.detail) for row in rows
    ]
    print_table(("model", "role", "state", "licence", "size", ""), shown)
