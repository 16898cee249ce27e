"""The door of the readers: any accepted file -> `SourceDocument`."""

import hashlib
from pathlib import Path

from core.errors import TooLarge
from core.settings import UploadSettings
from knowledge_base.source import SourceDocument
from pipelines.acts.readers.sniffing import sniff
from vision.ocr.engine import OcrEngine


def read(source: Path | bytes, name: str, limits: UploadSettings, ocr: OcrEngine | None = None) -> SourceDocument:
    """Read a file of an act, by what it is and not by its name.

    `ocr` reads pages without a text layer; without it such pages stay empty. Raises NotReadable for a file of no
    known kind, damaged, encrypted or empty; TooLarge over a limit. To be run through
    `pipelines.acts.isolation.read_isolated` for files of strangers.
    """
    data = source if isinstance(source, bytes) else _load(source, limits)
    if len(data) > limits.max_bytes:
        raise _too_many_bytes(len(data), limits)
    sha256 = hashlib.sha256(data).hexdigest()
    match sniff(data, name, limits):
        case "pdf":
            from pipelines.acts.readers.read_pdf import read_pdf

            return read_pdf(data, name, sha256, limits, ocr)
        case "docx":
            from pipelines.acts.readers.read_docx import read_docx

            return read_docx(data, name, sha256, limits)
        case "html":
            from pipelines.acts.readers.read_html import read_html

            return read_html(data, name, sha256)
        case "text":
            from pipelines.acts.readers.read_text import read_text

            return read_text(data, name, sha256, limits)


def _load(path: Path, limits: UploadSettings) -> bytes:
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise _too_many_bytes(size, limits)
    return path.read_bytes()


def _too_many_bytes(size: int, limits: UploadSettings) -> TooLarge:
    return TooLarge(
        f"The file has {size} bytes, over the limit of {limits.max_bytes}.",
        advice="Load it in parts, or raise the setting uploads.max_bytes.",
    )
