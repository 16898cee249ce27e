"""The score of addresses."""

import pytest

from eval.calls.places import ExpectedAddress, address_f1, normalise


def expected(**values):
    return ExpectedAddress(values, dict.fromkeys(values, "spoken"))


def test_spelling_and_type_words_do_not_matter():
    assert normalise("Улица Ерубаева") == normalise("ул. ерубаева")
    assert normalise("город Қонаев") == normalise("Конаев")
    assert normalise("посёлок Зелёный") == normalise("Зеленый")
    assert normalise("трасса Алматы–Капчагай") == normalise("Алматы - Капчагай")
    assert normalise("12/3") != normalise("123")


def test_a_wrong_value_is_one_surplus_and_one_missed():
    score = address_f1(
        [expected(settlement="Тараз", street="улица Абая", house="5")],
        [{"settlement": "Тараз", "street": "улица Абая", "house": "7"}],
    )
    assert score.by_field["house"] == (0, 1, 1)
    assert score.f1 == pytest.approx(2 / 3)
    assert score.settlement_street_f1 == 1.0


def test_what_needs_knowledge_from_outside_is_not_scored():
    truth = ExpectedAddress(
        {"district": "Илийский район", "kato": "196800000", "house": "34 км"},
        {"district": "outside", "house": "spoken"},
    )
    assert address_f1([truth], [{"house": "34 км"}]).f1 == 1.0


def test_a_surplus_field_costs_precision_and_a_landmark_is_matched_by_a_shared_word():
    truth = expected(settlement="Тараз", landmark="во дворе школы")
    score = address_f1([truth], [{"settlement": "Тараз", "street": "улица Мира", "landmark": "напротив школы"}])
    assert (score.precision, score.recall, score.landmark_f1) == (0.5, 1.0, 1.0)


def test_nothing_wanted_and_nothing_found_is_right():
    assert address_f1([expected(settlement=None)], [{}]).f1 == 1.0


def test_unequal_numbers_of_calls_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        address_f1([expected()], [])
