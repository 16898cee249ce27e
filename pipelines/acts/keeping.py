"""What a reader made of a file, as bytes that can be kept between steps (JSON, gzip)."""

import gzip

from pydantic import TypeAdapter

from knowledge_base.source import SourceDocument

_ADAPTER: TypeAdapter[SourceDocument] | None = None


def _adapter() -> TypeAdapter[SourceDocument]:
    global _ADAPTER
    if _ADAPTER is None:
        _ADAPTER = TypeAdapter(SourceDocument)
    return _ADAPTER


def dump_document(document: SourceDocument) -> bytes:
    """Return the document as bytes; the same document gives the same bytes."""
    return gzip.compress(_adapter().dump_json(document), compresslevel=3, mtime=0)


def load_document(content: bytes) -> SourceDocument:
    """Return the document that `dump_document` wrote."""
    return _adapter().validate_json(gzip.decompress(content))
