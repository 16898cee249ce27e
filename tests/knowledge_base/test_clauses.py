"""Cutting acts of each family into clauses; all texts here are made up for the tests."""

import pytest

from core.errors import InvalidInput, NotReadable
from core.languages import Language
from core.records import Act, Clause, Level, RedactionStatus
from knowledge_base.clauses import ParsedAct, Sidecar, label, parse
from knowledge_base.clauses.labels import act_name
from knowledge_base.source import Block, PageBreak, Paragraph, SourceDocument, TableBlock


def document(*blocks: Block, name: str = "sample.txt") -> SourceDocument:
    return SourceDocument(name=name, kind="text", sha256="0" * 64, blocks=blocks)


def lines(text: str) -> list[Block]:
    """Physical lines; «---» on its own ends a page."""
    blocks: list[Block] = []
    page = 1
    for line in text.strip().split("\n"):
        if line == "---":
            blocks.append(PageBreak(page))
            page += 1
        elif line.strip():
            blocks.append(Paragraph(line, page=page, whole=False))
    return blocks


def paragraphs(text: str) -> list[Block]:
    return [Paragraph(line) for line in text.strip().split("\n") if line.strip()]


def by_label(act: ParsedAct) -> dict[str, Clause]:
    return {label(clause): clause for clause in act.clauses}


NORM = """
СВОД ПРАВИЛ РЕСПУБЛИКИ КАЗАХСТАН
СП РК 9.99-901-2031
Учебные мастерские и их оборудование
ВВЕДЕНИЕ
Текст введения к учебному образцу.
1. ОБЛАСТЬ ПРИМЕНЕНИЯ
1.1 Образец распространяется на учебные мастер-
ские, в том числе временные, площадью более
5.2 м и прочие.
1.2 Образец не распространяется на:
- склады красок;
- гаражи.
Примечание - Гаражи описаны в другом образце.
2. ОБЩИЕ ТРЕБОВАНИЯ
К МАСТЕРСКИМ
2.1 Размещение станков
2.1.1 Проход между станками должен быть не менее
1,4 м, а в случаях, названных в пункте
2.1.3 настоящего образца, вдвое шире.
2.1.2 Станок ставят так, чтобы:
а) рычаг был справа;
б) свет падал слева.
Указанное не касается прессов.
2.1.3 Прессы ставят у стены.
2.2 Освещение
2.2.1 Светильники вешают над станками.
"""


def test_building_code_is_cut_by_its_numbers() -> None:
    act = parse(document(*lines(NORM)))
    clauses = by_label(act)

    assert clauses["п. 1.1"].text == (
        "1.1 Образец распространяется на учебные мастерские, в том числе временные, площадью более 5.2 м и прочие."
    )
    assert "вдвое шире" in clauses["п. 2.1.1"].text
    assert clauses["п. 2.1.1"].breadcrumb == ("2. ОБЩИЕ ТРЕБОВАНИЯ К МАСТЕРСКИМ", "2.1 Размещение станков")
    assert clauses["п. 2.1"].level is Level.SECTION
    assert clauses["п. 1.2"].text.endswith("Примечание - Гаражи описаны в другом образце.")
    assert clauses["п. 1.2, примечание"].parent_id == clauses["п. 1.2"].id
    assert [clause.number for clause in act.clauses if clause.level is Level.CHAPTER] == ["1", "2"]
    assert act.report.missing_numbers == ()
    assert act.report.share_in_clauses == 1.0


def test_subclauses_are_parts_of_their_clause_and_end_where_it_goes_on() -> None:
    clauses = by_label(parse(document(*lines(NORM))))

    assert clauses["п. 2.1.2, подп. б)"].text == "б) свет падал слева."
    assert clauses["п. 2.1.2"].text.endswith("Указанное не касается прессов.")


def test_children_inside_a_clause_are_substrings_of_it_and_ids_do_not_repeat() -> None:
    act = parse(document(*lines(NORM)))
    known = {clause.id: clause for clause in act.clauses}

    assert len(known) == len(act.clauses)
    for clause in act.clauses:
        parent = known.get(clause.parent_id or "")
        if clause.level in (Level.SUBCLAUSE, Level.NOTE) and parent is not None and parent.level is Level.CLAUSE:
            assert clause.text in parent.text
    assert parse(document(*lines(NORM))) == act


def test_the_act_is_described_from_its_text_and_the_sidecar_goes_first() -> None:
    act = parse(document(*lines(NORM)))
    assert (act.act.jurisdiction, act.act.kind, act.act.number) == ("KZ", "code of practice", "СП РК 9.99-901-2031")
    assert act.act.titles == {Language.RU: "Учебные мастерские и их оборудование"}

    said = Sidecar.from_mapping(
        {"number": "УО-1", "valid_from": "2031-02-01", "status": "in_force", "languages": ["ru"]}
    )
    act = parse(document(*lines(NORM)), said)
    assert act.act.number == "УО-1"
    assert "СП РК 9.99-901-2031" in act.act.aliases
    assert act.redaction.status is RedactionStatus.IN_FORCE
    assert str(act.redaction.valid_from) == "2031-02-01"


def test_a_sidecar_of_unknown_fields_is_refused_by_their_names() -> None:
    with pytest.raises(InvalidInput, match="no such field: titel, valid") as error:
        Sidecar.from_mapping({"number": "5", "valid": "2024-01-01", "titel": "О складах"})
    assert "valid_from" in error.value.advice


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        ("order", "928", ("приказ № 928", "№ 928 бұйрық", "order No. 928")),
        ("code", "235-V", ("кодекс № 235-V", "№ 235-V кодекс", "code No. 235-V")),
        ("rules", "230", ("№ 230", "№ 230", "№ 230")),
        ("code of practice", "СП РК 2.02-101-2022", ("СП РК 2.02-101-2022",) * 3),
    ],
)
def test_an_act_is_called_by_its_kind_where_its_number_does_not_say_it(
    kind: str, number: str, said: tuple[str, str, str]
) -> None:
    act = Act(id=number, jurisdiction="KZ", kind=kind, number=number, titles={})
    assert tuple(act_name(act, language) for language in (Language.RU, Language.KK, Language.EN)) == said


@pytest.mark.parametrize("row", [{"valid_from": "завтра"}, {"languages": "ru"}, {"status": "fine"}, {"number": 5}])
def test_a_sidecar_that_makes_no_sense_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Sidecar.from_mapping(row)


def test_a_document_without_text_is_refused() -> None:
    with pytest.raises(NotReadable):
        parse(document())


def test_running_heads_page_numbers_and_contents_are_left_out_and_listed() -> None:
    page = "СП РК 9.99-901-2031\n{}\n{}\n---\n"
    body = [f"1.{n} Правило номер {n} о станках, которые стоят в учебной мастерской у окна." for n in range(1, 9)]
    text = "Содержание\n1 Область применения ........ 1\n2 Станки ........ 3\n---\n" + "".join(
        page.format(("1 Область применения\n" if n == 0 else "") + line, n + 1) for n, line in enumerate(body)
    )
    act = parse(document(*lines(text)))

    assert all("\n" not in clause.text and clause.text.count("СП РК") == 0 for clause in act.clauses if clause.number)
    assert {loss.reason for loss in act.report.left_out} == {"running head", "page number", "contents"}
    assert [c.number for c in act.clauses if c.level is Level.CLAUSE] == [f"1.{n}" for n in range(1, 9)]


def test_the_numbering_of_a_foreword_is_not_that_of_the_norms() -> None:
    text = """
    Предисловие
    1 РАЗРАБОТАН учебным центром
    2 ВНЕСЕН кружком станочников
    3 ВЗАМЕН СП РК 9.99-901-2021
    1 Область применения
    1.1 Образец распространяется на всё.
    2 Станки
    2.1 Станки чистят.
    """.replace("    ", "")
    act = parse(document(*lines(text)))

    assert [clause.number for clause in act.clauses if clause.level is Level.CHAPTER] == ["1", "2"]
    assert act.clauses[0].level is Level.PREAMBLE
    assert "РАЗРАБОТАН" in " ".join(c.text for c in act.clauses if c.level is Level.PREAMBLE)


def test_missing_numbers_are_reported_not_made_up() -> None:
    text = NORM.replace(
        "2.1.2 Станок ставят так, чтобы:\nа) рычаг был справа;\nб) свет падал слева.\nУказанное не касается прессов.\n",
        "",
    )
    assert parse(document(*lines(text))).report.missing_numbers == ("ru: chapter:2 numbered: 2.1.2",)


LAW = """
КОДЕКС РЕСПУБЛИКИ КАЗАХСТАН
О ПОРЯДКЕ В МАСТЕРСКИХ
Раздел 1. Общие положения
Глава 1. Основы
Статья 1. Порядок
Порядок есть у всех, кто работает в мастерской.
Статья 2. Беспорядок
1. Беспорядок на рабочем месте -
влечет уборку.
2. То же действие, совершенное повторно:
1) учеником;
2) мастером, -
влечет уборку всей мастерской.
2-1. Исключена Законом РК от 01.02.30 г. № 1-X
Примечание. Мастером признается тот, кто учит.
Статья 2-1. Исключена Законом РК от 01.02.30 г. № 1-X
Глава 2. Прочее
Статья 3. Правила
1. Правила пишет мастер.
Примечания.
1. Правила пишут пером.
2. Чернила приносят с собой.
Президент
Республики Казахстан
"""


def test_a_code_is_cut_into_articles_parts_and_items() -> None:
    act = parse(document(*paragraphs(LAW)))
    clauses = by_label(act)

    assert clauses["ст. 1"].text == "Статья 1. Порядок Порядок есть у всех, кто работает в мастерской."
    assert clauses["ст. 1"].heading == "Порядок"
    assert clauses["ст. 2 ч. 1"].text == "1. Беспорядок на рабочем месте - влечет уборку."
    assert clauses["ст. 2 ч. 2"].text.endswith("влечет уборку всей мастерской.")
    assert clauses["ст. 2 ч. 2 п. 2)"].text == "2) мастером, -"
    assert clauses["ст. 2 ч. 2-1"].repealed
    assert clauses["ст. 2-1"].repealed
    assert not clauses["ст. 2 ч. 2"].repealed
    assert clauses["ст. 2, примечание"].level is Level.NOTE
    assert clauses["ст. 3, примечание 2"].text == "2. Чернила приносят с собой."
    assert clauses["ст. 2 ч. 1"].breadcrumb == ("Раздел 1. Общие положения", "Глава 1. Основы", "Статья 2. Беспорядок")
    assert {loss.reason for loss in act.report.left_out} == {"signature"}
    assert act.act.kind == "code"


ORDER = """
Об утверждении Правил уборки мастерских
Приказ Министра порядка Республики Казахстан от 5 марта 2031 года № 77. Зарегистрирован в Министерстве юстиции.
В соответствии с подпунктом 3) пункта 2 статьи 5 ПРИКАЗЫВАЮ:
1. Утвердить прилагаемые Правила уборки мастерских.
2. Настоящий приказ вводится в действие с 1 апреля 2031 года.
Министр порядка
"""
RULES = """
Правила уборки мастерских
Сноска. Правила - в редакции приказа от 01.01.2032 № 3.
Глава 1. Общие положения
1. Правила определяют порядок уборки.
2. В Правилах используются следующие понятия:
1) веник – предмет для подметания;
2) совок – предмет для сбора сора.
Глава 2. Уборка
Параграф 1. Подметание
3. Пол подметают веником.
Сноска. Пункт 3 с изменением, внесенным приказом от 01.01.2032 № 3.
4. Исключен приказом от 01.01.2032 № 3.
5. Сор собирают совком.
"""


def stamp(text: str) -> TableBlock:
    return TableBlock(rows=(("", text),), header_rows=0)


def test_an_order_and_the_rules_it_approves() -> None:
    blocks = [
        *paragraphs(ORDER),
        stamp("Утверждены приказом Министра порядка от 5 марта 2031 года № 77"),
        *paragraphs(RULES),
        stamp("Приложение 1 к Правилам уборки мастерских"),
        Paragraph("Нормы веников"),
        TableBlock(rows=(("№", "Мастерская", "Веников"), ("1", "Столярная", "3"), ("2", "Слесарная", "2"))),
    ]
    act = parse(document(*blocks))
    clauses = by_label(act)

    assert (act.act.kind, act.act.number, str(act.act.adopted_on)) == ("order", "77", "2031-03-05")
    assert str(act.redaction.valid_from) == "2031-04-01"
    assert clauses["п. 1"].text == "1. Утвердить прилагаемые Правила уборки мастерских."
    assert clauses["Правила, п. 3"].text == "3. Пол подметают веником."
    assert clauses["Правила, п. 3"].breadcrumb[-2:] == ("Глава 2. Уборка", "Параграф 1. Подметание")
    assert clauses["Правила, п. 4"].repealed
    assert clauses["Правила, п. 2, подп. 2)"].heading == "совок"
    notes = [clause for clause in act.clauses if clause.level is Level.NOTE]
    assert all(clause.text.startswith("Сноска.") for clause in notes)
    assert len(notes) == 2
    row = next(clause for clause in act.clauses if clause.level is Level.ROW and clause.number == "2")
    assert row.text == "2 | Слесарная | 2"
    assert row.columns == ("№", "Мастерская", "Веников")
    assert "Нормы веников" in " ".join(row.breadcrumb)


def test_forms_of_a_reporting_order() -> None:
    rows = (
        ("Где упало", "Сколько"),
        ("1", "2"),
        ("1. В мастерских, всего", ""),
        ("в том числе:", ""),
        ("1) со стола", ""),
        ("2) с полки", ""),
        ("молоток", ""),
        ("гвоздь", ""),
        ("2. На дворе", ""),
    )
    blocks = [
        *paragraphs(ORDER),
        stamp("Утверждена приказом Министра порядка от 5 марта 2031 года № 77"),
        *paragraphs(
            "Форма, предназначенная для сбора сведений\nСведения о падениях\nСноска. Форма - новая.\nИндекс: 4-ПАД"
        ),
        TableBlock(rows=rows),
        stamp("Приложение к форме «Сведения о падениях»"),
        *paragraphs(
            "Пояснение по заполнению формы\nГлава 1. Общие положения\n1. Форма нужна всем.\n2. Форму заполняет мастер."
        ),
    ]
    clauses = by_label(parse(document(*blocks)))

    assert clauses["форма 4-ПАД"].level is Level.FORM
    assert clauses["форма 4-ПАД, строка 1, подпункт 2)"].text == "2) с полки | молоток | гвоздь"
    assert clauses["форма 4-ПАД, строка 1"].text.startswith("1. В мастерских, всего | в том числе: | 1) со стола")
    assert clauses["форма 4-ПАД, п. 2"].text == "2. Форму заполняет мастер."


def test_rows_stand_under_the_rows_their_numbers_name() -> None:
    rows = (
        ("Объект", "Сигнал", "Вода"),
        ("7 Склады", "", ""),
        ("7.1", "Склады красок", "до 10 м"),
        ("7.1.2", "Склады лака", "более 10 м"),
        ("* Кроме пустых", "", ""),
    )
    act = parse(document(*lines(NORM), *paragraphs("Таблица 1 - Что где ставят"), TableBlock(rows=rows)))
    clauses = by_label(act)

    row = clauses["табл. 1, п. 7.1.2"]
    assert row.text == "7.1.2 | Склады лака | более 10 м"
    assert row.parent_id == clauses["табл. 1, п. 7.1"].id
    assert "7.1 Склады красок до 10 м" in row.breadcrumb
    assert clauses["табл. 1"].text.endswith("* Кроме пустых")
    assert "7.1.2 | Склады лака" in clauses["табл. 1"].text


def test_a_table_over_two_pages_is_one_table() -> None:
    head = ("Станок", "Ширина")
    blocks = [
        *lines(NORM),
        Paragraph("Таблица 2 - Ширина прохода", whole=False, page=1),
        TableBlock(rows=(head, ("Пила", "1,4")), page=1),
        PageBreak(1),
        Paragraph("Продолжение таблицы 2", whole=False, page=2),
        TableBlock(rows=(head, ("Пресс", "2,8")), page=2),
        Paragraph("2.3 После таблицы начинается новый пункт.", whole=False, page=2),
    ]
    act = parse(document(*blocks))

    assert [clause.number for clause in act.clauses if clause.level is Level.TABLE] == ["2"]
    assert [clause.text for clause in act.clauses if clause.level is Level.ROW] == ["Пила | 1,4", "Пресс | 2,8"]
    assert by_label(act)["п. 2.3"].text == "2.3 После таблицы начинается новый пункт."


def test_spaced_out_letters_are_drawn_together() -> None:
    act = parse(document(*lines(NORM.replace("Примечание -", "П р и м е ч а н и е —"))))
    assert by_label(act)["п. 1.2, примечание"].text.startswith("Примечание —")


def test_the_report_is_json() -> None:
    import json

    act = parse(document(*lines(NORM)))
    assert json.loads(json.dumps(act.report.to_json()))["clauses"]["ru"]["chapter"] == 2


KAZAKH_RULES = """
Шеберхананы жинау қағидаларын бекіту туралы
Қазақстан Республикасы Тәртіп министрінің 2031 жылғы 5 наурыздағы № 77 бұйрығы.
Заңның 5-бабына сәйкес БҰЙЫРАМЫН:
1. Қоса беріліп отырған қағидалар бекітілсін.
Министр
Қазақстан Республикасы Тәртіп министрінің 2031 жылғы 5 наурыздағы № 77 бұйрығымен бекітілген
Шеберхананы жинау қағидалары
1-тарау. Жалпы ережелер
1. Қағидалар жинау тәртібін айқындайды.
2. Мынадай ұғымдар пайдаланылады:
1) сыпырғыш – еденді сыпыруға арналған зат.
Ескерту. 2-тармақ жаңа редакцияда.
3. Алып тасталды.
Шеберхананы жинау қағидаларына
1-қосымша
Сыпырғыштар саны
"""


def test_rules_in_kazakh() -> None:
    act = parse(document(*paragraphs(KAZAKH_RULES)))
    clauses = by_label(act)

    assert (act.act.kind, act.act.number, str(act.act.adopted_on)) == ("order", "77", "2031-03-05")
    assert clauses["Қағидалар, 1-тармақ"].breadcrumb[-1] == "1-тарау. Жалпы ережелер"
    assert clauses["Қағидалар, 2-тармақ, 1) тармақша"].heading == "сыпырғыш"
    assert "Ескерту" not in clauses["Қағидалар, 2-тармақ"].text
    assert clauses["Қағидалар, 3-тармақ"].repealed
    assert clauses["1-қосымша"].heading == "Сыпырғыштар саны"


def test_terms_without_numbers_are_clauses_of_their_own() -> None:
    text = NORM.replace(
        "2. ОБЩИЕ ТРЕБОВАНИЯ\nК МАСТЕРСКИМ",
        "2. ТЕРМИНЫ И ОПРЕДЕЛЕНИЯ\nВ образце применены термины:\nпресс - станок, который\nдавит;\n"
        "пила - станок, который пилит;\nверстак - стол мастера.\n3. ТРЕБОВАНИЯ\nК МАСТЕРСКИМ",
    )
    clauses = by_label(parse(document(*lines(text.replace("\n2.1", "\n3.1").replace("\n2.2", "\n3.2")))))
    assert clauses["глава 2, «пресс»"].text == "пресс - станок, который давит;"
    assert clauses["глава 2"].text == "2. ТЕРМИНЫ И ОПРЕДЕЛЕНИЯ В образце применены термины:"


def test_an_item_that_begins_with_a_figure_is_not_a_dotted_number() -> None:
    items = "\n".join(f"{n}. {n} огнетушителей стоят у входа в мастерскую." for n in range(1, 6))
    act = parse(document(*paragraphs(ORDER.split("1. Утвердить")[0] + items)))
    assert [clause.number for clause in act.clauses if clause.level is Level.CLAUSE] == ["1", "2", "3", "4", "5"]


def test_a_clause_may_begin_with_a_preposition_that_is_also_a_unit() -> None:
    text = NORM.replace("2.1.3 Прессы ставят", "рук\n2.1.3 В углах прессы ставят").replace("света слева.\n", "")
    assert by_label(parse(document(*lines(text))))["п. 2.1.3"].text == "2.1.3 В углах прессы ставят у стены."
