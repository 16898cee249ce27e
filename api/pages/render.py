"""Turns a template and its values into a page, in the language and the look the person chose."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.messages import Messages
from api.pages.wording import clock, full_stop, lines, lines_of_parts, place, said
from core.languages import Language
from core.security.permissions import Permission, allows
from core.security.principal import Principal

_TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "qorgan_language"
THEME_COOKIE = "qorgan_theme"
FRAGMENT_HEADER = "X-Fragment"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        lines=lines, lines_of_parts=lines_of_parts, full_stop=full_stop, place=place, said=said, clock=clock
    )
    return environment


def messages_for(request: Request) -> Messages:
    """Return the texts in the language chosen, else in the first the browser asks for, else in Russian."""
    asked = [request.cookies.get(LANGUAGE_COOKIE, "")]
    asked += [part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    known = {language.value: language for language in Language}
    return Messages(next((known[code] for code in asked if code in known), Language.RU))


def page(
    request: Request,
    template: str,
    principal: Principal | None,
    values: Mapping[str, object],
    *,
    status: int = 200,
) -> HTMLResponse:
    """Return a page (or a part of one) drawn from `template`."""

    def may(permission: str) -> bool:
        return principal is not None and allows(principal.role, Permission(permission))

    theme = request.cookies.get(THEME_COOKIE, "")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    drawn = (
        _environment()
        .get_template(template)
        .render(
            t=messages_for(request),
            principal=principal,
            may=may,
            theme=theme if theme in {"light", "dark"} else "",
            here=here if request.method == "GET" else "/",
            **{"section": "", **values},
        )
    )
    return HTMLResponse(drawn, status)


def is_fragment(request: Request) -> bool:
    """Tell whether a script of ours asks for a part of a page."""
    return request.headers.get(FRAGMENT_HEADER) == "1"
