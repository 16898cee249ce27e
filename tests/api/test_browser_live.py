"""The dispatcher's pane in headless Chromium: on a scripted server, and on the real one with real Whisper."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from api.app import create_app
from core.errors import ModelError
from core.models import require
from core.security.permissions import Role
from core.settings import CallSettings, ModelSettings, Settings
from core.storage.accounts import Accounts
from tests.api.conftest import PASSWORD
from tests.api.test_browser import _ARGUMENTS, _draw, _fits, _log_in, address, browser, page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocketRoute

__all__ = ["_ARGUMENTS", "address", "browser", "page"]  # fixtures used below
pytestmark = pytest.mark.browser
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "calls"
_PHONE = {"viewport": {"width": 390, "height": 844}}
_DARK = {"color_scheme": "dark"}


def until(page: "Page", holds: str) -> None:
    """Wait for a script to be true; `wait_for_function` needs eval, which the pages forbid."""
    deadline = time.monotonic() + 30
    while not page.evaluate(holds):
        assert time.monotonic() < deadline, holds
        page.wait_for_timeout(50)


def said(text: str, start_s: float) -> list[dict[str, object]]:
    """Words a third of a second apart."""
    return [
        {"text": word, "start_s": start_s + i / 3, "end_s": start_s + i / 3 + 0.3, "probability": 0.9}
        for i, word in enumerate(text.split())
    ]


def evidence(text: str, start_s: float, leg: str = "caller") -> dict[str, object]:
    return {"leg": leg, "start_s": start_s, "end_s": start_s + 0.4, "text": text}


@dataclass
class ScriptedServer:
    """Speaks docs/live-calls.md to the page as a test tells it to."""

    sockets: list["WebSocketRoute"] = field(default_factory=list)
    heard: list[dict[str, object]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    seq: int = 0

    def open(self, route: "WebSocketRoute") -> None:
        self.sockets.append(route)
        route.on_message(self._take)

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames.append(message)
            return
        given = json.loads(message)
        self.heard.append(given)
        if given["type"] == "call.watch" and self.seq == 0:
            legs = ["caller", "operator"]
            self.tell("call.started", call_id=given["call_id"], legs=legs, reliable_languages=["ru"], language="ru",
                      sample_rate=16000, encoding="pcm16")  # fmt: skip

    def tell(self, kind: str, **values: object) -> None:
        self.seq += 1
        self.sockets[-1].send(json.dumps({"seq": self.seq, "type": kind, "at_s": float(self.seq), **values}))

    def commit(self, leg: str, segment: int, text: str, start_s: float, *, final: bool = False) -> None:
        words = said(text, start_s)
        self.tell("transcript.committed", leg=leg, segment=segment, start_s=start_s, end_s=start_s + len(words) / 3,
                  text=text, words=words, final=final)  # fmt: skip

    def tag(self, tag_id: str, kind: str, label: str, text: str, start_s: float, *, asserted: bool = True) -> None:
        tag = {"id": tag_id, "kind": kind, "label": label, "phrase": "", "asserted": asserted, "confidence": 0.9}
        self.tell("tag.raised", tag={**tag, "evidence": evidence(text, start_s)})

    def card(self, name: str, value: object, *, set_by: str = "model", text: str = "", confidence: float = 0.8) -> None:
        found = [evidence(text, 1.0)] if text else []
        self.tell("card.field", field=name, value=value, confidence=confidence, set_by=set_by, note="", evidence=found)


@pytest.fixture
def server(page: "Page") -> ScriptedServer:
    made = ScriptedServer()
    ticket = {
        "ticket": "t",
        "expires_at": "2026-11-22T00:00:00Z",
        "url": "/v1/calls/live",
        "protocol": "qorgan.live.v1",
    }
    page.route("**/v1/calls/live/tickets", lambda route: route.fulfill(status=201, json=ticket))
    calls = {"items": [{"call_id": "c1", "started_at": "2026-11-22T10:00:00Z", "legs": ["caller", "operator"],
                        "language": "ru", "seconds": 12.0, "last_seq": 0, "source": "connected"}]}  # fmt: skip
    page.route("**/v1/calls/live", lambda route: route.fulfill(json=calls))
    page.route_web_socket("**/v1/calls/live", made.open)
    return made


def follow(page: "Page", server: ScriptedServer) -> None:
    """Log in, open the pane, follow the first call of the queue by the keyboard."""
    _log_in(page, "dispatcher")
    page.goto("/live")
    page.focus("[data-call=c1]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#live[data-state=going]")


def fill(server: ScriptedServer) -> None:
    """A call some way in."""
    server.commit("operator", 0, "Служба спасения, что случилось?", 0.0, final=True)
    server.commit("caller", 0, "Горит квартира на третьем этаже,", 3.0)
    server.commit("operator", 1, "Назовите адрес.", 6.0, final=True)
    server.commit("caller", 0, "улица Абая пятнадцать", 8.0)
    server.tell("transcript.tail", leg="caller", text="город Кокш", start_s=9.0, end_s=9.5)
    server.tag("k1", "keyword", "fire", "Горит", 3.0)
    server.tag("k2", "keyword", "explosion", "взорваться", 4.0, asserted=False)
    server.tag("s1", "sound", "siren", "", 5.0)
    server.tag("d1", "distress", "anxious", "", 3.0)
    server.card("incident_type", "fire_residential", text="Горит квартира")
    server.card("urgency", 1, text="Горит квартира")
    server.card("street", "улица Абая", text="улица Абая", confidence=0.5)
    server.card("house", "15", text="пятнадцать")
    server.card("children_involved", True)
    server.card("hazards", ["задымление", "газовые баллоны"])
    server.tell("prompt.missing", questions=[{"id": "phone", "field": "callback_phone", "urgent": False}])
    server.tell("dispatch.suggested", services=["101", "103"], urgency=1, evidence=[])


@pytest.mark.parametrize(
    ("page", "look", "language"),
    [({}, "desk", "ru"), (_DARK, "dark", "kk"), (_PHONE, "phone", "kk"), ({**_PHONE, **_DARK}, "phone-dark", "ru")],
    indirect=["page"],
    ids=["desk-ru", "dark-kk", "phone-kk", "phone-dark-ru"],
)
def test_a_call_fills_the_pane(page: "Page", server: ScriptedServer, look: str, language: str) -> None:
    page.goto(f"/language/{language}?next=/login")
    follow(page, server)
    fill(server)
    page.wait_for_selector("[data-service='101'][aria-pressed=true]")
    lines = [line.inner_text().replace("\n", " ").strip() for line in page.query_selector_all("#lines .said")]
    assert lines == [
        "Служба спасения, что случилось?",
        "Горит квартира на третьем этаже,",
        "Назовите адрес.",
        "улица Абая пятнадцать",  # the same segment goes on under what was said meanwhile: nothing above it moves
    ]
    assert page.inner_text("#tails [data-leg=caller] .tail") == "город Кокш"
    assert page.input_value("#card-street") == "улица Абая"
    assert page.input_value("#card-urgency") == "1"
    assert page.input_value("#card-children_involved") == "true"
    hazards = {"ru": "задымление, газовые баллоны", "kk": "түтін, газ баллондары"}
    assert page.input_value("#card-hazards") == hazards[language]
    assert page.get_attribute("[data-label=explosion]", "class") == "tag keyword not-asserted"
    assert len(page.query_selector_all("#missing li")) == 1
    assert page.is_visible("#notice")  # Kazakh is not transcribed reliably
    assert _fits(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= (800 if look in {"desk", "dark"} else 4000)
    _draw(page, f"live-{look}-{language}")
    if "phone" in look:
        page.locator("#card").scroll_into_view_if_needed()
        _draw(page, f"live-{look}-{language}-card")


def test_a_chip_leads_to_its_words_and_a_field_to_its_evidence(page: "Page", server: ScriptedServer) -> None:
    follow(page, server)
    fill(server)
    page.focus("[data-label=fire]")
    page.keyboard.press("Enter")
    assert [word.inner_text() for word in page.query_selector_all("#lines .found")] == ["Горит"]
    page.hover("[data-field=street]")
    assert "«улица Абая»" in page.inner_text("#why-street")
    server.tell("tag.withdrawn", id="k2")
    page.wait_for_selector("[data-label=explosion]", state="detached")
    _draw(page, "live-evidence")


def test_what_a_person_types_is_kept(page: "Page", server: ScriptedServer) -> None:
    follow(page, server)
    server.card("house", "15")
    page.wait_for_selector("[data-field=house].known")
    page.fill("#card-house", "15а")
    server.card("house", "16")  # the model thinks again while the person types
    page.wait_for_timeout(100)
    assert page.input_value("#card-house") == "15а"
    page.keyboard.press("Tab")
    server.card("house", "15а", set_by="person", confidence=1.0)
    page.wait_for_selector("[data-field=house].by-person")
    page.select_option("#card-people_trapped", "false")
    page.fill("#card-injured_count", "2")
    page.keyboard.press("Tab")
    page.click("[data-field=house] .undo")
    page.wait_for_timeout(50)
    assert [message for message in server.heard if message["type"] == "call.edit"] == [
        {"type": "call.edit", "field": "house", "value": "15а"},
        {"type": "call.edit", "field": "people_trapped", "value": False},
        {"type": "call.edit", "field": "injured_count", "value": 2},
        {"type": "call.edit", "field": "house", "undo": True},
    ]


def test_a_decision_is_only_recorded(page: "Page", server: ScriptedServer) -> None:
    kept: list[object] = []

    def review(route: object) -> None:
        kept.append(route.request.post_data_json)  # type: ignore[attr-defined]
        route.fulfill(json={"services": ["101"], "note": "", "actor": "x", "at": "2026-11-22T10:00:00Z"})  # type: ignore[attr-defined]

    page.route("**/v1/calls/c1/review", review)
    follow(page, server)
    server.tell("dispatch.suggested", services=["101", "103"], urgency=1, evidence=[])
    page.click("[data-service='103']")
    server.tell("dispatch.suggested", services=["101", "103", "104"], urgency=1, evidence=[])
    page.wait_for_selector("[data-service='104'].suggested")
    page.click("#decide")
    until(page, "!document.querySelector('#decide').disabled")
    assert kept == [{"services": ["101"]}]  # what the person chose, not what was suggested since
    assert not [message for message in server.heard if message["type"] not in {"call.watch"}]


def test_after_a_break_the_pane_goes_on_from_the_last_event(page: "Page", server: ScriptedServer) -> None:
    follow(page, server)
    server.commit("caller", 0, "Горит квартира", 1.0)
    page.wait_for_selector(".said span")
    last = server.seq
    server.sockets[-1].close(code=1012)
    until(page, "document.querySelector('#live').dataset.state === 'waiting'")
    while len(server.heard) < 2:
        page.wait_for_timeout(50)
    assert server.heard[-1] == {"type": "call.watch", "call_id": "c1", "last_seq": last}
    server.commit("caller", 0, "на третьем", 2.0)
    page.wait_for_selector("#live[data-state=going]")
    assert page.inner_text("#lines .said").split() == ["Горит", "квартира", "на", "третьем"]
    server.tell("lag", lag_s=6.2, shed=["tail"])
    until(page, "document.querySelector('#lag').textContent.includes('6')")
    server.tell("call.ended", reason="ended", duration_s=65.0, job_id=None)
    page.wait_for_selector("#ended:not([hidden])")
    assert page.inner_text("#length") == "1:05"


def test_an_inspector_has_no_pane(page: "Page") -> None:
    _log_in(page, "inspector")
    assert page.query_selector("a[href='/live']") is None
    page.goto("/live")
    assert page.query_selector("#live") is None


# --- the real server ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A whole deployment with live calls, and Whisper if it has been pulled."""
    from api.services import build_services

    usual = Settings()
    try:
        for name in (usual.models.embedder, usual.calls.transcriber):
            require(usual, name)
    except ModelError as error:
        pytest.skip(f"a model is not here: {error.advice}")
    folder = tmp_path_factory.mktemp("live")
    (folder / "models").symlink_to((usual.data_dir / "models").absolute())
    settings = Settings(data_dir=folder, models=ModelSettings(threads=1), calls=CallSettings())
    with ThreadPoolExecutor(1) as elsewhere:  # the browser's driver keeps an event loop in this thread
        services = elsewhere.submit(partial(build_services, settings, serve_live=True)).result()
    Accounts(services.database).add("the.dispatcher", PASSWORD, Role.DISPATCHER, display_name="Dispatcher")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(services), log_config=None, ws_max_size=settings.live.max_frame_bytes)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        running.should_exit = True
        thread.join()


@pytest.mark.slow
def test_a_file_played_into_the_pane_becomes_text_and_a_card(browser: "Browser", real_address: str) -> None:
    sample = next(iter(sorted(SAMPLES.glob("*.ogg"))), None)
    if sample is None:
        pytest.skip("there is no sample call (samples/README.md)")
    context = browser.new_context(base_url=real_address, viewport={"width": 1280, "height": 800}, locale="ru-RU")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/login?next=/live")
    _log_in(page, "dispatcher")
    page.wait_for_selector("#live[data-state=idle]")
    page.set_input_files("#file", sample)
    page.wait_for_selector("#live[data-state=going]")
    before: list[str] = []
    deadline = time.monotonic() + 240
    while page.get_attribute("#live", "data-state") != "ended" and time.monotonic() < deadline:
        now = [line.text_content() or "" for line in page.query_selector_all("#lines .said")]
        assert len(now) >= len(before)
        assert all(new.startswith(old) for old, new in zip(before, now, strict=False)), "committed text moved"
        before = now
        page.wait_for_timeout(500)
    assert page.get_attribute("#live", "data-state") == "ended"
    _draw(page, "live-real-desk")
    assert len(page.query_selector_all("#lines .said span")) > 20
    assert page.query_selector("#tags [data-label=fire]") is not None
    assert page.input_value("#card-incident_type").startswith("fire")
    page.fill("#card-caller_name", "Иванова")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-field=caller_name].by-person")
    page.click("#decide")
    until(page, "!document.querySelector('#decide').disabled")
    assert complaints == []
    context.close()
