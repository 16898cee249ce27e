"""Reading in a process that can be killed: its answers, its limits, its death."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from core.errors import NotReadable, TooLarge
from core.settings import UploadSettings
from pipelines.acts import isolation
from pipelines.acts.isolation import read_isolated
from pipelines.acts.readers import read

LIMITS = UploadSettings(ocr=False, parse_timeout_s=60)


@pytest.fixture
def act(tmp_path: Path) -> Path:
    path = tmp_path / "act.txt"
    rows = "№ | Объект | Норма\n1 | Склад | 5\n"
    path.write_text(f"[стр. 1]\n1. Пункт первый.\n{rows}[стр. 2]\n2. Пункт второй.\n", encoding="utf-8")
    return path


def test_the_answer_is_what_reading_gives(act: Path) -> None:
    assert read_isolated(act, act.name, LIMITS) == read(act, act.name, LIMITS)


def test_errors_come_back_typed(act: Path) -> None:
    with pytest.raises(NotReadable, match="named as a PDF"):
        read_isolated(act, "act.pdf", LIMITS)
    with pytest.raises(TooLarge) as error:
        read_isolated(act, act.name, LIMITS.model_copy(update={"max_pages": 1}))
    assert "max_pages" in error.value.advice
    with pytest.raises(TooLarge):
        read_isolated(act, act.name, LIMITS.model_copy(update={"max_bytes": 1}))


def test_a_reader_that_takes_too_long_is_killed(act: Path) -> None:
    started = time.monotonic()
    with pytest.raises(NotReadable) as error:
        read_isolated(act, act.name, LIMITS.model_copy(update={"parse_timeout_s": 0.05}))
    assert "parse_timeout_s" in error.value.advice
    assert time.monotonic() - started < 10
    assert not [
        child for child in psutil.Process().children(recursive=True) if "isolation" in " ".join(child.cmdline())
    ]


def test_a_reader_without_memory_fails_and_we_live(act: Path) -> None:
    with pytest.raises(NotReadable):
        read_isolated(act, act.name, LIMITS.model_copy(update={"parse_memory_bytes": 64 * 1024 * 1024}))


@pytest.mark.parametrize(("death", "says"), [("os.kill(os.getpid(), 11)", "signal 11"), ("os._exit(3)", "status 3")])
def test_a_reader_that_dies_leaves_a_clear_error(
    act: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, death: str, says: str
) -> None:
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!{sys.executable}\nimport os\n{death}\n")
    interpreter.chmod(0o755)
    monkeypatch.setattr(isolation.sys, "executable", str(interpreter))
    with pytest.raises(NotReadable, match=says) as error:
        read_isolated(act, act.name, LIMITS)
    assert error.value.advice
