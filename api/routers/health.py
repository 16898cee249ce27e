"""For those who operate the service: is it up, can it work, what are its figures."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.access import ServicesDep
from api.schemas.operations import Readiness
from core.telemetry import metrics

router = APIRouter(tags=["health"])
READY = "ready"
OPTIONAL = frozenset({"calls"})
"""Parts whose lack leaves the rest of the service at work."""


@router.get("/healthz")
def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
def readiness(services: ServicesDep) -> Response:
    """Whether each part (database, index, models, calls) can work; 503 when one but `calls` cannot."""
    parts = dict(services.readiness())
    ready = all(state == READY for part, state in parts.items() if part not in OPTIONAL)
    body = Readiness(ready=ready, parts=parts)
    return JSONResponse(body.model_dump(), 200 if ready else 503)


@router.get("/metrics", response_class=Response)
def figures() -> Response:
    """Prometheus metrics of this process; no content and no personal data among them."""
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)
