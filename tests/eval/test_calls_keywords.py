"""Figures of keyword tags."""

import pytest

from core.call_records import Evidence, LegName, Segment, Tag, TagKind, Word
from core.errors import InvalidInput
from eval.calls.keywords import measure_keywords, rate_per_hour


def tag(label: str, text: str, start_s: float, *, leg: LegName = LegName.CALLER, asserted: bool = True) -> Tag:
    return Tag(TagKind.KEYWORD, label, Evidence(leg, start_s, start_s + 1, text), 0.9, asserted, text)


def mark(phrase: str, category: str, start_s: float, *, asserted: bool = True, channel: str = "caller"):
    return {
        "phrase": phrase,
        "category": category,
        "channel": channel,
        "start_s": start_s,
        "end_s": start_s + 1,
        "asserted": asserted,
    }


def call(*marks, duration_s: float = 1800.0):
    return {"id": "a", "duration_s": duration_s, "audio": {"caller_snr_db": 20}, "keywords": list(marks)}


def measured(truth, *tags: Tag, text: str = "", by_text: bool = False):
    words = tuple(Word(w, i, i + 1) for i, w in enumerate(text.split()))
    return measure_keywords([truth], {"a": tags}, {"a": [Segment(LegName.CALLER, 0, 9, words)]}, by_text=by_text)


def test_recall_and_the_word_for_word_baseline():
    truth = call(mark("горит дом", "fire", 2), mark("дети", "child", 8))
    figures = measured(truth, tag("fire", "гарит", 2.5), text="Гарит дом, там дети!")
    assert figures["keyword_recall"].value == 0.5
    assert figures["keyword_recall_20db"].value == 0.5
    assert figures["keyword_word_for_word"].value == 0.5


@pytest.mark.parametrize(
    "other",
    [
        tag("gas", "горит", 2),
        tag("fire", "горит", 5),
        tag("fire", "горит", 2, leg=LegName.OPERATOR),
    ],
)
def test_another_category_time_or_leg_is_a_false_alarm(other: Tag):
    figures = measured(call(mark("горит", "fire", 2)), other)
    assert figures["keyword_recall"].value == 0
    assert figures["keyword_false_per_hour"].value == 2
    assert figures["keyword_false_category_per_hour"].value == (2 if other.label == "gas" else 0)


def test_words_count_where_times_are_not_their_own():
    figures = measured(call(mark("горит дом", "fire", 2)), tag("fire", "дом горит", 6), by_text=True)
    assert figures["keyword_recall"].value == 1
    assert figures["keyword_false_per_hour"].value == 0


def test_facts_are_told_from_hard_negatives():
    truth = call(mark("горит", "fire", 2), mark("взрыв", "explosion", 20, asserted=False))
    figures = measured(truth, tag("fire", "горит", 2), tag("explosion", "взрыв", 20))
    assert figures["keyword_asserted_facts"].value == 1
    assert figures["keyword_asserted_negatives"].value == 0


def test_what_is_not_asserted_is_no_false_alarm():
    assert measured(call(), tag("fire", "горит", 2, asserted=False))["keyword_false_per_hour"].value == 0


def test_a_rate_has_a_poisson_interval():
    rate = rate_per_hour(0, 3600)
    assert (rate.value, rate.low) == (0, 0)
    assert rate.high == pytest.approx(3.689, abs=0.001)


def test_a_mark_without_a_category_is_refused():
    with pytest.raises(InvalidInput, match="call a"):
        measured({"id": "a", "duration_s": 1.0, "keywords": [{"phrase": "дом"}]})
