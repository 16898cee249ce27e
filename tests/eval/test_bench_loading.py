"""The loading benchmark on an act of our own, with the real embedder."""

from pathlib import Path

import pytest

from core.errors import ModelError
from core.settings import Settings
from eval.bench import loading


@pytest.mark.slow
def test_a_first_load_is_measured_against_the_model_and_a_second_does_not_reach_it(tmp_path: Path) -> None:
    act = tmp_path / "act.txt"
    act.write_text("Правила\n\n" + "\n\n".join(f"{n}. Двери склада {n} открываются наружу." for n in range(1, 9)))
    try:
        report = loading.run(Settings(), [(act, {"number": "5", "kind": "order"})])
    except ModelError as error:
        pytest.skip(f"the embedder cannot be had here: {error.detail}")
    loads = report["loads"]
    assert isinstance(loads, dict)
    assert [load["embedded"] for load in loads.values()] == [loads["first"]["embedded"], 0, 0]
    assert loads["cached"]["written"] == loads["first"]["written"] > 0
    assert loads["again"]["written"] == 0
    first = loads["first"]
    assert first["total"]["cpu_s"] >= first["embedder"]["cpu_s"] > 0
    assert any("first_load_to_embedder_cpu" in line for line in loading.lines(report))
