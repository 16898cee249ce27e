"""Keywords of calls: what is found, by sound too, and what is told apart from a fact."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.call_records import LegName, Segment, Tag, Word
from core.errors import ConfigurationError
from pipelines.calls.keywords import tag_keywords
from pipelines.calls.keywords.contexts import load_contexts, read_contexts
from pipelines.calls.keywords.lexicon import CATEGORIES, load_lexicon, read_entries
from pipelines.calls.keywords.phonetics import sound_key
from pipelines.calls.keywords.tagging import KeywordTagger

HEADING = "category,language,pattern,confidence,source\n"
SAMPLES = [
    [field.strip() for field in line.split("|")]
    for line in Path(__file__).with_name("keyword_samples.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def segment(text: str, leg: LegName = LegName.CALLER, start_s: float = 0.0, probability: float = 1.0) -> Segment:
    words = tuple(Word(w, start_s + n, start_s + n + 1, probability) for n, w in enumerate(text.split()))
    return Segment(leg, start_s, start_s + len(words), words)


def found(text: str, leg: LegName = LegName.CALLER, probability: float = 1.0) -> dict[str, Tag]:
    return {tag.label: tag for tag in tag_keywords([segment(text, leg, probability=probability)])}


def folded(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.lower().replace("ё", "е")).split())


@pytest.mark.parametrize(("leg", "category", "phrase", "asserted", "text"), SAMPLES)
def test_what_callers_say(leg: str, category: str, phrase: str, asserted: str, text: str):
    tags = [
        tag
        for tag in tag_keywords([segment(text, LegName(leg))])
        if tag.label == category and folded(tag.evidence.text) & folded(phrase)
    ]
    assert tags
    assert tags[0].asserted == (asserted == "yes")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("пажар на втором этаже", "fire"),
        ("после врыва вылетели окна", "explosion"),
        ("тут по жар", "fire"),
        ("стокнулись две машины", "road_accident"),
        ("было землитресение", "earthquake"),
        ("у нас уй ортенип жатыр", "fire"),
    ],
)
def test_misheard_words_are_found_with_less_confidence(text: str, category: str):
    tag = found(text, probability=0.5)[category]
    assert tag.confidence < 0.9


@pytest.mark.parametrize(
    "text",
    [
        "Подскажите расписание автобусов до аэропорта.",
        "Я хотел бы оформить справку о составе семьи.",
        "Пожал руку и ушёл, вот и весь разговор.",
        "Спасибо большое, до свидания, хорошего вам дня.",
        "Я паспорт потерял, куда обратиться?",
        "Қайырлы күн, анықтама алайын деп едім.",
        "Өтінемін, маған мекенжайды айтыңызшы.",
    ],
)
def test_other_talk_has_no_asserted_keywords(text: str):
    assert not [tag for tag in found(text, probability=0.9).values() if tag.asserted]


def test_a_tag_says_where_its_words_are():
    words = (Word("Ой,", 3.0, 3.4), Word("горит", 4.0, 4.5), Word("квартира!", 4.6, 5.2))
    (tag,) = tag_keywords([Segment(LegName.CALLER, 3.0, 5.2, words)])
    assert (tag.label, tag.evidence.text) == ("fire", "горит квартира!")
    assert (tag.evidence.start_s, tag.evidence.end_s, tag.evidence.leg) == (4.0, 5.2, LegName.CALLER)


def test_one_stretch_of_words_has_one_tag_of_a_category():
    tags = [tag for tag in tag_keywords([segment("столкнулись две машины лоб в лоб")]) if tag.label == "road_accident"]
    assert len(tags) <= 2
    ends = [tag.evidence.end_s for tag in tags]
    assert all(tag.evidence.start_s >= end for tag, end in zip(tags[1:], ends, strict=False))


def test_the_operator_asks_also_without_a_question_mark():
    assert not found("кто-нибудь потерял сознание", LegName.OPERATOR)["medical"].asserted
    assert found("мужчина потерял сознание", LegName.CALLER)["medical"].asserted


SAID = """горит дом пожар не нет без взрыв газ если ли дети упал вода света лёд машина сбила он кто-то өрт бала жоқ
Пажар взры ва? что! — ... № 112 a b1 ӘҒ"""
VOCABULARY = [*SAID.split(), "\u00ad"]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(VOCABULARY), max_size=25).map(" ".join))


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.sampled_from(LegName), st.floats(0, 1))
def test_any_text_is_read_and_evidence_is_words_of_it(text: str, leg: LegName, probability: float):
    spoken = segment(text, leg, probability=probability)
    for tag in tag_keywords([spoken]):
        assert tag.evidence.text in spoken.text
        assert tag.label in CATEGORIES
        assert 0 < tag.confidence <= 1
        assert spoken.start_s <= tag.evidence.start_s < tag.evidence.end_s <= spoken.end_s


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_later_segment_never_changes_earlier_tags(texts: list[str]):
    segments = [segment(text, start_s=100.0 * n) for n, text in enumerate(texts)]
    before = tag_keywords(segments[:-1])
    assert tag_keywords(segments)[: len(before)] == before


def test_a_call_of_five_minutes_takes_milliseconds():
    text = "на кухне горит плита мы не можем выйти тут дым и дети помогите пожалуйста скорее приезжайте улица Абая"
    said = text.split()
    call = [segment(" ".join(said[n % 5 :] + said[: n % 5]), start_s=9.0 * n) for n in range(35)]
    tag_keywords(call)
    best = min(_seconds(call) for _ in range(5))
    assert best < 0.05  # CPU time; under 10 ms on a quiet machine


def _seconds(call: list[Segment]) -> float:
    start = time.process_time()
    tag_keywords(call)
    return time.process_time() - start


def test_a_very_long_segment_is_read():
    assert tag_keywords([segment("вода и огонь кругом " * 3000)])


def test_the_lexicon_covers_every_category_in_both_languages():
    covered = {(entry.category, next(iter(entry.patterns[0][0].atoms)).language.value) for entry in load_lexicon()}
    assert covered == {(category, language) for category in CATEGORIES for language in ("ru", "kk")}


@pytest.mark.parametrize(
    "row",
    [
        "fires,ru,пожар,0.9,usage",
        "fire,fr,пожар,0.9,usage",
        "fire,ru,пожар,1.9,usage",
        "fire,ru,пожар,much,usage",
        "fire,ru,пожар,0.9,",
        "fire,ru,пожар _,0.9,usage",
        "fire,ru,_ пожар,0.9,usage",
        "fire,ru,,0.9,usage",
        "fire,ru,пожар 5,0.9,usage",
        "fire,ru,~ пожар,0.9,usage",
        "fire,ru",
    ],
)
def test_a_bad_line_of_the_lexicon_is_named(row: str):
    with pytest.raises(ConfigurationError, match="line 3"):
        read_entries(f"{HEADING}gas,ru,газ,0.9,usage\n{row}\n", "lexicon.csv")


def test_a_phrase_stands_once_in_its_category():
    with pytest.raises(ConfigurationError, match="twice"):
        read_entries(f"{HEADING}fire,ru,дым,0.9,usage\nfire,ru,дым,0.8,usage\n", "lexicon.csv")


@pytest.mark.parametrize("text", ["[", "a: 1", "- x"])
def test_contexts_in_another_shape_are_refused(text: str):
    with pytest.raises(ConfigurationError, match=r"contexts\.yaml"):
        read_contexts(text)


@pytest.mark.parametrize(("said", "heard"), [("пожар", "пажар"), ("газ", "кас"), ("өрт", "орт"), ("завод", "завот")])
def test_words_easily_taken_for_one_another_share_a_key(said: str, heard: str):
    assert sound_key(said) == sound_key(heard)


@pytest.mark.parametrize(
    ("pattern", "said", "phrase"),
    [
        ("пожар", "Тут пожара нет", "пожар"),
        ("=гарь", "чувствую Гарь", "гарь"),
        ("дверь _ заклинить", "дверь совсем заклинило", "дверь заклинить"),
        ("задох*", "ребёнок Задохнулся, скорее", "задохнулся"),
        ("запах газ|гарь", "Запах гари в доме", "запах гари"),
        ("~ прыгнуть окно", "из окна кто-то Прыгнул", "окна кто-то прыгнул"),
    ],
)
def test_the_phrase_of_a_tag_is_for_people_to_read(pattern: str, said: str, phrase: str):
    tagger = KeywordTagger(read_entries(f"{HEADING}fire,ru,{pattern},0.9,usage\n", "lexicon.csv"), load_contexts())
    assert [tag.phrase for tag in tagger.tag(segment(said))] == [phrase]


def test_no_phrase_that_ships_shows_marks_of_the_pattern_language():
    for entry in load_lexicon():
        assert not set(entry.phrase) & set("=*|_~"), entry.text
        assert bool(entry.phrase) != bool(set(entry.text) & set("*|~")), entry.text
