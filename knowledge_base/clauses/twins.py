"""Ties each clause to the same clause in the other language of its redaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.languages import Language
from core.records import Clause, Level, PathStep
from knowledge_base.clauses.markers import latin_to_cyrillic, to_key

_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Twinning:
    """Clauses with their twins set, and the ids of those left without one (in a redaction of two languages)."""

    clauses: tuple[Clause, ...]
    untied: tuple[str, ...]


def tie_twins(clauses: Sequence[Clause]) -> Twinning:
    """Set `twin_id` both ways between the two largest languages of `clauses`.

    First by equal paths; then, below tied parents, by order where the same number of clauses of one level is left.
    """
    by_language: dict[Language, list[Clause]] = defaultdict(list)
    for clause in clauses:
        by_language[clause.language].append(clause)
    if len(by_language) < 2:
        return Twinning(tuple(clauses), ())
    left, right = sorted(by_language.values(), key=len, reverse=True)[:2]
    pairs = _by_path(left, right)
    pairs.update(_by_order(left, right, pairs))
    twins = {**pairs, **{other: one for one, other in pairs.items()}}
    tied = tuple(replace(clause, twin_id=twins.get(clause.id)) for clause in clauses)
    return Twinning(tied, tuple(clause.id for clause in tied if clause.twin_id is None))


def canonical(path: tuple[PathStep, ...]) -> _Key:
    """Return a path that is the same in both languages: letters of one script, case folded, chapters out of the way."""
    return tuple((_level(step), latin_to_cyrillic(step.number).casefold()) for step in path)


def _level(step: PathStep) -> str:
    if step.level in (Level.CLAUSE, Level.SECTION, Level.CHAPTER) and step.number[:1].isalnum():
        return "numbered"  # whether 5.2 reads as a heading or as a clause may differ between the languages
    return step.level.value


def _by_path(left: list[Clause], right: list[Clause]) -> dict[str, str]:
    waiting: dict[_Key, list[Clause]] = defaultdict(list)
    for clause in right:
        waiting[canonical(clause.path)].append(clause)
    pairs: dict[str, str] = {}
    for clause in left:
        found = waiting.get(canonical(clause.path))
        if found:
            pairs[clause.id] = found.pop(0).id
    return pairs


def _by_order(left: list[Clause], right: list[Clause], pairs: dict[str, str]) -> dict[str, str]:
    taken = set(pairs.values())
    rest: dict[tuple[str | None, Level], list[Clause]] = defaultdict(list)
    for clause in right:
        if clause.id not in taken:
            rest[(clause.parent_id, clause.level)].append(clause)
    alone: dict[tuple[str | None, Level], list[Clause]] = defaultdict(list)
    for clause in left:
        if clause.id not in pairs:
            alone[(clause.parent_id, clause.level)].append(clause)
    more: dict[str, str] = {}
    for (parent, level), ones in alone.items():
        home = None if parent is None else pairs.get(parent, more.get(parent))
        if parent is not None and home is None:
            continue
        others = rest.get((home, level), [])
        if len(ones) == len(others) and all(_alike(a, b) for a, b in zip(ones, others, strict=True)):
            more.update({a.id: b.id for a, b in zip(ones, others, strict=True)})
    return more


def _alike(one: Clause, other: Clause) -> bool:
    """Numbers agree (or are one apart) where both are figures, and neither text is many times the other."""
    if one.number[:1].isdigit() and other.number[:1].isdigit() and not _next_to(one.number, other.number):
        return False
    short, long = sorted((len(one.text), len(other.text)))
    return long < 40 or short * 3 >= long


def _next_to(one: str, other: str) -> bool:
    """Equal, or one apart in the last part: a misprint in one of the languages."""
    a, b = to_key(one.rstrip(")")), to_key(other.rstrip(")"))
    if a is None or b is None:
        return one == other
    return a[:-1] == b[:-1] and abs(a[-1][0] - b[-1][0]) <= 1
