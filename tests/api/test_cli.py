"""The command line: a process of its own, as people run it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.cli.acts import sources
from api.cli.settings import settings_page
from core.errors import InvalidInput, NotFound
from core.settings import Settings
from core.storage.database import Database
from knowledge_base.index.place import index_folder, take_lock

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    database = Database(Settings(data_dir=folder).database_url)
    database.upgrade()
    database.close()
    return folder


def qorgan(
    data_dir: Path, *arguments: str, code: int = 0, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("QORGAN_")}
    done = subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", *arguments],
        env={**known, "QORGAN_DATA_DIR": str(data_dir), **environment},
        input=text,
        text=True,
        capture_output=True,
        check=False,
        cwd=data_dir.parent,
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def test_accounts_keys_and_the_audit_by_hand(data_dir: Path) -> None:
    made = json.loads(
        qorgan(data_dir, "accounts", "add", "chief", "--role", "administrator", "--random-password", "--json").stdout
    )
    assert len(made["password"]) >= 16
    assert made["role"] == "administrator"
    key = json.loads(qorgan(data_dir, "keys", "create", "dispatch", "--days", "30", "--json").stdout)
    assert key["key"].startswith(key["prefix"])
    assert "chief" in qorgan(data_dir, "accounts", "list").stdout
    assert key["key"] not in qorgan(data_dir, "keys", "list", "--json").stdout
    assert "revoked" in qorgan(data_dir, "keys", "revoke", key["prefix"]).stdout
    report = json.loads(qorgan(data_dir, "audit", "verify", "--json").stdout)
    assert (report["ok"], report["entries"]) == (True, 3)


def test_a_broken_audit_ends_with_code_1_and_says_where(data_dir: Path) -> None:
    qorgan(data_dir, "accounts", "add", "chief", "--random-password")
    head = data_dir / "keys" / "audit.head"
    head.write_text(head.read_text().replace('"seq": 1', '"seq": 2'))
    assert "head" in qorgan(data_dir, "audit", "verify", code=1).stderr


@pytest.mark.parametrize(
    "arguments", [("ask", "Где ключ?"), ("search", "ключ"), ("acts", "load", __file__), ("serve", "--port", "0")]
)
def test_beside_a_running_server_a_command_refuses_before_it_loads_anything(
    data_dir: Path, arguments: tuple[str, ...]
) -> None:
    held = take_lock(index_folder(Settings(data_dir=data_dir)))
    try:
        # Without weights, whatever came later than the refusal would be a complaint of theirs.
        refused = qorgan(data_dir, *arguments, code=2, QORGAN_TELEMETRY__LOG_LEVEL="error", PYTHONPROFILEIMPORTTIME="1")
    finally:
        os.close(held)
    assert "open in another process" in refused.stderr
    assert "running service" in refused.stderr
    imported = {line.rpartition("|")[2].strip() for line in refused.stderr.splitlines() if "import time:" in line}
    assert "core.settings" in imported
    assert not imported & {"torch", "dbos", "qdrant_edge", "transformers", "agents.assistant.assistant"}


def test_a_mistake_ends_with_code_2_and_advice(data_dir: Path) -> None:
    done = qorgan(data_dir, "accounts", "disable", "nobody", code=2)
    assert "no account" in done.stderr
    assert "accounts list" in done.stderr
    assert "Traceback" not in done.stderr
    short = qorgan(data_dir, "accounts", "add", "weak", text="short\nshort\n", code=2)
    assert "characters" in short.stderr
    wrong = qorgan(data_dir, "settings", "show", code=2, QORGAN_SERVER__PORT="many")
    assert "server.port" in wrong.stderr
    assert "many" not in wrong.stderr


def test_settings_are_shown_without_secrets(data_dir: Path) -> None:
    shown = qorgan(data_dir, "settings", "show", "--json", QORGAN_INDEX__API_KEY="very-secret").stdout
    assert json.loads(shown)["data_dir"] == str(data_dir)
    assert "very-secret" not in shown


def test_an_env_file_is_read(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "qorgan.env"
    file.write_text("QORGAN_SERVER__PORT=8123\n")
    shown = qorgan(data_dir, "settings", "show", "--json", QORGAN_ENV_FILE=str(file)).stdout
    assert json.loads(shown)["server"]["port"] == 8123


def test_the_page_of_settings_is_complete() -> None:
    """Run `qorgan settings docs > docs/settings.md` when this fails."""
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_every_setting_has_a_description() -> None:
    assert "| |" not in settings_page()


def test_help_comes_at_once_and_loads_nothing_heavy(data_dir: Path) -> None:
    qorgan(data_dir, "--help")
    best = min(_timed(data_dir) for _ in range(3))
    assert best < 2.0, "the budget is 0.5 s on a free machine; this bound only finds a heavy import"
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, api.cli.main; print(' '.join(sys.modules))"],
        text=True,
        capture_output=True,
        check=True,
    ).stdout.split()
    heavy = {"torch", "fastapi", "sqlalchemy", "pydantic", "qdrant_client", "dbos", "numpy", "structlog"}
    assert not heavy & set(loaded)


def _timed(data_dir: Path) -> float:
    began = time.perf_counter()
    qorgan(data_dir, "--help")
    return time.perf_counter() - began


def test_a_directory_is_its_files_with_their_sidecars(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", ".hidden"):
        (tmp_path / name).write_text("1. Текст")
    (tmp_path / "acts.jsonl").write_text('{"file": "b.txt", "number": "B"}\n\n')
    assert [(path.name, given) for path, given in sources([tmp_path], None)] == [
        ("a.txt", None),
        ("b.txt", {"file": "b.txt", "number": "B"}),
    ]
    assert sources([tmp_path / "b.txt"], None)[0][1] == {"file": "b.txt", "number": "B"}
    (tmp_path / "one.json").write_text('{"number": "A"}')
    assert sources([tmp_path / "a.txt"], tmp_path / "one.json")[0][1] == {"number": "A"}
    with pytest.raises(InvalidInput, match="several"):
        sources([tmp_path], tmp_path / "one.json")
    with pytest.raises(NotFound):
        sources([tmp_path / "none"], None)
    (tmp_path / "one.json").write_text('{"nummer": "A"}')
    with pytest.raises(InvalidInput, match=r"a\.txt: .*nummer"):
        sources([tmp_path / "a.txt"], tmp_path / "one.json")
    (tmp_path / "acts.jsonl").write_text('{"file": "b.txt"}\n{"number"')
    with pytest.raises(InvalidInput, match="line 2"):
        sources([tmp_path], None)
