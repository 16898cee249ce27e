"""The pages of calls, with and without a browser. With QORGAN_SCREENSHOTS=DIR they are drawn there too."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import Services
from api.pages.call_wording import hazard_names
from core.call_records import CARD_FIELDS
from core.calls import CallNote, CallState
from core.languages import Language
from pipelines.calls.recording import STEP_NAMES
from tests.api.conftest import PASSWORD, log_in
from tests.api.test_browser import address, browser, page  # noqa: F401 (fixtures)
from tests.call_samples import two_legs

if TYPE_CHECKING:
    from playwright.sync_api import Page

from api.pages.messages import Messages, catalogue

TOO_WIDE = """[...document.querySelectorAll('main *')]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"""
"""Elements that a person would have to scroll sideways for."""


@pytest.fixture
def dispatcher(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield log_in(client, "dispatcher")


def upload(client: TestClient, content: bytes | None = None) -> str:
    files = {"file": ("<call>.wav", two_legs() if content is None else content)}
    return str(client.post("/v1/calls", files=files).json()["call_id"])


@pytest.mark.parametrize("language", list(Language))
def test_a_call_is_shown_whole_in_every_language(dispatcher: TestClient, language: Language) -> None:
    call_id = upload(dispatcher)
    headers = {"Accept": "text/html", "Accept-Language": language.value}
    drawn = dispatcher.get(f"/calls/{call_id}", headers=headers)
    assert drawn.status_code == 200, drawn.text
    assert "Пожар, горит квартира" in drawn.text
    assert "&lt;call&gt;.wav" in drawn.text
    for name in CARD_FIELDS:
        assert f'data-field="{name}"' in drawn.text
    listed = dispatcher.get("/calls", headers=headers)
    assert f"/calls/{call_id}" in listed.text
    assert catalogue(language)["calls.title"] in listed.text


def test_dangers_are_named_in_the_language_of_the_page(dispatcher: TestClient) -> None:
    call_id = upload(dispatcher)
    given = {"set": {"hazards": ["задымление", "шаткий забор"]}}
    assert dispatcher.patch(f"/v1/calls/{call_id}/card", json=given).status_code == 200
    for language, name in ((Language.RU, "задымление"), (Language.KK, "түтін"), (Language.EN, "smoke")):
        headers = {"Accept": "text/html", "Accept-Language": language.value}
        drawn = dispatcher.get(f"/calls/{call_id}", headers=headers).text
        assert f'value="задымление" checked><span>{name}</span>' in drawn
        assert 'value="шаткий забор" checked><span>шаткий забор</span>' in drawn  # a person's own words stay
    assert {hazard_names(Messages(language))["тонкий лёд"] for language in Language} == {
        "тонкий лёд",
        "жұқа мұз",
        "thin ice",
    }


@pytest.mark.parametrize("path", ["/calls", "/live"])
def test_the_footer_says_that_a_machine_suggests_and_a_person_decides(dispatcher: TestClient, path: str) -> None:
    for language in Language:
        drawn = dispatcher.get(path, headers={"Accept": "text/html", "Accept-Language": language.value}).text
        assert catalogue(language)["footer.calls"] in drawn
        assert catalogue(language)["footer.ai"] not in drawn


def test_a_failed_call_says_why_in_the_language_of_the_page(dispatcher: TestClient) -> None:
    call_id = upload(dispatcher, b"no sound at all")
    drawn = dispatcher.get(f"/calls/{call_id}", headers={"Accept": "text/html", "Accept-Language": "kk"})
    assert catalogue(Language.KK)["problem.not-audio"] in drawn.text


def test_a_manager_reads_and_cannot_change(services: Services, dispatcher: TestClient) -> None:
    call_id = upload(dispatcher)
    with TestClient(create_app(services)) as client:
        drawn = log_in(client, "manager").get(f"/calls/{call_id}", headers={"Accept": "text/html"}).text
    assert "disabled" in drawn
    assert 'id="review"' not in drawn


def test_every_value_of_calls_has_its_words() -> None:
    keys = set(catalogue(Language.RU))
    assert {f"call.note.{note}" for note in CallNote} <= keys
    assert {f"call.state.{state}" for state in CallState} <= keys
    assert {f"step.{step}" for step in STEP_NAMES} <= keys
    assert {f"card.{name}" for name in CARD_FIELDS} <= keys


@pytest.mark.browser
@pytest.mark.slow
def test_a_recording_is_uploaded_read_and_corrected(page: "Page", tmp_path: Path) -> None:  # noqa: F811
    from playwright.sync_api import expect

    recording = tmp_path / "call.wav"
    recording.write_bytes(two_legs())
    enter(page)
    page.get_by_role("link", name="Вызовы", exact=True).click()
    page.set_input_files("#file", recording)
    page.get_by_role("button", name="Загрузить").click()
    page.wait_for_url("**/calls/*-*")
    assert "горит квартира" in page.locator(".turn.caller").first.inner_text()
    picture(page, "call")
    house = page.locator("#card-house")
    assert house.input_value() == "15"
    house.fill("17")
    house.press("Tab")
    page.locator('[data-field="house"] .undo').wait_for()
    assert "15" in page.locator('[data-field="house"] .basis').inner_text()
    picture(page, "call-edited")
    page.locator('[data-undo="house"]').click()
    expect(page.locator("#card-house")).to_have_value("15")
    page.locator(".tag.keyword").first.click()
    assert page.locator(".turn.found").count() == 1
    page.get_by_role("button", name="Записать решение").click()
    page.get_by_text("Решение записано", exact=True).wait_for()
    page.goto("/calls")
    picture(page, "calls")
    page.locator("table.calls a").first.click()
    page.locator("#theme").click()
    picture(page, "call-dark")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "call-phone")
    assert page.evaluate(TOO_WIDE) == []
    page.goto("/calls")
    picture(page, "calls-phone")
    assert page.evaluate(TOO_WIDE) == []


def enter(page: "Page") -> None:  # noqa: F811
    page.goto("/login")
    page.fill("[name=login]", "the.dispatcher")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")


def picture(page: "Page", name: str) -> None:  # noqa: F811
    folder = os.environ.get("QORGAN_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
