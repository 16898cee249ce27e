"""`qorgan cases train` as people run it, on cases that are kept."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.case_records import FireCase
from core.security.office import build_office
from core.settings import Settings
from core.storage.case_models import CaseModelStore
from core.storage.cases import CaseStore
from core.storage.database import Database
from tests.api.test_cli import qorgan


def fires(n: int) -> list[FireCase]:
    rng = np.random.default_rng(3)
    made = []
    for number in range(n):
        bath = bool(rng.random() < 0.5)
        cause = "печь" if bath != (rng.random() < 0.1) else "проводка"
        facts = {"object": "баня" if bath else "гараж", "place_of_origin": str(rng.choice(["чердак", "комната"]))}
        made.append(FireCase(f"fire-{number:03}", facts, date(2024, 1, 1) + timedelta(days=number), cause))
    return made


@pytest.mark.slow
def test_a_model_is_trained_kept_and_audited(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert "closed cases" in qorgan(folder, "cases", "train", code=2).stderr
    database = Database(Settings(data_dir=folder).database_url)
    CaseStore(database).save_imported(fires(120), "tests", "import-1")
    made = json.loads(qorgan(folder, "cases", "train", "--json").stdout)
    assert made["state"] == "active"
    assert made["candidate"]["top1"] > 0.7
    kept = CaseModelStore(database).active()
    audited = build_office(Settings(data_dir=folder), database).audit.page(before=None, limit=9, action="cases.train")
    database.close()
    assert [entry.subject for entry in audited] == [made["version"]]
    assert kept is not None
    assert kept.version == made["version"]
    assert "these very cases" in qorgan(folder, "cases", "train", code=2).stderr
    assert "reason" in qorgan(folder, "cases", "train", "--force", code=2).stderr
