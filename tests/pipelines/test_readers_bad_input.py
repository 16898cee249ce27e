"""Files that are not what they claim, damaged, hostile or too large: a typed error that says what to do."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pypdfium2 as pdfium
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.errors import NotReadable, TooLarge
from core.settings import UploadSettings
from pipelines.acts.readers import read

LIMITS = UploadSettings()


def pdf(pages: int = 1, encrypt: StandardEncryption | None = None, size: tuple[float, float] = (595, 842)) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, encrypt=encrypt, pageCompression=0)
    for page in range(pages):
        canvas.drawString(72, 720, f"Clause {page + 1} holds a rule")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def package(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return buffer.getvalue()


def blank_pages(count: int) -> bytes:
    document = pdfium.PdfDocument.new()
    for _ in range(count):
        document.new_page(200, 200)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


BOMB = b"<w:document>" + b"<w:p/>" * 4_000_000
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>&b;&c;</w:t></w:r></w:p></w:body></w:document>"
)


@pytest.mark.parametrize(
    ("make", "name", "says"),
    [
        (lambda: b"", "empty.docx", "empty"),
        (lambda: b" \r\n\x00", "blank.txt", "empty"),
        (lambda: b"<html><body>Not found</body></html>", "act.pdf", "HTML page"),
        (lambda: "Просто текст".encode(), "act.pdf", "plain text"),
        (lambda: bytes(range(256)) * 20, "act.bin", "binary"),
        (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "scan.pdf", "PNG"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.docx", "old Microsoft Office"),
        (lambda: b"{\\rtf1\\ansi text}", "act.docx", "RTF"),
        (lambda: package(xl__workbook=b"<workbook/>"), "act.docx", "Excel"),
        (lambda: package(word__styles=b"<styles/>"), "act.docx", "word/document.xml"),
        (lambda: package(letter=b"<letter/>"), "act.docx", "ZIP archive"),
        (lambda: package(word__document=b"<w:document>"), "act.docx", "damaged"),
        (lambda: package(word__document=ENTITIES), "act.docx", "entities"),
        (lambda: package(word__document=b"<a/>")[:-40], "act.docx", "damaged"),
        (lambda: pdf()[:300], "act.pdf", "damaged"),
        (lambda: pdf(encrypt=StandardEncryption("secret", strength=128)), "act.pdf", "password"),
        (lambda: b"%PDF-1.7\n" + b"\xff" * 400, "act.pdf", "damaged"),
        (lambda: b'<?xml version="1.0"?><order><item>1</item></order>', "act.xml", "XML"),
    ],
)
def test_unreadable_files_say_what_they_are(make: Callable[[], bytes], name: str, says: str) -> None:
    with pytest.raises(NotReadable) as error:
        read(make(), name, LIMITS)
    assert says in error.value.detail
    assert error.value.advice


@pytest.mark.parametrize(
    ("make", "limits", "setting"),
    [
        (lambda: blank_pages(3000), UploadSettings(), "max_pages"),
        (lambda: package(word__document=BOMB), UploadSettings(max_unpacked_bytes=1_000_000), "max_unpacked_bytes"),
        (lambda: b"a" * 100, UploadSettings(max_bytes=99), "max_bytes"),
        (lambda: b"\f".join([b"page"] * 12), UploadSettings(max_pages=10), "max_pages"),
    ],
)
def test_files_over_a_limit_name_the_setting(make: Callable[[], bytes], limits: UploadSettings, setting: str) -> None:
    with pytest.raises(TooLarge) as error:
        read(make(), "file", limits)
    assert setting in error.value.advice


def test_a_zip_bomb_is_known_by_its_ratio() -> None:
    with pytest.raises(TooLarge, match="no document packs so well"):
        read(package(word__document=BOMB), "act.docx", LIMITS)


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    content = package(word__document=b"<w:document>" + b"<w:p/>" * 200_000)
    size = (12 + 6 * 200_000).to_bytes(4, "little")
    lying = content.replace(size, (10).to_bytes(4, "little"))
    with pytest.raises((NotReadable, TooLarge)):
        read(lying, "act.docx", LIMITS)


def test_a_huge_page_without_text_is_refused_before_it_is_rendered() -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(14_000, 14_000))
    canvas.drawImage(ImageReader(Image.new("L", (50, 50), 200)), 0, 0, 14_000, 14_000)
    canvas.save()

    class NeverRead:
        def read(self, image: Image.Image) -> None:
            raise AssertionError("rendered")

    with pytest.raises(TooLarge, match="too large"):
        read(buffer.getvalue(), "plan.pdf", LIMITS, NeverRead())  # type: ignore[arg-type]
    with pytest.raises(NotReadable, match="OCR is off"):
        read(buffer.getvalue(), "plan.pdf", LIMITS)


def test_the_kind_is_known_by_content(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("1. Пункт")
    document.save(str(tmp_path / "act.txt"))
    assert read(tmp_path / "act.txt", "act.txt", LIMITS).kind == "docx"
    assert read(pdf(), "act.docx", LIMITS).kind == "pdf"
    assert read("<html><body><p>1. Пункт</p></body></html>".encode(), "act.doc", LIMITS).kind == "html"
    assert read("1. Пункт".encode("cp1251"), "act", LIMITS).kind == "text"
