"""What a client says, and the router that finds who handles it."""

from collections.abc import Awaitable, Callable
from typing import Generic, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.call_records import CARD_FIELDS, LegName
from core.errors import InvalidInput
from core.languages import Language
from pipelines.calls.audio import Encoding

LEGS = (
    {LegName.CALLER},
    {LegName.OPERATOR},
    {LegName.CALLER, LegName.OPERATOR},
    {LegName.MIXED},
)


class Message(BaseModel):
    """Root of the messages."""

    model_config = ConfigDict(extra="forbid")


class CallStartIn(Message):
    """Begins a call."""

    type: Literal["call.start"]
    sample_rate: int = Field(ge=8000, le=48_000)
    encoding: Encoding
    legs: list[LegName] = Field(min_length=1, max_length=2)
    language: Language | None = None


class CallResumeIn(Message):
    """Goes on with a call, as its source."""

    type: Literal["call.resume"]
    call_id: str = Field(max_length=64)
    last_seq: int = Field(ge=0)


class CallWatchIn(Message):
    """Follows a call."""

    type: Literal["call.watch"]
    call_id: str = Field(max_length=64)
    last_seq: int = Field(default=0, ge=0)


class CallEditIn(Message):
    """A person sets a field of the card, or takes their last change of it back."""

    type: Literal["call.edit"]
    field: Literal[CARD_FIELDS]  # type: ignore[valid-type]
    value: bool | int | str | list[str] | None = None
    undo: bool = False


class CallEndIn(Message):
    """The source has sent everything."""

    type: Literal["call.end"]


S = TypeVar("S")
M = TypeVar("M", bound=Message)
Handler = Callable[[S, M], Awaitable[None]]


class MessageRouter(Generic[S]):
    """Mirrors APIRouter for a WebSocket: a handler for each type of message, and never two."""

    def __init__(self) -> None:
        self._handlers: dict[str, tuple[type[Message], Callable[[S, Message], Awaitable[None]]]] = {}

    def on(self, model: type[M]) -> Callable[[Handler[S, M]], Handler[S, M]]:
        """Register the handler of a message; raises ValueError when it has one."""
        (name,) = model.model_fields["type"].annotation.__args__  # type: ignore[union-attr]

        def register(handler: Handler[S, M]) -> Handler[S, M]:
            if name in self._handlers:
                raise ValueError(f"two handlers of {name}")

            async def checked(socket: S, message: Message) -> None:
                assert isinstance(message, model)
                await handler(socket, message)

            self._handlers[name] = (model, checked)
            return handler

        return register

    async def handle(self, socket: S, text: str) -> None:
        """Handle one message; raise `InvalidInput` that says what is wrong with it."""
        try:
            given = orjson.loads(text)
        except ValueError:
            given = None
        kind = given.get("type") if isinstance(given, dict) else None
        found = self._handlers.get(kind) if isinstance(kind, str) else None
        if found is None:
            raise InvalidInput(
                "the message is not one of this protocol", advice=f"send JSON with `type`: {', '.join(self._handlers)}"
            )
        model, handler = found
        try:
            message = model.model_validate_json(text)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
            raise InvalidInput(f"{kind}: {faults}", advice="docs/live-calls.md describes the messages") from None
        await handler(socket, message)
