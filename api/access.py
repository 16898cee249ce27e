"""Who makes the request and whether they may: the dependency by which every route names its permission."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from api.contract import Services
from core.errors import NotAllowed, NotAuthenticated
from core.security.permissions import Permission, require
from core.security.principal import Principal
from core.security.tokens import KEY_MARK, same

SESSION_COOKIE = "qorgan_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def services_of(request: Request) -> Services:
    """Return what the application was built with."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


async def principal_of(request: Request) -> Principal | None:
    """Return who makes the request, `None` when nobody says. Raises `NotAuthenticated` for a wrong key."""
    office = services_of(request).security
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme:
        found = None
        if scheme.lower() == "bearer" and secret.startswith(KEY_MARK):
            found = await run_in_threadpool(office.keys.find, secret.strip())
        if found is None:
            raise NotAuthenticated(
                "the API key is unknown, revoked or expired", advice="send `Authorization: Bearer qk_...`"
            )
        return found
    token = request.cookies.get(SESSION_COOKIE)
    return await run_in_threadpool(office.sessions.find, token) if token else None


class Needs:
    """A dependency that lets in only those with a permission, and gives the route who they are."""

    def __init__(self, permission: Permission | None) -> None:
        """`None`: whoever is logged in."""
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:
        """Raises `NotAuthenticated`, `NotAllowed`."""
        principal = await principal_of(request)
        if principal is None:
            raise NotAuthenticated("log in first", advice="POST /v1/auth/login, or send an API key")
        if request.method not in _SAFE_METHODS and principal.csrf_token is not None:
            await _check_csrf(request, principal.csrf_token)
        if self.permission is not None:
            require(principal.role, self.permission)
        return principal


async def _check_csrf(request: Request, expected: str) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        field = (await request.form()).get(CSRF_FIELD, "")
        given = field if isinstance(field, str) else ""
    if not same(given, expected):
        raise NotAllowed(
            "the request does not carry the session's CSRF token",
            advice=f"send the csrf_token of the login in the header {CSRF_HEADER}, or use an API key",
        )


def refuse_other_sites(request: Request) -> None:
    """Raise `NotAllowed` when a browser says that another site's page sent this request."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise NotAllowed("the request comes from another site", advice="open the service's own page")


def client_address(request: Request) -> str:
    """Return the address of the caller, as the server (behind trusted proxies) knows it."""
    return request.client.host if request.client else "unknown"
