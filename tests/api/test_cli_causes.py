"""`qorgan cases causes`, as people run it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docx import Document

from core.blobs import FolderBlobs
from core.case_records import FireCase
from core.cases import CaseModelVersion, ModelState
from core.settings import Settings
from core.storage.case_models import CaseModelStore
from core.storage.cases import CaseStore
from core.storage.database import Database
from pipelines.cases.model.packing import pack
from pipelines.cases.model.training import train, views_of
from pipelines.cases.schema import shipped_schema
from tests.api.test_cli import data_dir, qorgan
from tests.cause_samples import past_fires

__all__ = ["data_dir"]


def test_before_a_model_is_trained_it_says_what_to_do(data_dir: Path) -> None:
    database = Database(Settings(data_dir=data_dir).database_url)
    CaseStore(database).create(FireCase("case-1", {"object": "1.2"}), "test")
    database.close()
    assert "cases train" in qorgan(data_dir, "cases", "causes", "case-1", code=2).stderr
    assert "no such case" in qorgan(data_dir, "cases", "causes", "case-2", code=2).stderr


@pytest.mark.slow
def test_a_trained_model_suggests_and_draws_the_plan(data_dir: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=data_dir)
    database = Database(settings.database_url)
    cases, past = CaseStore(database), past_fires(200)
    cases.save_imported(past, "test", "import-1")
    facts = {"object": "1.2", "place_of_origin": "Печь", "heating": "stove", "smoking": False}
    cases.create(FireCase("case-1", facts, title="Пожар бани"), "test")
    made = train(past, views_of(shipped_schema(), past))
    blob = FolderBlobs(data_dir / "blobs").put(pack(made.model))
    version = CaseModelVersion(
        made.model.version, ModelState.ACTIVE, datetime.now(UTC), "test", made.data_hash, made.cases, {}, blob=blob
    )
    CaseModelStore(database).add(version)
    plan = tmp_path / "plan.docx"
    found = json.loads(qorgan(data_dir, "cases", "causes", "case-1", "--json", "--plan", str(plan)).stdout)
    assert found["model_version"] == made.model.version
    assert found["hypotheses"][0]["cause"] == "6.1"
    assert found["hypotheses"][0]["arguments_for"]
    assert Document(str(plan)).paragraphs[0].text.startswith("План проверки версий")
    assert [one.model_version for one in cases.suggestions("case-1")] == [made.model.version]
    assert "●" in qorgan(data_dir, "cases", "causes", "case-1", "--language", "en").stdout
    database.close()
