"""Transcribing a recording survives kill -9 in the middle of any step: it completes, and nothing is there twice."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from core.calls import CallState
from core.storage.calls import CallStore
from core.storage.database import Database
from tests.call_samples import dialogue
from tests.pipelines.test_loading_killed import until

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("transcribing_child.py")
STEPS = ("decode_audio", "transcribe_legs", "tag_sounds", "tag_distress", "analyse", "store_call")


@pytest.mark.slow
def test_killed_in_the_middle_of_each_step(database_url: str, tmp_path: Path) -> None:
    def start() -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(CHILD), database_url, str(tmp_path)]
        return subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})

    def notes() -> Counter[str]:
        path = tmp_path / "notes"
        return Counter(path.read_text().splitlines()) if path.exists() else Counter()

    for step in STEPS:
        child = start()
        try:
            before = notes()[f"worked {step}"]
            until(lambda step=step, before=before: notes()[f"worked {step}"] > before)  # type: ignore[misc]
        finally:
            child.kill()
            child.wait()
        (tmp_path / f"allow-{step}").touch()
    last = start()
    try:
        assert last.wait(timeout=120) == 0
    finally:
        last.kill()
    assert {step: notes()[f"end {step}"] for step in STEPS} == dict.fromkeys(STEPS, 1)
    database = Database(database_url)
    store = CallStore(database)
    (call,) = store.calls().calls
    assert (call.state, call.duration_s) == (CallState.DONE, 16.0)
    said = sorted(dialogue(), key=lambda turn: turn.start_s)
    assert [segment.text for segment in store.segments(call.id)] == [turn.text for turn in said]
    assert Counter(tag.label for tag in store.tags(call.id))["siren"] == 1
    history = store.card(call.id)
    names = [change.name for change in history.changes]
    assert len(names) == len(set(names)), "each field was suggested once"
    assert history.card.value("house") == "15"
    database.close()
