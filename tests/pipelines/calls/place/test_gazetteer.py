"""The gazetteer: names in any case, old names, codes; tables that refuse nonsense."""

import pytest

from core.errors import ConfigurationError
from pipelines.calls.place import hot_words
from pipelines.calls.place.gazetteer import load_gazetteer, read_old_names, read_places
from pipelines.calls.place.word_lists import match_street, read_words


@pytest.mark.parametrize(
    ("said", "kato"),
    [
        ("Караганде", "351010000"),
        ("Қарағандыда", "351010000"),
        ("Целинограда", "710000000"),
        ("Нур-Султане", "710000000"),
        ("Капчагая", "191010000"),
        ("Қонаевтан", "191010000"),
        ("Усть-Каменогорске", "631010000"),
        ("өскеменде", "631010000"),
        ("Семипалатинском", "101010000"),
        ("Рудном", "392410000"),
    ],
)
def test_a_city_is_known_in_any_case_and_by_its_old_names(said, kato):
    assert load_gazetteer().cities(said)[0].place.kato == kato


@pytest.mark.parametrize(
    ("heard", "name"), [("Корраганда", "Караганда"), ("Повладар", "Павлодар"), ("Толды курган", "Талдыкорган")]
)
def test_a_garbled_city_is_found_when_asked_for_what_sounds_alike(heard, name):
    assert load_gazetteer().cities(heard) == ()
    match = load_gazetteer().cities(heard, closeness=0.8)[0]
    assert (match.place.ru, match.score < 0.97) == (name, True)


def test_region_and_district_follow_from_the_code():
    gazetteer = load_gazetteer()
    for name, district, region in (
        ("Экибастуз", "Экибастуз Г.А.", "Павлодарская область"),
        ("Караганда", None, "Карагандинская область"),  # a city of two districts
        ("Алматы", None, "г.Алматы"),
        ("Талгар", "Талгарский район", "Алматинская область"),
    ):
        place = gazetteer.cities(name)[0].place
        found, lies_in = gazetteer.district_of(place), gazetteer.region_of(place)
        assert (found.ru if found else None) == district
        assert lies_in is not None
        assert lies_in.ru == region.removeprefix("г.")


def test_a_city_district_knows_its_city():
    gazetteer = load_gazetteer()
    for said, city in (("Бостандыкском", "Алматы"), ("Сарыарка", "Астана"), ("Казыбек би", "Караганда")):
        place = gazetteer.city_of(gazetteer.districts(said)[0].place)
        assert place is not None
        assert place.ru == city


def test_streets_are_known_in_both_languages_and_other_names_are_kept():
    for said, name in (
        ("Абай", "Абая"),
        ("Қорқыт ата", "Коркыт ата"),
        ("Гогарина", "Гагарина"),
        ("Фурманова", "Фурманова"),
    ):
        match = match_street(said, closeness=0.85)
        assert match is not None
        assert match.name == name


def test_hot_words_are_names_of_cities_and_streets():
    words = hot_words()
    assert {"Караганда", "Өскемен" if "Өскемен" in words else "Усть-Каменогорск", "Абая"} <= set(words)
    assert len(words) == len(set(words)) < 300


@pytest.mark.parametrize(
    "table",
    [
        "kato,kind,ru,kk\n1,city,Город,\n",
        "kato,kind,ru,kk\n100000000,moon,Город,\n",
        "kato,kind,ru,kk\n100000000,city\n",
    ],
)
def test_a_table_of_places_is_refused_with_the_line(table):
    with pytest.raises(ConfigurationError, match="line 2"):
        read_places(table.splitlines())


def test_an_old_name_of_no_place_is_refused_with_the_line():
    with pytest.raises(ConfigurationError, match="line 3"):
        read_old_names("name,kato,source\nА,1,x\nБ,2,x\n".splitlines(), {"1"})


def test_a_word_of_no_role_is_refused_with_the_line():
    with pytest.raises(ConfigurationError, match="line 2"):
        read_words("role,value,gender,forms,source\nplanet,земля,f,земля,x\n".splitlines())
