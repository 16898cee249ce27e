"""Clean-up of scanned pages before recognition, each step only where a quick estimate says it is needed.

Arrays: grey page images, shape (height, width), uint8, 0 black.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]

_ESTIMATE_PX = 900  # longest side of the image the estimates are made on
_SKEW_RANGE_DEG = 6.0
_SKEW_WORTH_DEG = 0.25  # Tesseract reads lines well up to about this
_SPECKLE_SHARE = 0.0012  # of pixels, lone dots; a clean page has far fewer
_SHADE_RANGE = 40.0  # grey levels between the darkest and the lightest part of the paper
_PAPER_LEVEL = 200.0


def clean_page(image: Image.Image) -> tuple[Image.Image, tuple[str, ...], float]:
    """Return the page ready for recognition, the steps that were needed, and the angle it was turned back by.

    The image keeps its size, so that boxes of words stay where they are but for the deskew angle (degrees, positive
    is counter-clockwise) about the page's centre.
    """
    grey: Grey = np.asarray(image.convert("L"))
    small: Grey = np.asarray(_shrink(image.convert("L")))
    steps: list[str] = []
    if _is_shaded(small):
        grey = flatten_background(grey)
        steps.append("background")
    if _is_speckled(grey):
        grey = remove_speckles(grey)
        steps.append("speckles")
    angle = estimate_skew(np.asarray(_shrink(Image.fromarray(grey))))
    cleaned = Image.fromarray(grey)
    if abs(angle) >= _SKEW_WORTH_DEG:
        cleaned = cleaned.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
        steps.append("skew")
    else:
        angle = 0.0
    return cleaned, tuple(steps), angle


def _shrink(image: Image.Image) -> Image.Image:
    scale = min(1.0, _ESTIMATE_PX / max(image.size))
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.BOX)


def _is_shaded(small: Grey) -> bool:
    """Whether the paper is grey or lit unevenly: by the light level of its parts."""
    parts = [
        float(np.percentile(part, 85))
        for band in np.array_split(small, 8, axis=0)
        for part in np.array_split(band, 6, axis=1)
    ]
    return max(parts) - min(parts) > _SHADE_RANGE or float(np.median(parts)) < _PAPER_LEVEL


def flatten_background(grey: Grey) -> Grey:
    """Divide the page by its background, the light level with the ink taken away."""
    from scipy import ndimage

    height, width = grey.shape
    step = max(1, min(height, width) // 200)
    paper = ndimage.grey_closing(grey[::step, ::step], size=(11, 11))
    paper = ndimage.gaussian_filter(paper.astype(np.float32), 5.0)
    background = np.asarray(Image.fromarray(paper).resize((width, height), Image.Resampling.BILINEAR))
    flat = grey.astype(np.float32) / np.maximum(background, 1.0) * 255.0
    return _to_grey(flat)


def _to_grey(levels: NDArray[np.float32]) -> Grey:
    return np.asarray(np.clip(levels, 0, 255), dtype=np.uint8)


def _is_speckled(grey: Grey) -> bool:
    """Whether lone dark or light dots are common: pixels unlike all that touch them."""
    middle = grey[grey.shape[0] * 2 // 5 : grey.shape[0] * 3 // 5, :].astype(np.int16)
    around = np.stack([middle[:-2, 1:-1], middle[2:, 1:-1], middle[1:-1, :-2], middle[1:-1, 2:]])
    centre = middle[1:-1, 1:-1]
    lone = (centre < around.min(axis=0) - 60) | (centre > around.max(axis=0) + 60)
    return float(lone.mean()) > _SPECKLE_SHARE


def remove_speckles(grey: Grey) -> Grey:
    """Median of 3x3."""
    from scipy import ndimage

    cleaned: Grey = ndimage.median_filter(grey, size=3)
    return cleaned


def estimate_skew(small: Grey) -> float:
    """Return the angle in degrees (positive: counter-clockwise) that turns the lines level, 0 when there are none.

    Rows of ink are sharpest when the lines are level: the variance of the row sums' differences is greatest.
    """
    from scipy import ndimage

    ink = (small < 140).astype(np.float32)
    if not 0.002 < float(ink.mean()) < 0.5:
        return 0.0
    ink = ink[:, ink.shape[1] // 20 : -ink.shape[1] // 20 or None]

    def sharpness(angle: float) -> float:
        turned = ndimage.rotate(ink, angle, reshape=False, order=0)
        return float(np.square(np.diff(turned.sum(axis=1))).sum())

    coarse = max(np.arange(-_SKEW_RANGE_DEG, _SKEW_RANGE_DEG + 0.1, 1.0), key=lambda a: sharpness(float(a)))
    fine = max(np.arange(coarse - 0.8, coarse + 0.81, 0.2), key=lambda a: sharpness(float(a)))
    return round(float(fine), 2) if sharpness(float(fine)) > 1.05 * sharpness(0.0) else 0.0
