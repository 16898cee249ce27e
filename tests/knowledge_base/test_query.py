from pathlib import Path

import pytest

from core.languages import Language
from knowledge_base.search.analysis import terms
from knowledge_base.search.lexicon import Lexicon
from knowledge_base.search.query import Query
from knowledge_base.search.query_builder import QueryBuilder
from knowledge_base.search.ranking import Arm, Weights, analysed, closeness, fuse, neighbouring, titled
from knowledge_base.search.terminology import Phrases, Terminology, TermRow
from knowledge_base.search.translation import TermTable
from tests.knowledge_base.clause_maker import make_clause

RU, KK, EN = Language.RU, Language.KK, Language.EN
TEXTS = [
    "Лестницы склада красок имеют ширину не менее 1,2 м",
    "Склад лаков отделяют от цеха перегородкой",
    "Автоматическая установка пожаротушения защищает склад",
    "Двери цеха открываются наружу",
] * 5


@pytest.fixture(scope="module")
def builder() -> QueryBuilder:
    lexicon = Lexicon(RU)
    lexicon.add(terms(t, RU) for t in TEXTS)
    glossary = [
        TermRow({RU: ("автоматическая установка пожаротушения", "АУПТ"), KK: ("автоматты өрт сөндіру",), EN: ()}),
        TermRow({RU: ("лестница",), KK: ("баспалдақ",), EN: ("stair",)}),
    ]
    table = TermTable(KK, RU, {"p:қойма": (("l:склад", 0.9),)})
    return QueryBuilder(
        {RU: lexicon, KK: Lexicon(KK), EN: Lexicon(EN)},
        [table],
        Terminology.of(glossary, {RU: [("ступенька", "лестница")]}),
    )


def covers(query: Query, text: str) -> float:
    return query.coverage(RU, analysed(make_clause("1", text)).present)


def test_a_clause_that_says_all_of_the_question_covers_it(builder: QueryBuilder):
    query = builder.build("ширина лестницы склада", RU)
    assert covers(query, TEXTS[0]) == pytest.approx(1.0)
    assert 0 < covers(query, TEXTS[1]) < 0.7
    assert covers(query, TEXTS[3]) == 0.0


@pytest.mark.parametrize(
    ("question", "language", "text"),
    [
        ("нужна ли АУПТ", RU, TEXTS[2]),
        ("ступенька какой ширины", RU, TEXTS[0]),
        ("ширина лесницы", RU, TEXTS[0]),
        ("қойма", KK, TEXTS[1]),
        ("баспалдақ", KK, TEXTS[0]),
        ("how wide is the stair", EN, TEXTS[0]),
    ],
)
def test_synonyms_slips_and_translations_reach_the_clause(
    builder: QueryBuilder, question: str, language: Language, text: str
):
    query = builder.build(question, language)
    assert covers(query, text) > covers(query, TEXTS[3])
    assert query.vector(RU, builder.lexicons[RU]).indices.size > 0


def test_words_that_only_frame_a_question_are_left_out(builder: QueryBuilder):
    assert [i.surface for i in builder.build("какая должна быть ширина", RU).ideas] == ["ширина"]


def test_rare_words_weigh_more(builder: QueryBuilder):
    weight = {i.surface: i.importance for i in builder.build("склад красок", RU).ideas}
    assert weight["красок"] > weight["склад"]


def test_fusion_prefers_what_more_arms_found():
    fused = fuse([Arm("a", ["x", "y"]), Arm("b", ["y", "z"]), Arm("c", ["z"], 0.1)])
    assert max(fused, key=lambda k: fused[k]) == "y"


def test_closeness_is_between_nought_and_one():
    assert [closeness(c) for c in (0.5, 0.85, 1.0)] == [0.0, pytest.approx(0.5), 1.0]


def test_neighbours_and_the_defined_term_speak_for_a_clause(builder: QueryBuilder):
    query = builder.build("склад красок", RU)
    assert neighbouring(query, make_clause("1", "Склад красок закрыт")) == 1.0
    far = make_clause("2", "Склад держат сухим, и никогда нигде там днём или ночью не хранят никаких красок")
    assert neighbouring(query, far) == 0.0
    assert titled(query, make_clause("3", "Склад красок: место", heading="Склад красок")) == 1.0
    assert titled(query, make_clause("4", "Цех: место", heading="Цех")) == 0.0


def test_every_weight_speaks_for_a_clause_never_against():
    assert all(value >= 0 for value in vars(Weights()).values())


def test_phrases_come_out_of_the_cache_as_they_were_made(tmp_path: Path):
    made = Terminology.shipped(tmp_path)
    (kept,) = tmp_path.iterdir()
    assert Terminology.shipped(tmp_path) == made
    kept.write_text('{"ru": 1', encoding="utf-8")
    assert Terminology.shipped(tmp_path) == made
    assert kept.read_text(encoding="utf-8").startswith("[")


def test_of_rows_that_share_a_wording_the_first_has_it():
    phrases = Phrases.build([("пожарный кран", "ПК"), ("пожарные краны", "")], RU)
    assert dict(phrases.entries) == {("пожарный", "кран"): 0, ("пк",): 0}
    assert phrases.longest == 2
