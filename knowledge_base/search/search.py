"""Finding the clauses that speak of a question, across languages and redactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from core.languages import Language
from core.records import Act, Clause, PathStep, Redaction
from knowledge_base.embedding import Embedder
from knowledge_base.index.port import ClauseIndex, Filters, Hit
from knowledge_base.search.lexicon import Lexicon
from knowledge_base.search.query import Query
from knowledge_base.search.query_builder import QueryBuilder
from knowledge_base.search.ranking import (
    Arm,
    Signals,
    Weights,
    analysed,
    closeness,
    fuse,
    neighbouring,
    placed,
    relative,
    titled,
)

CANDIDATES = 60
"""Clauses taken from each arm and read for ranking."""


class ClauseSource(Protocol):
    """Where clauses and acts are read from (`core.storage.acts.ActStore` is one)."""

    def clauses_by_id(self, ids: Sequence[str]) -> Mapping[str, Clause]:
        """Return the clauses there are, by id."""
        ...

    def act(self, act_id: str) -> Act:
        """Return an act."""
        ...

    def redaction(self, redaction_id: str) -> Redaction:
        """Return a redaction."""
        ...


@dataclass(frozen=True)
class Scope:
    """What may answer."""

    as_of: date
    jurisdictions: frozenset[str] | None = None
    act_ids: frozenset[str] | None = None
    languages: frozenset[Language] | None = None
    definition: bool = False  # a term's meaning is asked for: the clause that defines it comes first
    places: tuple[tuple[PathStep, ...], ...] = ()  # where the question points to; speaks for clauses, excludes none


@dataclass(frozen=True)
class Found:
    """A clause that was found, why, and the unit inside it that matched best."""

    clause: Clause
    score: float
    signals: Signals
    focus_id: str  # the clause itself, or the subclause or note of it that matched


@dataclass(frozen=True)
class ArmWeights:
    """Votes of the arms: own language, and across languages."""

    lexical: float = 1.0
    dense: float = 1.0
    lexical_across: float = 0.9
    dense_across: float = 0.35


@dataclass
class ClauseSearch:
    """Hybrid search: a dense and a lexical arm per language, fused, then ordered by signals."""

    index: ClauseIndex
    embedder: Embedder
    source: ClauseSource
    builder: QueryBuilder
    lexicons: Mapping[Language, Lexicon]
    weights: Weights = field(default_factory=Weights)
    arms: ArmWeights = field(default_factory=ArmWeights)

    def find(self, query: Query, scope: Scope, limit: int = 10) -> list[Found]:
        """Return the clauses that speak of the question, best first."""
        arms: list[Arm] = []
        dense: dict[str, float] = {}
        lexical: dict[str, float] = {}
        focus: dict[str, tuple[float, str]] = {}
        vector = None
        for language, lexicon in self.lexicons.items():
            if not lexicon.documents or (scope.languages is not None and language not in scope.languages):
                continue
            filters = Filters(
                act_ids=scope.act_ids,
                languages=frozenset({language}),
                jurisdictions=scope.jurisdictions,
                in_force_on=scope.as_of,
            )
            own = language is query.language
            if (self.arms.lexical if own else self.arms.lexical_across) > 0:
                hits = self.index.lexical(query.vector(language, lexicon), CANDIDATES, filters)
                lexical.update(_best(relative({h.id: h.score for h in hits}), hits))
                _remember(focus, hits, relative({h.id: h.score for h in hits}))
                arms.append(_arm("lexical", hits, self.arms.lexical if own else self.arms.lexical_across))
            if (self.arms.dense if own else self.arms.dense_across) > 0:
                if vector is None:
                    vector = self.embedder.embed_queries([query.text])[0]
                hits = self.index.dense(vector, CANDIDATES, filters)
                dense.update(_best({h.id: h.score for h in hits}, hits))
                _remember(focus, hits, {h.id: h.score for h in hits})
                arms.append(_arm("dense", hits, self.arms.dense if own else self.arms.dense_across))
        return self._order(query, scope, arms, dense, lexical, focus, limit)

    def _order(
        self,
        query: Query,
        scope: Scope,
        arms: Sequence[Arm],
        dense: Mapping[str, float],
        lexical: Mapping[str, float],
        focus: Mapping[str, tuple[float, str]],
        limit: int,
    ) -> list[Found]:
        clauses = dict(self.source.clauses_by_id(list({i: None for arm in arms for i in arm.ids})))
        shown = self._shown_in(query.language, clauses)
        fused = relative(fuse(Arm(a.name, [shown[i] for i in a.ids if i in shown], a.weight) for a in arms))
        aliases: dict[str, list[str]] = {}
        for found, canonical in shown.items():
            aliases.setdefault(canonical, []).append(found)
        best = sorted(fused, key=lambda i: -fused[i])[:CANDIDATES]
        result = []
        for canonical in best:
            versions = [clauses[i] for i in dict.fromkeys((canonical, *aliases[canonical])) if i in clauses]
            said = [analysed(c).present for c in versions]
            signals = Signals(
                fused=fused[canonical],
                coverage=max(query.coverage(c.language, p) for c, p in zip(versions, said, strict=True)),
                dense=max((closeness(dense.get(c.id, 0.0)) for c in versions), default=0.0),
                lexical=max((lexical.get(c.id, 0.0) for c in versions), default=0.0),
                phrases=max(neighbouring(query, c) for c in versions),
                place=max(placed(c, scope.places, p) for c, p in zip(versions, said, strict=True)),
                title=max(titled(query, c) for c in versions),
            )
            _, unit = max((focus[c.id] for c in versions if c.id in focus), default=(0.0, canonical))
            result.append(
                Found(clauses[canonical], self.weights.score(signals, definition=scope.definition), signals, unit)
            )
        return sorted(result, key=lambda f: -f.score)[:limit]

    def _shown_in(self, language: Language, clauses: dict[str, Clause]) -> dict[str, str]:
        """Map each found clause to the one shown: its twin where that is in the question's language.

        Where neither is, as for a question in English, the Russian one.
        """
        shown_language = Language.RU if language is Language.EN else language
        wanted = {c.twin_id for c in clauses.values() if c.language is not shown_language and c.twin_id}
        twins = self.source.clauses_by_id(sorted(wanted - clauses.keys()))
        clauses.update(twins)
        shown = {}
        for clause in list(clauses.values()):
            twin = clauses.get(clause.twin_id) if clause.twin_id else None
            shown[clause.id] = twin.id if twin is not None and twin.language is shown_language else clause.id
        return shown


def _arm(name: str, hits: Sequence[Hit], weight: float) -> Arm:
    return Arm(name, [h.clause_id for h in hits], weight)


def _best(scores: Mapping[str, float], hits: Sequence[Hit]) -> dict[str, float]:
    best: dict[str, float] = {}
    for hit in hits:
        best[hit.clause_id] = max(best.get(hit.clause_id, 0.0), scores[hit.id])
    return best


def _remember(focus: dict[str, tuple[float, str]], hits: Sequence[Hit], scores: Mapping[str, float]) -> None:
    for hit in hits:
        focus[hit.clause_id] = max(focus.get(hit.clause_id, (0.0, "")), (scores[hit.id], hit.id))


__all__ = ["ArmWeights", "ClauseSearch", "Found", "QueryBuilder", "Scope"]
