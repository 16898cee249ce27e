"""Long work: its state, and its progress as events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.access import Needs, ServicesDep
from api.contract import Services
from api.schemas.operations import JobOut, JobPage
from api.sse import event, stream, wants_events
from core.jobs.records import FINISHED
from core.security.permissions import Permission

router = APIRouter(tags=["jobs"])
_READ = Depends(Needs(Permission.READ_JOBS))
_POLL_S = 0.3
_LONGEST_STREAM_S = 15 * 60
"""A browser's EventSource opens the stream again by itself."""


@router.get("/v1/jobs", dependencies=[_READ])
def list_jobs(
    services: ServicesDep,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JobPage:
    """List jobs, newest first."""
    page = services.jobs.jobs(limit, cursor)
    return JobPage(items=[JobOut.model_validate(job) for job in page.jobs], next_cursor=page.next_cursor)


@router.get("/v1/jobs/{job_id}", dependencies=[_READ], response_model=JobOut)
async def read_job(job_id: str, request: Request, services: ServicesDep) -> JobOut | Response:
    """Return a job; with `Accept: text/event-stream`, a `progress` event at each change and `end` at the end."""
    return await job_response(services, job_id, request)


async def job_response(services: Services, job_id: str, request: Request) -> JobOut | Response:
    """Return the job, or the stream of its progress where events are asked for; raises `NotFound`."""
    job = JobOut.model_validate(await run_in_threadpool(services.jobs.job, job_id))
    return stream(_progress(services, job)) if wants_events(request) else job


async def _progress(services: Services, job: JobOut) -> AsyncIterator[bytes]:
    yield event("progress", job)
    for _ in range(round(_LONGEST_STREAM_S / _POLL_S)):
        if job.state in FINISHED:
            yield event("end", job)
            return
        await asyncio.sleep(_POLL_S)
        now = JobOut.model_validate(await run_in_threadpool(services.jobs.job, job.id))
        if now != job:
            job = now
            yield event("progress", job)
