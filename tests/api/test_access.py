"""Who may do what: every route, both ways of saying who one is, the brake on guessing."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from api.access import Needs
from api.app import PUBLIC, create_app
from api.contract import Services
from api.realtime.tickets import PROTOCOL
from core.security.permissions import TABLE, Permission, Role
from core.security.principal import Principal
from tests.api.conftest import PASSWORD, log_in
from tests.api.live_desk import live_services

__all__ = ["live_services"]


def _needs(dependant: Dependant) -> Iterator[Needs]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs):
            yield inner.call
        yield from _needs(inner)


def _routes(services: Services) -> dict[tuple[str, str], list[Needs]]:
    found = {}
    for context in iter_route_contexts(create_app(services).routes):
        dependant = getattr(context, "dependant", None)
        for method in context.methods or {"*"}:
            found[(method, str(context.path))] = list(_needs(dependant)) if dependant else []
    return found


def test_every_route_names_a_permission_or_is_listed_as_public(services: Services) -> None:
    routes = _routes(services)
    assert len(routes) > 20
    unguarded = {path for (_, path), needs in routes.items() if not needs}
    assert unguarded == PUBLIC
    assert not [path for (_, path), needs in routes.items() if needs and path in PUBLIC]


def test_only_the_session_itself_needs_no_particular_permission(services: Services) -> None:
    loose = {path for (_, path), needs in _routes(services).items() if needs and needs[0].permission is None}
    assert loose == {"/v1/auth/logout", "/v1/auth/me", "/logout"}


def test_every_guarded_route_refuses_a_stranger(services: Services, anonymous: TestClient) -> None:
    for method, path in _routes(services):
        if path in PUBLIC or method == "HEAD":
            continue
        if method == "*":  # a WebSocket
            with pytest.raises(WebSocketDenialResponse) as denied, anonymous.websocket_connect(path):
                pass
            assert (denied.value.status_code, denied.value.json()["code"]) == (401, "not-authenticated"), path
            continue
        address = path.replace("{capability}", "search")
        answer = anonymous.request(method, address)
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.json()["code"] == "not-authenticated"


def test_every_guarded_route_follows_the_table(live_services: Services) -> None:
    services = live_services
    app = create_app(services)
    routes = _routes(services)
    for role in Role:
        secret, _ = services.security.keys.create(f"test {role.value}", role, days=1)
        with TestClient(app, headers={"Authorization": f"Bearer {secret}"}) as client:
            for (method, path), needs in routes.items():
                if not needs or needs[0].permission is None or needs[0].permission in TABLE[role]:
                    continue
                if method == "*":  # a WebSocket: even a ticket does not open it to a role that the table refuses
                    assert services.live is not None
                    given = services.live.tickets.give(Principal("key", "test", role, "test"))
                    offered = [PROTOCOL, f"ticket.{given.secret}"]
                    with (
                        pytest.raises(WebSocketDenialResponse) as denied,
                        client.websocket_connect(path, subprotocols=offered),
                    ):
                        pass
                    assert (denied.value.status_code, denied.value.json()["code"]) == (403, "not-allowed"), (role, path)
                    continue
                answer = client.request(method, path.replace("{capability}", "search"), follow_redirects=False)
                assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), (role, method, path)


def test_the_table_gives_an_unknown_role_nothing_and_the_administrator_all() -> None:
    assert set(TABLE) == set(Role)
    assert TABLE[Role.ADMINISTRATOR] == frozenset(Permission)
    for role in set(Role) - {Role.ADMINISTRATOR}:
        assert not TABLE[role] & {Permission.READ_AUDIT, Permission.SET_SWITCHES, Permission.LOAD_ACTS}


def test_a_person_logs_in_is_known_and_logs_out(anonymous: TestClient) -> None:
    client = log_in(anonymous, "inspector")
    cookie = client.cookies.get("qorgan_session")
    assert cookie
    me = client.get("/v1/auth/me").json()
    assert (me["login"], me["role"]) == ("the.inspector", "inspector")
    assert "ask" in me["permissions"]
    assert client.post("/v1/auth/logout").status_code == 204
    client.cookies.set("qorgan_session", cookie)  # a stolen cookie is of no use after the logout
    assert client.get("/v1/auth/me").status_code == 401


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous: TestClient) -> None:
    answer = anonymous.post("/v1/auth/login", json={"login": "THE.Inspector ", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(("login", "password"), [("the.inspector", "wrong"), ("nobody.here", PASSWORD), ("", "")])
def test_a_wrong_login_says_no_more_than_that(anonymous: TestClient, login: str, password: str) -> None:
    answer = anonymous.post("/v1/auth/login", json={"login": login, "password": password})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "the login or the password is wrong"


def test_guessing_is_braked_by_login_and_address(services: Services, anonymous: TestClient) -> None:
    for _ in range(services.settings.security.login_attempts):
        assert anonymous.post("/v1/auth/login", json={"login": "the.manager", "password": "x"}).status_code == 401
    braked = anonymous.post("/v1/auth/login", json={"login": "the.manager", "password": PASSWORD})
    assert (braked.status_code, braked.json()["code"], braked.json()["retryable"]) == (429, "too-many-requests", True)
    log_in(anonymous, "inspector")
    assert [entry.action for entry in services.security.audit.page(before=None, limit=3)] == [
        "login",
        "login.refused",
        "login.failed",
    ]
    with TestClient(create_app(services), client=("10.0.0.2", 1)) as elsewhere:
        log_in(elsewhere, "manager")


def test_a_cookie_alone_cannot_change_anything(inspector: TestClient) -> None:
    body = {"question": "Какой ширины выход?"}
    assert inspector.post("/v1/assistant/answers", json=body).status_code == 200
    del inspector.headers["X-CSRF-Token"]
    refused = inspector.post("/v1/assistant/answers", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    wrong = inspector.post("/v1/assistant/answers", json=body, headers={"X-CSRF-Token": "чужой".encode()})
    assert wrong.status_code == 403


def test_another_site_cannot_log_a_person_in(anonymous: TestClient) -> None:
    for path in ("/login", "/v1/auth/login"):
        answer = anonymous.post(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403


def test_a_key_works_until_it_is_revoked_or_expires(services: Services, anonymous: TestClient) -> None:
    keys = services.security.keys
    secret, key = keys.create("dispatch system", Role.SERVICE, days=1)
    assert secret.startswith("qk_")
    headers = {"Authorization": f"Bearer {secret}"}
    asked = anonymous.post("/v1/assistant/answers", json={"question": "Какой ширины выход?"}, headers=headers)
    assert asked.status_code == 200
    assert keys.list()[0].last_used_at is not None
    keys.revoke(key.prefix)
    assert anonymous.get("/v1/acts", headers=headers).status_code == 401
    short, _ = keys.create("for a moment", Role.SERVICE, days=1e-9)
    assert anonymous.get("/v1/acts", headers={"Authorization": f"Bearer {short}"}).status_code == 401
    assert anonymous.get("/v1/acts", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_barred_account_is_out_at_once(services: Services, inspector: TestClient) -> None:
    assert inspector.get("/v1/acts").status_code == 200
    services.security.accounts.disable("the.inspector")
    assert inspector.get("/v1/acts").status_code == 401
    again = inspector.post("/v1/auth/login", json={"login": "the.inspector", "password": PASSWORD})
    assert again.status_code == 401
