"""`qorgan cases train`: a new version of the model of causes from the closed cases."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import AsJson, console, print_json, print_table
from api.cli.start import ACTOR, load_settings, quiet_logs
from core.errors import InvalidInput

if TYPE_CHECKING:
    from pipelines.cases.model.updating import Update


def register(app: typer.Typer) -> None:
    """Add the command to `qorgan cases`."""
    app.command("train")(train)


def train(
    force: Annotated[bool, typer.Option("--force", help="Let the new model answer though it is worse.")] = False,
    reason: Annotated[str, typer.Option(help="Why a worse model is to answer; kept in the audit.")] = "",
    mapping: Annotated[
        list[Path] | None,
        typer.Option("--mapping", exists=True, dir_okay=False, help="Mapping whose own facts are used too."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the model of causes on the closed cases; a model worse than the current one does not replace it."""
    if force and not reason.strip():
        raise InvalidInput("--force needs a reason", advice='say why: --force --reason "..."')
    from core.blobs import FolderBlobs
    from core.security.office import build_office
    from core.storage.case_models import CaseModelStore
    from core.storage.cases import CaseStore
    from core.storage.database import Database
    from pipelines.cases.mapping import load_mapping
    from pipelines.cases.model.updating import update
    from pipelines.cases.schema import shipped_schema

    settings = load_settings()
    quiet_logs(settings)
    schema = shipped_schema()
    for path in mapping or ():
        schema = schema.extended(load_mapping(path).own_facts)
    database = Database(settings.database_url)
    database.upgrade()
    try:
        made = update(
            CaseStore(database).closed_cases(),
            schema,
            CaseModelStore(database),
            FolderBlobs(settings.data_dir / "blobs"),
            actor=ACTOR,
            force_reason=reason if force else None,
            say=lambda said: typer.echo(said, err=True),
        )
        build_office(settings, database).audit.append(
            actor=ACTOR,
            action="cases.train",
            subject=made.version.version,
            detail={"state": made.version.state.value, "cases": made.version.cases, "forced": force, "reason": reason},
        )
    finally:
        database.close()
    if as_json:
        print_json({"version": made.version.version, "state": made.version.state.value, **asdict(made.comparison)})
    else:
        _print(made)
    if not made.replaced:
        raise typer.Exit(2)


def _print(made: "Update") -> None:
    version, compared = made.version, made.comparison
    current = compared.current or {}
    rows = [
        (name, f"{value:.3f}", f"{current[name]:.3f}" if name in current else "")
        for name, value in compared.candidate.items()
    ]
    print_table(("on the latest cases", "new recipe", "current model"), rows)
    out = console()
    if compared.current_saw:
        said = "The current model was trained on some of these cases; its figures are those of its own latest cases."
        out.print(said, soft_wrap=True)
    if compared.low is not None and compared.high is not None:
        gap = f"{compared.gap:+.3f} ({compared.low:+.3f} … {compared.high:+.3f})"
        out.print(f"log loss, new less current: {gap}", markup=False, soft_wrap=True)
    if made.replaced:
        out.print(f"model {version.version} answers now; trained on {version.cases} cases", soft_wrap=True)
    else:
        out.print(f"refused: {version.note}; the current model stays", markup=False, soft_wrap=True)
