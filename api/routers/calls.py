"""Recorded and live calls: what was said, the card, what people change and decide."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access import Needs, ServicesDep
from api.call_desk import CallDesk
from api.call_upload import FORM, MAX_KEY_CHARS, taken_in
from api.routers.jobs import job_response
from api.schemas.calls import (
    CallAccepted,
    CallBriefOut,
    CallOut,
    CallPageOut,
    CardEditIn,
    CardOut,
    DecisionIn,
    DecisionOut,
    card_out,
)
from api.schemas.operations import JobOut
from api.sound import sound_response
from core.calls import CallFilter, CallSource, CallState
from core.security.permissions import Permission
from core.security.principal import Principal

router = APIRouter(tags=["calls"])
Reader = Annotated[Principal, Depends(Needs(Permission.READ_CALLS))]
Editor = Annotated[Principal, Depends(Needs(Permission.EDIT_CALLS))]


@router.post("/v1/calls", status_code=202, openapi_extra=FORM)
async def upload_call(
    request: Request,
    response: Response,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.UPLOAD_CALLS))],
    idempotency_key: Annotated[str | None, Header(max_length=MAX_KEY_CHARS)] = None,
) -> CallAccepted:
    """Take a recording in and transcribe it. The same Idempotency-Key gives the same call."""
    taken = await taken_in(request, services, principal, idempotency_key)
    url = f"/v1/calls/{taken.call_id}"
    response.headers["Location"] = url
    return CallAccepted(call_id=taken.call_id, job_id=taken.job_id, url=url, job_url=f"{url}/job")


@router.get("/v1/calls")
def list_calls(
    services: ServicesDep,
    principal: Reader,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    source: CallSource | None = None,
    state: CallState | None = None,
    call_class: Annotated[str | None, Query(max_length=100)] = None,
    incident_type: Annotated[str | None, Query(max_length=100)] = None,
    urgency: Annotated[int | None, Query(ge=1, le=4)] = None,
    reviewed: Annotated[bool | None, Query(description="Whether a person decided about it")] = None,
    since: Annotated[datetime | None, Query(description="Started at this moment or later; with a time zone")] = None,
    until: Annotated[datetime | None, Query(description="Started before this moment; with a time zone")] = None,
) -> CallPageOut:
    """List the calls of the caller's territory, the latest first."""
    wanted = CallFilter(source, state, call_class, incident_type, urgency, reviewed, since, until)
    page = CallDesk(services, principal).list(wanted, limit, cursor)
    return CallPageOut(items=[CallBriefOut.model_validate(c) for c in page.calls], next_cursor=page.next_cursor)


@router.get("/v1/calls/{call_id}")
def read_call(call_id: str, services: ServicesDep, principal: Reader) -> CallOut:
    """Return a call: transcript, tags, card with its evidence and history, missing questions, quality, decisions."""
    return CallDesk(services, principal).read(call_id)


@router.get("/v1/calls/{call_id}/job", response_model=JobOut)
async def read_call_job(call_id: str, request: Request, services: ServicesDep, principal: Reader) -> JobOut | Response:
    """Return the job of a recording; with `Accept: text/event-stream`, its progress as events."""
    job_id = await run_in_threadpool(CallDesk(services, principal).job_of, call_id)
    return await job_response(services, job_id, request)


@router.patch("/v1/calls/{call_id}/card")
def edit_card(call_id: str, edit: CardEditIn, services: ServicesDep, principal: Editor) -> CardOut:
    """Put a person's values in the card, or undo them. The model never overwrites them; both are kept."""
    return card_out(CallDesk(services, principal).edit(call_id, edit.set, edit.undo))


@router.post("/v1/calls/{call_id}/review")
def review_call(call_id: str, decision: DecisionIn, services: ServicesDep, principal: Editor) -> DecisionOut:
    """Keep a person's decision. It sends nobody: that is done by people, elsewhere."""
    made = CallDesk(services, principal).decide(call_id, decision.services, decision.note)
    return DecisionOut.model_validate(made)


@router.get(
    "/v1/calls/{call_id}/audio",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}}},
)
def listen(
    call_id: str,
    request: Request,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.LISTEN_CALLS))],
) -> Response:
    """Return the sound as WAV, 16 kHz, a channel for each leg; a `Range` of bytes gives that part."""
    digest = CallDesk(services, principal).sound_of(call_id)
    return sound_response(services.call_blobs, digest, request.headers.get("range"))


@router.delete("/v1/calls/{call_id}", status_code=204)
def delete_call(
    call_id: str,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.DELETE_CALLS))],
) -> None:
    """Forget a call: its sound, transcript, card and all that people added. The audit keeps that it was deleted."""
    CallDesk(services, principal).delete(call_id)
