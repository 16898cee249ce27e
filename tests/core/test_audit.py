"""The audit chain: appended from many threads, broken by any tampering."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import ConfigurationError
from core.security.chain import AuditEntry, Head, sign, verify_chain
from core.security.head import HEAD_FILE, KEY_FILE, SealedHead, audit_key, key_directory
from core.settings import SecuritySettings, Settings
from core.storage.audit import AuditLog
from core.storage.database import Database

KEY = bytes(range(32))
_WORDS = st.text(max_size=8)
_DETAILS = st.dictionaries(_WORDS, st.none() | st.booleans() | st.integers() | _WORDS, max_size=3)


@st.composite
def chains(draw: st.DrawFn) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for _ in range(draw(st.integers(1, 8))):
        entries.append(
            sign(
                KEY,
                entries[-1] if entries else None,
                at=draw(st.datetimes(timezones=st.just(UTC))),
                actor=draw(st.text(max_size=5)),
                action=draw(st.sampled_from(["login", "answer"])),
                subject=draw(st.text(max_size=5)),
                detail=draw(_DETAILS),
            )
        )
    return entries


def _head(entries: list[AuditEntry]) -> Head:
    return Head(entries[-1].seq, entries[-1].mac)


@given(chains())
def test_an_untouched_chain_holds(entries: list[AuditEntry]) -> None:
    report = verify_chain(KEY, entries, _head(entries))
    assert report.ok
    assert report.entries == len(entries)


@given(chains(), st.data())
def test_a_changed_entry_is_the_first_broken(entries: list[AuditEntry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    old = entries[at]
    moment = old.at + timedelta(microseconds=1 if old.at.year < 9999 else -1)
    changed = data.draw(
        st.sampled_from(
            [
                replace(old, actor=old.actor + "x"),
                replace(old, at=moment),
                replace(old, detail={**old.detail, "more": 1.5}),
            ]
        )
    )
    entries = [*entries[:at], changed, *entries[at + 1 :]]
    report = verify_chain(KEY, entries, _head(entries))
    assert (report.ok, report.broken_seq) == (False, at + 1)


@given(chains(), st.data())
def test_a_removed_entry_is_found(entries: list[AuditEntry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    report = verify_chain(KEY, [*entries[:at], *entries[at + 1 :]], _head(entries))
    assert (report.ok, report.broken_seq) == (False, at + 1)


@given(chains(), st.data())
def test_two_entries_that_changed_places_are_found(entries: list[AuditEntry], data: st.DataObject) -> None:
    if len(entries) < 2:
        return
    at = data.draw(st.integers(0, len(entries) - 2))
    swapped = list(entries)
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    report = verify_chain(KEY, swapped, _head(entries))
    assert (report.ok, report.broken_seq) == (False, at + 1)


@given(chains(), st.data())
def test_a_tail_cut_off_is_found(entries: list[AuditEntry], data: st.DataObject) -> None:
    keep = data.draw(st.integers(0, len(entries) - 1))
    report = verify_chain(KEY, entries[:keep], _head(entries))
    assert (report.ok, report.broken_seq) == (False, keep + 1)


@given(chains())
def test_another_key_does_not_verify(entries: list[AuditEntry]) -> None:
    assert verify_chain(bytes(32), entries, _head(entries)).broken_seq == 1


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def log(database: Database, settings: Settings) -> AuditLog:
    key = audit_key(settings)
    return AuditLog(database, key, SealedHead(key_directory(settings), key))


def _write_past_the_triggers(database: Database, statement: str) -> None:
    """Do what someone with full rights on the database could."""
    with database.session() as session:
        if database.dialect == "sqlite":
            for (name,) in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        session.execute(text(statement))


def test_entries_follow_each_other_and_verify(log: AuditLog) -> None:
    for number in range(5):
        log.append(actor="command-line", action="test", subject=str(number), detail={"n": number, "ок": None})
    assert [entry.seq for entry in log.page(before=None, limit=3)] == [5, 4, 3]
    assert [entry.seq for entry in log.page(before=3, limit=3)] == [2, 1]
    report = log.verify()
    assert report.ok
    assert report.entries == 5


def test_an_empty_log_verifies(log: AuditLog) -> None:
    assert log.verify().ok


def test_appends_from_many_threads_make_one_chain(database: Database, settings: Settings) -> None:
    key = audit_key(settings)
    failures: list[BaseException] = []

    def write() -> None:
        own = AuditLog(database, key, SealedHead(key_directory(settings), key))
        try:
            for number in range(10):
                own.append(actor="command-line", action="test", subject=str(number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    report = AuditLog(database, key, SealedHead(key_directory(settings), key)).verify()
    assert report.ok
    assert report.entries == 40


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor = 'someone' WHERE seq = 2", 2),
        ("UPDATE audit SET detail = '{broken' WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 5", 5),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET seq = 9 WHERE seq = 5", 5),
    ],
)
def test_tampering_with_the_table_is_found(log: AuditLog, database: Database, statement: str, broken: int) -> None:
    for number in range(5):
        log.append(actor="command-line", action="test", subject=str(number))
    if "{broken" in statement and database.dialect == "postgresql":
        pytest.skip("PostgreSQL itself refuses malformed JSON")
    _write_past_the_triggers(database, statement)
    report = log.verify()
    assert (report.ok, report.broken_seq) == (False, broken)


def test_a_cut_tail_stays_found_after_new_entries(log: AuditLog, database: Database) -> None:
    for number in range(5):
        log.append(actor="command-line", action="test", subject=str(number))
    _write_past_the_triggers(database, "DELETE FROM audit WHERE seq > 3")
    for number in range(5):
        log.append(actor="command-line", action="test", subject=str(number))
    report = log.verify()
    assert (report.ok, report.broken_seq) == (False, 5)


def test_a_forged_or_missing_head_is_found(log: AuditLog, settings: Settings) -> None:
    log.append(actor="command-line", action="test")
    head = key_directory(settings) / HEAD_FILE
    whole = head.read_text()
    head.write_text(whole.replace('"seq": 1', '"seq": 0'))
    assert not log.verify().ok
    head.unlink()
    assert not log.verify().ok
    head.write_text(whole)
    assert log.verify().ok


def test_the_key_is_made_once_and_for_its_owner_only(settings: Settings) -> None:
    first = audit_key(settings)
    path = key_directory(settings) / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert audit_key(settings) == first
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="read by others"):
        audit_key(settings)


def test_a_key_in_the_settings_is_used_and_checked(tmp_path: Path) -> None:
    given = os.urandom(32)
    settings = Settings(data_dir=tmp_path, security=SecuritySettings(audit_key=given.hex()))
    assert audit_key(settings) == given
    assert not key_directory(settings).exists()
    with pytest.raises(ConfigurationError):
        audit_key(Settings(data_dir=tmp_path, security=SecuritySettings(audit_key="short")))


def test_the_moment_is_kept_to_the_microsecond(log: AuditLog) -> None:
    entry = log.append(actor="command-line", action="test")
    assert log.page(before=None, limit=1)[0].at == entry.at
    assert entry.at <= datetime.now(UTC)
