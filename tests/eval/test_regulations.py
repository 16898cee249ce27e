"""The whole evaluation on the sample set, with the real embedder where its weights are."""

import json
from pathlib import Path

import pytest

from core.errors import InvalidInput, ModelError
from core.models import require
from core.settings import Settings
from eval.regulations import run

ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    "recall_at_1_same",
    "recall_at_5_same",
    "mrr_same",
    "ndcg_at_10_same",
    "recall_at_5_cross",
    "recall_at_5_ru",
    "recall_at_5_kk",
    "recall_at_5_bm25_only_kk",
    "recall_at_5_dense_only_kk",
    "facts_present",
    "abstain_recall",
    "false_abstain",
    "quotes_verified",
    "citation_precision",
    "wrong_jurisdiction_rate",
    "verbatim_exact",
    "quote_to_clause",
    "answer_p95_ms",
    "share_of_source_in_clauses",
}


@pytest.fixture(scope="module")
def settings() -> Settings:
    settings = Settings(data_dir=ROOT / "data")
    try:
        require(settings, settings.models.embedder)
    except ModelError as error:
        pytest.skip(f"the embedder is not here: {error.advice}")
    return settings


@pytest.mark.slow
def test_the_sample_set_is_measured(settings: Settings, tmp_path: Path):
    result = run(ROOT / "samples", settings, tmp_path / "result.json")
    metrics = result["metrics"]
    assert isinstance(metrics, dict)
    assert set(metrics) >= NAMES
    assert metrics["quotes_verified"] == 1.0
    assert metrics["recall_at_5_same"] >= 0.8
    assert metrics["share_of_source_in_clauses"] >= 0.98
    assert json.loads((tmp_path / "result.json").read_text())["task"] == "regulations"


def test_a_folder_in_another_format_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="questions"):
        run(tmp_path, Settings(data_dir=tmp_path))
