"""Everything a question is answered from, put together from the stored clauses and kept up to date.

Lexicons and term tables follow from the clauses alone; they are kept in a cache directory by redaction, so that a start
costs little, and made anew where the cache does not hold them.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from core.languages import Language
from core.records import Act, Clause, Redaction
from knowledge_base.embedding import Embedder
from knowledge_base.index.port import ClauseIndex
from knowledge_base.search.lexicon import Lexicon
from knowledge_base.search.naming import ActNames
from knowledge_base.search.query_builder import QueryBuilder
from knowledge_base.search.search import ClauseSearch, ClauseSource
from knowledge_base.search.terminology import Terminology, TermRow
from knowledge_base.search.translation import MIN_COUNT, TermTable, learn
from knowledge_base.search.units import units

CHECK_EVERY_S = 2.0
"""Longest time for which an answer may not know of a load that another process finished."""

_FORMAT = "4"
_TABLE_PAIRS = ((Language.KK, Language.RU), (Language.RU, Language.KK))


class StoredNorms(ClauseSource, Protocol):
    """The stored acts as the base reads them."""

    def acts(self) -> Sequence[Act]:
        """Return all acts."""
        ...

    def redactions(self, act_id: str | None = None) -> Sequence[Redaction]:
        """Return the redactions of an act, or all."""
        ...

    def clauses(self, redaction_id: str, language: Language | None = None) -> Sequence[Clause]:
        """Return the clauses of a redaction in their order."""
        ...

    def report(self, redaction_id: str) -> Mapping[str, object]:
        """Return the report of a load."""
        ...


@dataclass(frozen=True)
class Base:
    """The base at one moment."""

    stamp: str
    search: ClauseSearch
    builder: QueryBuilder
    names: ActNames
    replaced: tuple[tuple[str, Act], ...]  # (number of an act, the loaded act that says it replaced it)


class NormativeBase:
    """Gives the current `Base`; looks for newly loaded redactions at most every `CHECK_EVERY_S` seconds."""

    def __init__(self, norms: StoredNorms, index: ClauseIndex, embedder: Embedder, cache_dir: Path) -> None:
        self._norms = norms
        self._index = index
        self._embedder = embedder
        self._cache_dir = cache_dir
        self._lock = threading.Lock()
        self._base: Base | None = None
        self._checked = 0.0
        self._terminology: Terminology | None = None
        self._glossary_tables: tuple[TermTable, ...] | None = None

    def current(self) -> Base:
        """Return the base, renewed where redactions were loaded since."""
        with self._lock:
            if self._base is None or time.monotonic() - self._checked > CHECK_EVERY_S:
                stamp = self._stamp()
                if self._base is None or self._base.stamp != stamp:
                    self._base = self._build(stamp)
                self._checked = time.monotonic()
            return self._base

    def prepare(self) -> None:
        """Work out what newly loaded redactions add, while questions go on being answered from the base as it is."""
        for redaction in self._norms.redactions():
            self._redaction_terms(redaction)
        self.renew()
        self.current()

    def renew(self) -> None:
        """Look for changes at the next question."""
        with self._lock:
            self._checked = 0.0

    def _stamp(self) -> str:
        return "|".join(
            sorted(f"{r.id}:{r.source_sha256}:{r.valid_from}:{r.valid_to}" for r in self._norms.redactions())
        )

    def _build(self, stamp: str) -> Base:
        redactions = self._norms.redactions()
        lexicons = {language: Lexicon(language) for language in Language}
        pairs: list[tuple[str, str]] = []
        for redaction in redactions:
            own, tied = self._redaction_terms(redaction)
            for language, lexicon in own.items():
                lexicons[language].merge(lexicon)
            pairs.extend(tied)
        twins = tuple(self._table(source, target, pairs) for source, target in _TABLE_PAIRS) if pairs else ()
        if self._terminology is None:
            self._terminology = Terminology.shipped(self._cache_dir)
        if self._glossary_tables is None:
            self._glossary_tables = self._learn_glossary(self._terminology.glossary)
        tables = (*twins, *self._glossary_tables)
        builder = QueryBuilder(lexicons, tables, self._terminology)
        acts = self._norms.acts()
        by_id = {a.id: a for a in acts}
        search = ClauseSearch(self._index, self._embedder, self._norms, builder, lexicons)
        replaced = tuple(
            (number, by_id[r.act_id]) for r in redactions for number in _replaces(self._norms.report(r.id))
        )
        return Base(stamp, search, builder, ActNames.of(acts), replaced)

    def _redaction_terms(self, redaction: Redaction) -> tuple[dict[Language, Lexicon], list[tuple[str, str]]]:
        path = self._cache_dir / f"{redaction.id}-{redaction.source_sha256[:16]}-{_FORMAT}.json"
        if path.exists():
            raw = json.loads(path.read_text(encoding="utf-8"))
            lexicons = {
                Language(code): Lexicon(Language(code), entry["documents"], Counter(entry["frequency"]))
                for code, entry in raw["lexicons"].items()
            }
            return lexicons, [(a, b) for a, b in raw["twins"]]
        clauses = self._norms.clauses(redaction.id)
        counted: dict[Language, Lexicon] = {}
        for unit in units(clauses):
            counted.setdefault(unit.clause.language, Lexicon(unit.clause.language)).add([unit.weighted_terms()])
        by_id = {c.id: c for c in clauses}
        twins = [
            (c.text, by_id[c.twin_id].text)
            for c in clauses
            if c.language is Language.KK and c.twin_id in by_id and by_id[c.twin_id].language is Language.RU
        ]
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        entry = {
            "lexicons": {k: {"documents": v.documents, "frequency": v.frequency} for k, v in counted.items()},
            "twins": twins,
        }
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)
        return counted, twins

    def _table(self, source: Language, target: Language, pairs: Sequence[tuple[str, str]]) -> TermTable:
        ordered = pairs if source is Language.KK else [(b, a) for a, b in pairs]
        stamp = sha256("\x1f".join(text for pair in pairs for text in pair).encode()).hexdigest()
        return self._learnt("twins", stamp, source, target, ordered, MIN_COUNT)

    def _learn_glossary(self, glossary: Sequence[TermRow]) -> tuple[TermTable, ...]:
        """Return word tables learnt from the glossary's phrases, for words that stand in it only within a phrase."""
        stamp = "|".join(str(sorted(row.wordings.items())) for row in glossary)
        tables = []
        for source in Language:
            for target in (Language.RU, Language.KK):
                if source is not target:
                    pairs = [(a, b) for row in glossary for a in row.wordings[source] for b in row.wordings[target]]
                    tables.append(self._learnt("glossary", stamp, source, target, pairs, 1))
        return tuple(tables)

    def _learnt(
        self,
        name: str,
        stamp: str,
        source: Language,
        target: Language,
        pairs: Sequence[tuple[str, str]],
        min_count: int,
    ) -> TermTable:
        digest = sha256(f"{_FORMAT}{stamp}".encode()).hexdigest()[:16]
        path = self._cache_dir / f"{name}-{source}-{target}-{digest}.json"
        if path.exists():
            return TermTable.load(path)
        table = learn(pairs, source, target, min_count=min_count)
        table.save(path)
        return table


def _replaces(report: Mapping[str, object]) -> tuple[str, ...]:
    numbers = report.get("replaces", ())
    return tuple(str(n) for n in numbers) if isinstance(numbers, (list, tuple)) else ()
