"""Word errors of calls: what is written two ways is one, and the baseline runs beside."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from core.call_records import Word
from core.languages import Language
from core.settings import Settings
from eval.calls.dataset import read_calls
from eval.calls.transcription import hear, measure_transcription
from eval.calls.word_errors import WordErrors, count_errors, normalised, total
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcript, Utterance


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Сто двенадцать, слушаю!", "112 слушаю"),
        ("Ещё горит", "еще горит"),
        ("дом восемьдесят шесть", "Дом 86."),
        ("восемь семьсот один пятьсот пятьдесят пять", "8-701-555"),
    ],
)
def test_two_ways_to_write_are_one(said: str, written: str) -> None:
    assert count_errors(said, written).errors == 0
    assert normalised(said) == normalised(written)


def test_errors_are_counted_a_word() -> None:
    assert count_errors("горит дом у моста", "горит том моста да") == WordErrors(3, 4)
    assert total([WordErrors(1, 4), WordErrors(3, 4)]).rate == 0.5
    assert np.isnan(WordErrors(0, 0).rate)


@given(st.text(alphabet="абв ё1-,.", max_size=40))
def test_a_text_has_no_errors_against_itself(text: str) -> None:
    assert count_errors(text, text).errors == 0


class Parrot:
    """Says of any leg that is not silent what it was told to, and a credit."""

    name = "parrot"
    languages = frozenset({Language.RU})

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        if float(np.abs(samples).max(initial=0.0)) < 0.05:
            return Transcript(())
        texts = ["горит", "дом", "Продолжение", "следует"]
        return Transcript((Utterance(tuple(Word(t, 0.3 * n, 0.3 * n + 0.3) for n, t in enumerate(texts))),))


def test_the_pipeline_and_the_bare_transcriber_are_measured_in_one_run(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, (4 * SAMPLE_RATE, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, SAMPLE_RATE)
    turn = {"channel": "caller", "text": "горит дом", "start_s": 0.0, "end_s": 1.0}
    row = {
        "id": "a",
        "files": {"stereo": "a.wav"},
        "duration_s": 4.0,
        "channels": {},
        "language": "ru",
        "dialogue": [turn],
        "card": {},
        "audio": {"caller_snr_db": 10},
    }
    (tmp_path / "calls.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    cases = read_calls(tmp_path)
    heard = hear(cases, Parrot(), Settings())
    found = measure_transcription(cases, heard)
    assert found["wer_caller"].value == found["wer_caller_10db"].value == 0
    assert found["wer_plain_caller"].value == 1.0
    assert "wer_operator" not in found
    assert heard["a"].audio_s == pytest.approx(4.0)
    assert found["cost_ratio_to_asr"].n == 1
