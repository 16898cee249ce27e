"""Nothing is lost and nothing is done twice when a process that runs a job is killed with -9."""

import importlib.util
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.jobs.records import JobState
from core.jobs.service import Jobs, system_database_url

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("kill_job_child.py")
STEPS = ("read", "parse", "save")

pytestmark = pytest.mark.slow


class Child:
    """The process, its notes, and the leave its steps wait for."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, str(CHILD), self._url, str(self._folder)]
        self._process = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def exit_code(self) -> int:
        assert self._process is not None
        return self._process.wait(timeout=60)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def notes(self) -> Counter[str]:
        path = self._folder / "notes"
        return Counter(path.read_text().splitlines()) if path.exists() else Counter()

    def allow(self, step: str) -> None:
        (self._folder / f"allow-{step}").touch()


@pytest.fixture
def child(database_url: str, tmp_path: Path) -> Iterator[Child]:
    child = Child(system_database_url(database_url), tmp_path)
    yield child
    child.stop()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_in_the_middle_of_each_step_in_turn(child: Child) -> None:
    for step in STEPS:
        child.start()
        begun = child.notes()[f"begin {step}"]
        until(lambda step=step, begun=begun: child.notes()[f"begin {step}"] > begun)  # type: ignore[misc]
        child.kill()
        child.allow(step)
    child.start()
    assert child.exit_code() == 0
    assert {step: child.notes()[f"end {step}"] for step in STEPS} == dict.fromkeys(STEPS, 1)
    # A step runs again only because it had not finished: once killed, once to the end.
    assert {step: child.notes()[f"begin {step}"] for step in STEPS} == dict.fromkeys(STEPS, 2)


def test_the_living_take_over_from_the_dead(
    child: Child, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("kill_job_child", CHILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr("core.jobs.service._LOOK_FOR_ORPHANS_S", 0.1)

    child.start()
    until(lambda: child.notes()["begin read"] == 1)
    child.allow("read")
    until(lambda: child.notes()["begin parse"] == 1)
    jobs = Jobs(system_database_url(database_url), poll_s=0.05)
    jobs.register(module.NAME, module.steps(tmp_path))
    jobs.launch()
    try:
        job_id = jobs.enqueue(module.NAME, {}, key=module.KEY)
        time.sleep(1.5)
        assert child.notes()["begin parse"] == 1  # the one that runs it is alive: hands off
        child.kill()
        for step in STEPS:
            child.allow(step)
        assert jobs.wait(job_id, 60).state is JobState.DONE
    finally:
        jobs.shutdown()
    assert {step: child.notes()[f"end {step}"] for step in STEPS} == dict.fromkeys(STEPS, 1)
    assert child.notes()["begin read"] == 1
