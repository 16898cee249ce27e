"""Tesseract as the OCR engine: Kazakh, Russian and English together, one thread, any side up."""

import math
import os
import re
from collections.abc import Iterator

from PIL import Image

from core.errors import ConfigurationError, Unavailable
from vision.ocr.cleanup import clean_page
from vision.ocr.engine import OcrPage, OcrWord

_LANGUAGES = "kaz+rus+eng"
_OSD_MIN_CONFIDENCE = 1.5  # of Tesseract's orientation; below it the page is tried both ways
_SURE = 0.75  # a page read with this confidence stands upright; upside down it is read with about half of that
_TIMEOUT_S = 120
_LARGE_PX = 2400  # longest side of an image that can be halved for finding its orientation


class TesseractEngine:
    """`OcrEngine` on the system's Tesseract, which is looked for when the first page is read."""

    def __init__(self, languages: str = _LANGUAGES) -> None:
        self._languages = languages
        self._checked = False

    def check(self) -> None:
        """Raise ConfigurationError where Tesseract or the data of a language is missing."""
        import pytesseract

        os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # more threads are slower here, and steal cores from others
        try:
            present = set(pytesseract.get_languages(config=""))
        except pytesseract.TesseractNotFoundError as error:
            raise ConfigurationError(
                "Tesseract is not installed.", advice="Install the packages tesseract-ocr, -kaz, -rus and -eng."
            ) from error
        missing = sorted(set(self._languages.split("+")) - present)
        if missing:
            raise ConfigurationError(
                f"Tesseract has no data for: {', '.join(missing)}.",
                advice="Install the packages " + " ".join(f"tesseract-ocr-{language}" for language in missing) + ".",
            )
        self._checked = True

    def read(self, image: Image.Image) -> OcrPage:
        """Recognise a page image; it is cleaned up and turned upright first where that is needed."""
        if not self._checked:
            self.check()
        upright = self._read_upright(image, 0)
        if upright.mean_confidence >= _SURE and _is_level(
            upright
        ):  # most pages: finding the orientation costs almost as much as reading
            return upright
        rotation, sure = self._orientation(image)
        if sure:
            return self._read_upright(image, rotation) if rotation else upright
        tried = [upright, *(self._read_upright(image, turn) for turn in (180, 90, 270) if upright.words)]
        return max(tried, key=lambda p: p.mean_confidence * math.log1p(len(p.words)))

    def _orientation(self, image: Image.Image) -> tuple[int, bool]:
        """Degrees clockwise that turn the page upright, and whether that is certain."""
        import pytesseract

        try:
            report = pytesseract.image_to_osd(_reduced(image), config="--psm 0", timeout=_TIMEOUT_S)
        except pytesseract.TesseractError:  # too few characters to tell
            return 0, False
        except RuntimeError as error:
            raise _timed_out() from error
        rotate = re.search(r"Rotate: (\d+)", report)
        confidence = re.search(r"Orientation confidence: ([\d.]+)", report)
        if not rotate or not confidence:
            return 0, False
        sure = float(confidence.group(1)) >= _OSD_MIN_CONFIDENCE
        return int(rotate.group(1)) % 360 if sure else 0, sure

    def _read_upright(self, image: Image.Image, rotation: int) -> OcrPage:
        import pytesseract

        upright = image.rotate(-rotation, expand=True, fillcolor="white") if rotation else image
        cleaned, steps, angle = clean_page(upright)
        try:
            data = pytesseract.image_to_data(
                cleaned,
                lang=self._languages,
                config="--psm 3",
                output_type=pytesseract.Output.DICT,
                timeout=_TIMEOUT_S,
            )
        except RuntimeError as error:
            raise _timed_out() from error
        words = tuple(_words(data, angle, upright.size))
        weight = sum(len(word.text) for word in words)
        mean = sum(word.confidence * len(word.text) for word in words) / weight if weight else 0.0
        return OcrPage(words, mean, rotation, steps)


def _is_level(page: OcrPage) -> bool:
    """Whether words lie along the page: Tesseract also reads lines that run down it, word boxes on end."""
    long = [word for word in page.words if len(word.text) > 3]
    return 2 * sum(word.x1 - word.x0 > word.y1 - word.y0 for word in long) >= len(long)


def _reduced(image: Image.Image) -> Image.Image:
    """Half the resolution: enough to see which way up letters stand, at a third of the cost."""
    return image.convert("L").reduce(2) if max(image.size) > _LARGE_PX else image.convert("L")


def _timed_out() -> Unavailable:
    return Unavailable(
        f"Recognition of a page took over {_TIMEOUT_S} s or was interrupted.",
        advice="Load the page at a lower resolution.",
    )


def _words(data: dict[str, list[str]], angle: float, size: tuple[int, int]) -> Iterator[OcrWord]:
    lines: dict[tuple[str, ...], int] = {}
    for i, text in enumerate(data["text"]):
        confidence = float(data["conf"][i])
        if not text.strip() or confidence < 0:
            continue
        key = tuple(str(data[name][i]) for name in ("block_num", "par_num", "line_num"))
        x0, y0 = float(data["left"][i]), float(data["top"][i])
        x1, y1 = x0 + float(data["width"][i]), y0 + float(data["height"][i])
        if angle:
            x0, y0, x1, y1 = _turn_back(x0, y0, x1, y1, angle, size)
        yield OcrWord(text.strip(), x0, y0, x1, y1, confidence / 100, lines.setdefault(key, len(lines)))


def _turn_back(
    x0: float, y0: float, x1: float, y1: float, angle: float, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The box on the page before it was turned by `angle` degrees counter-clockwise about its centre."""
    cx, cy = size[0] / 2, size[1] / 2
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    mx, my = (x0 + x1) / 2 - cx, (y0 + y1) / 2 - cy
    px, py = mx * cos - my * sin + cx, mx * sin + my * cos + cy
    half_width, half_height = (x1 - x0) / 2, (y1 - y0) / 2
    return px - half_width, py - half_height, px + half_width, py + half_height
