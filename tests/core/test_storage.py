"""The database: migrations, transactions, what each engine must refuse."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from core.errors import ConfigurationError, StorageError, Unavailable
from core.storage.database import Database
from core.storage.tables import AuditRow, Base, SwitchRow


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.upgrade()
    yield database
    database.close()


def switch(capability: str, moment: datetime = datetime(2026, 1, 2, tzinfo=UTC)) -> SwitchRow:
    return SwitchRow(capability=capability, on=False, reason="drill", set_by="tester", set_at=moment)


def entry(seq: int) -> AuditRow:
    return AuditRow(
        seq=seq, at=datetime.now(UTC), actor="a", action="login", subject="s", detail={"n": 1.0}, prev_mac="", mac="m"
    )


def test_models_and_migrations_agree(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrade_twice_then_down_leaves_nothing(database: Database) -> None:
    database.upgrade()
    assert database.revision() == "0003"
    with database.session() as session:
        session.add(entry(1))
    database.downgrade("base")
    assert database.revision() is None
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.upgrade()
    assert "clauses" in inspect(database.engine).get_table_names()


def test_upgrades_at_once_do_not_collide(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    errors: list[Exception] = []

    def upgrade(database: Database) -> None:
        try:
            database.upgrade()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    revisions = {database.revision() for database in databases}
    for database in databases:
        database.close()
    assert (errors, revisions) == ([], {"0003"})


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.session() as session:
            session.add(switch("search"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.reading() as session:
        assert session.scalars(select(SwitchRow)).all() == []


def test_moments_come_back_in_utc(database: Database) -> None:
    moment = datetime(2026, 5, 6, 23, 30, 1, 123456, tzinfo=timezone(timedelta(hours=5)))
    with database.session() as session:
        session.add(switch("search", moment))
    with database.reading() as session:
        found = session.get_one(SwitchRow, "search").set_at
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError), database.session() as session:
        session.add(switch("search", datetime(2026, 5, 6)))  # noqa: DTZ001


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError), database.reading() as session:
        session.execute(text("DELETE FROM switches"))


def test_the_audit_table_is_append_only(database: Database) -> None:
    changes = ["UPDATE audit SET mac = 'forged'", "DELETE FROM audit"]
    changes += ["REPLACE INTO audit SELECT * FROM audit"] if database.dialect == "sqlite" else ["TRUNCATE audit"]
    with database.session() as session:
        session.add(entry(1))
    for change in changes:
        with pytest.raises(IntegrityError), database.session() as session:
            session.execute(text(change))
    with database.reading() as session:
        assert session.get_one(AuditRow, 1).mac == "m"


def test_writers_that_read_first_take_turns(database: Database) -> None:
    def append() -> None:
        for _ in range(10):
            with database.session() as session:
                database.lock(session, "audit")
                last = session.scalar(select(AuditRow.seq).order_by(AuditRow.seq.desc()).limit(1))
                session.add(entry((last or 0) + 1))

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalars(select(AuditRow.seq).order_by(AuditRow.seq)).all() == list(range(1, 41))


def test_sqlite_reads_while_another_writes(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    database.upgrade()
    with database.session() as writer:
        writer.add(switch("search"))
        writer.flush()
        with database.reading() as reader:
            assert reader.scalars(select(SwitchRow)).all() == []
            assert reader.scalar(text("PRAGMA journal_mode")) == "wal"
            assert reader.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://host/db", "postgresql+pg8000://h/d"]
)
def test_a_url_that_cannot_serve_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Database(url)
    assert "QORGAN_STORAGE__DATABASE_URL" in caught.value.advice


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(Unavailable) as caught:
        database.check()
    assert caught.value.retryable
    assert str(tmp_path) not in caught.value.detail


def test_a_file_that_is_not_a_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite3").write_bytes(b"not a database, but long enough to look like one" * 50)
    database = Database(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    with pytest.raises(StorageError):
        database.check()


def test_a_missing_table_is_a_storage_error_without_values(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(StorageError) as caught, database.session() as session:
        session.add(switch("secret-value"))
    assert "secret-value" not in str(caught.value.detail) + str(caught.value.__cause__)
    database.close()
