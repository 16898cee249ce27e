"""The API's answers, errors, limits and what it leaves in the audit and the logs."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import Services
from core.errors import SwitchedOff
from core.languages import Language
from core.settings import TelemetrySettings
from core.storage.switches import Capability
from core.telemetry.log import configure
from tests.api.conftest import ACT, REDACTION, PlainJobs, clause_id, events, log_in

QUESTION = {"question": "Какой ширины должен быть выход?"}


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers, root.level
    configure(TelemetrySettings(log_level="debug"), stream)
    yield stream
    root.handlers = before
    root.setLevel(level)


def test_an_answer_is_quotes_with_their_place(inspector: TestClient, services: Services) -> None:
    answer = inspector.post("/v1/assistant/answers", json=QUESTION).json()
    assert answer["status"] == "answered"
    (citation,) = answer["claims"][0]["citations"]
    clause = services.acts.clause(citation["clause_id"])
    assert clause.text[citation["start"] : citation["end"]] == citation["quote"]
    assert citation["url"].startswith(f"/acts/{ACT.id}/clauses/{clause.id}?start=0")
    assert inspector.get(citation["url"]).status_code == 200


def test_an_abstention_says_why_and_what_is_nearest(inspector: TestClient) -> None:
    answer = inspector.post("/v1/assistant/answers", json={"question": "Сколько стоит хлеб?"}).json()
    assert (answer["status"], answer["abstention"], answer["claims"]) == ("abstained", "no_source", [])
    assert answer["nearest"]


def test_an_answer_comes_as_events(inspector: TestClient) -> None:
    answer = inspector.post("/v1/assistant/answers", json=QUESTION, headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    got = events(answer.text)
    assert [name for name, _ in got] == ["quote", "answer"]
    assert got[1][1]["claims"] == [got[0][1]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": ""}, 422, "invalid-input"),
        ({"question": " \n?! "}, 422, "invalid-input"),
        ({"question": "выход " * 1000}, 413, "too-large"),
        ({"question": "ы" * 100_000}, 413, "too-large"),
        ({"question": "ы" * 1_000_000}, 413, "too-large"),
        ({"question": 5}, 422, "invalid-input"),
        ({"question": "выход", "as_of": "32.13.2026"}, 422, "invalid-input"),
        ({"question": "выход", "language": "zz"}, 422, "invalid-input"),
        ({"question": "выход", "more": 1}, 422, "invalid-input"),
        ({}, 422, "invalid-input"),
    ],
)
def test_a_bad_question_is_a_clear_problem(
    inspector: TestClient, body: dict[str, object], status: int, code: str
) -> None:
    answer = inspector.post("/v1/assistant/answers", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["advice"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert len(answer.text) < 2000


def test_a_body_that_streams_past_the_limit_is_cut_off(inspector: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 10_000
            yield b"x" * 10_000

    answer = inspector.post("/v1/assistant/answers", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    answer = inspector.post("/v1/assistant/answers", content=b"{broken", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


def test_an_unforeseen_failure_shows_nothing_of_the_inside(inspector: TestClient, logs: io.StringIO) -> None:
    answer = inspector.post("/v1/assistant/answers", json={"question": "сломайся, ИИН 990101300123"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    failure = next(json.loads(line) for line in logs.getvalue().splitlines() if "request_failed" in line)
    assert failure["error"] == "builtins.RuntimeError"
    assert failure["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in logs.getvalue()
    assert "990101300123" not in logs.getvalue()
    assert inspector.get("/healthz").status_code == 200


def test_neither_logs_nor_audit_hold_what_was_asked(
    inspector: TestClient, services: Services, logs: io.StringIO
) -> None:
    inspector.post("/v1/assistant/answers", json={"question": "выход для Тайного Слова"})
    inspector.get("/v1/search", params={"q": "Тайного"})
    inspector.get("/нет/Тайного")
    entry = services.security.audit.page(before=None, limit=1)[0]
    assert entry.action == "answer"
    assert entry.detail["clauses"] == clause_id(Language.RU, "2")
    assert "айн" not in repr(entry)
    assert "айн" not in logs.getvalue()
    assert '"route": "/v1/search"' in logs.getvalue()


def test_the_request_id_goes_through(anonymous: TestClient) -> None:
    given = anonymous.get("/healthz", headers={"X-Request-ID": "abcdefgh-1234"})
    assert given.headers["x-request-id"] == "abcdefgh-1234"
    forged = anonymous.get("/healthz", headers={"X-Request-ID": 'x" injected'})
    assert "injected" not in forged.headers["x-request-id"]
    missing = anonymous.get("/v1/nothing", headers={"X-Request-ID": "abcdefgh-1234"})
    assert (missing.status_code, missing.json()["request_id"]) == (404, "abcdefgh-1234")


def test_acts_are_listed_page_by_page(inspector: TestClient) -> None:
    page = inspector.get("/v1/acts", params={"limit": 1}).json()
    assert [act["number"] for act in page["items"]] == [ACT.number]
    assert page["items"][0]["redactions"][0]["id"] == REDACTION.id
    assert page["next_cursor"] is None
    assert inspector.get("/v1/acts", params={"cursor": "nonsense"}).status_code == 422
    assert inspector.get(f"/v1/acts/{ACT.id}/redactions").json()[0]["status"] == "in_force"
    assert inspector.get("/v1/acts/none/redactions").status_code == 404


def test_a_clause_is_read_in_its_place(inspector: TestClient, services: Services) -> None:
    found = inspector.get(f"/v1/clauses/{clause_id(Language.RU, '2')}", params={"neighbours": 1}).json()
    assert [clause["number"] for clause in (found["before"][0], found["clause"], found["after"][0])] == ["1", "2", "3"]
    assert found["twin"]["language"] == "kk"
    assert found["clause"]["breadcrumb"] == ["Глава 1. Пути выхода"]
    (part, *_) = services.acts.children(clause_id(Language.RU, "2"))
    inside = inspector.get(f"/v1/clauses/{part.id}", params={"neighbours": 1}).json()
    assert inside["whole"]["number"] == "2"
    assert [clause["number"] for clause in inside["before"] + inside["after"]] == ["1", "3"]
    assert inspector.get("/v1/clauses/none").status_code == 404


def test_search_finds_clauses(inspector: TestClient) -> None:
    found = inspector.get("/v1/search", params={"q": "огнетушитель"}).json()["items"]
    assert [hit["clause"]["number"] for hit in found] == ["3"]
    assert inspector.get("/v1/search", params={"q": " "}).status_code == 422


def test_an_upload_becomes_a_job(administrator: TestClient, services: Services) -> None:
    file = {"file": ("../../каталог/акт.txt", b"1. \xd1\x82")}
    answer = administrator.post("/v1/acts", files=file, data={"sidecar": '{"number": "X"}'})
    assert answer.status_code == 202
    url = answer.headers["location"]
    assert url == answer.json()["url"]
    assert isinstance(services.loader, PlainJobs)
    assert services.loader.taken["job-1"] == ("акт.txt", b"1. \xd1\x82", {"number": "X"})
    progress = administrator.get(url, headers={"Accept": "text/event-stream"})
    names = [name for name, _ in events(progress.text)]
    assert names[0] == "progress"
    assert names[-1] == "end"
    assert administrator.get(url).json()["result"]["redaction_id"] == REDACTION.id
    assert administrator.get("/v1/jobs").json()["items"][0]["id"] == "job-1"
    assert not list((services.settings.data_dir / "incoming").iterdir())
    entry = services.security.audit.page(before=None, limit=1)[0]
    assert (entry.action, entry.subject) == ("acts.load", "job-1")


def test_the_same_idempotency_key_gives_the_same_job(administrator: TestClient) -> None:
    def send(content: bytes, key: str) -> tuple[int, str]:
        answer = administrator.post("/v1/acts", files={"file": ("a.txt", content)}, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json().get("job_id", "")

    assert send(b"one", "k1") == send(b"one", "k1") == (202, "job-1")
    assert send(b"one", "k2") == (202, "job-2")
    assert send(b"two", "k1")[0] == 409


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"files": {"file": ("a.txt", b"")}}, 422),
        ({"files": {"file": ("a.txt", b"x" * 100_001)}}, 413),
        ({"files": {"file": ("a.txt", b"x" * 300_000)}}, 413),
        ({"files": {"file": ("a.txt", b"x")}, "data": {"sidecar": "[1]"}}, 422),
        ({"files": {"file": ("a.txt", b"x")}, "data": {"sidecar": '{"nummer": "5"}'}}, 422),
        ({"files": {"file": ("a.txt", b"x")}, "data": {"sidecar": "{"}}, 422),
        ({"files": {"file": ("a.txt", b"x")}, "data": {"sidecar": "{" * 70_000}}, 422),
        ({"files": {"other": ("a.txt", b"x")}}, 422),
        ({"files": [("file", ("a.txt", b"x")), ("file", ("b.txt", b"x"))]}, 422),
        ({"json": {"file": "a"}}, 422),
        ({"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 422),
        ({"content": b"junk", "headers": {"Content-Type": "multipart/form-data"}}, 422),
    ],
)
def test_a_bad_upload_is_a_clear_problem(administrator: TestClient, parts: dict[str, object], status: int) -> None:
    answer = administrator.post("/v1/acts", **parts)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.json()["advice"]


def test_a_switch_turns_a_capability_off_with_its_reason(administrator: TestClient, services: Services) -> None:
    no_reason = administrator.put("/v1/switches/assistant", json={"on": False})
    assert no_reason.status_code == 422
    off = administrator.put("/v1/switches/assistant", json={"on": False, "reason": "Перезагрузка актов"})
    assert (off.status_code, off.json()["on"]) == (200, False)
    refused = administrator.post("/v1/assistant/answers", json=QUESTION)
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (
        503,
        SwitchedOff.code,
        "Перезагрузка актов",
    )
    assert {s["capability"]: s["on"] for s in administrator.get("/v1/switches").json()} == {
        capability.value: capability is not Capability.ASSISTANT for capability in Capability
    }
    administrator.put("/v1/switches/assistant", json={"on": True})
    assert administrator.post("/v1/assistant/answers", json=QUESTION).status_code == 200
    actions = [entry.action for entry in services.security.audit.page(before=None, limit=3)]
    assert actions == ["answer", "switch.on", "switch.off"]


def test_the_audit_is_read_page_by_page_and_verifies(administrator: TestClient, services: Services) -> None:
    for _ in range(3):
        administrator.post("/v1/assistant/answers", json=QUESTION)
    seen: list[int] = []
    cursor = None
    while True:
        page = administrator.get("/v1/audit", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [entry["seq"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == list(range(len(seen), 0, -1))
    assert services.security.audit.verify().ok


def test_readiness_names_what_is_not_ready(services: Services) -> None:
    from dataclasses import replace

    with TestClient(create_app(replace(services, readiness=lambda: {"database": "ready", "index": "empty"}))) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (
            503,
            {"ready": False, "parts": {"database": "ready", "index": "empty"}},
        )


def test_metrics_count_requests_by_route(inspector: TestClient) -> None:
    inspector.get(f"/v1/clauses/{clause_id(Language.RU, '1')}")
    text = inspector.get("/metrics").text
    assert 'qorgan_http_requests_total{method="GET",route="/v1/clauses/{clause_id}",status="200"}' in text
    assert "qorgan_answers_total" in text
    assert clause_id(Language.RU, "1") not in text


def test_every_answer_carries_the_security_headers(anonymous: TestClient) -> None:
    for path in ("/login", "/healthz", "/static/pages.css", "/v1/nothing"):
        headers = anonymous.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_openapi_description_has_examples_and_problems(anonymous: TestClient) -> None:
    described = anonymous.get("/openapi.json").json()
    post = described["paths"]["/v1/assistant/answers"]["post"]
    assert "application/problem+json" in post["responses"]["4XX"]["content"]
    assert described["components"]["schemas"]["QuestionIn"]["examples"]
    assert "/login" not in described["paths"]


def test_roles_see_what_is_theirs(services: Services) -> None:
    with TestClient(create_app(services)) as client:
        log_in(client, "manager")
        assert client.get(f"/v1/redactions/{REDACTION.id}/report").json()["coverage"] == 0.991
        assert client.get("/v1/audit").status_code == 403
