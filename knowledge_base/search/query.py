"""A question as weighted ideas, each with its wordings in every language that has clauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.languages import Language
from knowledge_base.index.port import SparseVector
from knowledge_base.search.lexicon import Lexicon

PREFIX_WEIGHT = 0.6

Kind = Literal["word", "number", "code", "phrase"]


@dataclass(frozen=True)
class Wording:
    """One way to say an idea in one language: a tuple of words, each a tuple of index terms."""

    words: tuple[tuple[str, ...], ...]
    weight: float


@dataclass(frozen=True)
class Idea:
    """A word, number, code or phrase of the question; `known`: some clause of some language can say it."""

    surface: str
    kind: Kind
    wordings: Mapping[Language, tuple[Wording, ...]]
    importance: float = 1.0
    known: bool = True


@dataclass(frozen=True)
class Query:
    """An analysed question."""

    text: str
    language: Language
    ideas: tuple[Idea, ...]

    def coverage(self, language: Language, present: Mapping[str, float]) -> float:
        """Return the share, 0..1, of the question's importance that a clause says.

        `present`: terms of the clause -> credit (1 in its text, less in its context).
        """
        total = sum(i.importance for i in self.ideas)
        return sum(i.importance * credit(i, language, present) for i in self.ideas) / total if total else 0.0

    def vector(self, language: Language, lexicon: Lexicon) -> SparseVector:
        """Return the query side of BM25 in one language."""
        weights: dict[str, float] = {}
        for idea in self.ideas:
            for wording in idea.wordings.get(language, ()):
                for word in wording.words:
                    for term in word:
                        weight = wording.weight * (PREFIX_WEIGHT if term.startswith("p:") else 1.0)
                        weights[term] = max(weights.get(term, 0.0), weight)
        return lexicon.query_vector(weights)


def credit(idea: Idea, language: Language, present: Mapping[str, float]) -> float:
    """Return how far, 0..1, a clause says an idea: the best of its wordings."""
    best = 0.0
    for wording in idea.wordings.get(language, ()):
        said = sum(max((_term_credit(t, present) for t in word), default=0.0) for word in wording.words)
        best = max(best, wording.weight * said / len(wording.words))
    return min(best, 1.0)


def _term_credit(term: str, present: Mapping[str, float]) -> float:
    found = present.get(term, 0.0)
    return found * 0.85 if term.startswith("p:") else found
