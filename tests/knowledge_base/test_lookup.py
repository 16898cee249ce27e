from collections.abc import Sequence
from dataclasses import dataclass

from core.languages import Language
from core.records import Act, Clause, Level, PathStep, Redaction
from knowledge_base.search.lookup import Wanted, agrees, nearest_number, resolve
from knowledge_base.search.naming import ActNames
from tests.knowledge_base.clause_maker import make_clause

ARTICLE, CLAUSE, SUBCLAUSE = Level.ARTICLE, Level.CLAUSE, Level.SUBCLAUSE
ART = make_clause("12", "Статья 12. О складах", level=ARTICLE, path=((ARTICLE, "12"),))
PARTS = [
    make_clause("1", "1. Один: 1) раз; 2) два.", path=((ARTICLE, "12"), (CLAUSE, "1")), parent=ART.id),
    make_clause("2)", "2) два.", level=SUBCLAUSE, path=((ARTICLE, "12"), (CLAUSE, "1"), (SUBCLAUSE, "2")), parent="?"),
    make_clause("2, 3", "2, 3. Исключены.", path=((ARTICLE, "12"), (CLAUSE, "2, 3")), parent=ART.id, repealed=True),
    make_clause("5.2.1", "5.2.1 Двери.", path=((CLAUSE, "5.2.1"),)),
    make_clause("5.2.2", "5.2.2 Окна.", path=((CLAUSE, "5.2.2"),)),
    make_clause("5.2.2", "5.2.2 Терезелер.", path=((CLAUSE, "5.2.2"),), language=Language.KK),
]


@dataclass
class Shelf:
    clauses: Sequence[Clause]

    def find_by_number(self, act_id: str | None, number: str) -> Sequence[Clause]:
        return [c for c in self.clauses if c.number == number and act_id in (None, c.act_id)]

    def numbered_together(self, act_id: str | None) -> Sequence[Clause]:
        return [c for c in self.clauses if "," in c.number or "-" in c.number]

    def children(self, clause_id: str) -> Sequence[Clause]:
        return [c for c in self.clauses if c.parent_id == clause_id]

    def redactions(self, act_id: str) -> Sequence[Redaction]:
        return []


SHELF = Shelf([ART, *PARTS])


def wanted(*steps: tuple[Level, str]) -> Wanted:
    return Wanted(tuple(PathStep(*s) for s in steps), None)


def test_a_clause_is_found_by_number_in_the_language_asked_for():
    assert [c.language for c in resolve(wanted((CLAUSE, "5.2.2")), SHELF, Language.KK)] == [Language.KK, Language.RU]


def test_a_part_of_an_article_is_not_taken_for_a_subclause_of_the_same_number():
    found = resolve(wanted((ARTICLE, "12"), (CLAUSE, "2")), SHELF, Language.RU)
    assert [c.number for c in found] == ["2, 3"]
    assert found[0].repealed


def test_a_clause_printed_under_several_numbers_is_found_by_each():
    together = make_clause("8, 9", "8, 9. Исключены.", path=((CLAUSE, "8, 9"),), repealed=True)
    span = make_clause("10-12", "10-12. Исключены.", path=((CLAUSE, "10-12"),), repealed=True)
    alone = make_clause("11", "11. Двери.", path=((CLAUSE, "11"),))
    shelf = Shelf([*SHELF.clauses, together, span, alone])
    meant = {n: [c.number for c in resolve(wanted((CLAUSE, str(n))), shelf, Language.RU)] for n in range(7, 14)}
    assert meant == {7: [], 8: ["8, 9"], 9: ["8, 9"], 10: ["10-12"], 11: ["11"], 12: ["10-12"], 13: []}


def test_a_subclause_is_found_through_its_article_and_part():
    found = resolve(wanted((ARTICLE, "12"), (CLAUSE, "1"), (SUBCLAUSE, "2")), SHELF, Language.RU)
    assert [c.number for c in found] == ["2)"]


def test_a_missing_clause_is_not_found_and_its_neighbour_is_shown():
    missing = wanted((CLAUSE, "5.2.9"))
    assert resolve(missing, SHELF, Language.RU) == []
    near = nearest_number(missing, SHELF, Language.RU)
    assert near is not None
    assert near.number == "5.2.2"


def test_a_path_agrees_only_with_the_steps_it_ends_in():
    assert agrees(PARTS[1], wanted((ARTICLE, "12"), (SUBCLAUSE, "2")).steps)
    assert not agrees(PARTS[1], wanted((ARTICLE, "13"), (SUBCLAUSE, "2")).steps)


def act(number: str, title: str, *aliases: str) -> Act:
    return Act(id=number, jurisdiction="KZ", kind="code", number=number, titles={Language.RU: title}, aliases=aliases)


NAMES = ActNames.of(
    [
        act("СП РК 9.02-101-2022", "Безопасность зданий при пожаре"),
        act("СН РК 9.02-101-2023", "Автоматика", "ҚР ҚН 9.02-101-2023"),
        act("777-V", "Кодекс о нарушениях", "КоН"),
    ]
)


def test_an_act_is_found_by_number_without_year_alias_and_look_alike_letters():
    assert [a.number for a in NAMES.by_number("СП РК 9.02-101")] == ["СП РК 9.02-101-2022"]
    assert [a.number for a in NAMES.by_number("ҚР ҚН 9.02-101-2023")] == ["СН РК 9.02-101-2023"]
    assert [a.number for a in NAMES.by_number("CП PK 9.02-101-2022")] == ["СП РК 9.02-101-2022"]
    assert [a.number for a in NAMES.by_number("КоН")] == ["777-V"]


def test_another_year_is_another_act():
    assert NAMES.by_number("СП РК 9.02-101-2019") == []


def test_an_act_is_found_by_words_of_its_title():
    found = NAMES.by_title("пункт 5 СП про безопасность зданий", Language.RU)
    assert found[0][0].number == "СП РК 9.02-101-2022"
