"""Pages of a PDF without a text layer: rendered and read by OCR."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core.errors import TooLarge
from core.records import Box
from core.settings import UploadSettings
from pipelines.acts.readers.pdf_text import Glyph, TextLine
from vision.ocr.engine import OcrEngine, OcrWord

UNREAD_SCAN = "scan not read"

_DPI = 300
_FEWEST_DPI = 100  # below it small print cannot be read
_POINTS_PER_INCH = 72
_FEW_CHARACTERS = 25  # a stamp or a page number over a scanned page
_SCAN_SHARE = 0.4  # of the page's area that a picture covers when the page is a scan


@dataclass(frozen=True)
class ScannedText:
    """A page read by OCR. Lines and size: points of the page turned upright."""

    lines: tuple[TextLine, ...]
    width: float
    height: float
    rotation: int  # degrees clockwise from the page as shown to upright
    confidence: float  # 0..1


def needs_ocr(page: pdfium.PdfPage, runs: Sequence[Sequence[Glyph]]) -> bool:
    """Whether what the page shows is a picture, not text: next to no characters, and a picture or drawn outlines."""
    characters = sum(not glyph.text.isspace() for run in runs for glyph in run)
    if characters >= _FEW_CHARACTERS:
        return False
    width, height = page.get_size()
    outlines = 0
    for shape in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH]):
        if shape.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = shape.get_bounds()
            if (right - left) * (top - bottom) >= _SCAN_SHARE * width * height:
                return True
        else:
            outlines += 1
    return characters == 0 and outlines > 100


def read_scan(page: pdfium.PdfPage, number: int, ocr: OcrEngine, limits: UploadSettings) -> ScannedText:
    """Render a page and read it. Raises TooLarge for a page that would need too many pixels."""
    dpi = _resolution(page, number, limits)
    scale = dpi / _POINTS_PER_INCH
    image = page.render(scale=scale, grayscale=True).to_pil()
    read = ocr.read(image)
    width, height = image.width / scale, image.height / scale
    if read.rotation in (90, 270):
        width, height = height, width
    lines = tuple(_lines(read.words, 1 / scale))
    return ScannedText(lines, width, height, read.rotation, read.mean_confidence)


def _resolution(page: pdfium.PdfPage, number: int, limits: UploadSettings) -> float:
    width, height = page.get_size()
    square_inches = max(width * height / _POINTS_PER_INCH**2, 1e-6)
    dpi = min(_DPI, sqrt(limits.max_page_pixels / square_inches))
    if dpi < _FEWEST_DPI:
        raise TooLarge(
            f"Page {number} is {width / _POINTS_PER_INCH:.0f} x {height / _POINTS_PER_INCH:.0f} inches: "
            f"too large to be read with {limits.max_page_pixels} pixels.",
            advice="Scan it at its true size, in parts, or raise the setting uploads.max_page_pixels.",
        )
    return dpi


def _lines(words: Sequence[OcrWord], scale: float) -> Iterator[TextLine]:
    for _, group in groupby(words, key=lambda word: word.line):
        line = list(group)
        size = median((word.y1 - word.y0) * scale for word in line)
        glyphs: list[Glyph] = []
        for word in line:
            box = (word.x0 * scale, word.y0 * scale, word.x1 * scale, word.y1 * scale)
            if glyphs:
                last = glyphs[-1]
                glyphs.append(Glyph(" ", last.x1, last.y0, last.x1, last.y1, size, False))
            glyphs.append(Glyph(word.text, *box, size, False))
        yield TextLine(tuple(glyphs))


def turn_to_page(box: Box, rotation: int, width: float, height: float) -> Box:
    """Return a box of the upright page on the page as shown; `width` and `height` are those of the upright page."""
    match rotation:
        case 90:
            return Box(box.y0, width - box.x1, box.y1, width - box.x0)
        case 180:
            return Box(width - box.x1, height - box.y1, width - box.x0, height - box.y0)
        case 270:
            return Box(height - box.y1, box.x0, height - box.y0, box.x1)
        case _:
            return box
