import itertools

from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.sentences import sentences


def texts(text: str) -> list[str]:
    return [s.text for s in sentences(text)]


def test_sentences_and_list_items_are_told_apart():
    text = "7.1.2 Двери открываются наружу. Допускается: - внутрь, если людей до 15; - вбок в гаражах."
    assert texts(text) == [
        "7.1.2 Двери открываются наружу.",
        "Допускается:",
        "- внутрь, если людей до 15;",
        "- вбок в гаражах.",
    ]


def test_abbreviations_and_clause_numbers_do_not_end_a_sentence():
    assert texts("12. Проход по п. 5 и табл. 3 свободен.") == ["12. Проход по п. 5 и табл. 3 свободен."]


@given(st.text(alphabet="абв АБВ.;:-\n12()", max_size=120))
def test_sentences_are_spans_in_order_and_lose_only_white_space(text: str):
    found = list(sentences(text))
    assert all(text[s.start : s.end] == s.text for s in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
