"""The port of character recognition: a page image -> words with boxes."""

from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image


@dataclass(frozen=True)
class OcrWord:
    """One recognised word. Box: pixels of the image as given, origin top left."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float  # 0..1
    line: int  # words of one line share it; lines are numbered in reading order


@dataclass(frozen=True)
class OcrPage:
    """What was read on one image, in reading order."""

    words: tuple[OcrWord, ...]
    mean_confidence: float  # of the words, by their length, 0..1; 0 where nothing was read
    rotation: int = 0  # degrees the image was turned clockwise to stand upright: 0, 90, 180, 270
    cleaned: tuple[str, ...] = field(default=())  # clean-up steps that were needed


class OcrEngine(Protocol):
    """Reads page images."""

    def read(self, image: Image.Image) -> OcrPage:
        """Recognise a page image of about 300 dpi, whichever way up.

        Raises ServiceError subclasses when the engine itself fails.
        """
        ...
