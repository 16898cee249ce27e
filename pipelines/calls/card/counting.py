"""How many people: collective numerals, numbers before words for people, and persons named one by one."""

from collections.abc import Iterable
from functools import lru_cache

from pipelines.calls.card.text import CallText, fold

_COUNTS = {
    1: "один одна одного одному одной бир биреу бируи 1",
    2: "двое двоих двоим двоими два две двух обоих оба обе пара екеу екеуи еки 2",
    3: "трое троих троим три трех ушеу ушеуи уш 3",
    4: "четверо четверых четыре четырех тортеу тортеуи 4",
    5: "пятеро пятерых пять пяти бесеу бес 5",
    6: "шестеро шестерых шесть алтау алты 6",
    7: "семеро семерых семь жетеу жети 7",
    8: "восемь восьмеро сегиз 8",
    9: "девять тогыз 9",
    10: "десять десятеро десятка 10",
    12: "двенадцать 12",
    15: "пятнадцать 15",
    20: "двадцать 20",
}
_BARE = frozenset(
    [
        "один",
        "одна",
        "двое",
        "двоих",
        "трое",
        "троих",
        "четверо",
        "пятеро",
        "шестеро",
        "семеро",
        "екеу",
        "екеуи",
        "ушеу",
        "ушеуи",
        "тортеу",
        "биреу",
    ]
)
_COLLECTIVE = _BARE - {"один", "одна", "биреу"}
_PEOPLE = frozenset(
    fold(w)
    for w in [
        "человек",
        "человека",
        "людей",
        "людям",
        "ребенка",
        "ребят",
        "детей",
        "детьми",
        "детям",
        "дети",
        "мужчин",
        "мужчины",
        "женщин",
        "женщины",
        "парня",
        "парней",
        "рабочих",
        "рабочие",
        "пострадавших",
        "пострадавшие",
        "раненых",
        "раненые",
        "погибших",
        "погибшие",
        "пассажиров",
        "пассажира",
        "подростка",
        "школьника",
        "взрослых",
        "стариков",
        "внука",
        "сына",
        "дочки",
        "сотрудника",
        "туриста",
        "туристов",
        "рыбака",
        "рыбаков",
        "мальчика",
        "девочки",
        "тонет",
        "тонут",
        "лежат",
        "лежит",
        "адам",
        "бала",
        "кісі",
        "балам",
        "зажало",
        "пострадали",
        "погибли",
        "ранены",
        "ранено",
        "погибло",
        "пострадало",
        "погиб",
        "пострадал",
        "бабушки",
    ]
)
_PERSONS: dict[str, str] = {
    form: name
    for name, forms in {
        "муж": "муж мужа мужу күйеуім",
        "жена": "жена жену жене әйелім",
        "сын": "сын сына сыну сынок ұлым",
        "дочь": "дочь дочка дочку дочке дочери қызым",
        "мать": "мама маму маме мать матери апам анам",
        "отец": "папа папу папе отец отца отцу әкем",
        "бабушка": "бабушка бабушку бабушке бабуля әжем",
        "дед": "дед деда деду дедушка дедушку дедушке атам",
        "брат": "брат брата брату інім ағам",
        "сестра": "сестра сестру сестре",
        "сосед": "сосед соседа соседу соседка соседку",
        "ребенок": "ребенок ребенка ребенку малыш малыша",
    }.items()
    for form in map(fold, forms.split())
}


@lru_cache(maxsize=1)
def _numbers() -> dict[str, int]:
    return {fold(word): number for number, words in _COUNTS.items() for word in words.split()}


def count_near(text: CallText, start: int, end: int, *, bare: bool = False) -> int | None:
    """Return the number of people said in tokens [start, end), or None.

    A number counts before a word for people (one word between at most), a collective («двое») always; with `bare`
    also «один» alone, as in an answer to "how many".
    """
    found: list[int] = []
    tokens = text.tokens
    for position in range(start, end):
        word = tokens[position].text
        number = _numbers().get(word)
        if number is None:
            continue
        after = [t.text for t in tokens[position + 1 : min(position + 3, end)]]
        if word in _COLLECTIVE or any(a in _PEOPLE for a in after) or (bare and word in _BARE):
            found.append(number)
    if not found:
        return None
    return max(found)


def count_persons(text: CallText, spans: Iterable[tuple[int, int]]) -> int:
    """Return how many different persons (husband, mother, child…) are named in the spans."""
    return len({_PERSONS[t.text] for start, end in spans for t in text.tokens[start:end] if t.text in _PERSONS})
