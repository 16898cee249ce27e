"""Orders and laws as the legal base of Kazakhstan prints them; all texts here are made up for the tests."""

import pytest

from core.languages import Language
from core.records import Clause, Level
from knowledge_base.clauses import ParsedAct, label, parse
from knowledge_base.source import Block, Paragraph, SourceDocument, TableBlock


def act(*blocks: Block | str, name: str = "sample.docx", whole: bool = True) -> ParsedAct:
    made = tuple(Paragraph(one, whole=whole) if isinstance(one, str) else one for one in blocks)
    return parse(SourceDocument(name=name, kind="docx", sha256="0" * 64, blocks=made))


def by_label(parsed: ParsedAct) -> dict[str, Clause]:
    return {label(clause): clause for clause in parsed.clauses}


def table(*rows: tuple[str, ...], head: int = 1, caption: str = "") -> TableBlock:
    return TableBlock(rows=rows, header_rows=head, caption=caption)


HEAD = (
    "Об утверждении Правил содержания мастерских",
    "Приказ Министра по чрезвычайным ситуациям Республики Казахстан от 14 марта 2031 года № 61. "
    "Зарегистрирован 20 марта 2031 года № 99867",
    "ПРИКАЗЫВАЮ:",
    "1. Утвердить прилагаемые Правила содержания мастерских.",
    "2. Настоящий приказ вводится в действие с 1 мая 2031 года.",
    "Министр по чрезвычайным ситуациям",
    "И. Образцов",
)
STAMP = (
    "Утверждены",
    "приказом Министра",
    "по чрезвычайным ситуациям",
    "Республики Казахстан",
    "от 14 марта 2031 года № 61",
)


def order(*more: Block | str, whole: bool = True) -> ParsedAct:
    return act(*HEAD, *STAMP, "Правила содержания мастерских", *more, whole=whole)


def test_the_stamp_of_approval_is_no_title_and_the_rules_name_their_clauses() -> None:
    parsed = order("Глава 1. Проходы", "1. Проходы держат свободными.", "2. Двери открывают наружу.")
    clause = by_label(parsed)["Правила, п. 2"]
    assert clause.breadcrumb == ("Правила содержания мастерских", "Глава 1. Проходы")
    assert (parsed.act.number, parsed.act.kind) == ("61", "order")
    assert parsed.act.titles == {Language.RU: "Об утверждении Правил содержания мастерских"}
    assert str(parsed.act.adopted_on) == "2031-03-14"
    assert str(parsed.redaction.valid_from) == "2031-05-01"


def test_an_order_is_named_where_its_line_is_broken_and_its_number_sign_misread() -> None:
    parsed = act(
        "Об утверждении Правил",
        "содержания мастерских",
        "Приказ Министра по чрезвычайным ситуациям Республики Казахстан от 14 марта",
        "2031 года Ме 61. Зарегистрирован в Министерстве юстиции Республики Казахстан",
        "ПРИКАЗЫВАЮ:",
        "1. Утвердить прилагаемые Правила содержания мастерских.",
        whole=False,
    )
    assert parsed.act.number == "61"
    assert parsed.act.titles == {Language.RU: "Об утверждении Правил содержания мастерских"}


def test_a_date_in_an_amendment_footnote_is_not_the_acts_own() -> None:
    parsed = act(
        HEAD[0],
        "Сноска. Приказ - в редакции приказа № 12 (вводится в действие с 01.03.2033).",
        *HEAD[2:4],
        name="unnamed.docx",
    )
    assert parsed.redaction.valid_from is None


def test_notes_under_a_table_are_its_own_and_no_clauses_of_the_appendix() -> None:
    parsed = order(
        "1. Огнетушители ставят по приложению 1.",
        "Приложение 1",
        "к Правилам содержания",
        "мастерских",
        "Форма",
        "Нормы огнетушителей",
        table(
            ("№", "Мастерские", "Вместимость, л", ""),
            ("", "", "2", "5"),
            ("1", "Столярные", "2", "1"),
            ("2", "Слесарные", "-", "2"),
            head=2,
        ),
        "Примечания:",
        "1. Вместимость считают по паспорту.",
        "2. Знак «-» значит, что огнетушителя не нужно.",
        "Приложение 2",
        "к Правилам содержания мастерских",
        "Порядок уборки",
        "1. Убирают каждый день.",
        "2. Пыль вытирают.",
    )
    clauses = by_label(parsed)
    appendix = next(one for one in parsed.clauses if one.level is Level.APPENDIX and one.number == "1")
    assert appendix.heading == "Нормы огнетушителей"
    assert clauses["Правила, приложение 1, строка 2"].columns[2:] == ("Вместимость, л / 2", "Вместимость, л / 5")
    assert "Правила, приложение 1, п. 1" not in clauses
    found = next(one for one in parsed.clauses if one.level is Level.TABLE)
    assert found.text.endswith("огнетушителя не нужно.")
    assert found.heading == ""
    assert clauses["Правила, приложение 2, п. 2"].text == "2. Пыль вытирают."


def test_two_tables_in_a_row_stay_two() -> None:
    parsed = order(
        "1. Классы печей даны в таблицах 1 и 2.",
        table(("Степень", "Стены", "Своды"), ("I", "R 120", "R 60"), caption="Таблица 1 Пределы печей"),
        table(("Класс", "Стены"), ("П0", "К0"), caption="Таблица 2 Классы печей"),
    )
    clauses = by_label(parsed)
    assert clauses["Правила, табл. 1"].text.endswith("I | R 120 | R 60")
    assert clauses["Правила, табл. 2, строка 1"].columns == ("Класс", "Стены")


@pytest.mark.parametrize("numbers", ["3, 4", "3-4", "3 – 4", "3 и 4"])
def test_clauses_left_out_together_are_one_repealed_clause(numbers: str) -> None:
    parsed = order("1. Первый.", "2. Второй.", f"{numbers}. Исключены приказом № 5.", "5. Пятый пункт остался прежним.")
    clauses = [one for one in parsed.clauses if one.breadcrumb and one.level is Level.CLAUSE]
    assert [one.text for one in clauses if one.repealed] == [f"{numbers}. Исключены приказом № 5."]
    assert clauses[1].text == "2. Второй."
    assert parsed.report.missing_numbers == ()


def test_an_extract_leaves_numbers_out() -> None:
    parsed = order("9. Девятый.", "10. Десятый.", "849. Стружку убирают.", "850. Печи гасят.", "851. Двери запирают.")
    assert by_label(parsed)["Правила, п. 850"].text == "850. Печи гасят."


def test_a_paragraph_of_rules_follows_its_chapter_on_the_next_line() -> None:
    parsed = order("Глава 2. Классификация", "Параграф 1. Классификация печей", "7. Печи делят на две.", whole=False)
    assert by_label(parsed)["Правила, п. 7"].breadcrumb[1:] == (
        "Глава 2. Классификация",
        "Параграф 1. Классификация печей",
    )


def test_a_single_clause_of_a_lettered_appendix_is_a_clause() -> None:
    parsed = act(
        "1 ОБЛАСТЬ ПРИМЕНЕНИЯ",
        "1.1 Образец касается печей.",
        "1.2 Образец не касается костров.",
        "ПРИЛОЖЕНИЕ Б",
        "(справочное)",
        "Карта печей",
        "Б.1 Карту вешают у входа.",
        whole=False,
    )
    assert by_label(parsed)["приложение Б, п. Б.1"].text == "Б.1 Карту вешают у входа."


def test_a_kazakh_order() -> None:
    parsed = act(
        "Шеберханаларды күтіп-ұстау қағидаларын бекіту туралы",
        "Қазақстан Республикасы Төтенше жағдайлар министрінің 2031 жылғы 14 наурыздағы № 61 бұйрығы.",
        "БҰЙЫРАМЫН:",
        "1. Қоса беріліп отырған Шеберханаларды күтіп-ұстау қағидалары бекітілсін.",
        "2. Осы бұйрық 2031 жылғы 1 мамырдан бастап қолданысқа енгізіледі.",
        "Қазақстан Республикасы Төтенше жағдайлар министрі",
        "И. Үлгіев",
        "Қазақстан Республикасы",
        "Төтенше жағдайлар министрінің",
        "2031 жылғы 14 наурыздағы",
        "№ 61 бұйрығымен",
        "бекітілген",
        "Шеберханаларды күтіп-ұстау қағидалары",
        "1-тарау. Жалпы ережелер",
        "1. Есіктерді бос ұстау қажет.",
        "2. Алып тасталды – ҚР министрінің 05.05.2032 № 145 бұйрығымен.",
        "Шеберханаларды",
        "күтіп-ұстау қағидаларына",
        "1-қосымша",
        "Жұмыстар журналы",
        "1. Журнал күн сайын толтырылады.",
    )
    clauses = by_label(parsed)
    assert (parsed.act.number, parsed.act.kind) == ("61", "order")
    assert parsed.act.titles == {Language.KK: "Шеберханаларды күтіп-ұстау қағидаларын бекіту туралы"}
    assert str(parsed.redaction.valid_from) == "2031-05-01"
    assert clauses["Қағидалар, 2-тармақ"].repealed
    assert clauses["Қағидалар, 2-тармақ"].text.endswith("бұйрығымен.")
    assert clauses["Қағидалар, 1-қосымша, 1-тармақ"].text == "1. Журнал күн сайын толтырылады."
    assert clauses["2-тармақ"].text.endswith("енгізіледі.")


def test_a_kazakh_law_is_named_by_its_second_line() -> None:
    parsed = act(
        "Қолөнер қызметі туралы",
        "Қазақстан Республикасының Заңы 2031 жылғы 11 мамырдағы № 288-IX ҚРЗ.",
        "1-бап. Негізгі ұғымдар",
        "Осы Заңда шебер деп қолөнерге үйрететін адам танылады.",
        "2-бап. Алып тасталды – ҚР 28.10.2032 № 142-IX Заңымен.",
        "3-бап. Министрліктің құзыреті",
        "1. Министрлік шеберлерді есепке алады.",
    )
    assert (parsed.act.kind, parsed.act.number) == ("law", "288-IX")
    assert str(parsed.act.adopted_on) == "2031-05-11"
    assert by_label(parsed)["2-бап"].repealed


def test_a_standard_named_over_broken_lines_has_its_title() -> None:
    parsed = act(
        "МЕЖГОСУДАРСТВЕННЫЙ СТАНДАРТ",
        "ВЕРСТАКИ УЧЕБНЫЕ",
        "Общие технические требования",
        "Издание официальное",
        "Предисловие",
        "1 РАЗРАБОТАН Обществом «Верстак»",
        "ГОСТ 99123—2031",
        "1 Область применения",
        "Стандарт касается верстаков.",
        "2 Требования",
        "2.1 Крышка держит 150 кг.",
        whole=False,
    )
    assert parsed.act.titles == {Language.RU: "ВЕРСТАКИ УЧЕБНЫЕ Общие технические требования"}


def test_the_line_that_names_a_kazakh_order_may_be_broken() -> None:
    parsed = act(
        "Шеберханаларды күтіп-ұстау қағидаларын бекіту туралы",
        "Қазақстан Республикасы Төтенше жағдайлар министрінің 2031 жылғы 14",
        "наурыздағы № 61 бұйрығы. Әділет министрлігінде тіркелді",
        "БҰЙЫРАМЫН:",
        "1. Қоса беріліп отырған Шеберханаларды күтіп-ұстау қағидалары бекітілсін.",
        "Қазақстан Республикасы Төтенше жағдайлар министрінің 2031 жылғы 14 наурыздағы № 61 бұйрығымен бекітілген",
        "Шеберханаларды күтіп-ұстау қағидалары",
        "1. Есіктерді бос ұстау қажет.",
        whole=False,
    )
    assert parsed.act.titles == {Language.KK: "Шеберханаларды күтіп-ұстау қағидаларын бекіту туралы"}


@pytest.mark.parametrize("opening", ["Примечание ИЗПИ!", "Сноска. Пункт 1 с изменением."])
def test_a_note_of_the_publisher_is_in_no_clause(opening: str) -> None:
    more = ["Пункт 2 предусмотрен в редакции приказа № 7."] if opening.endswith("!") else []
    parsed = order("1. Двери держат открытыми.", opening, *more, "2. Печи гасят.", "3. Окна моют.")
    clauses = by_label(parsed)
    assert clauses["Правила, п. 1"].text == "1. Двери держат открытыми."
    assert clauses["Правила, п. 2"].text == "2. Печи гасят."
    assert clauses["Правила, п. 1, примечание"].text == " ".join([opening, *more])
    assert parsed.report.share_in_clauses > 0.9
