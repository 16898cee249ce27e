"""The whole of the command line. Groups of layers above `api` join by the entry point group `qorgan.commands`."""

import sys
from importlib.metadata import entry_points

import typer

from api.cli import (
    accounts,
    acts,
    asking,
    audit,
    calls,
    case_training,
    cases,
    keys,
    models,
    replaying,
    serving,
    settings,
    suggesting,
)
from api.cli.output import fail
from core.errors import QorganError

COMMANDS = "qorgan.commands"
"""Entry point group: name of the command -> a Typer application."""

app = typer.Typer(
    name="qorgan",
    help="Қорған: the assistant and document intelligence of civil protection.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
serving.register(app)
asking.register(app)
app.add_typer(acts.app, name="acts")
replaying.register(calls.app)
app.add_typer(calls.app, name="calls")
suggesting.register(cases.app)
case_training.register(cases.app)
app.add_typer(cases.app, name="cases")
app.add_typer(models.app, name="models")
app.add_typer(accounts.app, name="accounts")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(settings.app, name="settings")
for _point in entry_points(group=COMMANDS):
    app.add_typer(_point.load(), name=_point.name)


def run() -> None:
    """Run the command of this process; a known error ends it with code 2, what was wrong and what to do."""
    try:
        app()
    except QorganError as error:
        fail(error)
        sys.exit(2)
