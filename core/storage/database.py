"""The database of the records: SQLite (WAL) or PostgreSQL, its transactions and its migrations."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import ConfigurationError, StorageError, Unavailable

if TYPE_CHECKING:
    import sqlite3

    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another one; bulk loads hold the write lock for seconds."""

_READ_ONLY = "qorgan_read_only"
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SCHEMA_LOCK = "schema"


class Database:
    """Connections to the records. One per process; safe to use from many threads."""

    def __init__(self, url: str) -> None:
        """Connect lazily to `url`. Raises `ConfigurationError` when it is not SQLite on disk or PostgreSQL."""
        self.url = parse_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            self.engine = _sqlite_engine(self.url)
        else:
            self.engine = create_engine(
                self.url, pool_pre_ping=True, hide_parameters=True, json_serializer=_json, pool_size=10
            )
        self._reader = self.engine.execution_options(**{_READ_ONLY: True, "postgresql_readonly": True})

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a transaction that may write; it commits at the end and rolls back on any error.

        On SQLite it holds the one write lock from its start, so what it has read cannot change before it writes;
        on PostgreSQL ask for `lock` where that matters. Keep it short. `IntegrityError` of SQLAlchemy comes through for
        the repository to name; raises `Unavailable` when the database does not answer or is locked for too long,
        `StorageError` on anything else.
        """
        with _named_errors(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a read-only transaction that never waits for writers; errors as in `session`."""
        with _named_errors(), Session(self._reader, expire_on_commit=False) as session, session.begin():
            yield session

    def lock(self, session: Session, name: str) -> None:
        """Keep every other transaction that asks for the lock `name` waiting until this one ends."""
        _lock(session.connection(), name)

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to `revision` in one transaction; safe to run from many processes at once."""
        from alembic import command

        with _named_errors(), self.engine.begin() as connection:
            _lock(connection, _SCHEMA_LOCK)
            command.upgrade(self._alembic(connection), revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to `revision` ("base": no tables at all). Data of the dropped tables is lost."""
        from alembic import command

        with _named_errors(), self.engine.begin() as connection:
            _lock(connection, _SCHEMA_LOCK)
            command.downgrade(self._alembic(connection), revision)

    def revision(self) -> str | None:
        """Return the schema's revision, `None` for an empty database."""
        from alembic.runtime.migration import MigrationContext

        with _named_errors(), self._reader.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def check(self) -> None:
        """Return when the database answers; raise `Unavailable` when it does not."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close the connections; the object can still be used and will connect again."""
        self.engine.dispose()

    def _alembic(self, connection: Connection) -> "Config":
        from alembic.config import Config

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        return config


def parse_url(url: str) -> URL:
    """Return the SQLAlchemy URL with its driver filled in; raise `ConfigurationError` when it cannot serve."""
    advice = "give sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE in QORGAN_STORAGE__DATABASE_URL"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError("the database URL is malformed", advice=advice) from None
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        if parsed.database in {None, "", ":memory:"}:
            raise ConfigurationError("SQLite in memory cannot be shared between threads and is lost", advice=advice)
        return parsed
    raise ConfigurationError(f"the database {parsed.drivername!r} is not supported", advice=advice)


def _sqlite_engine(url: URL) -> Engine:
    assert url.database is not None
    Path(url.database).absolute().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, hide_parameters=True, json_serializer=_json, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: "sqlite3.Connection", _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and skips DDL; `_begin` does it
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",  # an accepted upload also survives a power cut
            "foreign_keys = ON",
            "recursive_triggers = ON",  # REPLACE fires the audit table's DELETE trigger too
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = bool(connection.get_execution_options().get(_READ_ONLY, False))
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _lock(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(20807, :key)"), {"key": zlib.crc32(name.encode()) >> 1})


@contextmanager
def _named_errors() -> Iterator[None]:
    """Turn the driver's errors into the service's; their own text may hold values, so it is only the cause."""
    try:
        yield
    except IntegrityError:
        raise
    except (OperationalError, PoolTimeout) as error:
        if _kind(error) in (
            "SQLITE_ERROR",
            "SQLITE_READONLY",
        ):  # a missing table and the like; waiting will not mend it
            raise _refused(error) from error
        raise Unavailable(
            f"the database does not answer ({_kind(error)})",
            advice="check that it is running and reachable, then retry",
        ) from error
    except DBAPIError as error:
        raise _refused(error) from error


def _refused(error: DBAPIError | PoolTimeout) -> StorageError:
    return StorageError(
        f"the database refused a statement ({_kind(error)})", advice="check that its schema is this version's"
    )


def _kind(error: PoolTimeout | DBAPIError) -> str:
    origin = getattr(error, "orig", None) or error
    return str(getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None) or type(origin).__name__)
