"""The door of the readers: any accepted file -> `SourceDocument`."""

import hashlib
from pathlib import Path

from core.errors import NotReadable
from core.settings import UploadSettings
from knowledge_base.source import SourceDocument


def read(source: Path | bytes, name: str, limits: UploadSettings) -> SourceDocument:
    """Read a file of an act."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    if b"%PDF-" in data[:1024]:
        from pipelines.acts.readers.read_pdf import read_pdf

        return read_pdf(data, name, sha256, limits)
    raise NotReadable("unknown", advice="")
