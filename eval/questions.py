"""The format of a question set about norms, and when a clause or an answer is right.

A set is a folder with `acts/` (sources and `acts.jsonl`), `questions.jsonl` and, optionally, `text/`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from core.languages import Language
from core.records import Act, Clause, Level
from knowledge_base.search.naming import number_key

_IGNORED = re.compile(r"[\s|\-–—‑\u00ad«»\"“”„]+")
_ROW_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)*)")
MIN_ROW_TOKENS_HELD = 0.9
"""Share of a table row's words that a row must hold to be the quoted one: cells are linearised in different orders."""


@dataclass(frozen=True)
class Gold:
    """A place that answers."""

    doc: str
    clause: str
    quote: str
    language: Language


@dataclass(frozen=True)
class Question:
    """One case of a set."""

    id: str
    language: Language
    kind: str
    text: str
    answerable: bool
    cross: bool
    gold: tuple[Gold, ...]
    facts: tuple[tuple[str, ...], ...]  # each a choice of wordings
    also_ok: tuple[tuple[str, str], ...]  # (doc, clause)


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read a `questions.jsonl`. Raises InvalidInput with the line that is wrong."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(_question(json.loads(line)))
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidInput(
                f"{path.name} line {number}: {type(error).__name__} {error}",
                advice="see the set's README for the format",
            ) from error
    return tuple(found)


def _question(raw: dict[str, object]) -> Question:
    gold = raw.get("gold") or []
    also = raw.get("also_ok") or []
    facts = raw.get("answer_facts") or []
    assert isinstance(gold, list)
    assert isinstance(also, list)
    assert isinstance(facts, list)
    return Question(
        id=str(raw["id"]),
        language=Language(str(raw["lang"])),
        kind=str(raw["kind"]),
        text=str(raw["question"]),
        answerable=bool(raw["answerable"]),
        cross=bool(raw.get("cross_lang")),
        gold=tuple(Gold(g["doc"], g["clause"], g["quote"], Language(g["quote_lang"])) for g in gold),
        facts=tuple(tuple(str(f).split("|")) for f in facts),
        also_ok=tuple((a["doc"], a["clause"]) for a in also),
    )


def folded(text: str) -> str:
    """Return text without white space, hyphens, dashes, quotation marks and cell separators, in lower case."""
    return _IGNORED.sub("", text).lower().replace("ё", "е").replace("²", "2").replace("³", "3")


def holds(clause: Clause, gold: Gold) -> bool:
    """Tell whether a clause is the gold one: its text holds the quote, or it is the quoted table row."""
    if clause.language is not gold.language:
        return False
    if folded(gold.quote) in folded(f"{clause.number} {clause.text}") or folded(gold.quote) in folded(clause.text):
        return True
    return clause.level is Level.ROW and _is_row(clause, gold)


def _is_row(clause: Clause, gold: Gold) -> bool:
    quoted_number = _ROW_NUMBER.match(gold.quote)
    number = quoted_number[1] if quoted_number else re.split(r"[ ,]", gold.clause)[-1]
    if number_key(clause.number) != number_key(number):
        return False
    words = re.findall(r"\w+", gold.quote.lower())
    held = set(re.findall(r"\w+", f"{clause.number} {' '.join(clause.breadcrumb)} {clause.text}".lower()))
    return bool(words) and sum(w in held for w in words) / len(words) >= MIN_ROW_TOKENS_HELD


def right_ranks(
    question: Question, clauses: Sequence[Clause], acts: Mapping[str, Act], twins: Mapping[str, Clause]
) -> list[int]:
    """Return the ranks (from 1) at which gold places are first found, one for each place found.

    The twin of a clause (`twins`: by clause id) counts for it: it is the same clause in the act's other language.
    """
    ranks = []
    for gold in question.gold:
        rank = next((i for i, c in enumerate(clauses, 1) if holds(c, gold) or _twin_holds(c, twins, gold)), None)
        if rank is None:
            rank = next((i for i, c in enumerate(clauses, 1) if is_also_ok(question, c, acts)), None)
        if rank is not None:
            ranks.append(rank)
    return ranks


def _twin_holds(clause: Clause, twins: Mapping[str, Clause], gold: Gold) -> bool:
    return clause.id in twins and holds(twins[clause.id], gold)


def is_also_ok(question: Question, clause: Clause, acts: Mapping[str, Act]) -> bool:
    """Tell whether the clause is one of the others that are right."""
    act = acts[clause.act_id]
    numbers = {number_key(n) for n in (act.number, *act.aliases)}
    return any(
        number_key(doc) in numbers and re.split(r"[ ,]", place)[-1] == clause.number for doc, place in question.also_ok
    )


def facts_said(question: Question, texts: Iterable[str]) -> float:
    """Return the share of the question's facts that the texts say, in any of their wordings."""
    said = folded(" ".join(texts))
    return sum(any(folded(w) in said for w in fact) for fact in question.facts) / len(question.facts)
