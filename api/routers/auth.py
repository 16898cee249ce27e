"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.access import SESSION_COOKIE, Needs, ServicesDep, client_address, refuse_other_sites
from api.schemas.operations import LoginIn, LoginOut, PrincipalOut
from core.errors import NotAuthenticated, TooManyRequests
from core.security.permissions import TABLE
from core.security.principal import Principal
from core.settings import Settings
from core.storage.accounts import NewSession
from core.telemetry import metrics

router = APIRouter(tags=["auth"])


@router.post("/v1/auth/login", dependencies=[Depends(refuse_other_sites)])
def log_in(credentials: LoginIn, request: Request, response: Response, services: ServicesDep) -> LoginOut:
    """Open a session with a local account: sets the session cookie and returns the CSRF token."""
    try:
        started = services.security.log_in(credentials.login, credentials.password, client_address(request))
    except (NotAuthenticated, TooManyRequests) as error:
        metrics.LOGINS.labels(error.code).inc()
        raise
    metrics.LOGINS.labels("ok").inc()
    set_session_cookie(response, services.settings, started)
    assert started.principal.csrf_token is not None
    return LoginOut(
        principal=_principal_out(started.principal),
        csrf_token=started.principal.csrf_token,
        expires_at=started.expires_at,
    )


@router.post("/v1/auth/logout", status_code=204)
def log_out(request: Request, services: ServicesDep, principal: Annotated[Principal, Depends(Needs(None))]) -> Response:
    """Close the session."""
    services.security.log_out(request.cookies.get(SESSION_COOKIE, ""), principal)
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/v1/auth/me")
def me(principal: Annotated[Principal, Depends(Needs(None))]) -> PrincipalOut:
    """Return who makes the request and what they may do."""
    return _principal_out(principal)


def set_session_cookie(response: Response, settings: Settings, started: NewSession) -> None:
    """Give the browser its session: not for scripts, not for other sites."""
    response.set_cookie(
        SESSION_COOKIE,
        started.token,
        max_age=round(settings.security.session_hours * 3600),
        path="/",
        httponly=True,
        secure=settings.security.cookie_secure,
        samesite="strict",
    )


def _principal_out(principal: Principal) -> PrincipalOut:
    return PrincipalOut(
        kind=principal.kind,
        id=principal.id,
        login=principal.login,
        name=principal.name,
        role=principal.role,
        territory=principal.territory,
        permissions=sorted(TABLE[principal.role]),
    )
