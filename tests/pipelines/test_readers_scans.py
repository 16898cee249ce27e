"""Scanned PDFs: pages without a text layer, whichever way up, are read by OCR."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz import fuzz

from core.records import Box
from core.settings import UploadSettings
from knowledge_base.source import Paragraph
from pipelines.acts.isolation import read_isolated
from pipelines.acts.readers import read
from pipelines.acts.readers.pdf_scans import turn_to_page
from vision.ocr.tesseract import TesseractEngine

LINES = [
    "5.1 Выход из помещения ведёт наружу или в коридор",
    "к лестничной клетке, если она не задымляется.",
    "5.2 Есіктің ені кемінде бір метр болуы қажет.",
    "5.3 Ширина прохода измеряется в свету, с учётом",
    "выступающих частей оборудования и мебели.",
]


@pytest.fixture(scope="module")
def scan(tesseract: None, dejavu: Path) -> bytes:
    """Two scanned pages, the second upside down."""
    image = Image.new("L", (1654, 1170), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(dejavu / "DejaVuSerif.ttf"), 42)
    for number, line in enumerate(LINES * 2):
        draw.text((150, 100 + 80 * number), line, font=font, fill=0)
    buffer = io.BytesIO()
    image.save(buffer, "PDF", resolution=200, save_all=True, append_images=[image.rotate(180)])
    return buffer.getvalue()


def test_both_pages_read_and_boxes_lie_on_the_page_as_shown(scan: bytes) -> None:
    document = read(scan, "scan.pdf", UploadSettings(), TesseractEngine())
    assert document.ocr_pages == (1, 2)
    assert min(document.ocr_confidence.values()) > 0.8
    upright, turned = ([b for b in document.blocks if isinstance(b, Paragraph) and b.page == n] for n in (1, 2))
    assert len(turned) == len(upright)
    assert all(fuzz.ratio(a.text, b.text) > 95 for a, b in zip(turned, upright, strict=True))
    assert upright[0].text.startswith("5.1 Выход из помещения")
    assert not upright[0].whole
    assert upright[0].box is not None
    assert turned[0].box is not None
    assert upright[0].box.y0 < 80
    assert turned[0].box.y1 > 340
    assert upright[0].box.x0 == pytest.approx(150 * 72 / 200, abs=3)


@pytest.mark.slow
def test_a_scan_is_read_in_isolation_too(scan: bytes, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(scan)
    assert read_isolated(path, path.name, UploadSettings()).ocr_pages == (1, 2)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_turn_with_the_page(rotation: int) -> None:
    """A box of the upright page, drawn there and turned back with the picture, is where the mapping says."""
    upright = Image.new("L", (300, 200), 255)
    upright.paste(0, (20, 30, 60, 45))
    shown = upright.rotate(rotation, expand=True)  # upright = shown turned clockwise by `rotation`
    box = turn_to_page(Box(20, 30, 60, 45), rotation, 300, 200)
    left, top, right, bottom = Image.eval(shown, lambda level: 255 - level).getbbox() or (0, 0, 0, 0)
    assert (box.x0, box.y0, box.x1, box.y1) == (left, top, right, bottom)
