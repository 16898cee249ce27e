"""Reading PDFs with a text layer: lines, tables, page furniture; nothing of the layer is lost."""

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from core.settings import UploadSettings
from knowledge_base.source import PageBreak, Paragraph, SourceDocument, TableBlock
from pipelines.acts.readers import read

LIMITS = UploadSettings()
WIDTH, HEIGHT = A4


@pytest.fixture(scope="module", autouse=True)
def _fonts(dejavu: Path) -> None:
    pdfmetrics.registerFont(TTFont("Serif", str(dejavu / "DejaVuSerif.ttf")))
    pdfmetrics.registerFont(TTFont("Serif-Bold", str(dejavu / "DejaVuSerif-Bold.ttf")))


class Sheet:
    """Draws pages from the top, with the origin top left."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=A4)
        self.drawn: list[str] = []

    def text(self, x: float, y: float, text: str, bold: bool = False, size: float = 11) -> None:
        self.canvas.setFont("Serif-Bold" if bold else "Serif", size)
        self.canvas.drawString(x, HEIGHT - y, text)
        self.drawn.append(text)

    def centred(self, y: float, text: str, bold: bool = False) -> None:
        self.canvas.setFont("Serif-Bold" if bold else "Serif", 11)
        self.canvas.drawCentredString(WIDTH / 2, HEIGHT - y, text)
        self.drawn.append(text)

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.canvas.line(x0, HEIGHT - y0, x1, HEIGHT - y1)

    def table(self, top: float, xs: Sequence[float], rows: Sequence[Sequence[str]], closed: bool = True) -> float:
        """Draw a ruled table of rows of 20 points; each cell may hold several lines, parted by a newline."""
        y = top
        for row in rows:
            height = 6 + 14 * max(cell.count("\n") + 1 for cell in row)
            self.rule(xs[0], y, xs[-1], y)
            for x, cell in zip(xs, row, strict=False):
                for number, line in enumerate(cell.split("\n")):
                    self.text(x + 3, y + 14 + 14 * number, line, size=10)
            for x in xs:
                self.rule(x, y, x, y + height)
            y += height
        if closed:
            self.rule(xs[0], y, xs[-1], y)
        return y

    def end_page(self) -> None:
        self.canvas.showPage()

    def done(self) -> SourceDocument:
        self.canvas.save()
        return read(self._buffer.getvalue(), "act.pdf", LIMITS)


def lines(document: SourceDocument) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def tables(document: SourceDocument) -> list[TableBlock]:
    return [block for block in document.blocks if isinstance(block, TableBlock)]


def characters(texts: Sequence[str]) -> Counter[str]:
    return Counter(char for text in texts for char in text if not char.isspace() and char not in "-|")


def everything(document: SourceDocument) -> list[str]:
    found = [text for _, text in document.left_out]
    for block in document.blocks:
        if isinstance(block, Paragraph):
            found.append(block.text)
        elif isinstance(block, TableBlock):
            found.extend([block.caption, *(cell for row in block.rows for cell in row)])
    return found


def act(pages: int = 4, start: int = 1) -> Sheet:
    """Pages with a head, a number at the foot and a body that differs."""
    sheet = Sheet()
    for page in range(pages):
        sheet.text(400, 40, "ҚР ҚН 9.99-01-2020")
        sheet.text(60, 90, f"{page + 1}.1 Ширина прохода {page} должна быть измерена")
        sheet.text(60, 106, f"в свету до выступающих частей вида {'абвг'[page]}.")
        sheet.centred(810, str(start + page))
        sheet.end_page()
    return sheet


def test_lines_have_places_and_looks() -> None:
    sheet = Sheet()
    sheet.centred(80, "1 ОБЩИЕ ТРЕБОВАНИЯ", bold=True)
    sheet.text(60, 120, "1.1 Двери открываются наружу, если за ними есть проход и он не занят людьми")
    sheet.text(88, 140, "с отступом")
    document = sheet.done()
    heading, body, indented = (block for block in document.blocks if isinstance(block, Paragraph))
    assert (heading.bold, heading.centred, heading.whole) == (True, True, False)
    assert (body.bold, body.centred, body.page, body.size) == (False, False, 1, 11.0)
    assert indented.indent == pytest.approx(28, abs=1)
    assert body.box is not None
    assert body.box.x0 == pytest.approx(60, abs=1.5)
    assert body.box.y0 < 120 < body.box.y1
    assert document.blocks[-1] == PageBreak(1)


def test_heads_and_page_numbers_are_left_out_with_reasons() -> None:
    document = act().done()
    assert Counter(why for why, _ in document.left_out) == {"running head": 4, "page number": 4}
    assert len(lines(document)) == 8


def test_numbered_captions_at_the_top_are_no_running_heads() -> None:
    sheet = Sheet()
    for page in range(5):
        sheet.text(60, 50, f"Таблица {page + 1} - Нормы")
        sheet.text(60, 200, f"текст страницы {'абвгд'[page]}")
        sheet.end_page()
    assert sum("Таблица" in line for line in lines(sheet.done())) == 5


def test_contents_are_left_out() -> None:
    sheet = Sheet()
    sheet.centred(60, "СОДЕРЖАНИЕ")
    for number in range(1, 6):
        sheet.text(60, 60 + 20 * number, f"{number} Раздел о дверях {'.' * 60} {number * 3}")
    sheet.end_page()
    sheet.text(60, 60, "1 Раздел о дверях")
    document = sheet.done()
    assert lines(document) == ["1 Раздел о дверях"]
    assert [why for why, _ in document.left_out] == ["contents"] * 6


def test_table_has_caption_header_and_whole_words() -> None:
    sheet = Sheet()
    sheet.text(60, 80, "Текст до таблицы, где написано слово перегородки.")
    sheet.text(60, 100, "Таблица 1 - Пределы огнестойкости")
    sheet.table(
        110,
        (60, 120, 320, 500),
        [("№", "Элемент", "Предел"), ("1", "2", "3"), ("1.1", "Стены и перего-\nродки", "EI 45")],
    )
    sheet.text(60, 400, "Текст после таблицы.")
    document = sheet.done()
    (table,) = tables(document)
    assert table.caption == "Таблица 1 - Пределы огнестойкости"
    assert table.header_rows == 2
    assert table.rows[2] == ("1.1", "Стены и перегородки", "EI 45")
    assert [type(block).__name__ for block in document.blocks] == ["Paragraph", "TableBlock", "Paragraph", "PageBreak"]
    assert all(box is not None and box.x0 == pytest.approx(60, abs=1) for box in table.row_boxes)


def test_table_over_a_page_break_is_one_table() -> None:
    sheet = Sheet()
    xs = (60, 120, 320, 500)
    sheet.text(60, 80, "1-кесте - Нормалар")
    sheet.table(
        100,
        xs,
        [("№", "Нысан", "Мән"), ("1", "2", "3"), ("1.1", "бірінші", "5"), ("1.2", "екінші нысан", "6")],
        closed=False,
    )
    sheet.end_page()
    sheet.text(250, 60, "1-кестенің жалғасы")
    sheet.table(80, xs, [("1", "2", "3"), ("", "оның жалғасы", ""), ("1.3", "үшінші", "7")])
    sheet.text(60, 300, "2.1 Келесі тармақ")
    document = sheet.done()
    first, second = tables(document)
    assert first.rows[-1] == ("1.2", "екінші нысан оның жалғасы", "6")
    assert second.rows == (("1.3", "үшінші", "7"),)
    assert (second.continued, second.header_rows) == (True, 0)
    assert Counter(why for why, _ in document.left_out) == {"table continuation": 1, "repeated table header": 1}


def test_a_framed_note_is_not_a_table() -> None:
    sheet = Sheet()
    for x0, y0, x1, y1 in ((50, 90, 500, 90), (50, 130, 500, 130), (50, 90, 50, 130), (500, 90, 500, 130)):
        sheet.rule(x0, y0, x1, y1)
    sheet.text(60, 110, "Примечание в рамке")
    document = sheet.done()
    assert tables(document) == []
    assert lines(document) == ["Примечание в рамке"]


def test_a_turned_page_reads_as_shown() -> None:
    sheet = Sheet()
    sheet.canvas.setPageRotation(90)
    sheet.canvas.rotate(90)
    sheet.canvas.setFont("Serif", 11)
    sheet.canvas.drawString(100, -60, "Альбомный лист")
    paragraph = next(b for b in sheet.done().blocks if isinstance(b, Paragraph))
    assert paragraph.text == "Альбомный лист"
    assert paragraph.box is not None
    assert paragraph.box.x1 - paragraph.box.x0 > 4 * (paragraph.box.y1 - paragraph.box.y0)
    assert paragraph.box.x0 == pytest.approx(100, abs=2)


def test_lines_drawn_out_of_order_are_read_from_the_top() -> None:
    sheet = Sheet()
    for y, text in ((200, "третья"), (100, "первая"), (150, "вторая")):
        sheet.text(60, y, text)
    assert lines(sheet.done()) == ["первая", "вторая", "третья"]


def test_two_columns_are_read_one_after_the_other() -> None:
    sheet = Sheet()
    for row in range(12):
        sheet.text(60, 100 + 20 * row, f"левая {row}")
        sheet.text(330, 100 + 20 * row, f"правая {row}")
    sheet.canvas.showPage()
    found = " ".join(lines(sheet.done()))
    assert characters([found]) == characters(sheet.drawn)


WORDS = st.text(alphabet="абвгдежзиклмнопрстуүқғ0123456789.,:()%", min_size=1, max_size=12)
CELLS = st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=2, max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pages=st.lists(
        st.tuples(st.lists(st.lists(WORDS, min_size=1, max_size=6), max_size=8), CELLS), min_size=1, max_size=4
    )
)
def test_no_character_of_the_text_layer_is_lost(pages: list[tuple[list[list[str]], list[list[str]]]]) -> None:
    sheet = Sheet()
    for number, (body, rows) in enumerate(pages, start=1):
        sheet.text(420, 40, "СП 9.99")
        for place, words in enumerate(body):
            sheet.text(60, 90 + 18 * place, " ".join(words))
        sheet.table(300, (60, 220, 380, 540), rows, closed=number % 2 == 0)
        sheet.centred(815, str(number))
        sheet.end_page()
    assert characters(everything(sheet.done())) == characters(sheet.drawn)


@pytest.mark.shared
def test_a_real_bilingual_act_keeps_its_rows(shared_data) -> None:  # type: ignore[no-untyped-def]
    path = shared_data / "regulations" / "acts" / "SN_RK_2.02-02-2023.kk+ru.pdf"
    document = read(path, path.name, LIMITS)
    rows = [row for table in tables(document) for row in table.rows if row[0] == "8.1.13"]
    assert len(rows) == 2
    assert all(len(row) == 4 and all(row) for row in rows)
    assert not [text for text in lines(document) if text in ("ҚР ҚН 2.02-02-2023", "СН РК 2.02-02-2023") and not text]
    heads = [text for why, text in document.left_out if why == "running head"]
    assert len(heads) > 180
