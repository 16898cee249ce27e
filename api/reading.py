"""A clause where it stands in its act, as a person reads it: whole, between its neighbours, beside its twin."""

from dataclasses import dataclass

from api.contract import Services
from core.records import CONTAINERS, Act, Clause, Level, Redaction
from core.storage.neighbours import stretch

_REACH = 60
"""Positions read around a clause: enough that subclauses and table rows do not crowd out the neighbours."""
NEIGHBOURS = 3


@dataclass(frozen=True)
class ClauseInContext:
    """A clause and what is around it. Neighbours are whole clauses: none is a part of another one here."""

    clause: Clause
    whole: Clause  # the clause itself, or the one whose text holds it (of a subclause or a note)
    act: Act
    redaction: Redaction
    redactions: tuple[Redaction, ...]  # of the act, newest first
    before: tuple[Clause, ...]  # in source order
    after: tuple[Clause, ...]
    table: Clause | None  # of a table row: its table
    twin: Clause | None


def clause_in_context(services: Services, clause_id: str, *, neighbours: int = NEIGHBOURS) -> ClauseInContext:
    """Return the clause in its context; raises `NotFound`."""
    store = services.acts
    clause = store.clause(clause_id)
    around = stretch(services.database, clause, _REACH)
    near = {found.id: found for found in around}
    whole = _whole(clause, near)
    if whole.id == clause.id and clause.parent_id and clause.parent_id not in near and clause.level not in CONTAINERS:
        whole = _whole(clause, store.clauses_by_id([clause.parent_id]))
    ids = [found for found in (clause.twin_id, clause.parent_id) if found]
    linked = store.clauses_by_id(ids)
    parent = linked.get(clause.parent_id or "")
    tops = [found for found in around if _whole(found, near).id == found.id]
    if clause.level is Level.ROW:
        tops = [found for found in tops if found.parent_id == clause.parent_id and found.level is Level.ROW]
    return ClauseInContext(
        clause=clause,
        whole=whole,
        act=store.act(clause.act_id),
        redaction=store.redaction(clause.redaction_id),
        redactions=store.redactions(clause.act_id)[::-1],
        before=tuple([found for found in tops if found.ordinal < whole.ordinal][-neighbours:]),
        after=tuple([found for found in tops if found.ordinal > max(whole.ordinal, clause.ordinal)][:neighbours]),
        table=parent if clause.level is Level.ROW and parent and parent.level is Level.TABLE else None,
        twin=linked.get(clause.twin_id or ""),
    )


def _whole(clause: Clause, known: dict[str, Clause]) -> Clause:
    """Return the outermost clause whose text holds this one's: containers do not hold their children's text."""
    while clause.level not in CONTAINERS and clause.parent_id is not None:
        parent = known.get(clause.parent_id)
        if parent is None or parent.level in CONTAINERS or clause.text not in parent.text:
            break
        clause = parent
    return clause
