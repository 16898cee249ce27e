"""Errors as problem+json (RFC 9457), for every way a request can fail."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.websockets import WebSocket

from core.errors import QorganError, ServiceError
from core.telemetry import request_id
from core.telemetry.log import get_logger

MEDIA_TYPE = "application/problem+json"
_CODES = {
    400: "bad-request",
    401: "not-authenticated",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
}
_log = get_logger(__name__)


class Problem(BaseModel):
    """What went wrong and what to do about it."""

    type: str = Field(description="URI of the kind of problem", examples=["urn:qorgan:problem:not-found"])
    title: str = Field(description="The kind of problem in words", examples=["Not Found"])
    status: int = Field(description="HTTP status", examples=[404])
    code: str = Field(description="Stable name of the kind, for programs", examples=["not-found"])
    detail: str = Field(description="What was wrong and where", examples=["no such clause"])
    advice: str = Field(description="What to do about it", examples=["search again: the act may have been reloaded"])
    request_id: str = Field(description="Name this to the administrator", examples=["7d5c3b2f0f5d4f6b8a0e"])
    retryable: bool = Field(default=False, description="Whether the same request may succeed later")


RESPONSES: dict[int | str, dict[str, object]] = {
    "4XX": {"model": Problem, "description": "The caller can mend it", "content": {MEDIA_TYPE: {}}},
    "5XX": {"model": Problem, "description": "The operator can mend it", "content": {MEDIA_TYPE: {}}},
}


class BodyTooLarge(HTTPException):
    """A body over its limit. An HTTPException, because FastAPI takes any other for a malformed body."""

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(413, detail)
        self.advice = advice


def of_refusal(error: BodyTooLarge) -> Problem:
    """Return the problem of a body over its limit."""
    return problem(413, "too-large", error.detail, advice=error.advice)


def problem(status: int, code: str, detail: str, *, advice: str = "", retryable: bool = False) -> Problem:
    """Return a problem with the current request's id."""
    return Problem(
        type=f"urn:qorgan:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        advice=advice,
        request_id=request_id.current(),
        retryable=retryable,
    )


def of_error(error: QorganError) -> Problem:
    """Return the problem of an error of the tree; what only the operator may know stays out."""
    if isinstance(error, ServiceError) and error.http_status == 500:
        return unknown().model_copy(update={"code": error.code, "type": f"urn:qorgan:problem:{error.code}"})
    return problem(error.http_status, error.code, error.detail, advice=error.advice, retryable=error.retryable)


def unknown() -> Problem:
    """Return the problem of an error nobody foresaw: nothing of its inside."""
    return problem(
        500,
        "internal-error",
        "the service failed to handle the request",
        advice="try again; if it happens again, tell the administrator the request id",
    )


def response(shown: Problem) -> Response:
    """Return the HTTP response of a problem."""
    headers = {"WWW-Authenticate": "Bearer"} if shown.status == 401 else None
    body = json.dumps(shown.model_dump(), ensure_ascii=False).encode()
    return Response(body, shown.status, headers, MEDIA_TYPE)


ErrorPage = Callable[[Request, Problem], Awaitable[Response | None]]


async def answer(error_page: ErrorPage, request: Request, shown: Problem) -> Response:
    """Return the problem as a page where a browser asks for one, else as JSON."""
    return await error_page(request, shown) or response(shown)


def install(app: FastAPI, error_page: ErrorPage) -> None:
    """Make the application answer with problems, or with the page `error_page` gives for a browser.

    Unknown exceptions are `api.middleware`'s.
    """

    async def of_qorgan(request: Request | WebSocket, error: Exception) -> Response | None:
        assert isinstance(error, QorganError)
        if isinstance(error, ServiceError):
            _log.error("service_error", code=error.code, detail=error.detail)
        if isinstance(request, WebSocket):  # refused before it opened
            await request.send_denial_response(response(of_error(error)))
            return None
        return await answer(error_page, request, of_error(error))

    async def of_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return await answer(error_page, request, _validation(error))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error, BodyTooLarge):
            return await answer(error_page, request, of_refusal(error))
        code = _CODES.get(error.status_code, "bad-request" if error.status_code < 500 else "internal-error")
        return await answer(error_page, request, problem(error.status_code, code, str(error.detail)))

    app.add_exception_handler(QorganError, of_qorgan)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)


def _validation(error: RequestValidationError) -> Problem:
    # The input itself is left out: it may be personal, and it may be long.
    faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:10]]
    return problem(
        422, "invalid-input", "; ".join(faults), advice="correct the named fields; /openapi.json describes them"
    )
