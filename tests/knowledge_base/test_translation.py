from pathlib import Path

from core.languages import Language
from knowledge_base.search.translation import TermTable, alignment_term, learn

PAIRS = [
    ("қызыл есік ашық", "красная дверь открыта"),
    ("қызыл баспалдақ", "красная лестница"),
    ("жасыл есік", "зелёная дверь"),
    ("жасыл баспалдақ ашық", "зелёная лестница открыта"),
    ("есік пен баспалдақ", "дверь и лестница"),
    ("қызыл дабыл", "красная тревога"),
    ("жасыл дабыл", "зелёная тревога"),
] * 3


def test_words_that_occur_together_become_pairs():
    table = learn(PAIRS, Language.KK, Language.RU)
    for kazakh, russian in (("баспалдақ", "лестница"), ("қызыл", "красная"), ("есік", "дверь")):
        best = table.translate(alignment_term(kazakh, Language.KK))[0][0]
        assert best == alignment_term(russian, Language.RU)


def test_nothing_is_learnt_from_nothing():
    assert learn([], Language.KK, Language.RU).pairs == {}


def test_a_table_is_read_as_it_was_written(tmp_path: Path):
    table = learn(PAIRS, Language.KK, Language.RU)
    table.save(tmp_path / "t.json")
    assert TermTable.load(tmp_path / "t.json") == table
