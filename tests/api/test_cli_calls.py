"""`qorgan calls` as people run it, on calls that are kept."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.cli.calls import recordings
from core.calls import CallSource, CallState, NewCall
from core.errors import InvalidInput, NotFound
from core.settings import Settings
from core.storage.calls import CallStore
from core.storage.database import Database
from pipelines.calls.analysis import analyse
from tests.api.test_cli import qorgan
from tests.call_samples import dialogue


def test_kept_calls_are_listed_and_shown(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    database = Database(Settings(data_dir=folder).database_url)
    database.upgrade()
    store = CallStore(database)
    store.create(NewCall("call-1", CallSource.RECORDING, datetime(2026, 3, 1, tzinfo=UTC), "tests"))
    store.replace_segments("call-1", dialogue())
    store.replace_analysis("call-1", analyse(dialogue()))
    store.update("call-1", state=CallState.DONE, duration_s=16.0)
    database.close()
    assert "Кокшетау" in qorgan(folder, "calls", "list").stdout
    shown = qorgan(folder, "calls", "show", "call-1").stdout
    assert "Назовите адрес" in shown
    assert "house" in shown
    assert json.loads(qorgan(folder, "calls", "show", "call-1", "--json").stdout)["state"] == "done"
    assert "no such call" in qorgan(folder, "calls", "show", "call-2", code=2).stderr


def test_a_directory_is_its_recordings(tmp_path: Path) -> None:
    for name in ("b.wav", "a.OGG", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in recordings([tmp_path])] == ["a.OGG", "b.wav"]
    with pytest.raises(NotFound):
        recordings([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput):
        recordings([tmp_path / "empty"])
