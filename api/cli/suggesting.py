"""`qorgan cases causes`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import AsJson, console, print_json
from api.cli.start import ACTOR, load_settings, quiet_logs
from core.languages import Language

if TYPE_CHECKING:
    from agents.investigator.advising import CauseAdviser
    from api.schemas.causes import ArgumentOut, CausesOut
    from core.security.office import SecurityOffice
    from core.storage.cases import CaseStore


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("causes")(causes)


def causes(
    case_id: Annotated[str, typer.Argument(help="Id of a case: `qorgan cases list` gives it.")],
    language: Annotated[Language, typer.Option(help="Language of names and texts.")] = Language.RU,
    plan: Annotated[Path | None, typer.Option(help="Also write the plan for checking them to this DOCX file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Suggest causes of a fire from past cases: a set with evidence, and what to check next."""
    from api.cause_desk import CauseDesk
    from core.security.permissions import Role
    from core.security.principal import Principal

    with _service() as service:
        desk = CauseDesk(service, Principal("account", ACTOR, Role.ADMINISTRATOR, ACTOR))
        found = desk.suggest(case_id, language)
        if plan is not None:
            plan.write_bytes(desk.plan(case_id, language))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)


@dataclass(frozen=True)
class _Service:
    cases: "CaseStore"
    causes: "CauseAdviser"
    security: "SecurityOffice"


@contextmanager
def _service() -> Iterator[_Service]:
    """Give what suggestions need; no index, no other models."""
    from api.advising import build_adviser
    from core.blobs import FolderBlobs
    from core.security.office import build_office
    from core.storage.cases import CaseStore
    from core.storage.database import Database

    settings = load_settings()
    quiet_logs(settings)
    database = Database(settings.database_url)
    database.upgrade()
    try:
        cases = CaseStore(database)
        adviser = build_adviser(database, cases, FolderBlobs(settings.data_dir / "blobs"))
        yield _Service(cases, adviser, build_office(settings, database))
    finally:
        database.close()


def _print(found: "CausesOut") -> None:
    out = console()

    def say(line: str, style: str = "") -> None:
        out.print(line, style=style, markup=False, soft_wrap=True)

    if found.status == "undetermined":
        say(found.message, "yellow")
    for one in found.hypotheses:
        mark = "●" if one.in_set else " "
        line = f"{mark} {_percent(one.probability):>5}  (base {_percent(one.base_rate)})  {one.name}"
        say(line, "bold" if one.in_set else "")
        if one.in_set:
            _print_arguments("+", one.arguments_for)
            _print_arguments("-", one.arguments_against)
    say(f"● the true cause is among these in {found.coverage:.0%} of cases; model {found.model_version}")
    for number, check in enumerate(found.next_checks, start=1):
        say(f"{number}. [{check.kind}] {check.text}  ({check.gain_bits:.2f} bits)")


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{share * 100:.0f} %"


def _print_arguments(sign: str, held: "list[ArgumentOut]") -> None:
    for argument in held[:3]:
        line = f"      {sign} {argument.name}: {argument.shown} ({argument.log_odds:+.1f})"
        console().print(line, markup=False, soft_wrap=True)
