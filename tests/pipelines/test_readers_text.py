"""Reading plain text: encodings, pages, running heads, tables, lines or paragraphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import UploadSettings
from knowledge_base.source import PageBreak, Paragraph, SourceDocument, TableBlock
from pipelines.acts.readers import read

LIMITS = UploadSettings()
RULE = "1. Двери на путях эвакуации открываются по ходу движения людей.\nЕскерту: есік сыртқа қарай ашылады.\n"


def text(content: str | bytes) -> SourceDocument:
    return read(content if isinstance(content, bytes) else content.encode(), "act.txt", LIMITS)


def paragraphs(document: SourceDocument) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings(encoding: str) -> None:
    assert paragraphs(text(RULE.encode(encoding))) == RULE.strip().split("\n")


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "kz1048"])
def test_single_byte_encodings(encoding: str) -> None:
    line = "Двери на путях эвакуации открываются наружу, если за ними нет лестницы."
    line += " Есік сыртқа қарай ашылады, өту жолы бос болады." if encoding == "kz1048" else ""
    assert paragraphs(text(line.encode(encoding))) == [line]


def test_a_file_of_two_encodings() -> None:
    first, second = "1. Первый пункт правил о путях.", "2. Второй пункт правил о выходах."
    document = text(first.encode() + b"\n" + second.encode("cp1251"))
    assert paragraphs(document) == [first, second]
    assert document.metadata["encoding"] == "utf-8+cp1251"


def test_page_marks_become_pages_and_heads_go() -> None:
    pages = [f"[стр. {n}]\nСП 9.13130\n{n}.1 Требование номер {n} об ограж­\nдениях.\n{n}\n" for n in range(1, 6)]
    document = text("".join(pages))
    assert document.pages == 5
    assert [b.page for b in document.blocks if isinstance(b, PageBreak)] == [1, 2, 3, 4, 5]
    assert ("running head", "СП 9.13130") in document.left_out
    assert ("page number", "4") in document.left_out
    first = next(b for b in document.blocks if isinstance(b, Paragraph))
    assert (first.text, first.page) == ("1.1 Требование номер 1 об ограж\u00ad", 1)


def test_form_feeds_part_pages() -> None:
    document = text("1. Один\f2. Два\f")
    assert document.pages == 2
    assert [b.page for b in document.blocks if isinstance(b, Paragraph)] == [1, 2]


def test_broken_lines_are_told_from_whole_paragraphs() -> None:
    wrapped = "\n".join(
        ["Ширина горизонтальных участков путей эвакуации", "должна быть не менее указанной в таблице"] * 20
    )
    whole = "\n".join(["1. Ширина горизонтальных участков путей не менее указанной.", "2) коридоров;"] * 20)
    assert not any(b.whole for b in text(wrapped).blocks if isinstance(b, Paragraph))
    assert all(b.whole for b in text(whole).blocks if isinstance(b, Paragraph))


def test_rows_of_bars_are_tables() -> None:
    document = text("Таблица 2 - Нормы\n№ | Объект | Норма\n1 | Склад | 5\n2 | Цех | 7\n3. Следующий пункт.\n")
    table = next(b for b in document.blocks if isinstance(b, TableBlock))
    assert table.caption == "Таблица 2 - Нормы"
    assert table.rows == (("№", "Объект", "Норма"), ("1", "Склад", "5"), ("2", "Цех", "7"))
    assert table.header_rows == 1
    assert paragraphs(document) == ["3. Следующий пункт."]


def test_a_markdown_table_loses_its_rule_with_a_reason() -> None:
    document = text("| А | Б |\n|---|---|\n| 1 | 2 |\n")
    assert next(b for b in document.blocks if isinstance(b, TableBlock)).rows == (("А", "Б"), ("1", "2"))
    assert document.left_out == (("table rule", "|---|---|"),)


def test_dots_to_be_filled_in_are_no_contents() -> None:
    form = "\n".join(["Наименование " + "." * 40, *["строка"] * 8] * 4)
    assert not [why for why, _ in text(form).left_out if why == "contents"]


@given(st.lists(st.text(alphabet="абвгқғ0159 .;:|-[]", min_size=1, max_size=40), min_size=1, max_size=30))
def test_no_character_is_lost(lines: list[str]) -> None:
    source = "начало\n" + "\n".join(lines)
    document = text(source)
    found = [t for _, t in document.left_out]
    for block in document.blocks:
        if isinstance(block, Paragraph):
            found.append(block.text)
        elif isinstance(block, TableBlock):
            found.extend([block.caption, *(cell for row in block.rows for cell in row)])

    def ink(s: str) -> list[str]:
        return sorted(char for char in s if not char.isspace() and char not in "|")

    assert ink("".join(found)) == ink(source)


def test_a_head_of_two_rows_with_empty_cells_keeps_its_columns() -> None:
    document = text("№ | Склад | Норма | \n | | малая | большая\n1 | Лес | 1 | 4\n2 | Уголь | 2 | 5\n")
    (table,) = (block for block in document.blocks if isinstance(block, TableBlock))
    assert table.header_rows == 2
    assert table.rows[:2] == (("№", "Склад", "Норма", ""), ("", "", "малая", "большая"))


def test_the_inside_of_a_sentence_at_the_edge_of_pages_is_no_running_head() -> None:
    tail = "дней после дня его первого официального опубликования)."
    pages = [f"{n}. Пункт о печах в мастерских под номером {n}.\n{tail}" for n in range(1, 9)]
    document = text("\f".join(f"{tail}\n{page}" for page in pages))
    assert not [why for why, line in document.left_out if line == tail]
