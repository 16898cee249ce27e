"""What is made of a transcriber's words: segments in time, without the other side's, invented or overlooked ones."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.call_records import LegName, Segment, Word
from core.errors import ConfigurationError
from core.languages import Language
from pipelines.calls.audio.crosstalk import Leak, find_leak
from pipelines.calls.invented import parse_credits, without_invented
from pipelines.calls.overheard import OVERHEARD_WORDS, has_overheard
from pipelines.calls.overlooked import find_overlooked
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcript, Utterance
from pipelines.calls.transcription import cut_at_pauses, transcribe_legs


def said(text: str, start_s: float = 0.0, each_s: float = 0.3, probability: float = 0.9) -> tuple[Word, ...]:
    return tuple(
        Word(word, start_s + n * each_s, start_s + (n + 1) * each_s, probability) for n, word in enumerate(text.split())
    )


def text_of(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, level, round(seconds * SAMPLE_RATE)).astype(np.float32)


class Hearing:
    """A transcriber that hears what it is told to."""

    name = "hearing"
    languages = frozenset({Language.RU})

    def __init__(self, hear: Callable[[Samples, Hints], Sequence[Utterance]]) -> None:
        self._hear = hear
        self.asked: list[tuple[float, bool]] = []

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        self.asked.append((len(samples) / SAMPLE_RATE, hints.skip_silence))
        return Transcript(tuple(self._hear(samples, hints)), Language.RU)


# --- invented text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("Редактор субтитров А.Семкин Корректор А.Егорова", ""),
        ("Мы у моста. Субтитры сделал DimaTorzok", "Мы у моста."),
        ("Продолжение следует...", ""),
        ("Ждите бригаду. Продолжение следует...", "Ждите бригаду."),
        ("Спасибо за просмотр!", ""),
        ("Субтитры создавал Dimatorzok", ""),
        ("Көргендеріңізге рақмет!", ""),
        ("Thanks for watching!", ""),
        ("Subtitles by the Amara.org community", ""),
        ("ИГРАЕТ МУЗЫКА", ""),
        ("Я сто девять набираю, там играет музыка", "Я сто девять набираю, там играет музыка"),
        ("Спасибо за внимание к нашей улице", "Спасибо за внимание к нашей улице"),
        ("У нас продолжение вчерашнего пожара", "У нас продолжение вчерашнего пожара"),
    ],
)
def test_credits_are_dropped_and_speech_is_not(heard: str, kept: str) -> None:
    assert text_of(without_invented(said(heard))) == kept


def test_a_loop_leaves_its_first_turn() -> None:
    loop = said("на дороге", each_s=0.3) + said("Вст " * 30, 0.6, each_s=0.03, probability=0.3)
    assert text_of(without_invented(loop)) == "на дороге Вст"
    phrase = said("он не говорил " * 12, each_s=0.05)
    assert text_of(without_invented(phrase)) == "он не говорил"


def test_people_repeat_themselves() -> None:
    cry = said("Помогите! Помогите! Помогите! Помогите! горим", each_s=0.6)
    assert without_invented(cry) == cry
    number = said("восемь семьсот семь семь семь семь", each_s=0.35)
    assert without_invented(number) == number


def test_letters_without_words_are_dropped() -> None:
    assert text_of(without_invented(said("жоқ Ӑ ӈ Ӆ Ӭ ӧ ӑ"))) == "жоқ"
    assert text_of(without_invented(said("и я в 3 а"))) == "и я в 3 а"


@given(
    st.lists(st.sampled_from(["да", "нет", "горит", "редактор", "субтитров", "а", "Вст"]), max_size=30),
    st.floats(0.01, 0.5),
)
def test_nothing_is_added_or_put_in_another_order(texts: list[str], each_s: float) -> None:
    words = said(" ".join(texts), each_s=each_s)
    kept = without_invented(words)
    remaining = iter(words)
    assert all(any(word is other for other in remaining) for word in kept)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("музыка,ru,sometimes,x", "line 2"),
        ("музыка,de,alone,x", "line 2"),
        ("музыка,ru,alone,", "line 2"),
        (",ru,alone,x", "line 2"),
        ("музыка,ru,alone,x\nМузыка!,ru,rest,x", "line 3"),
    ],
)
def test_a_wrong_row_of_the_table_is_named(row: str, line: str) -> None:
    with pytest.raises(ConfigurationError, match=line):
        parse_credits(f"phrase,language,drop,source\n{row}\n", "credits.csv")
    with pytest.raises(ConfigurationError, match="line 1"):
        parse_credits("phrase,drop\n", "credits.csv")


# --- what was overlooked ----------------------------------------------------------------------------------------------


def whispering() -> Samples:
    """Eight seconds of a quiet line in which somebody breathes out words from the third to the sixth second."""
    leg = noise(8, 0.001)
    leg[3 * SAMPLE_RATE : 6 * SAMPLE_RATE] += noise(3, 0.01, seed=2)
    return leg


def test_sound_without_words_is_heard_a_second_time() -> None:
    def hear(samples: Samples, hints: Hints) -> list[Utterance]:
        return [] if hints.skip_silence else [Utterance(said("он в доме", 0.5), -0.4, 0.2)]

    transcriber = Hearing(hear)
    (segment,) = transcribe_legs({LegName.CALLER: whispering(), LegName.OPERATOR: noise(8, 0.001)}, transcriber)
    assert segment.leg is LegName.CALLER
    assert segment.text == "он в доме"
    assert segment.start_s == pytest.approx(3.2, abs=0.2)
    assert [skip for _, skip in transcriber.asked] == [True, False, True]
    assert transcriber.asked[1][0] == pytest.approx(3.6, abs=0.2)


@pytest.mark.parametrize(
    "doubtful",
    [
        Utterance(said("Спасибо за просмотр!"), -0.2, 0.1),
        Utterance(said("он в доме"), -1.4, 0.1),
        Utterance(said("он в доме"), -0.4, 0.8),
        Utterance(said("он в доме", probability=0.2), -0.4, 0.1),
    ],
)
def test_what_the_second_pass_invents_is_not_believed(doubtful: Utterance) -> None:
    transcriber = Hearing(lambda samples, hints: [] if hints.skip_silence else [doubtful])
    assert transcribe_legs({LegName.CALLER: whispering()}, transcriber) == ()


@pytest.mark.parametrize(
    "leg", [noise(8, 0.001), noise(8, 0.05), np.zeros(80_000, np.float32), np.zeros(0, np.float32)]
)
def test_there_is_no_second_pass_over_noise_or_silence(leg: Samples) -> None:
    assert find_overlooked(leg, ()) == []


def test_there_is_no_second_pass_where_words_account_for_the_sound() -> None:
    assert find_overlooked(whispering(), said("он в доме за дверью прячется тише тише", 3.0, 0.4)) == []


# --- segments ---------------------------------------------------------------------------------------------------------


def test_segments_come_in_the_order_of_time_and_end_where_the_other_may_speak() -> None:
    caller = said("горит", 1.0) + said("да", 5.0)
    operator = said("где", 3.0)

    def hear(samples: Samples, hints: Hints) -> list[Utterance]:
        return [Utterance(caller if samples[0] > 0 else operator)]

    legs = {LegName.CALLER: np.full(99_000, 1e-3, np.float32), LegName.OPERATOR: np.full(99_000, -1e-3, np.float32)}
    segments = transcribe_legs(legs, Hearing(hear))
    assert [(s.leg, s.text, s.start_s) for s in segments] == [
        (LegName.CALLER, "горит", 1.0),
        (LegName.OPERATOR, "где", 3.0),
        (LegName.CALLER, "да", 5.0),
    ]
    assert all(isinstance(segment, Segment) and segment.committed for segment in segments)


def test_a_long_leg_is_read_in_pieces_cut_where_it_is_quiet() -> None:
    leg = noise(700, 0.05)
    leg[290 * SAMPLE_RATE : 291 * SAMPLE_RATE] *= 0.01
    spans = list(cut_at_pauses(leg))
    assert spans[0].start_s == 0
    assert 290 < spans[0].end_s < 291
    assert spans[-1].end_s == 700
    assert all(a.end_s == b.start_s and a.length_s <= 300 for a, b in pairwise(spans))
    heard = transcribe_legs({LegName.MIXED: leg}, Hearing(lambda samples, hints: [Utterance(said("да", 1.0))]))
    assert [segment.start_s for segment in heard] == [span.start_s + 1.0 for span in spans]
    assert all(segment.leg is LegName.MIXED for segment in heard)


# --- the other side's words -------------------------------------------------------------------------------------------


@cache
def leaking() -> tuple[Samples, Samples]:
    """Ten seconds of a leg, its own voice in the first four, and the other leg, whose voice leaks in after that."""
    beat = (np.arange(10 * SAMPLE_RATE) // (SAMPLE_RATE // 4)) % 3 > 0
    first = np.arange(10 * SAMPLE_RATE) < 4 * SAMPLE_RATE
    own, other = noise(10, 0.1, seed=2) * beat * first, noise(10, 0.15, seed=3) * beat * ~first
    return (noise(10, 0.001) + own + other * np.float32(0.05)).astype(np.float32), other.astype(np.float32)


@cache
def leak_of_leaking() -> Leak:
    leak = find_leak(*leaking())
    assert leak is not None
    return leak


def heard_where_loud(overheard: str) -> Hearing:
    """A transcriber that writes own words, `overheard` too where the second half is no noise."""

    def hear(samples: Samples, hints: Hints) -> list[Utterance]:
        loud = float(np.abs(samples[5 * SAMPLE_RATE :]).max()) > 0.02
        own = Utterance(said("что случилось", 0.2, 1.9) if loud else said("что случилось у вас", 0.2, 0.95))
        return [own, Utterance(said(overheard, 5.0, 0.5))] if loud and overheard else [own]

    return Hearing(hear)


def test_a_leg_is_read_again_without_the_other_sides_voice_where_that_was_written() -> None:
    leg, other = leaking()
    transcriber = heard_where_loud("у нас пожар")
    segments = transcribe_legs({LegName.CALLER: leg, LegName.OPERATOR: other}, transcriber)
    assert [s.text for s in segments if s.leg is LegName.CALLER] == ["что случилось у вас"]
    assert len(transcriber.asked) == 3


@pytest.mark.parametrize("overheard", ["", "у нас"])
def test_a_leak_that_was_not_written_is_left_in(overheard: str) -> None:
    """A word or two may be own ones whose times are wrong."""
    leg, other = leaking()
    transcriber = heard_where_loud(overheard)
    segments = transcribe_legs({LegName.CALLER: leg, LegName.OPERATOR: other}, transcriber)
    assert [s.text for s in segments if s.leg is LegName.CALLER] == ["что случилось", *filter(None, [overheard])]
    assert len(transcriber.asked) == 2


@given(st.lists(st.tuples(st.floats(0, 12), st.floats(0, 2)), max_size=12))
def test_words_at_any_time_are_judged(times: list[tuple[float, float]]) -> None:
    leg, other = leaking()
    leak = leak_of_leaking()
    words = [Word("да", start_s, start_s + length_s, 0.9) for start_s, length_s in times]
    over = [word.start_s > 4.2 and word.end_s < 9.9 for word in words]
    own = [word.start_s < 3.4 and word.end_s > word.start_s + 0.3 for word in words]
    if len(words) >= OVERHEARD_WORDS and all(over):
        assert has_overheard(words, leg, other, leak)
    if all(own):
        assert not has_overheard(words, leg, other, leak)
