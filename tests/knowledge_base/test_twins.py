"""Clauses of a bilingual file and their twins; texts made up for the tests."""

from core.languages import Language
from core.records import Clause, Level, PathStep
from knowledge_base.clauses import parse
from knowledge_base.clauses.twins import tie_twins
from knowledge_base.source import Paragraph, SourceDocument

KAZAKH = """
1 ҚОЛДАНУ САЛАСЫ
1.1 Осы үлгі оқу шеберханаларына қолданылады және барлық шеберлерге міндетті.
1.2 Осы үлгі қоймаларға қолданылмайды:
а) бояу қоймаларына;
ә) көлік тұрақтарына.
2 ЖАЛПЫ ТАЛАПТАР
2.1 Білдектердің арасындағы өту жолы кең болуы тиіс.
2.2 Еденді күн сайын сыпыру қажет және қоқысты шығару керек.
""".strip()
RUSSIAN = """
1 ОБЛАСТЬ ПРИМЕНЕНИЯ
1.1 Образец распространяется на учебные мастерские и обязателен для всех мастеров.
1.2 Образец не распространяется на склады:
а) склады красок;
б) стоянки машин.
2 ОБЩИЕ ТРЕБОВАНИЯ
2.1 Проход между станками должен быть широким.
2.2 Пол следует подметать каждый день и выносить сор.
2.3 Этого пункта нет в другом тексте, он добавлен для проверки.
""".strip()


def both() -> SourceDocument:
    blocks = tuple(Paragraph(line, whole=False) for line in (KAZAKH + "\n" + RUSSIAN).split("\n"))
    return SourceDocument("two.txt", "text", "1" * 64, blocks)


def test_each_language_makes_its_own_tree_and_clauses_are_tied() -> None:
    act = parse(both())
    assert set(act.redaction.languages) == {Language.KK, Language.RU}
    known = {clause.id: clause for clause in act.clauses}

    for clause in act.clauses:
        if clause.level is Level.CLAUSE and clause.number != "2.3":
            twin = known[clause.twin_id or ""]
            assert twin.number == clause.number
            assert twin.language is not clause.language
            assert twin.twin_id == clause.id


def test_items_with_letters_of_two_alphabets_are_tied_by_order() -> None:
    act = parse(both())
    known = {clause.id: clause for clause in act.clauses}
    second = next(c for c in act.clauses if c.level is Level.SUBCLAUSE and c.text.startswith("ә)"))
    assert known[second.twin_id or ""].text == "б) стоянки машин."


def test_what_is_not_tied_is_reported() -> None:
    act = parse(both())
    assert act.report.twins_not_tied == ("ru: chapter:2/clause:2.3",)


def test_one_language_has_no_twins() -> None:
    clause = Clause(
        id="1",
        act_id="a",
        redaction_id="r",
        language=Language.RU,
        level=Level.CLAUSE,
        number="1",
        path=(PathStep(Level.CLAUSE, "1"),),
        breadcrumb=(),
        heading="",
        text="1. Текст",
        ordinal=0,
    )
    assert tie_twins([clause]).untied == ()
