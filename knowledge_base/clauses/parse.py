"""A source document becomes an act: its clauses in each language, its metadata and a load report."""

from dataclasses import dataclass

from core.errors import NotReadable
from core.languages import Language
from core.records import Act, Clause, Redaction, stable_id
from knowledge_base.clauses.joining import Hyphenation
from knowledge_base.clauses.metadata import Metadata, Sidecar, read_metadata
from knowledge_base.clauses.model import Item, Line
from knowledge_base.clauses.outline import build_outline
from knowledge_base.clauses.records import RecordMaker
from knowledge_base.clauses.report import LoadReport, count_covered, make_report
from knowledge_base.clauses.resolve import resolve
from knowledge_base.clauses.stream import read_stream
from knowledge_base.clauses.tongues import split_languages
from knowledge_base.clauses.twins import tie_twins
from knowledge_base.source import SourceDocument


@dataclass(frozen=True)
class ParsedAct:
    """An act cut into clauses, ready to be stored."""

    act: Act
    redaction: Redaction
    clauses: tuple[Clause, ...]
    report: LoadReport
    replaces: tuple[str, ...] = ()  # numbers of the acts it says it replaces («ВЗАМЕН»)


def parse(document: SourceDocument, sidecar: Sidecar | None = None) -> ParsedAct:
    """Cut `document` into clauses; what `sidecar` states goes before what the text says.

    Raises `NotReadable` when the document holds no text.
    """
    said = sidecar or Sidecar()
    items, left = read_stream(document)
    lines = [item for item in items if isinstance(item, Line)]
    if not items:
        raise NotReadable(
            f"{document.name}: no text in the document", advice="load a file with text, or a readable scan"
        )
    heads = [one.text for one in left if one.reason == "running head"][:40]
    metadata = read_metadata([line.text for line in lines], heads, document.name, said)
    streams = split_languages(items, said.languages)
    act, redaction = _records(document, metadata, tuple(streams))
    hyphenation = Hyphenation.learn(lines)
    clauses: list[Clause] = []
    covered = 0
    for language, stream in streams.items():
        root, more = build_outline(stream)
        left.extend(more)
        resolve(root, hyphenation)
        covered += count_covered(root)
        clauses.extend(RecordMaker(act.id, redaction.id, language, hyphenation, len(clauses)).make(root))
    twinning = tie_twins(clauses)
    report = make_report(twinning.clauses, covered, left, twinning.untied, _warnings(document, items))
    return ParsedAct(act, redaction, twinning.clauses, report, metadata.replaces)


def _records(document: SourceDocument, metadata: Metadata, languages: tuple[Language, ...]) -> tuple[Act, Redaction]:
    act = Act(
        id=Act.make_id(metadata.jurisdiction, metadata.kind, metadata.number),
        jurisdiction=metadata.jurisdiction,
        kind=metadata.kind,
        number=metadata.number,
        titles=metadata.titles,
        aliases=metadata.aliases,
        issuer=metadata.issuer,
        adopted_on=metadata.adopted_on,
    )
    since = metadata.valid_from.isoformat() if metadata.valid_from is not None else document.sha256
    redaction = Redaction(
        id=stable_id("redaction", act.id, since),
        act_id=act.id,
        valid_from=metadata.valid_from,
        valid_to=metadata.valid_to,
        status=metadata.status,
        languages=languages,
        source_name=document.name,
        source_sha256=document.sha256,
        replaced_by=metadata.replaced_by,
    )
    return act, redaction


def _warnings(document: SourceDocument, items: list[Item]) -> list[str]:
    warnings = []
    poor = [page for page, confidence in document.ocr_confidence.items() if confidence < 0.8]
    if poor:
        warnings.append(f"pages read by OCR with low confidence: {', '.join(map(str, sorted(poor)))}")
    if (
        document.pages
        and len({item.page for item in items if item.page}) < document.pages * 0.8
        and document.kind == "pdf"
    ):
        warnings.append("many pages hold no text")
    return warnings
