"""Numbers and telephone numbers as they are said."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.calls.spoken_numbers import find_numbers, phones

UNITS_RU = ["_", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]
TEENS_RU = [
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
    "шестнадцать",
    "семнадцать",
    "восемнадцать",
    "девятнадцать",
]
TENS_RU = [
    "_",
    "_",
    "двадцать",
    "тридцать",
    "сорок",
    "пятьдесят",
    "шестьдесят",
    "семьдесят",
    "восемьдесят",
    "девяносто",
]
HUNDREDS_RU = ["_", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"]
UNITS_KK = ["_", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"]
TENS_KK = ["_", "он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"]


def say_ru(number: int) -> list[str]:
    if number == 0:
        return ["ноль"]
    words: list[str] = []
    thousands, rest = divmod(number, 1000)
    if thousands:
        one = {1: "одна", 2: "две"}.get(thousands, UNITS_RU[thousands])
        words += [one, {1: "тысяча"}.get(thousands, "тысячи" if thousands < 5 else "тысяч")]
    hundreds, rest = divmod(rest, 100)
    words += [HUNDREDS_RU[hundreds]] if hundreds else []
    if 10 <= rest < 20:
        return [*words, TEENS_RU[rest - 10]]
    tens, units = divmod(rest, 10)
    return words + ([TENS_RU[tens]] if tens else []) + ([UNITS_RU[units]] if units else [])


def say_kk(number: int) -> list[str]:
    if number == 0:
        return ["нөл"]
    words: list[str] = []
    for scale, name in ((1000, "мың"), (100, "жүз")):
        count, number = divmod(number, scale)
        words += [*([UNITS_KK[count]] if count > 1 else []), name] if count else []
    tens, units = divmod(number, 10)
    return words + ([TENS_KK[tens]] if tens else []) + ([UNITS_KK[units]] if units else [])


@given(st.integers(0, 9999), st.sampled_from((say_ru, say_kk)))
def test_a_number_said_is_the_number_read(number, say):
    words = say(number)
    (span,) = find_numbers(words)
    assert (span.start, span.end, span.value, span.digits) == (0, len(words), number, str(number))


@given(st.lists(st.integers(0, 999), min_size=1, max_size=6))
def test_commas_part_numbers(numbers):
    words = [word for number in numbers for word in (*say_ru(number)[:-1], say_ru(number)[-1] + ",")]
    assert [span.value for span in find_numbers(words)] == numbers


@given(st.lists(st.text(max_size=12), max_size=12))
def test_any_words_are_read_without_a_fault_and_spans_do_not_overlap(words):
    spans = find_numbers(words)
    assert all(0 <= span.start < span.end <= len(words) for span in spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))
    phones(words)


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("дом пятьдесят два... нет, сто пятьдесят два!", ["52", "152"]),
        ("тридцать второй километр", ["32"]),
        ("в доме сорок первом", ["41"]),
        ("ноль девять", ["0", "9"]),
        ("пятьсот пятьдесят пять", ["555"]),
        ("двацать пятый и пийсят шестой", ["25", "56"]),
        ("двенадцать дробь три", ["12/3"]),
        ("152-а 12/3 34-й 7б 5 тысяч", ["152а", "12/3", "34", "7б", "5000"]),
        ("елу екінші үй, он бес пәтер", ["52", "15"]),
        ("сегизинши уй бир жуз отыз уш", ["8", "133"]),
        ("он дышит, она нет, шерсть, семью вывели", []),
        ("двое детей, трое взрослых", ["2", "3"]),
        ("четырнацатый дом, четырнатцать", ["14", "14"]),
    ],
)
def test_forms_of_speech(said, digits):
    assert [span.digits for span in find_numbers(said.split())] == digits


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Восемь семьсот два, шестьсот одиннадцать, сорок, ноль семь.", "+77026114007"),
        ("восемь семьсот семьдесят пять триста тридцать три нуля пять", "+77753300005"),
        ("+7 705 123 45 67", "+77051234567"),
        ("8 (7172) 55-12-30", "+77172551230"),
        ("8-747-120-00-19", "+77471200019"),
        ("87051234567", "+77051234567"),
        ("плюс семь, семьсот один, так, девятьсот девяносто, десять, одиннадцать", "+77019901011"),
        ("сегіз жеті жүз бір, бес жүз елу бес, он екі, отыз", "+77015551230"),
    ],
)
def test_phone_numbers_in_any_grouping(said, number):
    words = ["телефон", *said.split(), "да"]
    (phone,) = phones(words)
    assert (phone.number, phone.start, phone.end) == (number, 1, len(words) - 1)


@pytest.mark.parametrize(
    "said", ["восемь семьсот один, пятьсот", "сто двенадцать", "дом восемь, квартира семьсот один"]
)
def test_an_incomplete_phone_is_none(said):
    assert phones(said.split()) == ()
