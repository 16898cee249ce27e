"""`qorgan calls replay`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import AsJson, console, print_json
from core.errors import InvalidInput
from core.languages import Language

if TYPE_CHECKING:
    from api.realtime.client import Arrival

KEY_VARIABLE = "QORGAN_KEY"
_SHOWN = {
    "transcript.committed": ("leg", "text"),
    "tag.raised": ("tag",),
    "card.field": ("field", "value", "set_by"),
    "dispatch.suggested": ("services", "urgency"),
    "lag": ("lag_s", "shed"),
    "error": ("code", "detail"),
    "call.ended": ("reason", "duration_s", "job_id"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="A recording: wav, flac, mp3 or ogg.", exists=True, dir_okay=False)],
    url: Annotated[str, typer.Option(help="Address of a running server.")] = "http://127.0.0.1:8000",
    language: Annotated[Language | None, typer.Option(help="Language spoken; the server's unless given.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=20, help="Times as fast as it was spoken.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Play a recording into a running server as a live call, and show what it tells. The key: variable QORGAN_KEY."""
    import asyncio

    from api.realtime.client import read_legs
    from api.realtime.client import replay as play

    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise InvalidInput(
            f"the variable {KEY_VARIABLE} holds no API key",
            advice="make one: qorgan keys create replay --role dispatcher",
        )
    heard = None if as_json else _print
    done = asyncio.run(play(url, key, read_legs(file), language=language, speed=speed, heard=heard))
    if as_json:
        print_json([{"after_s": round(arrival.after_s, 3), **arrival.event} for arrival in done.arrivals])


def _print(arrival: "Arrival") -> None:
    names = _SHOWN.get(str(arrival.event["type"]))
    if names is None:
        return
    shown = "  ".join(_text(arrival.event.get(name)) for name in names)
    out = console()
    out.print(f"{arrival.after_s:7.2f}  {arrival.event['type']:21}", end="", markup=False)
    out.print(shown, markup=False)


def _text(value: object) -> str:
    if isinstance(value, Mapping):  # a tag
        return f"{value['label']}: {value['evidence']['text']}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
