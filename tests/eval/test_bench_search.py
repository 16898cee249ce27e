"""The search benchmark: its synthetic clauses, and a small run of the whole."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.settings import Settings
from eval.bench import search
from eval.bench.synthetic import BLOCK, VOCABULARY, SyntheticClauses
from knowledge_base.index.port import DIMENSION


def test_clauses_are_the_same_each_time_and_look_like_sentences_of_one_language_model() -> None:
    clauses, again = SyntheticClauses(BLOCK + 500), SyntheticClauses(BLOCK + 500)
    blocks, repeated = list(clauses.blocks()), list(again.blocks())
    assert [len(list(block.points())) for block in blocks] == [BLOCK, 500]
    assert all(np.array_equal(a.dense, b.dense) for a, b in zip(blocks, repeated, strict=True))
    dense = blocks[0].dense
    assert dense.shape == (BLOCK, DIMENSION)
    assert np.allclose(np.linalg.norm(dense, axis=1), 1.0, atol=1e-5)
    cosines = (dense[:300] @ dense[300:600].T).ravel()
    assert 0.65 < cosines.mean() < 0.85
    terms = [point.lexical for point in blocks[0].points()]
    assert 50 <= np.mean([t.indices.size for t in terms]) <= 62
    assert all(t.indices.max() < VOCABULARY for t in terms)
    frequency = np.bincount(np.concatenate([t.indices for t in terms]), minlength=VOCABULARY)
    assert frequency[0] > 20 * frequency[2000]


def test_questions_ask_for_terms_of_some_clause_weighted_by_rarity() -> None:
    clauses = SyntheticClauses(2000)
    frequency = np.zeros(VOCABULARY, dtype=np.int64)
    frequency[0] = 2000
    dense, lexical = clauses.questions(20, frequency)
    assert dense.shape == (20, DIMENSION)
    assert all(q.indices.size <= 8 for q in lexical)


@pytest.mark.slow
def test_a_small_run_reports_every_figure_and_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    report = search.run(Settings(data_dir=tmp_path / "data"), [500, 2000], out)
    assert json.loads(out.read_text()) == json.loads(json.dumps(report))
    sizes = report["sizes"]
    assert isinstance(sizes, list)
    for size in sizes:
        assert size["recall_at_10"] == 1.0  # under `exact_points` nothing is approximate
        assert size["recall_at_10_filtered"] == 1.0
        assert set(size["latency"]) >= {"dense", "lexical", "hybrid", "dense+filter", "numpy"}
    assert len(search.lines(report)) > 10
    assert list((tmp_path / "data" / "bench").iterdir()) == []
