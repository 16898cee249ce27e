"""What is committed never changes, whatever readings come."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from core.call_records import Word
from pipelines.calls.live.local_agreement import LocalAgreement

TEXTS = st.sampled_from(["пожар", "Пожар,", "горит", "дом", "дома", "на", "Абая", "152", "квартира"])


@st.composite
def reading(draw: st.DrawFn) -> tuple[Word, ...]:
    at, words = draw(st.floats(0, 3)), []
    for text in draw(st.lists(TEXTS, max_size=12)):
        at += draw(st.floats(0, 0.5))
        end = at + draw(st.floats(0.05, 0.6))
        words.append(Word(text, at, end))
        at = end
    return tuple(words)


@settings(deadline=None)
@given(st.lists(st.tuples(reading(), st.booleans()), max_size=12))
def test_committed_text_only_grows(readings: list[tuple[tuple[Word, ...], bool]]) -> None:
    agreement = LocalAgreement()
    for words, last in readings:
        before = agreement.committed
        new = agreement.settle(words) if last else agreement.hear(words)
        assert agreement.committed == before + new
        assert agreement.committed[: len(before)] == before
        if last:
            assert agreement.tail == ()


@settings(deadline=None)
@given(st.lists(st.text("абвгдежз", min_size=3, max_size=8), max_size=10, unique=True), st.data())
def test_growing_audio_read_alike_gives_its_words_once(texts: list[str], data: st.DataObject) -> None:
    whole = said(texts)
    agreement = LocalAgreement()
    for length in sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6))):
        agreement.hear(whole[:length])
    agreement.settle(whole)
    assert agreement.committed == whole


def test_two_readings_must_agree() -> None:
    agreement = LocalAgreement()
    assert agreement.hear(said(["горит", "дом"])) == ()
    assert [word.text for word in agreement.tail] == ["горит", "дом"]
    assert [word.text for word in agreement.hear(said(["Горит", "дача", "у"]))] == ["Горит"]
    assert [word.text for word in agreement.tail] == ["дача", "у"]


def test_words_written_another_way_are_not_said_twice() -> None:
    agreement = LocalAgreement()
    agreement.settle(said(["ждите", "на", "месте"]))
    again = tuple(Word(w.text.replace("ждите", "ждайте"), w.start_s + 0.3, w.end_s + 0.3) for w in agreement.committed)
    assert agreement.settle(again) == ()
    assert [w.text for w in agreement.settle((*again, Word("помощь", 2.0, 2.5)))] == ["помощь"]


def test_agreed_words_near_the_end_of_a_reading_wait() -> None:
    agreement = LocalAgreement()
    agreement.hear(said(["горит", "дом", "на"]), 0.5)
    assert [word.text for word in agreement.hear(said(["горит", "дом", "на", "улице"]), 1.0)] == ["горит", "дом"]
    assert [word.text for word in agreement.tail] == ["на", "улице"]


def test_words_far_back_are_committed_without_agreement() -> None:
    agreement = LocalAgreement()
    agreement.hear(said(["горит", "дом", "на", "улице"]))
    assert [word.text for word in agreement.settle_before(1.0)] == ["горит", "дом"]
    assert [word.text for word in agreement.tail] == ["на", "улице"]


def said(texts: Sequence[str]) -> tuple[Word, ...]:
    return tuple(Word(text, 0.5 * index, 0.5 * index + 0.4) for index, text in enumerate(texts))
