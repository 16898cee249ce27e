"""The measure of arousal: the area under the curve, and sets in the documented form."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from eval.calls.distress import auc, measure_arousal


def test_the_area_is_that_of_pairs() -> None:
    high = np.asarray([True, True, False, False])
    assert auc(high, np.asarray([4.0, 3.0, 2.0, 1.0])) == 1.0
    assert auc(high, np.asarray([1.0, 1.0, 1.0, 1.0])) == 0.5
    assert auc(high, np.asarray([4.0, 1.0, 2.0, 3.0])) == 0.5


def test_a_set_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"labels\.csv"):
        measure_arousal(tmp_path)


@pytest.mark.slow
@pytest.mark.shared
def test_acted_arousal_is_told_better_than_by_loudness(shared_data: Path) -> None:
    metrics = measure_arousal(shared_data / "emotion")
    assert metrics["arousal_auc_emodb"].value > 0.85
    assert metrics["arousal_auc_emodb"].value > metrics["baseline_arousal_auc_emodb_loudness"].value
    assert metrics["arousal_auc_kazser"].value > 0.6
