"""One WebSocket of a live call: reads frames and messages, sends events from the `seq` its client asks for."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import anyio
import orjson
from fastapi import WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from api.contract import Services
from api.realtime.messages import (
    LEGS,
    CallEditIn,
    CallEndIn,
    CallResumeIn,
    CallStartIn,
    CallWatchIn,
    MessageRouter,
)
from core.call_records import LegName
from core.errors import InvalidInput, NotAllowed, NotFound, QorganError, TooLarge, TooManyRequests
from core.security.permissions import Permission, Role, require
from core.security.principal import Principal
from core.storage.switches import Capability
from pipelines.calls.card_values import checked_value
from pipelines.calls.live.calls import LiveCalls
from pipelines.calls.live.session import LiveCall

_FRAMES_WAITING = 256
_TAKE_EVERY_S = 0.06
"""Frames that came meanwhile are put on disk together."""
_CODES: tuple[tuple[type[QorganError], int], ...] = (
    (NotAllowed, 4403),
    (NotFound, 4404),
    (TooManyRequests, 4429),
    (TooLarge, 1009),
    (InvalidInput, 4400),
)
T = TypeVar("T")
messages: MessageRouter["LiveSocket"] = MessageRouter()


@dataclass(frozen=True)
class Closing(Exception):
    """The socket is to be closed, and why."""

    code: int
    kind: str
    detail: str = ""
    advice: str = ""


class LiveSocket:
    """The state of one connection."""

    def __init__(self, websocket: WebSocket, services: Services, calls: LiveCalls, principal: Principal) -> None:
        self._websocket = websocket
        self._services = services
        self._calls = calls
        self._principal = principal
        self._settings = services.settings.live
        self._sending = asyncio.Lock()
        self._taking = asyncio.Lock()  # so that a call ends after the frames that came before its end
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(_FRAMES_WAITING)
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._seen = 0
        self._displaced: asyncio.Future[None] = self._loop.create_future()
        self.call: LiveCall | None = None
        self.is_source = False
        self._acked: dict[LegName, int] = {}

    async def run(self) -> None:
        """Serve the connection to its end."""
        tasks: set[asyncio.Future[None]] = {self._displaced}
        stop_listening: Callable[[], None] = lambda: None  # noqa: E731
        try:
            await self._first_message()
            assert self.call is not None
            stop_listening = self.call.events.listen(lambda: self._loop.call_soon_threadsafe(self._news.set))
            tasks |= {asyncio.ensure_future(work()) for work in (self._receive, self._take_frames, self._send_events)}
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        except Closing as closing:
            await self._close(closing)
        except QorganError as error:
            code = next((code for kind, code in _CODES if isinstance(error, kind)), 1011)
            await self._close(Closing(code, error.code, error.detail, error.advice))
        finally:
            stop_listening()
            with anyio.CancelScope(shield=True):
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                if self.call is not None and self.call.source is self:
                    await run_in_threadpool(self._save_rest)
                    self.call.leave(self)

    def displace(self) -> None:
        """Let go: another socket is the source now."""
        if not self._displaced.done():
            closing = Closing(4409, "another-source", "another socket became the source of the call", "")
            self._displaced.set_exception(closing)

    # --- in ------------------------------------------------------------------------------------------------------

    async def _first_message(self) -> None:
        text = await self._next()
        if isinstance(text, bytes):
            raise InvalidInput("audio came before the call began", advice="send call.start or call.resume first")
        await messages.handle(self, text)
        if self.call is None:
            raise InvalidInput("no call was begun", advice="send call.start, call.resume or call.watch first")

    async def _next(self) -> str | bytes:
        while True:
            try:
                async with asyncio.timeout(None if self._may_be_silent else self._settings.idle_s):
                    message = await self._websocket.receive()
                break
            except TimeoutError:
                if self._may_be_silent:  # the call came to its end meanwhile
                    continue
                detail = f"nothing came for {self._settings.idle_s:.0f} s"
                raise Closing(4408, "idle", detail, "resume when there is audio") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        content: str | bytes | None = message.get("bytes") if message.get("bytes") is not None else message.get("text")
        assert content is not None
        if len(content) > self._settings.max_frame_bytes:
            detail = f"a message of {len(content)} bytes is over live.max_frame_bytes"
            raise TooLarge(detail, advice="send smaller frames and resume")
        return content

    @property
    def _may_be_silent(self) -> bool:
        """Whether nothing need come: this socket watches, or its call is over and is read to its end."""
        return self.call is not None and (not self.is_source or self.call.ending is not None)

    async def _receive(self) -> None:
        while True:
            content = await self._next()
            if isinstance(content, str):
                await messages.handle(self, content)
            elif self.is_source:
                await self._frames.put(content)
            else:
                raise InvalidInput("audio came from a socket that only watches", advice="send call.resume instead")

    async def _take_frames(self) -> None:
        assert self.call is not None
        if self.is_source:
            self._acked = dict.fromkeys(self.call.start.legs, -1)
            await self._send_acks()
        while True:
            waiting = [await self._frames.get(), *self._waiting()]
            began = time.monotonic()
            async with self._taking:
                await run_in_threadpool(self.call.accept, waiting)
            self._calls.pool.wake()
            await self._send_acks()
            await asyncio.sleep(max(0.0, _TAKE_EVERY_S - (time.monotonic() - began)))

    def _waiting(self) -> list[bytes]:
        return [self._frames.get_nowait() for _ in range(self._frames.qsize())]

    def _save_rest(self) -> None:
        """Keep the frames that came before the connection broke."""
        assert self.call is not None
        try:
            self.call.accept(self._waiting())
        except QorganError:
            return  # they were not acknowledged: the client sends them again

    # --- out -----------------------------------------------------------------------------------------------------

    async def _send_acks(self) -> None:
        assert self.call is not None
        for leg, following in self.call.acknowledged().items():
            if following > self._acked.get(leg, 0):
                self._acked[leg] = following
                await self._send(orjson.dumps({"type": "ack", "leg": leg.value, "next": following}).decode())

    async def _send_events(self) -> None:
        assert self.call is not None
        log = self.call.events
        while True:
            self._news.clear()
            over = log.finished
            lines = await run_in_threadpool(log.after, self._seen)
            for line in lines:
                await self._send(line.decode())
                self._seen += 1
            if not lines:
                if over:
                    raise Closing(1000, "")
                await self._news.wait()

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._settings.slow_reader_s), self._sending:
                await self._websocket.send_text(text)
        except TimeoutError:
            detail = f"events were not read for {self._settings.slow_reader_s:.0f} s"
            raise Closing(4430, "slow-reader", detail, "resume from the last seq: nothing is lost") from None

    async def _say_error(self, error: Closing) -> None:
        """Say what is wrong with what this socket sent; no event of the call."""
        said = {"type": "error", "code": error.kind, "detail": error.detail, "advice": error.advice}
        await self._send(orjson.dumps(said).decode())

    async def _close(self, closing: Closing) -> None:
        try:
            async with asyncio.timeout(1.0):
                if closing.kind and closing.code != 4430:
                    await self._say_error(closing)
                await self._websocket.close(closing.code, closing.kind[:100])
        except (TimeoutError, Closing, RuntimeError, WebSocketDisconnect):
            return  # gone already, or not reading

    # --- what messages do ----------------------------------------------------------------------------------------

    async def attach(self, call: LiveCall, last_seq: int, *, source: bool) -> None:
        """Follow the call from `last_seq`, and be its source where `source`."""
        if self.call is not None:
            raise InvalidInput("this socket has a call", advice="open a socket for each call")
        if last_seq > call.events.last_seq:
            raise InvalidInput(f"the call has only {call.events.last_seq} events", advice="send the last seq you saw")
        self.call, self._seen = call, last_seq
        if source:
            self.is_source = True
            former = call.become_source(self)
            if isinstance(former, LiveSocket):
                former.displace()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run what blocks."""
        return await run_in_threadpool(work)

    def audit(self, action: str, call: LiveCall, **detail: str | int | bool) -> None:
        """Note what was done; ids only."""
        self._services.security.audit.append(
            actor=self._principal.actor, action=action, subject=call.start.call_id, detail=dict(detail)
        )

    @messages.on(CallStartIn)
    async def _start(self, message: CallStartIn) -> None:
        if set(message.legs) not in LEGS or len(set(message.legs)) < len(message.legs):
            raise InvalidInput("call.start: legs: not a set of legs of one call", advice="caller, operator, or mixed")

        def begin() -> LiveCall:
            self._services.security.switches.require_on(Capability.CALLS)
            call = self._calls.begin(
                sample_rate=message.sample_rate,
                encoding=message.encoding,
                legs=tuple(message.legs),
                language=message.language or self._services.settings.calls.language,
                actor=self._principal.actor,
                territory=self._principal.territory,
            )
            self.audit("calls.live.start", call, legs=len(message.legs))
            return call

        if self.call is not None:
            raise InvalidInput("this socket has a call", advice="open a socket for each call")
        await self.attach(await self.in_thread(begin), 0, source=True)

    @messages.on(CallResumeIn)
    async def _resume(self, message: CallResumeIn) -> None:
        await self._follow(message.call_id, message.last_seq, source=True)

    @messages.on(CallWatchIn)
    async def _watch(self, message: CallWatchIn) -> None:
        await self._follow(message.call_id, message.last_seq, source=False)

    async def _follow(self, call_id: str, last_seq: int, *, source: bool) -> None:
        call = self._calls.find(call_id, self._principal.territory)
        if source and call.start.actor != self._principal.actor and self._principal.role is not Role.ADMINISTRATOR:
            raise NotAllowed(
                "another began the call", advice="watch it with call.watch; an administrator may resume it"
            )
        await self.in_thread(lambda: self.audit("calls.live.resume" if source else "calls.live.watch", call))
        await self.attach(call, last_seq, source=source)

    @messages.on(CallEditIn)
    async def _edit(self, message: CallEditIn) -> None:
        call = self.call
        if call is None:
            raise InvalidInput("no call was begun", advice="send call.start, call.resume or call.watch first")

        def edit() -> None:
            require(self._principal.role, Permission.EDIT_CALLS)
            self._services.security.switches.require_on(Capability.CALLS)
            value = None if message.undo or message.value is None else checked_value(message.field, message.value)
            call.edit(message.field, value, self._principal.actor, undo=message.undo)
            self.audit("calls.live.edit", call, field=message.field)

        try:
            await self.in_thread(edit)
        except QorganError as error:  # the audio must not stop for a wrong edit
            await self._say_error(Closing(0, error.code, error.detail, error.advice))

    @messages.on(CallEndIn)
    async def _end(self, message: CallEndIn) -> None:
        call = self.call
        if call is None or not self.is_source:
            raise InvalidInput("only the source of a call ends it", advice="close the socket to stop watching")
        async with self._taking:
            rest = self._waiting()
            await self.in_thread(lambda: call.accept(rest))
            await self._send_acks()
            await self.in_thread(lambda: call.end("ended"))
