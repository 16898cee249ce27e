"""Routes of live calls: a ticket, the list of calls going on, the WebSocket."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, WebSocket
from pydantic import BaseModel, Field

from api.access import Needs, ServicesDep
from api.contract import Services
from api.realtime.desk import LiveDesk
from api.realtime.socket import LiveSocket
from api.realtime.tickets import PROTOCOL, NeedsTicket
from core.call_records import LegName
from core.errors import Unavailable
from core.languages import Language
from core.security.permissions import Permission
from core.security.principal import Principal
from core.storage.switches import Capability

PATH = "/v1/calls/live"
router = APIRouter(tags=["calls"])


class TicketOut(BaseModel):
    """What opens one WebSocket once."""

    ticket: str = Field(description="Offer it as the subprotocol `ticket.<ticket>`")
    expires_at: datetime
    url: str = Field(description="Path of the WebSocket", examples=[PATH])
    protocol: str = Field(description="The other subprotocol to offer", examples=[PROTOCOL])


class LiveCallOut(BaseModel):
    """A call that is going on."""

    call_id: str
    started_at: datetime
    legs: list[LegName]
    language: Language
    seconds: float = Field(description="Audio received")
    last_seq: int = Field(description="Number of its last event")
    source: Literal["connected", "lost"]


class LiveCallsOut(BaseModel):
    """The calls that are going on in this process."""

    items: list[LiveCallOut]


@router.post("/v1/calls/live/tickets", status_code=201)
def give_ticket(
    services: ServicesDep, principal: Annotated[Principal, Depends(Needs(Permission.LIVE_CALLS))]
) -> TicketOut:
    """Give a ticket that opens the WebSocket of live calls once, within seconds, at this process."""
    services.security.switches.require_on(Capability.CALLS)
    desk = _desk(services)
    desk.check_room()
    ticket = desk.tickets.give(principal)
    services.security.audit.append(actor=principal.actor, action="calls.live.ticket", subject=principal.id)
    return TicketOut(ticket=ticket.secret, expires_at=ticket.expires_at, url=PATH, protocol=PROTOCOL)


@router.get(PATH)
def list_live_calls(
    services: ServicesDep, principal: Annotated[Principal, Depends(Needs(Permission.LIVE_CALLS))]
) -> LiveCallsOut:
    """List the calls that are going on in this process, the latest first."""
    calls = _desk(services).calls.visible(principal.territory)
    return LiveCallsOut(
        items=[
            LiveCallOut(
                call_id=call.start.call_id,
                started_at=call.start.started_at,
                legs=list(call.start.legs),
                language=call.start.language,
                seconds=round(call.received_s, 1),
                last_seq=call.events.last_seq,
                source="connected" if call.source is not None else "lost",
            )
            for call in reversed(calls)
        ]
    )


@router.websocket(PATH)
async def live_call(
    websocket: WebSocket,
    principal: Annotated[Principal, Depends(NeedsTicket(Permission.LIVE_CALLS))],
) -> None:
    """Take the audio of a call in and tell what is said; see docs/live-calls.md."""
    services = websocket.app.state.services
    assert isinstance(services, Services)
    desk = _desk(services)
    with desk.socket():
        await websocket.accept(PROTOCOL)
        await LiveSocket(websocket, services, desk.calls, principal).run()


def _desk(services: Services) -> LiveDesk:
    if services.live is None:
        raise Unavailable("this process serves no live calls", advice="ask the one that `qorgan serve` runs")
    return services.live
