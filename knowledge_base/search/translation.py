"""A term table between two languages, learnt from clauses tied to their twins (IBM model 1, Brown et al. 1993).

The table holds pairs of index terms with probabilities, no text. It is learnt anew, in seconds, whenever a bilingual
act is loaded, so that questions in one language find clauses that exist only in the other.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.languages import Language
from knowledge_base.search.analysis import tokens, word_terms

ITERATIONS = 8
MIN_PROBABILITY = 0.06
MIN_SHARE_OF_BEST = 0.3
MAX_TARGETS = 4
MIN_COUNT = 2
MAX_SENTENCE = 120
MAX_LINKS = 6_000_000
"""Bound on memory (some 200 MB) and time (some 20 s) of learning."""


@dataclass(frozen=True)
class TermTable:
    """Source term -> its likeliest target terms with probabilities that sum to at most 1."""

    source: Language
    target: Language
    pairs: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)

    def translate(self, term: str) -> tuple[tuple[str, float], ...]:
        """Return the target terms of a source term, likeliest first; empty where it was never seen."""
        return self.pairs.get(term, ())

    def save(self, path: Path) -> None:
        """Write the table as JSON, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(
            json.dumps({"source": self.source, "target": self.target, "pairs": self.pairs}, ensure_ascii=False),
            encoding="utf-8",
        )
        temporary.replace(path)

    @staticmethod
    def load(path: Path) -> "TermTable":
        """Read a table written by `save`."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        pairs = {term: tuple((t, float(p)) for t, p in targets) for term, targets in raw["pairs"].items()}
        return TermTable(Language(raw["source"]), Language(raw["target"]), pairs)


def alignment_terms(text: str, language: Language) -> list[str]:
    """Return one term a word: the prefix, or the base form of a short word; no numbers or codes."""
    return [alignment_term(token, language) for kind, token in tokens(text) if kind == "word" and len(token) > 1]


def alignment_term(word: str, language: Language) -> str:
    """Return the term by which a lower-case word is aligned."""
    return word_terms(word, language)[-1]


def learn(
    pairs: Iterable[tuple[str, str]], source: Language, target: Language, *, min_count: int = MIN_COUNT
) -> TermTable:
    """Learn a table from (source text, target text) of twin clauses, or of glossary entries.

    Long clauses are cut to `MAX_SENTENCE` terms; terms that fewer than `min_count` texts hold are passed over.
    """
    sentences = [
        (alignment_terms(a, source)[:MAX_SENTENCE], alignment_terms(b, target)[:MAX_SENTENCE]) for a, b in pairs
    ]
    counts_source = Counter(t for a, _ in sentences for t in set(a))
    counts_target = Counter(t for _, b in sentences for t in set(b))
    source_ids = {t: i + 1 for i, t in enumerate(sorted(t for t, n in counts_source.items() if n >= min_count))}
    target_ids = {t: i for i, t in enumerate(sorted(t for t, n in counts_target.items() if n >= min_count))}
    if not source_ids or not target_ids:
        return TermTable(source, target)
    links, owner = _links(_within_budget(sentences), source_ids, target_ids)
    probability = _estimate(links, owner, len(source_ids) + 1)
    names_source = {i: t for t, i in source_ids.items()}
    names_target = {i: t for t, i in target_ids.items()}
    table: dict[str, list[tuple[str, float]]] = defaultdict(list)
    cells = {(int(s), int(t)): float(p) for (s, t), p in zip(links, probability, strict=True) if s > 0}
    for (s, t), p in cells.items():
        if p >= MIN_PROBABILITY:
            table[names_source[s]].append((names_target[t], round(p, 4)))
    return TermTable(source, target, {term: _likeliest(found) for term, found in table.items()})


def _likeliest(found: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Return the best targets, without those much less likely than the best: chance neighbours in few texts."""
    ordered = sorted(found, key=lambda pair: -pair[1])[:MAX_TARGETS]
    return tuple(pair for pair in ordered if pair[1] >= MIN_SHARE_OF_BEST * ordered[0][1])


def _within_budget(
    sentences: Sequence[tuple[Sequence[str], Sequence[str]]],
) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Return sentence pairs with at most `MAX_LINKS` links in all, the short ones first: they say most for least."""
    kept, links = [], 0
    for pair in sorted(sentences, key=lambda pair: len(pair[0]) * len(pair[1])):
        links += (len(pair[0]) + 1) * len(pair[1])
        if links > MAX_LINKS:
            break
        kept.append(pair)
    return kept


def _links(
    sentences: Sequence[tuple[Sequence[str], Sequence[str]]], source_ids: dict[str, int], target_ids: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return all possible links (source id, target id), and for each the number of the target token it explains."""
    links: list[tuple[int, int]] = []
    owner: list[int] = []
    token = 0
    for a, b in sentences:
        sources = [0, *{source_ids[t] for t in a if t in source_ids}]  # 0: the empty word
        for term in b:
            if term in target_ids:
                links.extend((s, target_ids[term]) for s in sources)
                owner.extend([token] * len(sources))
                token += 1
    return np.array(links, dtype=np.int64).reshape(-1, 2), np.array(owner, dtype=np.int64)


def _estimate(links: np.ndarray, owner: np.ndarray, sources: int) -> np.ndarray:
    """Return t(target | source) for each link by expectation maximisation."""
    targets = int(links[:, 1].max()) + 1
    _, pair = np.unique(links[:, 0] * targets + links[:, 1], return_inverse=True)
    pair_source = np.zeros(int(pair.max()) + 1, dtype=np.int64)
    pair_source[pair] = links[:, 0]
    t = np.full(len(pair_source), 1.0)
    for _ in range(ITERATIONS):
        weight = t[pair]
        weight = weight / np.bincount(owner, weights=weight)[owner]
        counts = np.bincount(pair, weights=weight)
        t = counts / np.bincount(pair_source, weights=counts, minlength=sources)[pair_source]
    return np.asarray(t[pair])
