"""Loading an act survives kill -9 in the middle of any step: it completes, and nothing is there twice."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.storage.acts import ActStore
from core.storage.database import Database

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("loading_child.py")
STEPS = ("read_source", "cut_into_clauses", "settle_redactions", "index_clauses")


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
    store = ActStore(database)
    (act,) = store.acts()
    (redaction,) = store.redactions(act.id)
    clauses = store.clauses(redaction.id)
    numbers = Counter(c.number for c in clauses if "." in c.number)
    assert numbers == {"1.1": 1, "1.2": 1, "2.1": 1, "2.2": 1}
    points = int(next(n for n in notes() if n.startswith("points")).split()[1])
    assert 4 <= points <= len(clauses)
    database.close()


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
