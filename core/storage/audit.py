"""The append-only audit table, its chain and its sealed head."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.security.chain import AuditEntry, ChainReport, Detail, Head, Unreadable, sign, verify_chain
from core.security.head import HeadBrokenError, SealedHead
from core.storage.database import Database
from core.storage.tables import AuditRow
from core.telemetry.log import get_logger

_BATCH = 1000
_log = get_logger(__name__)


class AuditLog:
    """Appends entries one at a time, from any number of threads and processes, and verifies the whole."""

    def __init__(self, database: Database, key: bytes, head: SealedHead) -> None:
        self._database = database
        self._key = key
        self._head = head

    def append(self, *, actor: str, action: str, subject: str = "", detail: Detail | None = None) -> AuditEntry:
        """Add an entry. Neither `subject` nor `detail` may hold content or personal data: ids and digests only."""
        with self._database.session() as session:
            self._database.lock(session, "audit")
            last = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1)).first()
            sound = self._agrees_with_head(session, last)
            entry = sign(
                self._key,
                _entry(last) if last else None,
                at=datetime.now(UTC),
                actor=actor,
                action=action,
                subject=subject,
                detail=detail or {},
            )
            session.add(_row(entry))
        if sound:
            self._head.advance(Head(entry.seq, entry.mac))
        else:
            # The head stays where it was: moving it on would hide that entries were cut off.
            _log.error("audit_chain_broken", seq=entry.seq)
        return entry

    def page(self, *, before: int | None, limit: int, action: str | None = None) -> tuple[AuditEntry, ...]:
        """Return entries, newest first, those with a `seq` under `before`."""
        query = select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.seq < before)
        if action is not None:
            query = query.where(AuditRow.action == action)
        with self._database.reading() as session:
            return tuple(_entry(row) for row in session.scalars(query))

    def verify(self) -> ChainReport:
        """Read the whole chain and tell whether it holds, and where it breaks first."""
        try:
            # Before the rows: the head is moved after a commit, so what is read later is never behind it.
            head = self._head.read()
        except HeadBrokenError:
            return ChainReport(False, 0, None, "the sealed head was changed, or the key is another one")
        with self._database.reading() as session:
            return verify_chain(self._key, _entries(session), head)

    def _agrees_with_head(self, session: Session, last: AuditRow | None) -> bool:
        try:
            head = self._head.read()
        except HeadBrokenError:
            return False
        if head is None:
            return True
        sealed_at = session.get(AuditRow, head.seq) if last is not None and head.seq <= last.seq else None
        return sealed_at is not None and sealed_at.mac == head.mac


def _entries(session: Session) -> Iterator[AuditEntry | Unreadable]:
    after = 0
    while True:
        query = select(AuditRow).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(_BATCH)
        try:
            rows = [_entry(row) for row in session.scalars(query)]
        except (ValueError, TypeError):
            yield from _one_by_one(session, after)
            return
        session.expunge_all()
        yield from rows
        if len(rows) < _BATCH:
            return
        after = rows[-1].seq


def _one_by_one(session: Session, after: int) -> Iterator[AuditEntry | Unreadable]:
    """Read a batch that holds an unreadable row up to that row."""
    numbers = session.scalars(select(AuditRow.seq).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(_BATCH))
    for seq in numbers.all():
        try:
            yield _entry(session.scalars(select(AuditRow).where(AuditRow.seq == seq)).one())
        except (ValueError, TypeError):
            yield Unreadable(seq)
            return


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
        prev_mac=row.prev_mac,
        mac=row.mac,
    )


def _row(entry: AuditEntry) -> AuditRow:
    return AuditRow(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        detail=dict(entry.detail),
        prev_mac=entry.prev_mac,
        mac=entry.mac,
    )
