"""The glossary and the informal words, with their phrases reduced to base forms for the longest match.

Reducing some 2,300 Russian words is most of what a start would spend on search, so the phrases are kept on disk under
a digest of what they follow from: the words themselves and the analyser with its dictionary.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from core.languages import Language
from knowledge_base.search.analysis import base_form, tokens
from knowledge_base.terms.glossary import load_glossary, load_paraphrases


@dataclass(frozen=True)
class TermRow:
    """One concept with its wordings in each language."""

    wordings: Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True)
class Phrases:
    """Phrases of one language by their base forms, for the longest match."""

    entries: Mapping[tuple[str, ...], int]  # base forms -> row
    longest: int

    @staticmethod
    def of(entries: Mapping[tuple[str, ...], int]) -> "Phrases":
        """Return the phrases with the length of the longest, in words."""
        return Phrases(entries, max((len(key) for key in entries), default=0))

    @staticmethod
    def build(rows: Iterable[Sequence[str]], language: Language) -> "Phrases":
        """`rows[i]`: the wordings of row i in this language. Of rows that share a wording the first has it."""
        entries: dict[tuple[str, ...], int] = {}
        for number, wordings in enumerate(rows):
            for wording in wordings:
                if key := base_sequence(wording, language):
                    entries.setdefault(key, number)
        return Phrases.of(entries)


def base_sequence(text: str, language: Language) -> tuple[str, ...]:
    """Return the base forms of all words and codes of `text` in order."""
    return tuple(base_form(t, language) if kind == "word" else t for kind, t in tokens(text))


Informal = Mapping[Language, Sequence[tuple[str, str]]]
"""By language: what people say, and what norms say instead."""


@dataclass(frozen=True)
class Terminology:
    """What is known of words beside the clauses; phrases point to rows of `glossary` and `informal`."""

    glossary: Sequence[TermRow]
    informal: Informal
    glossary_phrases: Mapping[Language, Phrases]
    informal_phrases: Mapping[Language, Phrases]

    @staticmethod
    def of(glossary: Sequence[TermRow] = (), informal: Informal | None = None) -> "Terminology":
        """Reduce the words of a glossary and of a list of informal words."""
        said = informal or {}
        return Terminology(
            glossary,
            said,
            {k: Phrases.build([row.wordings.get(k, ()) for row in glossary], k) for k in Language},
            {k: Phrases.build([(word,) for word, _ in said.get(k, ())], k) for k in Language},
        )

    @staticmethod
    def shipped(cache_dir: Path) -> "Terminology":
        """Return the shipped glossary and informal words; phrases come from `cache_dir` once they were reduced.

        Raises `ConfigurationError` when a file is malformed.
        """
        glossary = tuple(TermRow({k: entry.terms(k) for k in Language}) for entry in load_glossary())
        informal: dict[Language, list[tuple[str, str]]] = {language: [] for language in Language}
        for paraphrase in load_paraphrases():
            for word in paraphrase.informal:
                informal[paraphrase.language].append((word, paraphrase.normative[0]))
        path = cache_dir / f"phrases-{_digest(glossary, informal)}.json"
        kept = _load(path)
        if kept is not None:
            return Terminology(glossary, informal, *kept)
        made = Terminology.of(glossary, informal)
        _save(path, made)
        return made


def _digest(glossary: Sequence[TermRow], informal: Informal) -> str:
    """Return what changes when phrases would come out otherwise."""
    words = json.dumps([[row.wordings for row in glossary], informal], sort_keys=True)
    dictionary = [version(name) for name in ("pymorphy3", "pymorphy3-dicts-ru")]
    analyser = [files(__package__).joinpath(name).read_text("utf-8") for name in ("analysis.py", "words.yaml")]
    own = Path(__file__).read_text("utf-8")
    return sha256("\x1f".join([words, *dictionary, *analyser, own]).encode()).hexdigest()[:16]


def _load(path: Path) -> tuple[dict[Language, Phrases], dict[Language, Phrases]] | None:
    """Return kept phrases of the glossary and of informal words; None where there are none that can be read."""
    try:
        glossary, informal = (
            {Language(k): Phrases.of({tuple(words): int(row) for words, row in pairs}) for k, pairs in part.items()}
            for part in json.loads(path.read_text("utf-8"))
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    return glossary, informal


def _save(path: Path, terminology: Terminology) -> None:
    parts = [
        {k: [[list(words), row] for words, row in phrases.entries.items()] for k, phrases in part.items()}
        for part in (terminology.glossary_phrases, terminology.informal_phrases)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(parts, ensure_ascii=False), encoding="utf-8")
    temporary.replace(path)
