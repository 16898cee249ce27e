"""`qorgan audit verify`."""

from dataclasses import asdict

import typer

from api.cli.output import AsJson, print_json
from api.cli.start import office

app = typer.Typer(help="The audit chain.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `verify` a command of its own: Typer makes a group's only command the group itself."""


@app.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Check the whole chain; ends with code 1 when it is broken."""
    with office() as desk:
        report = desk.audit.verify()
    if as_json:
        print_json(asdict(report))
    elif report.ok:
        typer.echo(f"the audit chain holds: {report.entries} entries")
    else:
        at = f" at entry {report.broken_seq}" if report.broken_seq is not None else ""
        typer.secho(f"the audit chain is broken{at}: {report.reason}", fg=typer.colors.RED, err=True)
    if not report.ok:
        raise typer.Exit(1)
