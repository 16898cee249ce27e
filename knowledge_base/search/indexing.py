"""Putting the clauses of a redaction into the index, touching only what changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from core.records import Act, Clause, Redaction
from knowledge_base.embedding import Embedder
from knowledge_base.index.port import ClauseIndex, IndexPoint
from knowledge_base.search.units import Unit, units

BATCH = 256
"""Units embedded and written at once; progress is reported between batches."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Indexed:
    """What indexing a redaction did, in units."""

    written: int
    kept: int
    removed: int


def answers_until(redaction: Redaction, redactions: Iterable[Redaction]) -> date | None:
    """Return the first day on which this redaction no longer answers questions, None where it goes on.

    A redaction answers until the next one that is loaded begins. The last redaction of a lapsed act goes on answering,
    with a warning.
    """
    later = [
        r.valid_from
        for r in redactions
        if r.id != redaction.id
        and r.valid_from is not None
        and (redaction.valid_from is None or r.valid_from > redaction.valid_from)
    ]
    return min(later, default=None)


def index_redaction(
    index: ClauseIndex,
    embedder: Embedder,
    act: Act,
    redaction: Redaction,
    redactions: Sequence[Redaction],
    clauses: Sequence[Clause],
    progress: Progress = lambda _: None,
) -> Indexed:
    """Make the index hold the units of a redaction and nothing else of it. Idempotent."""
    until = answers_until(redaction, redactions)
    held = index.ids(redaction.id)
    wanted = list(units(clauses))
    changed = [u for u in wanted if held.get(u.clause.id) != _hash(u, act, redaction, until)]
    for start in range(0, len(changed), BATCH):
        batch = changed[start : start + BATCH]
        vectors = embedder.embed_passages([u.dense_text for u in batch])
        index.upsert(
            IndexPoint(
                id=unit.clause.id,
                clause_id=unit.stands_for,
                act_id=act.id,
                redaction_id=redaction.id,
                language=unit.clause.language,
                jurisdiction=act.jurisdiction,
                valid_from=redaction.valid_from,
                valid_to=until,
                level=unit.clause.level,
                dense=vector,
                lexical=unit.vector(),
                content_hash=_hash(unit, act, redaction, until),
            )
            for unit, vector in zip(batch, vectors, strict=True)
        )
        progress((start + len(batch)) / len(changed))
    stale = held.keys() - {u.clause.id for u in wanted}
    index.delete(stale)
    index.flush()
    return Indexed(len(changed), len(wanted) - len(changed), len(stale))


def _hash(unit: Unit, act: Act, redaction: Redaction, until: date | None) -> str:
    parts = (unit.content_hash, act.jurisdiction, str(redaction.valid_from), str(until))
    return sha256("\x1f".join(parts).encode()).hexdigest()
