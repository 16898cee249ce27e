"""What the steps of an answer pass along, and how a step ends the run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from agents.assistant.intents import Intent
from core.languages import Language
from core.records import Abstention, Act, Claim, Clause, Redaction
from knowledge_base.clauses.designators import ActDesignator
from knowledge_base.clauses.references import Reference
from knowledge_base.search.base import Base
from knowledge_base.search.naming import ActNames
from knowledge_base.search.query import Query
from knowledge_base.search.query_builder import QueryBuilder
from knowledge_base.search.search import ClauseSearch, Found, Scope


class Norms(Protocol):
    """The stored norms as the assistant reads them."""

    def clauses_by_id(self, ids: Sequence[str]) -> Mapping[str, Clause]:
        """Return the clauses there are, by id."""
        ...

    def find_by_number(self, act_id: str | None, number: str) -> Sequence[Clause]:
        """Return clauses by printed number."""
        ...

    def numbered_together(self, act_id: str | None) -> Sequence[Clause]:
        """Return clauses whose printed number may stand for several."""
        ...

    def children(self, clause_id: str) -> Sequence[Clause]:
        """Return the clauses directly under a clause."""
        ...

    def act(self, act_id: str) -> Act:
        """Return an act."""
        ...

    def redaction(self, redaction_id: str) -> Redaction:
        """Return a redaction."""
        ...

    def redactions(self, act_id: str) -> Sequence[Redaction]:
        """Return the redactions of an act."""
        ...


@dataclass(frozen=True)
class Replacement:
    """An act that is not loaded, and the loaded act that says it replaced it."""

    number: str
    by: Act


@dataclass(frozen=True)
class Knowledge:
    """All that answers are made from, at one moment."""

    norms: Norms
    search: ClauseSearch
    builder: QueryBuilder
    names: ActNames
    replaced: tuple[Replacement, ...]
    home: str  # jurisdiction that answers unless another is named
    versions: Mapping[str, str]

    @staticmethod
    def of(base: Base, norms: Norms, *, home: str, embedder: str, index: str) -> "Knowledge":
        """Put together what a base and the stored norms give; `embedder` and `index`: the names of their versions."""
        return Knowledge(
            norms=norms,
            search=base.search,
            builder=base.builder,
            names=base.names,
            replaced=tuple(Replacement(number, act) for number, act in base.replaced),
            home=home,
            versions={"embedder": embedder, "index": index, "model": "none"},
        )


@dataclass(frozen=True)
class Ask:
    """The run of one question. Steps return it richer."""

    question: str
    knowledge: Knowledge
    as_of: date
    language: Language | None = None  # None until `understand` has found it
    intent: Intent = Intent.ASK
    references: tuple[Reference, ...] = ()
    designators: tuple[ActDesignator, ...] = ()
    acts: tuple[Act, ...] = ()  # loaded acts the question names
    quote: str | None = None
    query: Query | None = None
    scope: Scope | None = None
    referenced: tuple[Clause, ...] = ()
    found: tuple[Found, ...] = ()
    claims: tuple[Claim, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def spoken(self) -> Language:
        """The language to answer in."""
        return self.language or Language.RU


Step = Callable[[Ask], Ask]


class Abstained(Exception):
    """Ends the run without an answer."""

    def __init__(self, reason: Abstention, message: str, nearest: Sequence[Clause] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message
        self.nearest = tuple(nearest)


class Answered(Exception):
    """Ends the run early with an answer: what remains of the steps is not needed."""

    def __init__(self, ask: Ask) -> None:
        super().__init__("answered")
        self.ask = ask
