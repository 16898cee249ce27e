"""`qorgan keys create | list | revoke`."""

from dataclasses import asdict
from typing import Annotated

import typer

from api.cli.output import AsJson, print_json, print_table
from api.cli.start import ACTOR, load_settings, office
from core.security.permissions import Role

app = typer.Typer(help="API keys of systems.", no_args_is_help=True)


@app.command("create")
def create(
    label: Annotated[str, typer.Argument(help="The system that will use it.")],
    role: Annotated[Role, typer.Option(help="What the system may do.")] = Role.SERVICE,
    days: Annotated[
        float | None, typer.Option(help="Life in days; the setting security.key_days unless given.")
    ] = None,
    territory: Annotated[str | None, typer.Option(help="КАТО code; the whole country unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it once."""
    life = days if days is not None else load_settings().security.key_days
    with office() as desk:
        secret, key = desk.keys.create(label, role, days=life, territory=territory)
        desk.audit.append(actor=ACTOR, action="key.create", subject=key.id, detail={"role": role.value})
    if as_json:
        print_json({**asdict(key), "key": secret})
        return
    typer.echo(f"{secret}\nrole {role.value}, expires {key.expires_at:%Y-%m-%d}. It is shown this once only.")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their secrets."""
    with office() as desk:
        keys = desk.keys.list()
    if as_json:
        print_json([asdict(key) for key in keys])
        return
    rows = [(k.prefix, k.label, k.role, k.expires_at, k.last_used_at, "revoked" if k.revoked_at else "") for k in keys]
    print_table(("prefix", "label", "role", "expires", "last used", ""), rows)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Prefix (qk_…) or id of the key.")],
    as_json: AsJson = False,
) -> None:
    """End a key at once."""
    with office() as desk:
        revoked = desk.keys.revoke(key)
        desk.audit.append(actor=ACTOR, action="key.revoke", subject=revoked.id)
    if as_json:
        print_json(asdict(revoked))
    else:
        typer.echo(f"{revoked.prefix}: revoked")
