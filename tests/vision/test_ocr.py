"""Recognition of page images by the real Tesseract, and their clean-up."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from core.errors import ConfigurationError
from vision.ocr.cleanup import clean_page, estimate_skew
from vision.ocr.tesseract import TesseractEngine

LINES = [
    "5.2.3 Эвакуационный выход из помещения ведёт наружу",
    "или в коридор, по которому люди доходят до лестницы.",
    "5.2.4 Есіктің ені кемінде 1,2 метр болуы қажет, ал",
    "биіктігі кемінде екі метр болып қабылданады.",
    "5.2.5 Ширина прохода между оборудованием измеряется",
    "в свету, с учётом выступающих частей и открытых дверей.",
]

pytestmark = pytest.mark.usefixtures("tesseract")


@pytest.fixture(scope="module")
def page(dejavu: Path) -> Image.Image:
    image = Image.new("L", (1650, 1000), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(dejavu / "DejaVuSerif.ttf"), 42)
    for number, line in enumerate(LINES * 2):
        draw.text((120, 60 + 70 * number), line, font=font, fill=0)
    return image


def spoil(page: Image.Image) -> Image.Image:
    """A bad scan: a shadow, noise, dots, and laid askew."""
    random = np.random.default_rng(7)
    grey = np.asarray(page, dtype=np.float64)
    shade = np.linspace(0.45, 1.0, grey.shape[1])[None, :]
    grey = grey * 0.85 * shade + random.normal(0, 10, grey.shape)
    grey[random.random(grey.shape) < 0.02] = 0
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).rotate(1.7, fillcolor=130)


def error_rate(image: Image.Image) -> float:
    """Character error rate, letter case aside."""
    read = " ".join(word.text for word in TesseractEngine().read(image).words).casefold()
    truth = " ".join(LINES * 2).casefold()
    return Levenshtein.distance(read, truth) / len(truth)


def test_a_clean_page_is_read_as_it_is(page: Image.Image) -> None:
    read = TesseractEngine().read(page)
    assert (read.rotation, read.cleaned) == (0, ())
    assert read.mean_confidence > 0.85
    assert max(word.line for word in read.words) == len(LINES) * 2 - 1
    first = read.words[0]
    assert first.text == "5.2.3"
    assert (first.x0, first.y0) == pytest.approx((124, 68), abs=8)
    assert error_rate(page) < 0.03


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_lying_any_way_is_turned_upright(page: Image.Image, turn: int) -> None:
    read = TesseractEngine().read(page.rotate(turn, expand=True))
    assert read.rotation == turn
    assert read.words[0].text == "5.2.3"
    assert (read.words[0].x0, read.words[0].y0) == pytest.approx((124, 68), abs=8)


def test_a_bad_scan_is_cleaned_and_read(page: Image.Image) -> None:
    _, steps, angle = clean_page(spoil(page))
    assert steps == ("background", "speckles", "skew")
    assert angle == pytest.approx(-1.7, abs=0.3)
    assert error_rate(spoil(page)) < 0.05


@pytest.mark.parametrize("angle", [-4.0, -1.0, 0.0, 0.6, 3.0])
def test_skew_is_estimated(page: Image.Image, angle: float) -> None:
    turned = page.rotate(angle, fillcolor=255).resize((825, 500))
    assert estimate_skew(np.asarray(turned)) == pytest.approx(-angle, abs=0.3)


def test_boxes_of_a_skewed_page_stand_where_the_words_are(page: Image.Image) -> None:
    turned = page.rotate(2.0, fillcolor=255)
    word = TesseractEngine().read(turned).words[0]
    ink = np.asarray(turned)[round(word.y0) : round(word.y1), round(word.x0) : round(word.x1)]
    assert (ink < 128).mean() > 0.08


def test_an_empty_page_has_no_words() -> None:
    read = TesseractEngine().read(Image.new("L", (800, 600), 255))
    assert (read.words, read.mean_confidence) == ((), 0.0)


def test_a_missing_language_is_named() -> None:
    with pytest.raises(ConfigurationError, match="xyz"):
        TesseractEngine("rus+xyz").check()
