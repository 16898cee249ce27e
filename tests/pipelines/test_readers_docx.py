"""Reading DOCX as Word prints it."""

import io
import zipfile

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from core.settings import UploadSettings
from knowledge_base.source import Paragraph, SourceDocument, TableBlock
from pipelines.acts.readers import read

LIMITS = UploadSettings()
NUMBERING = """
<w:numbering NAMESPACES>
  <w:abstractNum w:abstractNumId="1">
    <w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1"/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2."/></w:lvl>
    <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="russianLower"/><w:lvlText w:val="%3)"/></w:lvl>
  </w:abstractNum>
  <w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num>
  <w:num w:numId="8"><w:abstractNumId w:val="1"/>
    <w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/></w:lvlOverride></w:num>
</w:numbering>
""".replace("NAMESPACES", nsdecls("w"))


def saved(document: docx.document.Document, **replaced: str) -> SourceDocument:
    buffer = io.BytesIO()
    document.save(buffer)
    if not replaced:
        return read(buffer.getvalue(), "act.docx", LIMITS)
    output = io.BytesIO()
    parts = {f"word/{name}.xml": content for name, content in replaced.items()}
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(output, "w") as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return read(output.getvalue(), "act.docx", LIMITS)


def add(document: docx.document.Document, xml: str) -> None:
    body = document.element.body
    body.insert(len(body) - 1, parse_xml(xml.replace("<w:p>", f"<w:p {nsdecls('w')}>", 1)))


def paragraphs(document: SourceDocument) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def tables(document: SourceDocument) -> list[TableBlock]:
    return [block for block in document.blocks if isinstance(block, TableBlock)]


def test_paragraphs_keep_order_and_looks() -> None:
    document = docx.Document()
    heading = document.add_paragraph()
    heading.add_run("Глава 1. Общие положения").bold = True
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("1. Первый пункт.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Объект", "Норма", "Склад", "5"), strict=True):
        cell.text = text
    document.add_paragraph("2. Второй\xadпункт.")
    source = saved(document)
    first, second, third, fourth = source.blocks
    assert isinstance(first, Paragraph)
    assert (first.bold, first.centred, first.whole) == (True, True, True)
    assert isinstance(second, Paragraph)
    assert (second.bold, second.centred) == (False, False)
    assert isinstance(third, TableBlock)
    assert third.rows == (("Объект", "Норма"), ("Склад", "5"))
    assert isinstance(fourth, Paragraph)
    assert fourth.text == "2. Второйпункт."


def test_numbers_that_word_makes_are_printed() -> None:
    document = docx.Document()
    for level, num, text in ((0, 7, "Раздел"), (1, 7, "Пункт"), (1, 7, "Ещё пункт"), (2, 7, "под"), (2, 7, "под"),
                             (0, 7, "Раздел"), (1, 7, "Пункт"), (0, 8, "Другой список"), (0, 8, "Дальше")):  # fmt: skip
        add(
            document,
            f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr></w:pPr>'
            f"<w:r><w:t>{text}</w:t></w:r></w:p>",
        )
    assert paragraphs(saved(document, numbering=NUMBERING)) == [
        "4 Раздел", "4.1. Пункт", "4.2. Ещё пункт", "а) под", "б) под", "5 Раздел", "5.1. Пункт",
        "9 Другой список", "10 Дальше",
    ]  # fmt: skip


def test_footnotes_stand_after_their_paragraph() -> None:
    document = docx.Document()
    add(document, '<w:p><w:r><w:t>1. Пункт</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>')
    note = "<w:footnote w:id='2'><w:p><w:r><w:t>Пояснение</w:t></w:r></w:p></w:footnote>"
    notes = f"<w:footnotes {nsdecls('w')}>{note}</w:footnotes>"
    assert paragraphs(saved(document, footnotes=notes)) == ["1. Пункт¹", "¹ Пояснение"]


def test_merged_cells_and_captions() -> None:
    document = docx.Document()
    document.add_paragraph("Таблица 3")
    document.add_paragraph("Причины пожаров")
    table = document.add_table(rows=4, cols=3)
    for r, row in enumerate((("Причина", "Число", ""), ("", "город", "село"), ("1", "2", "3"), ("Печь", "4", "5"))):
        for c, text in enumerate(row):
            if text:
                table.cell(r, c).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    (found,) = tables(saved(document))
    assert found.caption == "Таблица 3 Причины пожаров"
    assert found.rows == (("Причина", "Число", ""), ("", "город", "село"), ("1", "2", "3"), ("Печь", "4", "5"))
    assert found.header_rows == 3


def test_a_table_that_only_places_text_is_unwrapped() -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 1).text = "Приложение 1"
    table.cell(0, 1).add_paragraph("к приказу")
    source = saved(document)
    assert (paragraphs(source), tables(source)) == (["Приложение 1", "к приказу"], [])


def test_what_is_not_printed_is_left_out_with_reasons() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Колонтитул"
    add(document, "<w:p><w:r><w:t>1. Новое</w:t></w:r><w:del><w:r><w:delText>старое</w:delText></w:r></w:del></w:p>")
    add(document, "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>тайное</w:t></w:r><w:r><w:t>явное</w:t></w:r></w:p>")
    source = saved(document)
    assert paragraphs(source) == ["1. Новое", "явное"]
    assert set(source.left_out) == {
        ("running head", "Колонтитул"), ("deleted in tracked changes", "старое"), ("hidden text", "тайное"),
    }  # fmt: skip


def test_line_breaks_part_lines_and_content_controls_are_read() -> None:
    document = docx.Document()
    document.add_paragraph("1. Первая").add_run().add_break()
    add(document, "<w:p><w:sdt><w:sdtContent><w:r><w:t>В поле</w:t></w:r></w:sdtContent></w:sdt></w:p>")
    paragraph = document.paragraphs[0]
    paragraph.add_run("1) вторая")
    assert paragraphs(saved(document)) == ["1. Первая", "1) вторая", "В поле"]
    assert paragraph._p.tag == qn("w:p")


@pytest.mark.shared
def test_a_real_order_keeps_its_forms(shared_data) -> None:  # type: ignore[no-untyped-def]
    path = shared_data / "regulations" / "acts" / "V1500012441.27-09-2022.rus.docx"
    document = read(path, path.name, LIMITS)
    assert len(tables(document)) >= 7
    assert sum(len(table.rows) for table in tables(document)) > 500
