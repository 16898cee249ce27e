from core.languages import Language
from core.records import Clause, Level, PathStep
from knowledge_base.search.quoting import matches, quoted


def clause(number: str, text: str) -> Clause:
    return Clause(
        id=number,
        act_id="a",
        redaction_id="r",
        language=Language.RU,
        level=Level.CLAUSE,
        number=number,
        path=(PathStep(Level.CLAUSE, number),),
        breadcrumb=(),
        heading="",
        text=text,
        ordinal=0,
    )


CLAUSES = [
    clause("3.1", "3.1 Склады красок отделяют от цеха глухой перегородкой первого типа."),
    clause("3.2", "3.2 Склады красок проветривают дважды в смену, а летом — трижды."),
]


def test_a_quote_with_another_case_and_an_ellipsis_is_found():
    found = matches("склады КРАСОК отделяют ... перегородкой первого типа", CLAUSES)
    assert found[0].clause.number == "3.1"
    assert found[0].similarity == 1.0


def test_a_misremembered_quote_is_found_but_not_as_exact():
    found = matches("Склады красок проветривают дважды за смену, а летом трижды", CLAUSES)
    assert found[0].clause.number == "3.2"
    assert found[0].similarity < 1.0


def test_an_invented_quote_is_not_found():
    assert matches("Окна моют ежедневно тёплой водой с мылом", CLAUSES) == []


def test_the_outermost_quotation_marks_count_even_when_one_is_missing():
    assert quoted("где это: «табло с надписью «Выход» светится") == "табло с надписью «Выход"
    assert quoted("где это: «табло светится всегда") == "табло светится всегда"
    assert quoted("что такое «тамбур»") is None
