"""From a reference («п. 5.2.12 СП РК 2.02-101», «ст. 410 ч. 3») to the clause itself."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.languages import Language
from core.records import Act, Clause, Level, PathStep, Redaction
from knowledge_base.search.naming import ActNames

_LOOSE = frozenset({Level.CLAUSE, Level.SUBCLAUSE, Level.ROW, Level.SECTION, Level.CHAPTER, Level.NOTE})
"""Levels that people call by one word (пункт, подпункт, раздел)."""

_LOOK_ALIKES = str.maketrans("abcehkmoptxy", "авсенкмортху")


class NumberedClauses(Protocol):
    """Where clauses are found by number."""

    def find_by_number(self, act_id: str | None, number: str) -> Sequence[Clause]:
        """Return the clauses whose printed number is `number`, compared as `number_key` does."""
        ...

    def numbered_together(self, act_id: str | None) -> Sequence[Clause]:
        """Return the clauses whose printed number may stand for several («8, 9», «5–7»)."""
        ...

    def children(self, clause_id: str) -> Sequence[Clause]:
        """Return the clauses directly under a clause."""
        ...

    def redactions(self, act_id: str) -> Sequence[Redaction]:
        """Return the redactions of an act."""
        ...


@dataclass(frozen=True)
class Wanted:
    """A reference with the act it is to be looked for in; `act` is None where none is named."""

    steps: tuple[PathStep, ...]
    act: Act | None


def step_key(number: str) -> str:
    """Return a printed number for comparison: without brackets, full stops at its end, spaces, case and look-alikes."""
    return re.sub(r"[\s()«»\"]|[.:]+$", "", number).lower().translate(_LOOK_ALIKES)


def agrees(clause: Clause, steps: Sequence[PathStep]) -> bool:
    """Tell whether the clause's place ends in the referred steps (steps between may be left out of a reference)."""
    path = list(clause.path)
    if not path or not same_step(path[-1], steps[-1]):
        return False
    at = len(path) - 1
    for step in reversed(steps[:-1]):
        at -= 1
        while at >= 0 and not same_step(path[at], step):
            at -= 1
        if at < 0:
            return False
    return True


def same_step(held: PathStep, asked: PathStep) -> bool:
    """Tell whether a step of a clause's path is the one a reference names."""
    return _same_level(held, asked) and step_key(held.number) == step_key(asked.number)


def _same_level(held: PathStep, asked: PathStep) -> bool:
    return held.level is asked.level or (held.level in _LOOSE and asked.level in _LOOSE)


def resolve(wanted: Wanted, store: NumberedClauses, language: Language) -> list[Clause]:
    """Return the clauses a reference means, those in `language` first; nothing where there is no such clause.

    A clause printed under several numbers at once («8, 9. Исключены») is meant by each that no clause has alone.
    """
    found = _printed(wanted, store, language)
    if found or len(wanted.steps) > 1:
        return found
    step = wanted.steps[0]
    together = [
        clause
        for clause in store.numbered_together(wanted.act.id if wanted.act else None)
        if clause.path and _same_level(clause.path[-1], step) and _lists(clause.number, step.number)
    ]
    return _shallowest(together, step, language)


def _printed(wanted: Wanted, store: NumberedClauses, language: Language) -> list[Clause]:
    """Return the clauses of that very number; of a path, those that their parent lists under several numbers too."""
    last = wanted.steps[-1].number
    act_id = wanted.act.id if wanted.act else None
    seen: dict[str, Clause] = {}
    for form in dict.fromkeys((last, step_key(last), f"{last})", f"{last}.", last.upper())):
        for clause in store.find_by_number(act_id, form):
            if agrees(clause, wanted.steps):
                seen[clause.id] = clause
    at_level = {i: c for i, c in seen.items() if c.path[-1].level is wanted.steps[-1].level}
    if not at_level and len(wanted.steps) > 1:
        above = _printed(Wanted(wanted.steps[:-1], wanted.act), store, language)
        listed = {c.id: c for parent in above for c in store.children(parent.id) if _lists(c.number, last)}
        seen = listed or seen
    return _shallowest(seen.values(), wanted.steps[-1], language)


def _shallowest(clauses: Iterable[Clause], step: PathStep, language: Language) -> list[Clause]:
    """Return those of the level asked for, else the shallowest; in the language first."""
    found = sorted(
        clauses, key=lambda c: (c.language is not language, c.language is Language.KK, len(c.path), c.ordinal)
    )
    # the shallowest place wins: «п. 5» is the clause 5 before any subclause 5 of another
    shallow = min((len(c.path) for c in found), default=0)
    exact = [c for c in found if c.path[-1].level is step.level]
    return exact or [c for c in found if len(c.path) == shallow]


def _lists(printed: str, asked: str) -> bool:
    """Tell whether a number printed for several clauses at once («3, 4», «5–7») holds the asked one."""
    numbers = [step_key(n) for n in re.split(r"[,;\s]+|\bи\b|және", printed) if n]
    if len(numbers) > 1 and step_key(asked) in numbers:
        return True
    span = re.fullmatch(r"(\d+)\s*[-–—]\s*(\d+)[.)]?", printed.strip())
    return (
        span is not None
        and asked.isdigit()
        and int(span[1]) <= int(asked) <= int(span[2])
        and int(span[2]) > int(span[1])
    )


def nearest_number(wanted: Wanted, store: NumberedClauses, language: Language) -> Clause | None:
    """Return the clause one level up, or the last before the missing one, to show beside an abstention."""
    number = wanted.steps[-1].number
    candidates = []
    if match := re.fullmatch(r"(.*?)(\d+)", number):
        head, tail = match[1], int(match[2])
        candidates = [f"{head}{n}" for n in range(tail - 1, max(tail - 60, 0), -1)]
        candidates.append(head.rstrip(".-"))
    for candidate in candidates:
        if candidate:
            steps = (*wanted.steps[:-1], PathStep(wanted.steps[-1].level, candidate))
            if found := _printed(Wanted(steps, wanted.act), store, language):
                return found[0]
    return None


def named_acts(texts: Iterable[str], names: ActNames) -> list[Act]:
    """Return the acts that the designators name, without repetitions, in their order."""
    return list({act.id: act for text in texts for act in names.by_number(text)}.values())
