from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.languages import Language
from core.records import Act, Level
from eval.metrics import mean, ndcg, reciprocal_rank
from eval.questions import Gold, Question, facts_said, holds, read_questions, right_ranks
from tests.knowledge_base.clause_maker import make_clause

GOLD = Gold("СП 1", "5.2", "двери склада откры-ваются наружу", Language.RU)


def question(*gold: Gold, facts: tuple[tuple[str, ...], ...] = ()) -> Question:
    return Question("q", Language.RU, "numeric", "?", True, False, gold, facts, (("СП 9", "7.1"),))


def test_case_hyphens_spaces_and_cell_separators_do_not_matter():
    assert holds(make_clause("5.2", "5.2 Двери склада | открываются  НАРУЖУ всегда"), GOLD)
    assert not holds(make_clause("5.2", "5.2 Двери склада открываются внутрь"), GOLD)


def test_a_table_row_is_right_by_its_number_and_words_in_any_order():
    gold = Gold("СН 2", "табл. 1, п. 8.1", "8.1 Склады независимо от площади лаков 100 м2", Language.RU)
    row = make_clause("8.1", "8.1 | Склады лаков | независимо от площади | 100 м2", level=Level.ROW)
    assert holds(row, gold)
    assert not holds(make_clause("8.2", row.text, level=Level.ROW), gold)


def test_ranks_count_each_gold_place_once_and_accept_the_other_right_clause():
    acts = {"a": Act("a", "KZ", "code", "СП 9"), "b": Act("b", "KZ", "code", "СП 1")}
    clauses = [
        make_clause("1", "ничего", act="b"),
        make_clause("5.2", "5.2 двери склада открываются наружу", act="b"),
        make_clause("7.1", "иное", act="a"),
    ]
    assert right_ranks(question(GOLD), clauses, acts, {}) == [2]
    assert right_ranks(question(Gold("x", "y", "нет такого", Language.RU)), clauses, acts, {}) == [3]


def test_facts_are_said_in_any_of_their_wordings():
    assert facts_said(question(facts=(("1,2 м",), ("пять", "5 шт"))), ["не менее 1,2 м", "всего 5 шт"]) == 1.0
    assert facts_said(question(facts=(("1,2 м",), ("пять", "6 шт"))), ["не менее 1,2 м", "всего 5 шт"]) == 0.5


def test_a_broken_line_is_named(tmp_path: Path):
    (tmp_path / "q.jsonl").write_text('{"id": "1", "lang": "ru"}\n')
    with pytest.raises(InvalidInput, match="line 1"):
        read_questions(tmp_path / "q.jsonl")


def test_figures():
    assert reciprocal_rank([3, 2]) == 0.5
    assert reciprocal_rank([]) == 0.0
    assert ndcg([1], 1) == 1.0
    assert 0 < ndcg([4], 1) < 1
    measure = mean([0.0, 1.0] * 50)
    assert measure.value == 0.5
    assert measure.low < 0.5 < measure.high
