"""`qorgan accounts add | list | disable | password`."""

from dataclasses import asdict
from typing import Annotated

import typer

from api.cli.output import AsJson, print_json, print_table
from api.cli.start import ACTOR, office
from core.security.permissions import Role

app = typer.Typer(help="People who may log in.", no_args_is_help=True)
_Login = Annotated[str, typer.Argument(help="Login of the account.")]
_Random = Annotated[bool, typer.Option("--random-password", help="Make a password and print it once.")]


@app.command("add")
def add(
    login: _Login,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.INSPECTOR,
    name: Annotated[str, typer.Option(help="Name shown on the pages.")] = "",
    territory: Annotated[str | None, typer.Option(help="КАТО code; the whole country unless given.")] = None,
    random: _Random = False,
    as_json: AsJson = False,
) -> None:
    """Make an account. The password is asked for, or made up and printed once."""
    password = _password(random)
    with office() as desk:
        account = desk.accounts.add(login, password, role, display_name=name, territory=territory)
        desk.audit.append(actor=ACTOR, action="account.add", subject=account.id, detail={"role": role.value})
    _print_change(asdict(account), password if random else None, as_json)


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts."""
    with office() as desk:
        accounts = desk.accounts.list()
    if as_json:
        print_json([asdict(account) for account in accounts])
        return
    rows = [(a.login, a.role, a.display_name, a.territory, "active" if a.active else "disabled") for a in accounts]
    print_table(("login", "role", "name", "territory", ""), rows)


@app.command("disable")
def disable(login: _Login, as_json: AsJson = False) -> None:
    """Bar an account and end its sessions."""
    with office() as desk:
        account = desk.accounts.disable(login)
        desk.audit.append(actor=ACTOR, action="account.disable", subject=account.id)
    _print_change(asdict(account), None, as_json)


@app.command("password")
def password(login: _Login, random: _Random = False, as_json: AsJson = False) -> None:
    """Change a password and end the account's sessions."""
    new = _password(random)
    with office() as desk:
        account = desk.accounts.set_password(login, new)
        desk.audit.append(actor=ACTOR, action="account.password", subject=account.id)
    _print_change(asdict(account), new if random else None, as_json)


def _password(random: bool) -> str:
    from core.security.passwords import random_password

    if random:
        return random_password()
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _print_change(account: dict[str, object], password: str | None, as_json: bool) -> None:
    if as_json:
        print_json({**account, **({"password": password} if password else {})})
        return
    standing = "active" if account["active"] else "disabled"
    typer.echo(f"{account['login']}: {account['role']}, {standing}")
    if password:
        typer.echo(f"password: {password}\nIt is shown this once only.")
