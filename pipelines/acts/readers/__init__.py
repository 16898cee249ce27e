"""Readers of source files: PDF, DOCX, HTML and text -> `knowledge_base.source.SourceDocument`."""

from pipelines.acts.readers.reading import read

__all__ = ["read"]
