"""The pages in headless Chromium. With QORGAN_SCREENSHOTS=DIR each page is also drawn there, to be looked at."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from api.app import create_app
from api.contract import Services
from core.languages import Language
from tests.api.conftest import ACT, PASSWORD, REDACTION, clause_id

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUESTION = "Какой ширины должен быть выход из помещения на 60 человек?"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((path for path in map(shutil.which, names) if path), None)
    if program is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(services), log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def page(browser: "Browser", address: str, request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A page at the log-in form; complaints of the browser (CSP, missing files, scripts) fail the test."""
    options = {"viewport": {"width": 1280, "height": 800}, "locale": "ru-RU", **getattr(request, "param", {})}
    context = browser.new_context(base_url=address, **options)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith(address) else None)
    opened.goto("/")
    yield opened
    context.close()
    assert not [text for text in complaints if not text.startswith("Failed to load resource: the server responded")]


def _log_in(page: "Page", role: str) -> None:
    page.fill("#login", f"the.{role}")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".leave")


def _draw(page: "Page", name: str) -> None:
    folder = os.environ.get("QORGAN_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(250)
        page.screenshot(path=Path(folder) / f"{name}.png")


def _fits(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


_PHONE = {"viewport": {"width": 390, "height": 844}}
_DARK = {"color_scheme": "dark"}
_LOOKS = pytest.mark.parametrize(
    ("page", "look"),
    [({}, "desk"), (_PHONE, "phone"), (_DARK, "dark"), ({**_PHONE, **_DARK}, "phone-dark")],
    indirect=["page"],
    ids=["desk", "phone", "dark", "phone-dark"],
)


@_LOOKS
def test_every_page_fits_its_screen(page: "Page", look: str) -> None:
    assert page.url.endswith("/login?next=/")
    _draw(page, f"{look}-1-login")
    _log_in(page, "administrator")
    assert _fits(page)
    _draw(page, f"{look}-2-ask")
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.answered")
    assert _fits(page)
    _draw(page, f"{look}-3-answer")
    page.fill("#question", "Сколько стоит хлеб?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer.abstained")
    assert _fits(page)
    _draw(page, f"{look}-4-abstention")
    page.click(".answer.answered .chip.clause")
    page.wait_for_selector("mark")
    assert _fits(page)
    _draw(page, f"{look}-5-source")
    page.goto("/acts")
    assert _fits(page)
    _draw(page, f"{look}-6-acts")
    page.click("text=Отчёт о загрузке")
    assert _fits(page)
    _draw(page, f"{look}-7-report")


def test_a_question_is_asked_and_its_source_opened_by_keyboard(page: "Page") -> None:
    _log_in(page, "inspector")
    page.locator("body").press("/")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    quote = page.wait_for_selector(".answer blockquote")
    assert quote is not None
    shown = quote.inner_text()
    page.focus(".answer .chip.clause")
    page.keyboard.press("Enter")
    marked = page.wait_for_selector("mark")
    assert marked is not None
    assert marked.inner_text() == shown
    page.click("#twin")
    page.wait_for_selector("article.this[lang=kk]")
    assert page.url.endswith(clause_id(Language.KK, "2"))


def test_the_page_speaks_three_languages_and_two_looks(page: "Page") -> None:
    _log_in(page, "inspector")
    for code, word in (("kk", "Жауапты табу"), ("en", "Find the answer"), ("ru", "Найти ответ")):
        page.click(f".languages a[lang={code}]")
        page.wait_for_selector(f"text={word}")
        assert page.get_attribute("html", "lang") == code
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    _draw(page, "chosen-dark")


def test_a_refused_question_is_shown_in_place(page: "Page", services: Services) -> None:
    from core.storage.switches import Capability

    _log_in(page, "inspector")
    services.security.switches.set(Capability.ASSISTANT, on=False, reason="Идёт загрузка актов", actor="test")
    page.fill("#question", QUESTION)
    page.click("text=Найти ответ")
    note = page.wait_for_selector("#answers .note.danger")
    assert note is not None
    assert "Идёт загрузка актов" in note.inner_text()
    page.wait_for_timeout(50)


def test_an_administrator_uploads_an_act_and_sees_its_report(page: "Page", tmp_path: Path) -> None:
    _log_in(page, "administrator")
    page.goto("/acts")
    act = tmp_path / "акт.txt"
    act.write_text("1. Текст.")
    page.click("summary")
    page.set_input_files("#file", act)
    page.fill("#filter", "нет такого")
    page.evaluate("document.getElementById('acts').dataset.old = 1")
    _draw(page, "upload")
    page.click("#upload button")
    page.wait_for_selector("#progress a")
    # The list is the server's anew, what was typed into its filter stays, and it still filters.
    page.wait_for_selector("#acts[data-old]", state="detached")
    assert page.input_value("#filter") == "нет такого"
    assert page.is_visible("#nothing")
    page.fill("#filter", "")
    assert page.is_visible(f"#acts >> text={ACT.number}")
    _draw(page, "uploaded")
    page.click("#progress a")
    assert page.url.endswith(f"/redactions/{REDACTION.id}/report")
    assert "99" in page.inner_text("main")


def test_an_inspector_is_offered_no_upload(page: "Page") -> None:
    _log_in(page, "inspector")
    page.goto("/acts")
    assert page.query_selector("#upload") is None
    page.fill("#filter", "нет такого")
    assert page.is_visible("#nothing")
    page.fill("#filter", "демо")
    assert page.is_visible(f"text={ACT.number}")


def test_a_wrong_password_is_said_calmly(page: "Page") -> None:
    page.fill("#login", "the.inspector")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".note.danger")
    _draw(page, "login-failed")
