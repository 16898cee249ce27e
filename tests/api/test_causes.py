import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from docx import Document
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import Services
from core.case_records import FactValue, FireCase
from core.languages import Language
from core.storage.switches import Capability
from tests.api.conftest import log_in
from tests.cause_samples import past_fires

_FACTS: dict[str, FactValue] = {"object": "1.2", "place_of_origin": "Печь"}


@pytest.fixture
def investigator(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield log_in(client, "investigator")


@pytest.fixture
def case_id(services: Services) -> str:
    """An open case among three hundred closed ones."""
    services.cases.save_imported(past_fires(300), "test", "import-1")
    services.cases.create(FireCase("case-1", _FACTS, date(2026, 3, 1), title="Пожар бани"), "user:the.investigator")
    return "case-1"


def test_a_suggestion_is_drawn_kept_audited_and_scored(
    investigator: TestClient, services: Services, case_id: str
) -> None:
    services.cases.edit(case_id, {"heating": "stove"}, (), "user:the.investigator")
    services.cases.edit(case_id, {"power": "live"}, (), "user:the.investigator")
    answer = investigator.post(f"/v1/cases/{case_id}/causes")
    assert answer.status_code == 200, answer.text
    causes = answer.json()
    first = causes["hypotheses"][0]
    assert (causes["status"], first["cause"], first["in_set"]) == ("suggested", "6.1", True)
    assert first["name"] == "Несоответствие противопожарной разделки печи"
    assert {argument["name"] for argument in first["arguments_for"]} >= {"Место возникновения", "Отопление"}
    assert first["like"][0]["cause"] == "6.1"
    assert first["unlike"][0]["cause"] != "6.1"
    assert causes["past_cases"] == 300
    assert causes["next_checks"]
    assert [step["fact"] for step in causes["ranking"]] == ["", "heating", "power"]
    assert causes["ranking"][-1]["probabilities"]["6.1"] == pytest.approx(first["probability"])
    made = services.cases.suggestions(case_id)
    assert [one.model_version for one in made] == ["plain-1"]
    assert services.security.audit.page(before=None, limit=1)[0].action == "cases.causes"
    services.cases.close(case_id, "6.1", "user:the.investigator")
    kept = investigator.get(f"/v1/cases/{case_id}/causes").json()
    assert [one["score"]["rank"] for one in kept] == [1]
    assert investigator.post(f"/v1/cases/{case_id}/causes").json()["suggestion_id"] is None
    assert len(services.cases.suggestions(case_id)) == 1


def test_reading_again_is_not_another_suggestion(investigator: TestClient, services: Services, case_id: str) -> None:
    for language in Language:
        assert investigator.post(f"/v1/cases/{case_id}/causes?language={language}").status_code == 200
    assert len(services.cases.suggestions(case_id)) == 1
    services.cases.edit(case_id, {"smoking": False}, (), "user:the.investigator")
    investigator.post(f"/v1/cases/{case_id}/causes")
    assert len(services.cases.suggestions(case_id)) == 2


def test_too_few_facts_are_undetermined_with_a_text(investigator: TestClient, case_id: str) -> None:
    causes = investigator.post(f"/v1/cases/{case_id}/causes?language=kk").json()
    assert (causes["status"], causes["abstention"]) == ("undetermined", "undetermined")
    assert "тым аз" in causes["message"]
    checks = {check["fact"]: check for check in causes["next_checks"]}
    assert checks["ignition_source"]["kind"] == "examination"
    assert "сараптама" in checks["ignition_source"]["text"]


def test_before_a_model_is_trained_it_says_what_to_do(investigator: TestClient, services: Services) -> None:
    services.cases.create(FireCase("case-2", _FACTS), "user:the.investigator")
    answer = investigator.post("/v1/cases/case-2/causes")
    assert answer.status_code == 409
    assert "cases train" in answer.json()["advice"]


def test_the_plan_is_a_document(investigator: TestClient, case_id: str) -> None:
    answer = investigator.get(f"/v1/cases/{case_id}/plan?language=kk")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="plan-kk.docx"'
    document = Document(io.BytesIO(answer.content))
    assert document.paragraphs[0].text == "Өрт себебі туралы болжамдарды тексеру жоспары"


@pytest.mark.parametrize("role", ["inspector", "dispatcher"])
def test_others_may_not_ask(services: Services, case_id: str, role: str) -> None:
    with TestClient(create_app(services)) as client:
        log_in(client, role)
        assert client.post(f"/v1/cases/{case_id}/causes").status_code == 403
        assert client.get(f"/v1/cases/{case_id}/causes").status_code == 403
        assert client.get(f"/v1/cases/{case_id}/plan").status_code == 403


def test_a_switch_and_a_missing_case(investigator: TestClient, services: Services, case_id: str) -> None:
    assert investigator.post("/v1/cases/no-such/causes").status_code == 404
    services.security.switches.set(Capability.CASES, on=False, reason="Проверка", actor="user:the.administrator")
    assert investigator.post(f"/v1/cases/{case_id}/causes").status_code == 503


def test_the_month_is_told_by_the_day(investigator: TestClient, services: Services) -> None:
    dated = [
        replace(case, facts={**case.facts, "month": str(case.occurred_on.month)})
        for case in past_fires(300)
        if case.occurred_on
    ]
    services.cases.save_imported(dated, "test", "import-1")
    services.cases.create(FireCase("case-3", {**_FACTS, "heating": "stove"}, date(2026, 3, 1)), "test")
    causes = investigator.post("/v1/cases/case-3/causes").json()
    assert "month" not in {check["fact"] for check in causes["next_checks"]}
    said = [
        a for h in causes["hypotheses"] for a in (*h["arguments_for"], *h["arguments_against"]) if a["fact"] == "month"
    ]
    assert {argument["shown"] for argument in said} == {"март"}
    text = "\n".join(
        cell.text
        for table in Document(io.BytesIO(investigator.get("/v1/cases/case-3/plan").content)).tables
        for row in table.rows
        for cell in row.cells
    )
    assert "Месяц" in text
