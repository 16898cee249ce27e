"""The application: routers, pages, and what surrounds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import problems
from api.contract import Services
from api.middleware import BodyLimit, Telemetry
from api.pages import calls as calls_pages
from api.pages import cases as cases_pages
from api.pages import live as live_pages
from api.pages import routes as pages
from api.realtime import router as realtime
from api.routers import administration, assistant, auth, calls, cases, causes, health, jobs, loading, norms

ROUTERS = (
    auth.router,
    realtime.router,  # before /v1/calls/{call_id}, which would take "live" for an id
    assistant.router,
    loading.router,
    norms.router,
    calls.router,
    cases.router,
    causes.router,
    jobs.router,
    administration.router,
    health.router,
    pages.router,
    calls_pages.router,
    cases_pages.router,
    live_pages.router,
)
PUBLIC = frozenset(
    {
        "/v1/auth/login",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/login",
        "/language/{code}",
        "/static",
    }
)
"""What needs no permission. Everything else names one; a test walks through all routes."""


def create_app(services: Services) -> FastAPI:
    """Return the application on the given services; they are closed when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await run_in_threadpool(services.close)

    app = FastAPI(
        title="Qorgan",
        summary="Assistant and document intelligence for civil protection",
        version=version("qorgan"),
        lifespan=lifespan,
        docs_url=None,  # Swagger's and ReDoc's pages fetch scripts from elsewhere
        redoc_url=None,
        responses=problems.RESPONSES,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.services = services
    problems.install(app, pages.error_page)
    app.add_middleware(BodyLimit, settings=services.settings)
    app.add_middleware(Telemetry, error_page=pages.error_page)
    for router in ROUTERS:
        app.include_router(router)
    pages.mount_static(app)
    return app
