"""`qorgan settings show | docs`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from api.cli.output import AsJson, print_json, print_table
from api.cli.start import load_settings

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

app = typer.Typer(help="The settings of this deployment.", no_args_is_help=True)
_INTRO = """# Settings

Every setting is an environment variable, or a line of the file named by `QORGAN_ENV_FILE`. This page is made by
`qorgan settings docs`; a test compares the two.
"""


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Show the settings in use; secrets are masked."""
    values = load_settings().model_dump(mode="json")
    if as_json:
        print_json(values)
        return
    print_table(("setting", "value"), list(_flat(values)))


@app.command("docs")
def docs() -> None:
    """Print docs/settings.md."""
    typer.echo(settings_page(), nl=False)


def settings_page() -> str:
    """Return the page that describes every setting."""
    from core.settings import Settings

    parts = [_INTRO]
    own = {name: field for name, field in Settings.model_fields.items() if not _group_of(field)}
    parts.append("\n## General\n\n" + _table("QORGAN_", own))
    for name, field in Settings.model_fields.items():
        group = _group_of(field)
        if group is not None:
            title = f"\n## {name.capitalize()}\n\n{(group.__doc__ or '').strip()}\n\n"
            parts.append(title + _table(f"QORGAN_{name.upper()}__", group.model_fields))
    return "".join(parts)


def _group_of(field: "FieldInfo") -> "type[BaseModel] | None":
    from pydantic import BaseModel

    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _table(prefix: str, fields: "dict[str, FieldInfo]") -> str:
    lines = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in fields.items():
        lines.append(
            f"| `{prefix}{name.upper()}` | {_default(field)} | {(field.description or '').replace('|', '/')} |"
        )
    return "\n".join(lines) + "\n"


def _default(field: "FieldInfo") -> str:
    from pydantic import SecretStr

    value = field.get_default(call_default_factory=False)
    if value is None or value == "" or isinstance(value, SecretStr):
        return "empty"
    return f"`{value}`"


def _flat(values: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
