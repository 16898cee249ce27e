"""The pages of fire cases in headless Chromium; QORGAN_SCREENSHOTS=DIR draws them there, to be looked at."""

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.contract import Services
from core.case_records import FireCase
from tests.api.conftest import PASSWORD
from tests.api.test_browser import address, browser, page
from tests.cause_samples import past_fires

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["address", "browser", "page"]
pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def past(services: Services) -> None:
    services.cases.save_imported(past_fires(300), "test", "import-1")


def _log_in(page: "Page") -> None:
    page.fill("#login", "the.investigator")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("nav.sections")


def _shot(page: "Page", name: str) -> None:
    if folder := os.environ.get("QORGAN_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_case_is_opened_worked_on_and_closed(page: "Page") -> None:
    _log_in(page)
    page.click("nav.sections a[href='/cases']")
    _shot(page, "cases")
    page.click("summary:has-text('Новое дело')")
    page.fill("#title", "Пожар бани в посёлке")
    page.fill("#occurred_on", "2026-03-01")
    page.select_option("#object", "1.2")
    page.click("#new-case button[type=submit]")
    page.wait_for_selector("#facts")
    assert "не определена" in page.inner_text("#undetermined")
    for fact, value in (("place_of_origin", "Печь"), ("heating", "stove"), ("power", "live")):
        field = page.locator(f"#fact-{fact}")
        if not field.is_visible():
            page.locator(f"details:has(#fact-{fact}) > summary").click()
        with page.expect_response(lambda answer: "/v1/cases/" in answer.url and answer.request.method == "PATCH"):
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
                field.press("Tab")
        page.wait_for_selector(f".fact[data-fact={fact}] [data-undo]")
    assert page.locator("#undetermined").count() == 0
    first = page.locator(".hypothesis").first
    assert first.get_attribute("data-cause") == "6.1"
    assert "Место возникновения" in first.locator(".evidence").inner_text()
    assert first.locator(".beside").count() >= 2
    assert page.locator(".steps tbody tr").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _shot(page, "case")
    page.locator("[data-fact=power] [data-undo]").click()
    page.wait_for_selector(".fact[data-fact=power] [data-undo]", state="detached")
    assert page.locator(".steps tbody tr").count() == 3
    with page.expect_download() as downloaded:
        page.click("a[href*='language=kk'][download]")
    assert downloaded.value.suggested_filename == "plan-kk.docx"
    page.click("summary:has-text('Установить причину')")
    page.select_option("#cause", "6.1")
    page.click("#close button")
    page.wait_for_selector(".chip.case-closed")
    page.locator("summary:has-text('Сделанные подсказки')").click()
    assert "1-й" in page.inner_text("#advice")
    _shot(page, "case-closed")


@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}], indirect=True)
def test_on_a_phone_nothing_runs_over(page: "Page", services: Services) -> None:
    facts = {"object": "1.2", "place_of_origin": "Печь", "heating": "stove", "smoking": False}
    services.cases.create(FireCase("case-1", facts, date(2026, 3, 1), title="Пожар бани"), "test")
    _log_in(page)
    for language in ("ru", "kk", "en"):
        page.goto(f"/language/{language}?next=/cases/case-1")
        page.wait_for_selector(".hypothesis")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _shot(page, f"case-phone-{language}")
    page.goto("/cases")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _shot(page, "cases-phone")
