"""References to clauses and names of acts in questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.languages import Language
from core.records import Level, PathStep
from knowledge_base.clauses import find_act_designators, find_references, label_of_steps, parse_path


def steps(text: str) -> list[str]:
    return ["/".join(f"{step.level}:{step.number}" for step in reference.steps) for reference in find_references(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("п. 849 ППБ", "clause:849"),
        ("что гласит п849 ппб", "clause:849"),
        ("пункт 5.2.12 СП РК 2.02-101", "clause:5.2.12"),
        ("пункте 5.2.12", "clause:5.2.12"),
        ("пнукт 5.2.3", "clause:5.2.3"),
        ("ст. 410 ч. 3", "article:410/clause:3"),
        ("ст.410ч.1", "article:410/clause:1"),
        ("410 статья", "article:410"),
        ("штраф по 336 КоАП", "article:336"),
        ("статья 410-5", "article:410-5"),
        ("п. 2) ч. 2 ст. 686", "article:686/clause:2/subclause:2"),
        ("подпункт 1) пункта 3 статьи 16", "article:16/clause:3/subclause:1"),
        ("5.4.2-тармағы", "clause:5.4.2"),
        ("589-баптың 1-бөлігі", "article:589/clause:1"),
        ("4.2.63 тармақты көрсет", "clause:4.2.63"),
        ("clause 5.3.99 of SP RK 2.02-101-2022", "clause:5.3.99"),
        ("Article 410", "article:410"),
        ("табл. 1 п. 8.1.13", "table:1/row:8.1.13"),
        ("приложение 3", "appendix:3"),
        ("приложение В, табл. В.1", "appendix:В/table:В.1"),
        ("форма 4-СОВП строка 2, подпункт 13)", "form:4-СОВП/row:2/row:13"),
        ("примечание 3 к пункту 5.5.20", "clause:5.5.20/note:3"),
        ("приведи дословно 5.2.3", "clause:5.2.3"),
    ],
)
def test_a_reference_is_read(text: str, expected: str) -> None:
    assert steps(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "выход шириной 1,2 м для 60 человек",
        "здание высотой 28 м, 2 ч 30 мин",
        "срок 10 дней и 500 м2 в 2 этажа",
        "ГОСТ 12.1.004-91",
        "СП РК 2.02-101-2022",
        "5 пунктов сбора",
        "",
    ],
)
def test_measures_and_act_numbers_are_no_references(text: str) -> None:
    assert steps(text) == []


def test_two_references_are_told_apart_and_the_act_is_known() -> None:
    found = find_references("чем п. 5.2.3 отличается от п. 5.2.4 СП РК 2.02-101-2022?")
    assert [reference.steps[0].number for reference in found] == ["5.2.3", "5.2.4"]
    assert {reference.act_hint for reference in found} == {"СП РК 2.02-101-2022"}


@pytest.mark.parametrize(
    ("text", "number", "jurisdiction"),
    [
        ("СП РК 2.02-101-2022", "СП РК 2.02-101-2022", "KZ"),
        ("по CП PK 2.02-101-2022", "СП РК 2.02-101-2022", "KZ"),  # Latin look-alikes
        ("спрк2.02-101-2022", "СП РК 2.02-101-2022", "KZ"),
        ("ҚР ҚН 2.02-02-2023", "ҚР ҚН 2.02-02-2023", "KZ"),
        ("SN RK 2.02-02-2023", "СН РК 2.02-02-2023", "KZ"),
        ("СП 4.13130.2013", "СП 4.13130.2013", "RU"),
        ("123-ФЗ", "123-ФЗ", "RU"),
        ("NFPA 13", "NFPA 13", "US"),
        ("ДБН В.1.1-7:2016", "ДБН В.1.1-7:2016", "UA"),
        ("ГОСТ Р 53296-2009", "ГОСТ Р 53296-2009", "RU"),
        ("ГОСТ 12.1.004-91", "ГОСТ 12.1.004-91", "CIS"),
        ("ISO 7240-1:2014", "ISO 7240-1:2014", "INT"),
        ("приказ МЧС от 16 ноября 2015 года № 928", "928", None),
        ("928 приказ", "928", None),
        ("приказ 55", "55", None),
        ("№ 55 приказа", "55", None),
        ("55-бұйрық", "55", None),
        ("928 бұйрық", "928", None),
        ("в Правилах аккредитации экспертных организаций", "112", "KZ"),
        ("сараптама ұйымдарын аккредиттеу қағидаларында", "112", "KZ"),
        ("КоАП РК", "235-V", "KZ"),
        ("ӘҚБтК", "235-V", "KZ"),
        ("КоАП РФ", "195-ФЗ", "RU"),
        ("по КоАП", "235-V", None),
    ],
)
def test_acts_are_recognised_with_their_state(text: str, number: str, jurisdiction: str | None) -> None:
    found = [one for one in find_act_designators(text) if one.kind != "jurisdiction"]
    assert [(one.number, one.jurisdiction_hint) for one in found] == [(number, jurisdiction)]
    assert 0 <= found[0].span[0] < found[0].span[1] <= len(text)


@pytest.mark.parametrize("text", ["10 приказов и 2 приказа", "приказ 21 февраля 2022 года", "в 2015 приказ"])
def test_counts_and_dates_are_no_numbers_of_orders(text: str) -> None:
    assert find_act_designators(text) == ()


def test_a_state_named_alone_is_told() -> None:
    assert [one.jurisdiction_hint for one in find_act_designators("а по нормам России?")] == ["RU"]


_integer = st.integers(1, 950).map(str)
_inserted = st.tuples(_integer, st.integers(1, 9)).map(lambda pair: f"{pair[0]}-{pair[1]}")
_dotted = st.lists(st.integers(1, 40), min_size=2, max_size=4).map(lambda parts: ".".join(map(str, parts)))
_item = st.one_of(st.integers(1, 40).map(str), st.sampled_from("абвгдежик"))


def path(*parts: tuple[Level, st.SearchStrategy[str]]) -> st.SearchStrategy[tuple[PathStep, ...]]:
    return st.tuples(*(numbers.map(lambda n, level=level: PathStep(level, n)) for level, numbers in parts))


_paths = st.one_of(
    path((Level.CLAUSE, st.one_of(_integer, _inserted, _dotted))),
    path((Level.CLAUSE, _dotted), (Level.SUBCLAUSE, _item)),
    path((Level.ARTICLE, st.one_of(_integer, _inserted))),
    path((Level.ARTICLE, _integer), (Level.CLAUSE, st.one_of(_integer, _inserted))),
    path((Level.ARTICLE, _integer), (Level.CLAUSE, _integer), (Level.SUBCLAUSE, st.integers(1, 40).map(str))),
    path((Level.TABLE, _integer), (Level.ROW, _dotted)),
    path((Level.FORM, st.just("4-СОВП")), (Level.ROW, _integer), (Level.ROW, st.integers(1, 40).map(str))),
    path((Level.APPENDIX, st.one_of(_integer, st.sampled_from("АБВГ"))), (Level.CLAUSE, _integer)),
    path((Level.CLAUSE, _dotted), (Level.NOTE, st.integers(1, 9).map(str))),
)


@given(_paths, st.sampled_from(list(Language)))
def test_reading_a_printed_reference_gives_it_back(steps: tuple[PathStep, ...], language: Language) -> None:
    assert parse_path(label_of_steps(steps, language)) == steps
