"""Calls through the API: taken in, read, changed, listened to, forgotten; who may, and what the audit says."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import Services
from core.security.permissions import Role
from core.storage.switches import Capability
from tests.api.conftest import log_in
from tests.call_samples import tone, two_legs, wav


@pytest.fixture
def dispatcher(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield log_in(client, "dispatcher")


def send(client: TestClient, content: bytes | None = None, *, name: str = "call.wav", key: str = "", **fields: str):  # type: ignore[no-untyped-def]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(
        "/v1/calls", files={"file": (name, two_legs() if content is None else content)}, data=fields, headers=headers
    )


def actions(services: Services) -> list[str]:
    return [entry.action for entry in services.security.audit.page(before=None, limit=20)]


def test_a_recording_becomes_a_transcript_tags_and_a_card(dispatcher: TestClient, services: Services) -> None:
    accepted = send(dispatcher, started_at="2026-03-01T08:15:00+05:00")
    assert accepted.status_code == 202, accepted.text
    assert accepted.headers["Location"] == accepted.json()["url"]
    assert dispatcher.get(accepted.json()["job_url"]).json()["id"] == accepted.json()["job_id"]
    call = dispatcher.get(accepted.json()["url"]).json()
    assert (call["state"], call["started_at"], call["duration_s"]) == ("done", "2026-03-01T03:15:00Z", 16.0)
    assert call["legs"] == ["caller", "operator"]
    assert [segment["leg"] for segment in call["segments"]] == ["operator", "caller"] * 2
    assert call["segments"][1]["words"][0]["text"] == "Пожар,"
    assert {"fire", "siren"} <= {tag["label"] for tag in call["tags"]}
    card = {field["name"]: field for field in call["card"]["fields"]}
    assert (card["settlement"]["value"], card["house"]["value"]) == ("Кокшетау", "15")
    assert card["house"]["set_by"] == "model"
    assert card["house"]["evidence"][0]["leg"] == "caller"
    assert call["missing"]
    assert {item["id"] for item in call["quality"]} >= {"greeted", "asked_address"}
    assert call["versions"]["transcriber"] == "tests"
    listed = dispatcher.get("/v1/calls").json()["items"]
    assert [item["place"] for item in listed] == [call["place"]]
    assert "calls.upload" in actions(services)


def test_the_same_key_gives_the_same_call_and_another_file_conflicts(dispatcher: TestClient) -> None:
    first, again = send(dispatcher, key="one"), send(dispatcher, key="one")
    assert first.json() == again.json()
    assert send(dispatcher, two_legs(3.0), key="one").status_code == 409
    assert len(dispatcher.get("/v1/calls").json()["items"]) == 1


def test_a_persons_edit_stands_beside_the_suggestion_and_can_be_undone(
    dispatcher: TestClient, services: Services
) -> None:
    url = send(dispatcher).json()["url"]
    edited = dispatcher.patch(f"{url}/card", json={"set": {"house": " 17 ", "callback_phone": "8 701 111 22 33"}})
    assert edited.status_code == 200, edited.text
    card = {field["name"]: field for field in edited.json()["fields"]}
    house = card["house"]
    assert (house["value"], house["set_by"], house["suggested"], house["undoable"]) == ("17", "person", "15", True)
    assert card["callback_phone"]["value"] == "+77011112233"
    emptied = dispatcher.patch(f"{url}/card", json={"set": {"street": None}}).json()
    assert next(f["value"] for f in emptied["fields"] if f["name"] == "street") is None
    undone = dispatcher.patch(f"{url}/card", json={"undo": ["house"]}).json()
    assert next(f["value"] for f in undone["fields"] if f["name"] == "house") == "15"
    assert [c["value"] for c in undone["history"] if c["name"] == "house"] == ["15", "17"]
    assert dispatcher.patch(f"{url}/card", json={"undo": ["house"]}).status_code == 409
    entry = next(e for e in services.security.audit.page(before=None, limit=5, action="calls.card"))
    assert "17" not in str(entry.detail)


@pytest.mark.parametrize(
    "values",
    [
        {"house": ""},
        {"house": "x" * 301},
        {"urgency": 5},
        {"urgency": True},
        {"injured_count": -1},
        {"people_trapped": "да"},
        {"call_class": "boring"},
        {"incident_type": "no_such_type"},
        {"services": ["911"]},
        {"callback_phone": "call me"},
        {"password": "x"},
        {},
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(
    dispatcher: TestClient, values: dict[str, object]
) -> None:
    url = send(dispatcher).json()["url"]
    before = dispatcher.get(url).json()["card"]
    answer = dispatcher.patch(f"{url}/card", json={"set": {"flat": "1", **values} if values else {}})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert answer.json()["advice"]
    assert dispatcher.get(url).json()["card"] == before


def test_a_decision_is_kept_and_marks_the_call(dispatcher: TestClient) -> None:
    url = send(dispatcher).json()["url"]
    assert dispatcher.post(f"{url}/review", json={"services": ["911"]}).status_code == 422
    made = dispatcher.post(f"{url}/review", json={"services": ["101", "103"], "note": " Дети "}).json()
    assert (made["services"], made["note"]) == (["101", "103"], "Дети")
    assert [d["services"] for d in dispatcher.get(url).json()["decisions"]] == [["101", "103"]]
    assert len(dispatcher.get("/v1/calls", params={"reviewed": True}).json()["items"]) == 1
    assert dispatcher.get("/v1/calls", params={"reviewed": False}).json()["items"] == []


def test_the_sound_is_wav_by_ranges_and_listening_is_audited_once(dispatcher: TestClient, services: Services) -> None:
    url = send(dispatcher).json()["url"]
    whole = dispatcher.get(f"{url}/audio")
    assert (whole.status_code, whole.headers["content-type"], whole.content[:4]) == (200, "audio/wav", b"RIFF")
    size = len(whole.content)
    part = dispatcher.get(f"{url}/audio", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{size}"
    assert dispatcher.get(f"{url}/audio", headers={"Range": "bytes=-5"}).content == whole.content[-5:]
    assert dispatcher.get(f"{url}/audio", headers={"Range": f"bytes={size - 3}-"}).content == whole.content[-3:]
    assert dispatcher.get(f"{url}/audio", headers={"Range": f"bytes={size}-"}).status_code == 416
    assert dispatcher.get(f"{url}/audio", headers={"Range": "pages=1-2"}).content == whole.content
    assert actions(services).count("calls.listen") == 1


def test_a_deleted_call_is_gone_with_its_sound(dispatcher: TestClient, services: Services) -> None:
    accepted = send(dispatcher).json()
    assert dispatcher.delete(accepted["url"]).status_code == 403
    with TestClient(create_app(services)) as client:
        administrator = log_in(client, "administrator")
        assert administrator.delete(accepted["url"]).status_code == 204
        assert administrator.get(accepted["url"]).status_code == 404
        assert administrator.delete(accepted["url"]).status_code == 404
    assert list(services.call_blobs.digests()) == []
    assert "calls.delete" in actions(services)


def test_a_person_sees_the_calls_of_their_territory_only(services: Services, dispatcher: TestClient) -> None:
    near = send(dispatcher, territory="111010000").json()["url"]
    far, nowhere = send(dispatcher, territory="710000000").json()["url"], send(dispatcher).json()["url"]
    secret, _ = services.security.keys.create("centre", Role.DISPATCHER, days=1, territory="110000000")
    with TestClient(create_app(services), headers={"Authorization": f"Bearer {secret}"}) as local:
        assert [f"/v1/calls/{item['id']}" for item in local.get("/v1/calls").json()["items"]] == [near]
        for url in (far, nowhere):
            for method, path, body in (
                ("GET", url, None),
                ("GET", f"{url}/job", None),
                ("GET", f"{url}/audio", None),
                ("PATCH", f"{url}/card", {"set": {"flat": "1"}}),
                ("POST", f"{url}/review", {"services": []}),
            ):
                assert local.request(method, path, json=body).status_code == 404, (method, path)
        assert local.get(near).status_code == 200
        assert send(local, territory="710000000").status_code == 422
        assert local.get(send(local).json()["url"]).json()["territory"] == "110000000"


def test_the_switch_stops_everything_but_deleting(services: Services, dispatcher: TestClient) -> None:
    url = send(dispatcher).json()["url"]
    services.security.switches.set(Capability.CALLS, on=False, reason="Проверка", actor="account:1")
    for answer in (
        send(dispatcher),
        dispatcher.get("/v1/calls"),
        dispatcher.get(url),
        dispatcher.get(f"{url}/audio"),
        dispatcher.patch(f"{url}/card", json={"set": {"flat": "1"}}),
        dispatcher.post(f"{url}/review", json={"services": []}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "switched-off")
    with TestClient(create_app(services)) as client:
        assert log_in(client, "administrator").delete(url).status_code == 204


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"this is no sound at all, only text", "not-audio"),
        (wav(tone(2), tone(2), tone(2)), "not-audio"),
        (wav(tone(2, level=0.0), tone(2, level=0.0)), "silent-recording"),
        (wav(tone(1, rate=1000), rate=1000), "not-audio"),
    ],
)
def test_a_bad_recording_fails_with_a_reason_and_is_kept(dispatcher: TestClient, content: bytes, code: str) -> None:
    call = dispatcher.get(send(dispatcher, content).json()["url"]).json()
    assert (call["state"], call["failure"]["code"]) == ("failed", code)
    assert call["failure"]["advice"]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (two_legs()[:60_000], "truncated"),
        (wav(tone(16)), "one-channel"),
        (wav(tone(16), tone(16, level=0.0)), "silent-leg"),
    ],
)
def test_a_faulty_recording_is_read_and_says_what_is_wrong(dispatcher: TestClient, content: bytes, note: str) -> None:
    call = dispatcher.get(send(dispatcher, content).json()["url"]).json()
    assert call["state"] == "done"
    assert note in call["notes"]


def test_kazakh_is_said_not_to_be_reliable(dispatcher: TestClient) -> None:
    call = dispatcher.get(send(dispatcher, language="kk").json()["url"]).json()
    assert (call["language"], call["notes"]) == ("kk", ["language-not-reliable"])


def test_a_form_that_cannot_be_used_is_refused(dispatcher: TestClient) -> None:
    empty = send(dispatcher, b"")
    assert (empty.status_code, "0 bytes" in empty.json()["detail"]) == (422, True)
    assert send(dispatcher, started_at="2026-03-01 08:15").status_code == 422
    assert send(dispatcher, language="tlh").status_code == 422
    assert send(dispatcher, territory="Кокшетау").status_code == 422
    assert send(dispatcher, b"x" * 1_200_000).status_code == 413
    assert dispatcher.post("/v1/calls", data={"file": "text"}).status_code == 422
    assert dispatcher.get("/v1/calls", params={"since": "2026-03-01T08:15:00"}).status_code == 422
    assert dispatcher.get("/v1/calls", params={"cursor": "nonsense"}).status_code == 422
    assert dispatcher.get("/v1/calls").json()["items"] == []
