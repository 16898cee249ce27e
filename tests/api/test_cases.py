"""Fire cases through the API: entered step by step, imported with a report, closed; each within its limits."""

import gzip
import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import Services
from core.security.permissions import Role
from core.storage.switches import Capability
from tests.api.conftest import PASSWORD, log_in

MAPPING = """
name: cards
language: ru
id: [номер]
date: {column: дата, format: "%d.%m.%Y"}
cause: {column: причина}
title: заметка
facts:
  object: объект
  storeys: этажей
  floor: этаж
  month: {from_date: month}
"""
HEADER = "номер,дата,объект,этажей,этаж,причина,заметка"
GOOD = ["1,05.01.2026,Частный сектор,1,1,6.1,баня", "2,06.01.2026,14.2,9,2,,звонил Петров Иван Сергеевич 87011234567"]


@pytest.fixture
def investigator(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield log_in(client, "investigator")


def enter(client: TestClient, key: str = "k1", **facts: object) -> dict[str, object]:
    body = {"title": "Баня", "occurred_on": "2026-01-05", "facts": facts or {"object": "14.4", "storeys": 2}}
    answer = client.post("/v1/cases", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/cases/{answer.json()['id']}"
    made: dict[str, object] = answer.json()
    return made


def load(client: TestClient, *rows: str, mapping: str = MAPPING, key: str = "") -> str:
    files = {"file": ("cards.csv", "\n".join([HEADER, *rows]).encode())}
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post("/v1/cases", files=files, data={"mapping": mapping}, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["url"]
    return str(answer.json()["import_id"])


def test_a_case_is_entered_step_by_step_undone_and_closed(investigator: TestClient, services: Services) -> None:
    case = enter(investigator)
    assert enter(investigator) == case
    address = f"/v1/cases/{case['id']}"
    edited = investigator.patch(address, json={"set": {"heating": "Печное", "storeys": None, "floor": "1"}}).json()
    assert edited["facts"] == {"object": "14.4", "heating": "stove", "floor": 1.0}
    undone = investigator.patch(address, json={"undo": ["heating"]}).json()
    assert "heating" not in undone["facts"]
    assert [change["fact"] for change in undone["history"]] == ["heating", "storeys", "floor"]
    assert undone["history"][0]["undone_by"].startswith("account:")
    closed = investigator.post(f"{address}/close", json={"cause": "Несоответствие противопожарной разделки печи"})
    assert (closed.json()["state"], closed.json()["cause"]) == ("closed", "6.1")
    assert investigator.patch(address, json={"set": {"floor": 2}}).status_code == 409
    opened = investigator.patch(address, json={"undo": ["cause"], "set": {"floor": 2}}).json()
    assert (opened["state"], opened["cause"], opened["facts"]["floor"]) == ("open", None, 2.0)
    assert investigator.get(address).json() == opened
    actions = [entry.action for entry in services.security.audit.page(before=None, limit=6)]
    assert {"cases.create", "cases.edit", "cases.close"} <= set(actions)


@pytest.mark.parametrize(
    "facts",
    [
        {"no_such_fact": "x"},
        {"object": "99.9"},
        {"storeys": "два"},
        {"storeys": -3},
        {"heating_in_use": "иногда"},
        {"began_at": "вчера"},
        {"began_at": "2999-01-01"},
        {"storeys": 2, "floor": 5},
        {"sprinkler": "worked", "sprinkler_state": "burst"},
        {"began_at": "2026-01-05T10:00", "extinguished_at": "2026-01-05T09:00"},
        {"material": "я" * 400},
        {"material": " "},
    ],
)
def test_a_fact_that_cannot_be_is_refused(investigator: TestClient, facts: dict[str, object]) -> None:
    answer = investigator.post("/v1/cases", json={"facts": facts})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input"), answer.text
    assert answer.json()["advice"]
    case = enter(investigator)
    assert investigator.patch(f"/v1/cases/{case['id']}", json={"set": facts}).status_code == 422
    assert investigator.get(f"/v1/cases/{case['id']}").json()["history"] == []


@pytest.mark.parametrize("body", ["", "[]", '{"facts": 1}', '{"x": 1}', '{"occurred_on": "2999-01-01"}', "{"])
def test_a_wrong_body_is_refused(investigator: TestClient, body: str) -> None:
    answer = investigator.post("/v1/cases", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input"), answer.text


def test_wrong_closings_and_edits_are_refused(investigator: TestClient) -> None:
    address = f"/v1/cases/{enter(investigator)['id']}"
    for cause in ("16", "77.7", " "):
        assert investigator.post(f"{address}/close", json={"cause": cause}).status_code == 422
    assert investigator.patch(address, json={}).status_code == 422
    assert investigator.patch(address, json={"undo": ["nothing"]}).status_code == 422
    assert investigator.patch(address, json={"undo": ["floor"]}).status_code == 409
    assert investigator.get("/v1/cases/none").status_code == 404
    assert investigator.post("/v1/cases/none/close", json={"cause": "1"}).status_code == 404


def test_a_file_is_imported_with_a_report_of_every_row(investigator: TestClient, services: Services) -> None:
    bad = [
        "3,32.01.2026,14.4,1,1,1,",
        "4,05.01.2026,99.1,x,1,88.8,",
        "5,05.01.2026,14.4,1,7,1,",
        "1,05.01.2026,Частный сектор,1,1,6.1,баня",
        "2,06.01.2026,14.4,9,2,,другая",
        "6,05.01.2026,,,,1,",
        ",05.01.2026,14.4,1,1,1,",
        "7,05.01.2999,14.4,1,1,1,=1+1 Иванов И.И.",
        "8,a",
    ]
    import_id = load(investigator, *GOOD, *bad)
    found = investigator.get(f"/v1/cases/imports/{import_id}").json()
    assert (found["state"], found["saved"]["added"], found["next_offset"]) == ("done", 6, None)
    report = found["report"]
    assert (report["rows"], report["cases"], report["refused"], report["duplicates"]) == (11, 6, 3, 2)
    assert report["open_cases"] == 2
    kinds = {(issue["row"], issue["column"], issue["kind"]) for issue in found["issues"]}
    assert kinds == {
        (4, "дата", "not-a-date"),
        (5, "объект", "unknown-code"),
        (5, "этажей", "not-a-number"),
        (5, "причина", "unknown-code"),
        (6, "этажей, этаж", "contradiction"),
        (7, "номер", "duplicate-row"),
        (8, "номер", "duplicate-id"),
        (9, "", "no-facts"),
        (10, "номер", "no-id"),
        (11, "дата", "in-the-future"),
        (12, "", "wrong-cells"),
    }
    second = investigator.get(f"/v1/cases/imports/{import_id}", params={"offset": 2, "limit": 3}).json()
    assert (second["issues"], second["next_offset"]) == (found["issues"][2:5], 5)
    table = investigator.get(f"/v1/cases/imports/{import_id}/issues")
    assert table.headers["content-type"].startswith("text/csv")
    assert len(table.text.strip().splitlines()) == 12
    lines = investigator.get(f"/v1/cases/imports/{import_id}/issues", params={"format": "json"}).text.splitlines()
    assert [json.loads(line) for line in lines] == found["issues"]
    listed = investigator.get("/v1/cases", params={"state": "open", "import_id": import_id}).json()["items"]
    assert {case["source"] for case in listed} == {"cards.csv, row 3", "cards.csv, row 5"}
    again = load(investigator, *GOOD, *bad)
    assert investigator.get(f"/v1/cases/imports/{again}").json()["saved"]["unchanged"] == 6


def test_an_import_leaves_what_people_changed(investigator: TestClient) -> None:
    load(investigator, *GOOD)
    case = investigator.get("/v1/cases", params={"state": "open"}).json()["items"][0]
    investigator.patch(f"/v1/cases/{case['id']}", json={"set": {"material": "вата"}})
    again = load(investigator, GOOD[0], GOOD[1].replace(",9,", ",5,"))
    found = investigator.get(f"/v1/cases/imports/{again}").json()
    assert found["saved"] == {"added": 0, "changed": 0, "unchanged": 1, "kept_as_people_left_them": 1}
    assert [(issue["row"], issue["kind"]) for issue in found["issues"]] == [(3, "changed-by-people")]
    assert investigator.get(f"/v1/cases/{case['id']}").json()["facts"]["storeys"] == 9.0


def test_a_file_that_cannot_be_imported_says_why(investigator: TestClient, services: Services) -> None:
    def send(content: bytes, mapping: str = MAPPING) -> tuple[int, str]:
        files = {"file": ("cards.csv", content)}
        answer = investigator.post("/v1/cases", files=files, data={"mapping": mapping})
        return answer.status_code, answer.json().get("import_id", answer.json().get("code"))

    assert send(b"") == (422, "invalid-input")
    assert send(b"a,b\n1,2", mapping="name: 1") == (422, "invalid-input")
    assert send(b"a,b\n1,2", mapping="") == (422, "invalid-input")
    for content in (b"a,b\n1,2", b"\x00\x01\x02", b"%PDF-1.7\n%\x00", b"PK\x03\x04junk", gzip.compress(b"a,b")[:-9]):
        status, import_id = send(content)
        assert status == 202
        found = investigator.get(f"/v1/cases/imports/{import_id}").json()
        assert found["state"] == "failed"
        assert found["error"]["code"] in ("invalid-input", "not-readable")
        assert found["error"]["advice"]
    unknown = investigator.post("/v1/cases", files={"file": ("c.csv", b"a")}, data={"mapping_name": "../secret"})
    assert unknown.status_code == 404
    folder = services.settings.data_dir / "mappings"
    folder.mkdir()
    (folder / "cards.yaml").write_text(MAPPING, encoding="utf-8")
    content = "\n".join([HEADER, *GOOD]).encode("cp1251")
    named = investigator.post("/v1/cases", files={"file": ("c.csv", content)}, data={"mapping_name": "cards"})
    found = investigator.get(named.json()["url"]).json()
    assert (found["report"]["encoding"], found["saved"]["added"]) == ("cp1251", 2)


def test_a_territory_limits_what_is_seen_entered_and_imported(services: Services) -> None:
    services.security.accounts.add(
        "the.local", PASSWORD, Role.INVESTIGATOR, display_name="Local", territory="711000000"
    )
    with TestClient(create_app(services)) as everyone, TestClient(create_app(services)) as local:
        log_in(everyone, "investigator")
        log_in(local, "local")
        case = enter(everyone)
        assert local.get(f"/v1/cases/{case['id']}").status_code == 404
        assert local.patch(f"/v1/cases/{case['id']}", json={"set": {"floor": 1}}).status_code == 404
        assert local.post(f"/v1/cases/{case['id']}/close", json={"cause": "1"}).status_code == 404
        assert enter(local)["territory"] == "711000000"
        assert local.post("/v1/cases", json={"territory": "751110000"}).status_code == 422
        assert len(local.get("/v1/cases").json()["items"]) == 1
        mapping = MAPPING.replace("title: заметка", "territory: заметка")
        rows = [f"{n},05.01.2026,14.4,1,1,1,{code}" for n, code in enumerate(("711010000", "751110000", "x", ""))]
        own = load(local, *rows, mapping=mapping)
        found = local.get(f"/v1/cases/imports/{own}").json()
        assert found["saved"]["added"] == 3
        assert [issue["kind"] for issue in found["issues"]] == ["outside-territory", "bad-territory"]
        assert everyone.get(f"/v1/cases/imports/{own}").status_code == 404


def test_the_switch_turns_cases_off(investigator: TestClient, services: Services) -> None:
    case = enter(investigator)
    services.security.switches.set(Capability.CASES, on=False, reason="проверка", actor="test")
    for method, path in (("GET", "/v1/cases"), ("GET", f"/v1/cases/{case['id']}"), ("GET", "/v1/cases/imports/x")):
        assert investigator.request(method, path).status_code == 503
    assert investigator.post("/v1/cases", json={}).status_code == 503
    files = {"file": ("c.csv", b"a")}
    assert investigator.post("/v1/cases", files=files, data={"mapping": MAPPING}).status_code == 503


def test_the_schema_is_given_in_each_language(investigator: TestClient) -> None:
    for language, name in (("ru", "Объект пожара"), ("kk", "Өрт объектісі"), ("en", "Object of the fire")):
        found = investigator.get("/v1/cases/schema", params={"language": language}).json()
        facts = {fact["id"]: fact for fact in found["facts"]}
        assert facts["object"]["name"] == name
        assert len(facts["object"]["options"]) == 133
        assert len(found["causes"]) == 52
