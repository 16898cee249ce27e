"""Logs say what happened and nothing of what it was about."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import TelemetrySettings
from core.telemetry import metrics, request_id
from core.telemetry.log import configure, get_logger, mask_personal


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    made = io.StringIO()
    configure(TelemetrySettings(log_level="info"), made)
    yield made
    root.handlers = before
    root.setLevel(level)


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_the_request_id(stream: io.StringIO) -> None:
    with request_id.bound("abcdefgh"):
        get_logger("some.module").info("act_loaded", clauses=5)
        assert request_id.current() == "abcdefgh"
    get_logger("some.module").debug("not_shown")
    (line,) = _lines(stream)
    assert (line["event"], line["clauses"], line["request_id"], line["logger"], line["level"]) == (
        "act_loaded",
        5,
        "abcdefgh",
        "some.module",
        "info",
    )
    assert request_id.current() == ""


def test_an_exception_is_its_type_and_place_not_its_message(stream: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("Иванов Иван")

    try:
        fail()
    except ValueError:
        get_logger("some.module").exception("failed")
        logging.getLogger("a.library").exception("it failed")
    ours, theirs = _lines(stream)
    for line in (ours, theirs):
        assert line["error"] == "builtins.ValueError"
        assert "fail" in str(line["frames"])
    assert "Иванов" not in stream.getvalue()


@given(st.from_regex(r"[0-9]{9,14}", fullmatch=True), st.sampled_from(["", " ", "ИИН "]))
def test_long_digit_runs_are_masked(digits: str, before: str) -> None:
    event = mask_personal(None, "info", {"event": "x", "value": f"{before}{digits}."})
    assert digits not in event["value"]


@pytest.mark.parametrize("phone", ["+7 701 123 45 67", "8(701)1234567", "+7-701-123-45-67"])
def test_phones_are_masked(phone: str) -> None:
    assert "123" not in mask_personal(None, "info", {"event": "x", "value": f"звонок с {phone}"})["value"]


def test_ids_and_figures_stay() -> None:
    event = {
        "event": "x",
        "id": "6f0f6a8e-7f0e-5d0a-9d53-0d8c5f9d2b11",
        "ms": 12.5,
        "timestamp": "2026-03-01T00:00:00Z",
    }
    assert mask_personal(None, "info", dict(event)) == event


@given(st.text(max_size=80))
def test_an_accepted_request_id_can_stand_in_a_header_and_a_log(given_id: str) -> None:
    accepted = request_id.accept(given_id)
    assert accepted.isascii()
    assert all(sign.isalnum() or sign in "._-" for sign in accepted)
    assert 8 <= len(accepted) <= 64
    assert request_id.accept(accepted) == accepted


def test_the_text_format_is_for_people() -> None:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    made = io.StringIO()
    try:
        configure(TelemetrySettings(log_format="text"), made)
        get_logger("m").warning("disk_low", free_mb=5)
    finally:
        root.handlers = before
        root.setLevel(level)
    assert "disk_low" in made.getvalue()
    assert "free_mb=5" in made.getvalue()


def test_metrics_are_in_prometheus_format() -> None:
    metrics.LOGINS.labels("ok").inc()
    text = metrics.exposition().decode()
    assert "# TYPE qorgan_logins_total counter" in text
