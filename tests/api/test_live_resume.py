"""Who may send a live call's audio after a break: whoever began it, or an administrator. Others watch."""

from fastapi.testclient import TestClient
from starlette.testclient import WebSocketTestSession

from api.app import create_app
from api.contract import Services
from core.security.permissions import Role
from tests.api.live_desk import live_services
from tests.api.test_live_calls import START, key, open_socket, until

__all__ = ["live_services"]


def socket_of(client: TestClient, headers: dict[str, str]) -> WebSocketTestSession:
    given = client.post("/v1/calls/live/tickets", headers=headers).json()
    return client.websocket_connect("/v1/calls/live", subprotocols=[given["protocol"], f"ticket.{given['ticket']}"])


def begun(socket: WebSocketTestSession) -> str:
    socket.send_json(START)
    return str(until(socket, "call.started")[-1]["call_id"])


def test_another_may_watch_and_not_be_the_source(live_services: Services) -> None:
    with (
        TestClient(create_app(live_services), headers=key(live_services, Role.SERVICE)) as gateway,
        open_socket(gateway) as socket,
    ):
        call_id = begun(socket)
        other = key(live_services, Role.DISPATCHER)
        with socket_of(gateway, other) as thief:
            thief.send_json({"type": "call.resume", "call_id": call_id, "last_seq": 0})
            assert thief.receive_json()["code"] == "not-allowed"
            assert thief.receive()["code"] == 4403
        with socket_of(gateway, other) as watcher:
            watcher.send_json({"type": "call.watch", "call_id": call_id})
            assert until(watcher, "call.started")[-1]["call_id"] == call_id
            socket.send_json({"type": "call.end"})  # it is still the source
            assert until(socket, "call.ended")[-1]["reason"] == "ended"
            assert until(watcher, "call.ended")[-1]["reason"] == "ended"
    resumed = [e for e in live_services.security.audit.page(before=None, limit=20) if e.action == "calls.live.resume"]
    assert resumed == []


def test_an_administrator_may_become_the_source(live_services: Services) -> None:
    with (
        TestClient(create_app(live_services), headers=key(live_services, Role.SERVICE)) as gateway,
        open_socket(gateway) as socket,
    ):
        call_id = begun(socket)
        with socket_of(gateway, key(live_services, Role.ADMINISTRATOR)) as administrator:
            administrator.send_json({"type": "call.resume", "call_id": call_id, "last_seq": 0})
            assert until(socket, "error")[-1]["code"] == "another-source"
            administrator.send_json({"type": "call.end"})
            assert until(administrator, "call.ended")[-1]["reason"] == "ended"
