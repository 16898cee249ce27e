"""A client of live calls: plays a file into a running server as a telephone line would."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from core.call_records import LegName
from core.errors import InvalidInput, Unavailable
from core.languages import Language
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

FRAME_S = 0.1


@dataclass(frozen=True)
class Arrival:
    """An event and when it came, seconds since the first sample was sent (of the call at `speed` 1)."""

    after_s: float
    event: Mapping[str, object]


@dataclass
class Replayed:
    """What came back of a call."""

    call_id: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    behind_s: float = 0.0  # how late the last frame was sent: the sender's own lag

    def committed(self, leg: LegName) -> str:
        """Return the committed text of a leg."""
        texts = (str(a.event["text"]) for a in self.arrivals if _is_committed(a.event, leg))
        return " ".join(text for text in texts if text)


async def replay(
    url: str,
    key: str,
    legs: Mapping[LegName, Samples],
    *,
    language: Language | None = None,
    speed: float = 1.0,
    heard: Callable[[Arrival], None] | None = None,
) -> Replayed:
    """Play the legs (16 kHz) into the server at `url` with an API key, in real time times `speed`; return what came.

    Raises `Unavailable` where the server does not answer, `InvalidInput` where it refuses.
    """
    done = Replayed()
    async with connect(url, key) as socket:
        start: dict[str, object] = {"type": "call.start", "sample_rate": SAMPLE_RATE, "encoding": "pcm16"}
        start["legs"] = [leg.value for leg in legs]
        if language is not None:
            start["language"] = language.value
        await socket.send(orjson.dumps(start).decode())
        began = time.monotonic()
        sending = asyncio.ensure_future(_send(socket, legs, began, speed, done))
        try:
            async for text in socket:
                event = orjson.loads(text)
                if event["type"] == "ack":
                    done.acknowledged[event["leg"]] = event["next"]
                    continue
                arrival = Arrival((time.monotonic() - began) * speed, event)
                done.arrivals.append(arrival)
                done.call_id = str(event.get("call_id", done.call_id))
                if heard is not None:
                    heard(arrival)
                if "seq" not in event:
                    raise InvalidInput(str(event["detail"]), advice=str(event["advice"]))
                if event["type"] == "call.ended":
                    break
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    return done


@asynccontextmanager
async def connect(url: str, key: str) -> "AsyncIterator[ClientConnection]":
    """Give a WebSocket opened with a ticket. Raises `Unavailable`, or `InvalidInput` with what the server says."""
    import httpx
    from websockets.asyncio.client import connect as open_socket
    from websockets.exceptions import ConnectionClosed, WebSocketException

    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as client:
        try:
            answer = await client.post("/v1/calls/live/tickets")
        except httpx.HTTPError as error:
            raise Unavailable(f"no server answers at {url}", advice="start it with `qorgan serve`") from error
    if answer.status_code != 201:
        raise InvalidInput(f"the server refused: {answer.json().get('detail')}", advice=answer.json().get("advice", ""))
    given = answer.json()
    address = url.replace("http", "ws", 1).rstrip("/") + given["url"]
    protocols = [given["protocol"], f"ticket.{given['ticket']}"]
    try:
        async with open_socket(address, subprotocols=protocols, compression=None, max_queue=1024, proxy=None) as socket:
            yield socket
    except ConnectionClosed as error:
        raise Unavailable(f"the server closed the connection: {error}", advice="see the server's log") from error
    except (OSError, WebSocketException) as error:
        raise Unavailable(f"the WebSocket could not be opened: {error}", advice="ask for a new ticket") from error


async def _send(
    socket: "ClientConnection", legs: Mapping[LegName, Samples], began: float, speed: float, done: Replayed
) -> None:
    size = round(FRAME_S * SAMPLE_RATE)
    length = max(len(samples) for samples in legs.values())
    for seq, at in enumerate(range(0, length, size)):
        due = began + (at + size) / SAMPLE_RATE / speed  # a frame can be sent when its last sample was spoken
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        done.behind_s = max(0.0, time.monotonic() - due)
        for leg, samples in legs.items():
            piece = samples[at : at + size]
            if len(piece):
                await socket.send(write_frame(Frame(leg, seq, at, pcm16(piece))))
    await socket.send('{"type": "call.end"}')


def pcm16(samples: Samples) -> bytes:
    """Return samples as little-endian 16-bit integers."""
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def read_legs(path: Path) -> dict[LegName, Samples]:
    """Return the legs of a sound file. Raises NotReadable where it is none."""
    from core.settings import CallSettings
    from pipelines.calls.audio import decode_recording

    return dict(decode_recording(path, CallSettings()).legs)


def _is_committed(event: Mapping[str, object], leg: LegName) -> bool:
    return event["type"] == "transcript.committed" and event["leg"] == leg.value
