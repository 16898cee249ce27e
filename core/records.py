"""Records of the normative base: acts, their redactions and clauses, citations and answers.

Names are those of the API and of the pages. All are immutable; storage maps them to rows (`core.storage`).
"""

import uuid
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from core.languages import Language

_NAMESPACE = uuid.UUID("6f0f6a8e-7f0e-5d0a-9d53-0d8c5f9d2b11")


def stable_id(*parts: str) -> str:
    """Return a UUIDv5 that is the same for the same parts, in any process and at any time."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


class RedactionStatus(StrEnum):
    """Standing of a redaction  # редакция."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet_in_force"
    SUPERSEDED = "superseded"
    REPEALED = "repealed"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """What a clause is in the tree of its act, in the field's words."""

    PREAMBLE = "preamble"  # преамбула, введение
    PART = "part"  # раздел / бөлім (of a code)
    CHAPTER = "chapter"  # глава / тарау; section "5" of a building code
    SECTION = "section"  # параграф, подраздел "5.2" / бөлімше
    ARTICLE = "article"  # статья / бап
    CLAUSE = "clause"  # пункт / тармақ; numbered part of an article (часть статьи / бөлік)
    SUBCLAUSE = "subclause"  # подпункт / тармақша
    NOTE = "note"  # примечание / ескертпе
    APPENDIX = "appendix"  # приложение / қосымша
    FORM = "form"  # форма (of a reporting order)
    TABLE = "table"  # таблица / кесте
    ROW = "row"  # строка таблицы / жол


CONTAINERS = frozenset(
    {Level.PART, Level.CHAPTER, Level.SECTION, Level.APPENDIX, Level.FORM, Level.TABLE, Level.PREAMBLE}
)
"""Levels that hold others; their own text is a heading and what stands under it before the first child."""


@dataclass(frozen=True)
class Box:
    """A rectangle on a page: PDF points (1/72 inch), origin top left."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Act:
    """A normative act  # нормативный правовой акт, норматив."""

    id: str
    jurisdiction: str  # ISO 3166-1 alpha-2: "KZ", "RU"
    kind: str  # "code", "law", "order", "building code", "code of practice", "technical regulation", ...
    number: str  # as printed: "СП РК 2.02-101-2022", "928", "235-V"
    titles: dict[Language, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()  # other numbers and short names: "ҚР ҚН 2.02-02-2023", "КоАП РК", "ППБ"
    issuer: str | None = None
    adopted_on: date | None = None

    @staticmethod
    def make_id(jurisdiction: str, kind: str, number: str) -> str:
        """Return the id of the act with this number, kind and jurisdiction."""
        return stable_id("act", jurisdiction, kind, number.casefold())


@dataclass(frozen=True)
class Redaction:
    """One wording of an act with the dates it holds for  # редакция."""

    id: str
    act_id: str
    valid_from: date | None
    valid_to: date | None  # first day it no longer holds
    status: RedactionStatus
    languages: tuple[Language, ...]
    source_name: str
    source_sha256: str
    replaced_by: str | None = None

    def in_force_on(self, day: date) -> bool:
        """Tell whether this wording holds on `day`; unknown dates count as open ends."""
        if self.valid_from is not None and day < self.valid_from:
            return False
        if self.valid_to is not None and day >= self.valid_to:
            return False
        return not (self.status is RedactionStatus.REPEALED and self.valid_to is None)


@dataclass(frozen=True)
class PathStep:
    """One step of a clause's place in its act: a level and the number as printed, without its punctuation."""

    level: Level
    number: str


@dataclass(frozen=True)
class Clause:
    """A numbered (or titled) unit of one redaction in one language.

    `text` is verbatim source text with the printed number and folded line breaks, the whole of the clause
    with its lists, notes and subclauses. A subclause or note that has a number of its own is also a record, whose
    `text` is a substring of its parent's. Containers (`CONTAINERS`) hold only heading and lead-in. A table row's
    `text` is its cells joined with " | ".
    """

    id: str
    act_id: str
    redaction_id: str
    language: Language
    level: Level
    number: str  # as printed: "5.2.3", "849", "1)", "410-1"
    path: tuple[PathStep, ...]  # from the outermost numbered step to this one
    breadcrumb: tuple[str, ...]  # headings of the containers above, outermost first
    heading: str  # own title, "" where there is none
    text: str
    ordinal: int  # position in the source, from 0
    parent_id: str | None = None
    page: int | None = None  # 1-based
    box: Box | None = None
    cells: tuple[str, ...] = ()  # of a table row
    columns: tuple[str, ...] = ()  # of a table row: the header cell above each cell
    twin_id: str | None = None  # the same clause in the other language
    repealed: bool = False  # the text itself says it was excluded or lapsed ("Исключен Законом ...")

    @staticmethod
    def make_id(redaction_id: str, language: Language, path: tuple[PathStep, ...], occurrence: int = 0) -> str:
        """Return the id; `occurrence` tells apart clauses printed with the same path."""
        steps = "/".join(f"{s.level}:{s.number}" for s in path)
        return stable_id("clause", redaction_id, language, steps, str(occurrence))


class Verification(StrEnum):
    """How a quote was found in its source."""

    EXACT = "exact"
    NORMALISED = "normalised"  # equal after folding white space, hyphenation and case


@dataclass(frozen=True)
class Citation:
    """A quote and where it stands. Made only by `knowledge_base.citations`, which checks it against the source."""

    clause_id: str
    act_id: str
    act_number: str
    act_title: str
    clause_label: str  # «ст. 410 ч. 1», «5.2.3», «Приложение 3, табл. 2, п. 8.1.13»
    redaction_id: str
    valid_from: date | None
    language: Language
    quote: str
    start: int  # char span of the quote in the clause's text
    end: int
    verified: Verification
    page: int | None = None
    box: Box | None = None


class Abstention(StrEnum):
    """Why no answer is given: one closed list for prompts, code, API and tests."""

    NO_SOURCE = "no_source"
    LOW_CONFIDENCE = "low_confidence"
    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"
    UNVERIFIED = "unverified"
    NOT_READABLE = "not_readable"
    NOT_COMPARABLE = "not_comparable"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Claim:
    """One statement of an answer with the quotes it stands on; without an LLM, `text` is the quote itself."""

    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class Answer:
    """What a person who asked is shown."""

    status: Literal["answered", "abstained"]
    question_language: Language
    claims: tuple[Claim, ...]
    warnings: tuple[str, ...]
    as_of: date
    versions: dict[str, str]  # index, embedder, prompt
    abstention: Abstention | None = None
    message: str = ""  # for people, in the language of the question
    nearest: tuple[Citation, ...] = ()  # with an abstention: the nearest thing found
