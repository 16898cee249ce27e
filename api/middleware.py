"""What surrounds every request: its id, its log line and metrics, limits on its body, headers of its response."""

import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from core.settings import Settings
from core.telemetry import metrics, request_id
from core.telemetry.log import get_logger

ACTS_PATH, CALLS_PATH, CASES_PATH = "/v1/acts", "/v1/calls", "/v1/cases"
"""Where files are sent."""
_MULTIPART_OVERHEAD = 64 * 1024
_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
_log = get_logger(__name__)


class Telemetry:
    """Gives the request an id, logs and counts it, and turns an unforeseen exception into a problem."""

    def __init__(self, app: ASGIApp, error_page: problems.ErrorPage) -> None:
        self.app = app
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        this_id = request_id.accept(Headers(scope=scope).get("x-request-id"))
        status = 0
        began = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = this_id
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        with request_id.bound(this_id):
            try:
                await self.app(scope, receive, send_with_headers)
            except Exception as error:
                if not isinstance(error, problems.BodyTooLarge):
                    _log.exception("request_failed", route=_route(scope), method=scope["method"])
                if status:  # too late for another answer: the connection is cut
                    raise
                shown = problems.of_refusal(error) if isinstance(error, problems.BodyTooLarge) else problems.unknown()
                answer = await problems.answer(self._error_page, Request(scope), shown)
                await answer(scope, receive, send_with_headers)
            finally:
                _count(scope, status, time.perf_counter() - began)


def _count(scope: Scope, status: int, seconds: float) -> None:
    route, method = _route(scope), scope["method"] if scope["method"] in _METHODS else "OTHER"
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
    if route not in {"/healthz", "/readyz", "/metrics"}:
        _log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _route(scope: Scope) -> str:
    """Return the template of the route ("/v1/clauses/{clause_id}"), never the path: it may hold anything."""
    if scope["path"].startswith("/static/"):
        return "/static"
    return str(getattr(scope.get("route"), "path", "") or "unmatched")


class BodyLimit:
    """Refuses a body over its limit: at once when its length is declared, else while it streams in.

    FastAPI's own `max_body_size` answers in plain text, not with a problem.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, setting = self._limit(scope)
        refusal = problems.BodyTooLarge(
            f"the request's body is over {limit} bytes", f"send less; the limit is the setting {setting}"
        )
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise refusal
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise refusal
            return message

        await self.app(scope, counted, send)

    def _limit(self, scope: Scope) -> tuple[int, str]:
        if scope["path"] == ACTS_PATH:
            return self._settings.uploads.max_bytes + _MULTIPART_OVERHEAD, "uploads.max_bytes"
        if scope["path"] == CALLS_PATH and scope["method"] == "POST":
            return self._settings.calls.max_bytes + _MULTIPART_OVERHEAD, "calls.max_bytes"
        if scope["path"] == CASES_PATH and _is_form(scope):
            return self._settings.cases.max_bytes + _MULTIPART_OVERHEAD, "cases.max_bytes"
        return self._settings.server.max_json_bytes, "server.max_json_bytes"


def _is_form(scope: Scope) -> bool:
    return Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")


def safe_local_path(given: str | None) -> str:
    """Return `given` when it is a path of this site, "/" otherwise: a link must not lead a person elsewhere."""
    if not given or not given.startswith("/") or "\\" in given or any(ord(sign) < 32 for sign in given):
        return "/"
    parts = urlsplit(given)
    if parts.scheme or parts.netloc or given.startswith("//"):
        return "/"
    return given
