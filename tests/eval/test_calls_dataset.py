import json
from pathlib import Path

import pytest

from core.call_records import LegName
from core.errors import InvalidInput
from eval.calls.dataset import read_calls, spoken

LINE = {
    "id": "x1",
    "files": {"stereo": "audio/x1.flac"},
    "duration_s": 4.0,
    "channels": {"left": "caller", "right": "operator"},
    "dialogue": [
        {"channel": "caller", "text": "у нас дым", "start_s": 2.0, "end_s": 3.5},
        {"channel": "operator", "text": "слушаю вас", "start_s": 0.0, "end_s": 1.0},
    ],
}


def test_turns_become_segments_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text(json.dumps(LINE) + "\n\n", encoding="utf-8")
    (case,) = read_calls(tmp_path)
    assert case.audio == tmp_path / "audio" / "x1.flac"
    assert not case.has_card
    operator, caller = spoken(case)
    assert (operator.leg, caller.leg) == (LegName.OPERATOR, LegName.CALLER)
    assert caller.text == "у нас дым"
    assert [word.start_s for word in caller.words] == [2.0, 2.5, 3.0]


@pytest.mark.parametrize("line", ["{", "[]", json.dumps({"id": "x"})])
def test_a_line_of_another_shape_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "calls.jsonl").write_text(json.dumps(LINE) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="line 2"):
        read_calls(tmp_path)


def test_a_folder_without_calls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"calls\.jsonl"):
        read_calls(tmp_path)
