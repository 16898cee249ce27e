"""Whatever the lines are, nothing is lost, invented or doubled."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.records import Level
from knowledge_base.clauses import parse
from knowledge_base.clauses.joining import visible
from knowledge_base.source import Block, PageBreak, Paragraph, SourceDocument, TableBlock

_LINES = st.sampled_from(
    [
        "Глава 1. Общие положения",
        "Статья 5. Порядок",
        "Статьи 7-1, 7-2. Исключены",
        "Раздел 2",
        "5-бап. Тәртіп",
        "2-тарау. Негіздер",
        "1 Область применения",
        "1. Пол метут.",
        "2. Сор носят.",
        "2-1. Исключен.",
        "3, 4. Исключены законом",
        "1.1 Станок стоит.",
        "1.2 Станок висит на",
        "1.1",
        "А.1 Станки",
        "5.2 м и более",
        "1) первый;",
        "2) второй.",
        "а) левый;",
        "ә) оң жақ;",
        "б) правый.",
        "Примечание - Кроме прессов.",
        "Примечания",
        "Примечание 2",
        "Ескертпе - Тек үстел.",
        "Сноска. Пункт 1 исключен.",
        "Ескерту. Жаңа.",
        "Таблица 1 - Станки",
        "Продолжение таблицы 1",
        "1-кесте",
        "Приложение А",
        "Приложение 2 к приказу",
        "А қосымшасы",
        "Утверждены",
        "ПРИКАЗЫВАЮ:",
        "Министр порядка",
        "Индекс: 4-ПАД",
        "Введение",
        "Библиография",
        "Содержание",
        "1 Станки ........ 5",
        "мастер-",
        "ская стоит у окна",
        "СТАНКИ И ПРЕССЫ",
        "влечет уборку.",
        "* Кроме пустых",
        "т. п.",
        "—",
        "С В О Д  П Р А В И Л",
        "II",
        "7",
        "Осы үлгі барлық шеберлерге міндетті және қолданылады",
        "The rules of the shop shall be kept by all",
        "Проход должен быть широким:",
    ]
)
_CELLS = st.sampled_from(
    ["", "1", "2", "1.1", "1)", "1. Всего", "в том числе:", "из них:", "Станок", "до 5 м", "* Прочее", "3"]
)


def tables() -> st.SearchStrategy[TableBlock]:
    def square(width: int) -> st.SearchStrategy[TableBlock]:
        rows = st.lists(st.tuples(*[_CELLS] * width), min_size=1, max_size=6).map(tuple)
        return st.builds(TableBlock, rows=rows, header_rows=st.integers(0, 2), continued=st.booleans())

    return st.integers(1, 4).flatmap(square)


_BLOCKS = st.lists(
    st.one_of(
        st.builds(Paragraph, text=_LINES, whole=st.booleans(), bold=st.booleans()),
        tables(),
        st.builds(PageBreak, page=st.just(1)),
    ),
    min_size=1,
    max_size=40,
)


def source_characters(blocks: list[Block]) -> int:
    total = 0
    for block in blocks:
        if isinstance(block, Paragraph):
            total += visible(block.text)
        elif isinstance(block, TableBlock):
            total += sum(visible(cell) for row in block.rows for cell in row)
    return total


@settings(max_examples=300, deadline=None)
@given(_BLOCKS)
def test_every_character_is_in_a_clause_or_listed_as_left_out(blocks: list[Block]) -> None:
    blocks = [Paragraph("Начало"), *blocks]
    act = parse(SourceDocument("made.txt", "text", "2" * 64, tuple(blocks)))

    assert act.report.characters == source_characters(blocks)
    known = {clause.id: clause for clause in act.clauses}
    assert len(known) == len(act.clauses)
    assert [clause.ordinal for clause in act.clauses] == list(range(len(act.clauses)))
    for clause in act.clauses:
        assert clause.parent_id is None or clause.parent_id in known
        parent = known.get(clause.parent_id or "")
        if clause.level is Level.SUBCLAUSE and parent is not None:
            assert clause.text in parent.text
        if clause.twin_id is not None:
            assert known[clause.twin_id].twin_id == clause.id
