"""Clauses for tests, in one line."""

from core.languages import Language
from core.records import Clause, Level, PathStep


def make_clause(
    number: str,
    text: str,
    *,
    language: Language = Language.RU,
    level: Level = Level.CLAUSE,
    path: tuple[tuple[Level, str], ...] = (),
    act: str = "a",
    heading: str = "",
    breadcrumb: tuple[str, ...] = (),
    parent: str | None = None,
    repealed: bool = False,
) -> Clause:
    steps = tuple(PathStep(*step) for step in path) or (PathStep(level, number),)
    return Clause(
        id=Clause.make_id(f"r-{act}", language, steps),
        act_id=act,
        redaction_id=f"r-{act}",
        language=language,
        level=level,
        number=number,
        path=steps,
        breadcrumb=breadcrumb,
        heading=heading,
        text=text,
        ordinal=0,
        parent_id=parent,
        repealed=repealed,
    )
