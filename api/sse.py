"""Server-sent events."""

from collections.abc import AsyncIterator, Iterator

from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel
from starlette.requests import Request


def wants_events(request: Request) -> bool:
    """Tell whether the caller asks for events instead of JSON."""
    return "text/event-stream" in request.headers.get("accept", "")


def event(name: str, data: BaseModel) -> bytes:
    """Return one event as it goes over the wire."""
    return format_sse_event(event=name, data_str=data.model_dump_json())


def stream(events: Iterator[bytes] | AsyncIterator[bytes]) -> EventSourceResponse:
    """Return the response that sends the events as they come."""
    return EventSourceResponse(events, headers={"X-Accel-Buffering": "no"})
