"""The page of live calls: the dispatcher's pane."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from api.access import Needs
from api.pages.call_wording import SERVICES, card_groups, script_texts
from api.pages.render import messages_for, page
from core.security.permissions import Permission
from core.security.principal import Principal

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/live")
def live_page(request: Request, principal: Annotated[Principal, Depends(Needs(Permission.LIVE_CALLS))]) -> Response:
    """Show the calls that are going on, and one of them as it is spoken."""
    t = messages_for(request)
    values = {"section": "live", "groups": card_groups(t), "services": SERVICES, "texts": script_texts(t)}
    return page(request, "live.html", principal, values)
