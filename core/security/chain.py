"""The audit chain: every entry carries an HMAC over its own content and the HMAC of the entry before it.

Whoever can write to the database but does not hold the key cannot change, remove or reorder an entry without the
chain breaking there. Cutting entries off the end would leave a shorter valid chain; the sealed head
(`core.security.head`), kept with the key, tells how far the chain had come.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64
"""What the first entry has in place of the one before it."""

Detail = Mapping[str, str | int | bool | None]
"""What an entry says besides: ids, digests, counts. No floats: their printed form is not the same everywhere."""


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done."""

    seq: int  # from 1, no gaps
    at: datetime  # UTC
    actor: str  # "account:<id>", "key:<id>", "nobody", "command-line"
    action: str  # "login", "answer", "acts.load", ...
    subject: str  # id or digest of what it was done to
    detail: Mapping[str, object]
    prev_mac: str
    mac: str


@dataclass(frozen=True)
class Unreadable:
    """An entry whose row can no longer be read as one: it was tampered with."""

    seq: int


@dataclass(frozen=True)
class Head:
    """How far the chain had come when the head was last sealed."""

    seq: int
    mac: str


@dataclass(frozen=True)
class ChainReport:
    """What verification found."""

    ok: bool
    entries: int  # entries read
    broken_seq: int | None = None  # the first entry that is wrong or missing
    reason: str = ""


def sign(
    key: bytes,
    previous: AuditEntry | None,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Detail,
) -> AuditEntry:
    """Return the entry that follows `previous` (`None`: the first)."""
    seq = previous.seq + 1 if previous else 1
    prev_mac = previous.mac if previous else GENESIS
    moment = at.astimezone(UTC)
    mac = _mac(key, seq, moment, actor, action, subject, detail, prev_mac)
    return AuditEntry(seq, moment, actor, action, subject, dict(detail), prev_mac, mac)


def verify_chain(key: bytes, entries: Iterable[AuditEntry | Unreadable], head: Head | None) -> ChainReport:
    """Check entries given in the order of `seq` against the key and the sealed head.

    Finds the first entry that was changed, removed or put elsewhere, and a tail that was cut off.
    """
    count = 0
    last_mac = GENESIS
    head_mac: str | None = None
    for entry in entries:
        expected = count + 1
        if isinstance(entry, Unreadable):
            return ChainReport(False, count, expected, "the entry cannot be read")
        if entry.seq != expected:
            return ChainReport(False, count, expected, "the entry is missing")
        if entry.prev_mac != last_mac:
            return ChainReport(False, count, expected, "the entry does not follow the one before it")
        mac = _mac(key, entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.detail, entry.prev_mac)
        if not hmac.compare_digest(mac, str(entry.mac)):
            return ChainReport(False, count, expected, "the entry was changed, or the key is another one")
        last_mac = entry.mac
        count = expected
        if head is not None and entry.seq == head.seq:
            head_mac = entry.mac
    if head is None:
        if count == 0:
            return ChainReport(True, 0)
        return ChainReport(False, count, None, "the sealed head is missing: entries may have been cut off the end")
    if head.seq > count:
        return ChainReport(False, count, count + 1, f"entries were cut off the end; there had been {head.seq}")
    if head_mac != head.mac:
        return ChainReport(False, count, head.seq, "the entry is not the one the head was sealed at")
    return ChainReport(True, count)


def _mac(
    key: bytes,
    seq: int,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    prev_mac: str,
) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [seq, moment, actor, action, subject, detail, prev_mac]
    content = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, content.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
