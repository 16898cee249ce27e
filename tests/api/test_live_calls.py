"""Live calls over the WebSocket: who may, what comes back, frames in disorder, breaks, limits."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from api.app import create_app
from api.contract import Services
from api.realtime.client import pcm16
from core.call_records import LegName, Word
from core.security.permissions import Role
from core.settings import LiveSettings
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.transcriber import SAMPLE_RATE, Samples
from tests.api.live_desk import CountingReader, desk_of, live_services
from tests.pipelines.calls.live.voice_like import murmur

__all__ = ["live_services"]

START = {"type": "call.start", "sample_rate": SAMPLE_RATE, "encoding": "pcm16", "legs": ["caller", "operator"]}
Event = dict[str, object]


@pytest.fixture
def client(live_services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(live_services), headers=key(live_services, Role.DISPATCHER)) as made:
        yield made


def key(services: Services, role: Role) -> dict[str, str]:
    secret, _ = services.security.keys.create(f"live {role.value}", role, days=1)
    return {"Authorization": f"Bearer {secret}"}


def ticket(client: TestClient) -> list[str]:
    given = client.post("/v1/calls/live/tickets")
    assert given.status_code == 201, given.text
    return [given.json()["protocol"], f"ticket.{given.json()['ticket']}"]


@contextmanager
def open_socket(client: TestClient) -> Iterator[WebSocketTestSession]:
    with client.websocket_connect("/v1/calls/live", subprotocols=ticket(client)) as socket:
        yield socket


def frames(samples: Samples, leg: LegName = LegName.CALLER, size: int = 1600) -> list[bytes]:
    pieces = [(at, samples[at : at + size]) for at in range(0, len(samples), size)]
    return [write_frame(Frame(leg, seq, at, pcm16(piece))) for seq, (at, piece) in enumerate(pieces)]


def until(socket: WebSocketTestSession, kind: str) -> list[Event]:
    """Return what comes up to the first event of a type."""
    got: list[Event] = []
    while not got or got[-1]["type"] != kind:
        got.append(socket.receive_json())
    return got


def play(socket: WebSocketTestSession, sent: Sequence[bytes]) -> list[Event]:
    socket.send_json(START)
    for frame in sent:
        socket.send_bytes(frame)
    socket.send_json({"type": "call.end"})
    return until(socket, "call.ended")


def numbered(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if "seq" in event]


def text(events: Sequence[Event], leg: str = "caller") -> str:
    said = [str(e["text"]) for e in events if e["type"] == "transcript.committed" and e["leg"] == leg]
    return " ".join(part for part in said if part)


def test_a_call_becomes_text_tags_and_a_card(live_services: Services, client: TestClient) -> None:
    sent = frames(murmur(2.4))
    with open_socket(client) as socket:
        events = play(socket, sent)
        assert [event["seq"] for event in numbered(events)] == list(range(1, len(numbered(events)) + 1))
        assert text(events).startswith("горит дом на улице")
        kinds = [event["type"] for event in numbered(events)]
        assert {"call.started", "tag.raised", "card.field", "dispatch.suggested", "call.ended"} <= set(kinds)
        acks = [event for event in events if event["type"] == "ack"]
        assert acks[-1] == {"type": "ack", "leg": "caller", "next": 24}
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1000
    call_id = str(events[0].get("call_id") or numbered(events)[0]["call_id"])
    kept = live_services.calls.call(call_id)
    assert (kept.state.value, kept.incident_type, kept.duration_s) == ("done", "fire_residential", pytest.approx(2.4))
    assert " ".join(s.text for s in live_services.calls.segments(call_id)) == text(events)
    assert kept.sound_sha256 is not None
    assert live_services.call_blobs.size(kept.sound_sha256) > 2.4 * SAMPLE_RATE * 2


def test_frames_in_disorder_and_twice_change_nothing(client: TestClient) -> None:
    sent = frames(murmur(2.4))
    mixed = [sent[index] for pair in range(0, len(sent), 2) for index in (pair + 1, pair, pair + 1)]
    with open_socket(client) as one, open_socket(client) as two:
        straight, crooked = play(one, sent), play(two, mixed)
    assert text(straight) == text(crooked) != ""
    assert not [event for event in crooked if event["type"] == "error"]


def test_lost_audio_is_said(client: TestClient) -> None:
    sent = frames(murmur(4.0))
    with open_socket(client) as socket:
        events = play(socket, sent[:5] + sent[8:])
    (gap,) = [event for event in events if event["type"] == "error"]
    assert (gap["code"], gap["start_s"], gap["end_s"]) == ("audio-gap", 0.5, 0.8)


def test_a_broken_source_resumes_with_nothing_missed(client: TestClient) -> None:
    sent = frames(murmur(3.0))
    with open_socket(client) as socket:
        socket.send_json(START)
        for frame in sent[:12]:
            socket.send_bytes(frame)
        first: list[Event] = []
        while not any(e["type"] == "ack" and e["next"] == 12 for e in first):
            first.append(socket.receive_json())
    before = numbered(first)
    call_id = before[0]["call_id"]
    with open_socket(client) as socket:
        socket.send_json({"type": "call.resume", "call_id": call_id, "last_seq": before[-1]["seq"]})
        for frame in sent[10:]:  # two were acknowledged and come again
            socket.send_bytes(frame)
        socket.send_json({"type": "call.end"})
        rest = numbered(until(socket, "call.ended"))
    assert [event["seq"] for event in before + rest] == list(range(1, len(before + rest) + 1))
    with open_socket(client) as socket:
        socket.send_json({"type": "call.watch", "call_id": call_id, "last_seq": 0})
        assert numbered(until(socket, "call.ended")) == before + rest


def test_a_new_source_displaces_the_old_one_and_watchers_stay(client: TestClient) -> None:
    with open_socket(client) as old, open_socket(client) as watcher, open_socket(client) as new:
        old.send_json(START)
        call_id = until(old, "call.started")[-1]["call_id"]
        watcher.send_json({"type": "call.watch", "call_id": call_id})
        assert until(watcher, "call.started")
        new.send_json({"type": "call.resume", "call_id": call_id, "last_seq": 0})
        assert until(old, "error")[-1]["code"] == "another-source"
        with pytest.raises(WebSocketDisconnect) as closed:
            old.receive_json()
        assert closed.value.code == 4409
        listed = client.get("/v1/calls/live").json()["items"]
        assert [(item["call_id"], item["source"]) for item in listed] == [(call_id, "connected")]
        new.send_json({"type": "call.end"})
        assert until(watcher, "call.ended")[-1]["reason"] == "ended"


def test_a_persons_edit_is_never_overwritten(live_services: Services, client: TestClient) -> None:
    with open_socket(client) as socket:
        socket.send_json(START)
        call_id = str(until(socket, "call.started")[-1]["call_id"])
        socket.send_json({"type": "call.edit", "field": "incident_type", "value": "gas_leak"})
        edited = until(socket, "card.field")[-1]
        assert (edited["value"], edited["set_by"]) == ("gas_leak", "person")
        for frame in frames(murmur(2.4)):
            socket.send_bytes(frame)
        socket.send_json({"type": "call.end"})
        events = until(socket, "call.ended")
    assert not [e for e in events if e["type"] == "card.field" and e["field"] == "incident_type"]
    assert live_services.calls.card(call_id).card.value("incident_type") == "gas_leak"
    actions = [entry.action for entry in live_services.security.audit.page(before=None, limit=5)]
    assert {"calls.live.start", "calls.live.edit"} <= set(actions)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("urgency", 500, "invalid-input"), ("incident_type", "no such", "invalid-input"), ("house", " ", "invalid-input")],
)
def test_a_wrong_edit_is_told_and_the_audio_goes_on(client: TestClient, field: str, value: object, code: str) -> None:
    with open_socket(client) as socket:
        socket.send_json(START)
        socket.send_json({"type": "call.edit", "field": field, "value": value})
        refused = until(socket, "error")[-1]
        assert refused["code"] == code
        assert "seq" not in refused
        socket.send_json({"type": "call.edit", "field": field, "undo": True})
        assert until(socket, "error")[-1]["code"] == "conflict"  # nothing of it was kept
        for frame in frames(murmur(2.4)):
            socket.send_bytes(frame)
        socket.send_json({"type": "call.end"})
        assert text(until(socket, "call.ended"))


def test_an_edit_without_the_permission_is_refused(live_services: Services) -> None:
    headers = key(live_services, Role.SERVICE)
    with TestClient(create_app(live_services), headers=headers) as client, open_socket(client) as socket:
        socket.send_json(START)
        socket.send_json({"type": "call.edit", "field": "house", "value": "5"})
        assert until(socket, "error")[-1]["code"] == "not-allowed"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "call.start", "sample_rate": 4000, "encoding": "pcm16", "legs": ["caller"]}, 4400),
        ({"type": "call.start", "sample_rate": 8000, "encoding": "mp3", "legs": ["caller"]}, 4400),
        ({"type": "call.start", "sample_rate": 8000, "encoding": "alaw", "legs": ["caller", "caller"]}, 4400),
        ({"type": "call.resume", "call_id": "nobody", "last_seq": 0}, 4404),
        ({"type": "call.end"}, 4400),
        ({"type": "hello"}, 4400),
    ],
)
def test_a_wrong_message_is_told_and_closes_the_socket(client: TestClient, message: Event, code: int) -> None:
    with open_socket(client) as socket:
        socket.send_json(message)
        told = socket.receive_json()
        assert told["type"] == "error"
        assert told["detail"]
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == code


def test_an_oversize_frame_closes_its_socket_only(client: TestClient) -> None:
    with open_socket(client) as bad, open_socket(client) as good:
        bad.send_json(START)
        until(bad, "call.started")
        bad.send_bytes(b"Q" * 70_000)
        assert until(bad, "error")[-1]["code"] == "too-large"
        assert text(play(good, frames(murmur(2.4))))


def test_who_has_no_ticket_or_permission_stays_outside(live_services: Services, client: TestClient) -> None:
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/v1/calls/live"):
        pass
    assert (denied.value.status_code, denied.value.json()["code"]) == (401, "not-authenticated")
    used = ticket(client)
    with client.websocket_connect("/v1/calls/live", subprotocols=used):
        pass
    with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/v1/calls/live", subprotocols=used):
        pass
    with TestClient(create_app(live_services), headers=key(live_services, Role.INSPECTOR)) as inspector:
        assert inspector.post("/v1/calls/live/tickets").status_code == 403


def test_a_hundred_sockets_at_once_harm_no_call(live_services: Services, client: TestClient) -> None:
    opened, refused = [], []
    protocols = [ticket(client) for _ in range(100)]
    with open_socket(client) as call:
        call.send_json(START)
        until(call, "call.started")
        for offered in protocols:
            session = client.websocket_connect("/v1/calls/live", subprotocols=offered)
            try:
                opened.append(session.__enter__())
            except WebSocketDenialResponse as error:
                refused.append(error.status_code)
        assert (len(opened), refused) == (49, [429] * 51)
        assert client.post("/v1/calls/live/tickets").status_code == 429
        for frame in frames(murmur(2.4)):
            call.send_bytes(frame)
        call.send_json({"type": "call.end"})
        assert text(until(call, "call.ended"))
        for session in opened:
            session.__exit__(None, None, None)


def test_too_many_calls_are_refused_clearly(services: Services) -> None:
    with (
        desk_of(services, LiveSettings(max_calls=1)) as few,
        TestClient(create_app(few), headers=key(few, Role.SERVICE)) as client,
        open_socket(client) as one,
        open_socket(client) as two,
    ):
        one.send_json(START)
        until(one, "call.started")
        two.send_json(START)
        assert two.receive_json()["code"] == "too-many-requests"


@pytest.mark.slow
def test_a_source_that_ended_its_call_is_not_idle(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = threading.Event()

    def read_late(*_: object) -> tuple[Word, ...]:
        slow.wait(2.5)
        return ()

    monkeypatch.setattr(CountingReader, "read", read_late)
    sent = frames(murmur(2.4))
    live = LiveSettings(idle_s=1.5, resume_s=5)
    with (
        desk_of(services, live) as made,
        TestClient(create_app(made), headers=key(made, Role.DISPATCHER)) as client,
        open_socket(client) as socket,
    ):
        events = play(socket, sent)
        assert events[-1]["reason"] == "ended"
        assert not [event for event in events if event["type"] == "error"]


def test_a_call_is_deleted_once_nothing_of_it_is_live(services: Services) -> None:
    live = LiveSettings(resume_s=0.3)
    with desk_of(services, live) as made, TestClient(create_app(made), headers=key(made, Role.DISPATCHER)) as client:
        administrator = key(made, Role.ADMINISTRATOR)
        with open_socket(client) as socket:
            socket.send_json(START)
            call_id = str(until(socket, "call.started")[-1]["call_id"])
            refused = client.delete(f"/v1/calls/{call_id}", headers=administrator)
            assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
            for frame in frames(murmur(2.4)):
                socket.send_bytes(frame)
            socket.send_json({"type": "call.end"})
            until(socket, "call.ended")
        deadline = time.monotonic() + 20
        while client.delete(f"/v1/calls/{call_id}", headers=administrator).status_code != 204:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert list(made.call_blobs.digests()) == []
        while (made.settings.data_dir / "live" / call_id).exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_silent_source_is_dropped_and_its_call_ends(services: Services) -> None:
    live = LiveSettings(idle_s=0.3, resume_s=0.3)
    with desk_of(services, live) as made, TestClient(create_app(made), headers=key(made, Role.DISPATCHER)) as client:
        with open_socket(client) as socket:
            socket.send_json(START)
            call_id = str(until(socket, "call.started")[-1]["call_id"])
            socket.send_bytes(frames(murmur(0.1))[0])
            assert until(socket, "error")[-1]["code"] == "idle"
        deadline = time.monotonic() + 20
        while made.calls.call(call_id).state.value == "live":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        kept = made.calls.call(call_id)
        assert (kept.state.value, kept.notes) == ("waiting", ("restored",))  # its recording is read anew
        assert kept.started_at < datetime.now(UTC)


def test_a_client_that_never_reads_is_dropped_and_resumes_with_nothing_lost(services: Services) -> None:
    reads = threading.Event()
    reads.set()

    def stuck(app: ASGIApp) -> ASGIApp:
        """The line of a client that has stopped reading: what is sent to it waits for ever."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_when_read(message: Message) -> None:
                if message["type"] == "websocket.send" and not reads.is_set():
                    await asyncio.Event().wait()
                await send(message)

            await app(scope, receive, send_when_read)

        return serve

    with (
        desk_of(services, LiveSettings(slow_reader_s=0.2, resume_s=30)) as made,
        TestClient(stuck(create_app(made)), headers=key(made, Role.DISPATCHER)) as client,
    ):
        with open_socket(client) as socket:
            socket.send_json(START)
            started = until(socket, "call.started")[-1]
            reads.clear()
            for frame in frames(murmur(2.4)):
                socket.send_bytes(frame)
            with pytest.raises(WebSocketDisconnect) as closed:
                until(socket, "call.ended")
            assert closed.value.code == 4430
        reads.set()
        with open_socket(client) as again:
            again.send_json({"type": "call.resume", "call_id": started["call_id"], "last_seq": started["seq"]})
            again.send_json({"type": "call.end"})
            events = numbered(until(again, "call.ended"))
            assert [event["seq"] for event in events] == list(range(2, len(events) + 2))
