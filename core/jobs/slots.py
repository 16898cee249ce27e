"""Executor slots: who runs jobs, told apart so that nobody's running job is taken for an orphan.

A process holds the lowest free slot for as long as it lives, whatever kills it: an advisory lock of PostgreSQL,
or a locked file beside SQLite. Jobs left running under a slot that nobody holds are orphans.
"""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from core.errors import ConfigurationError, Unavailable

_MOST_SLOTS = 1000
_LOCK_SPACE = 20808


class Slots(Protocol):
    """Locks by name, one holder each, freed when the process ends."""

    def take(self, name: str) -> bool:
        """Try to hold the slot; tell whether it is ours now."""
        ...

    def free(self, name: str) -> None:
        """Give the slot back."""
        ...

    def keep(self) -> bool:
        """Take again what a lost connection has lost; tell whether all that was taken is ours."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


def slots_for(url: URL) -> Slots:
    """Return the slots of this system database."""
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        return FileSlots(Path(url.database).absolute())
    return PostgresSlots(url)


def take_lowest(slots: Slots) -> str:
    """Hold the lowest free slot and return its name."""
    for number in range(_MOST_SLOTS):
        name = f"executor-{number}"
        if slots.take(name):
            return name
    raise ConfigurationError(f"{_MOST_SLOTS} processes run jobs on one database already")


@contextmanager
def held(slots: Slots, name: str) -> Iterator[bool]:
    """Hold the slot for the block, if it is free; give whether it was."""
    taken = slots.take(name)
    try:
        yield taken
    finally:
        if taken:
            slots.free(name)


class FileSlots:
    """Locked files beside the SQLite file."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._files: dict[str, IO[bytes]] = {}

    def take(self, name: str) -> bool:
        """See `Slots`."""
        if name in self._files:
            return False
        file = self._database.with_name(f"{self._database.name}.{name}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._files[name] = file
        return True

    def free(self, name: str) -> None:
        """See `Slots`. The file stays: deleting it would let two processes hold different files of one name."""
        self._files.pop(name).close()

    def keep(self) -> bool:
        """See `Slots`: files stay locked."""
        return True

    def close(self) -> None:
        """See `Slots`."""
        for name in list(self._files):
            self.free(name)


class PostgresSlots:
    """Session-level advisory locks on a connection of their own."""

    def __init__(self, url: URL) -> None:
        self._engine: Engine = create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
        )
        self._connection: Connection | None = None
        self._names: set[str] = set()

    def take(self, name: str) -> bool:
        """See `Slots`."""
        if name in self._names or not self._ask("SELECT pg_try_advisory_lock(:space, :key)", name):
            return False
        self._names.add(name)
        return True

    def free(self, name: str) -> None:
        """See `Slots`."""
        self._names.remove(name)
        self._ask("SELECT pg_advisory_unlock(:space, :key)", name)

    def keep(self) -> bool:
        """See `Slots`."""
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                return True
            except DBAPIError:
                self._disconnect()
        names, self._names = self._names, set()
        kept = [self.take(name) for name in names]
        self._names |= names
        return all(kept)

    def close(self) -> None:
        """See `Slots`."""
        self._names.clear()
        self._disconnect()
        self._engine.dispose()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _ask(self, question: str, name: str) -> bool:
        key = zlib.crc32(name.encode()) >> 1
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            return bool(self._connection.execute(text(question), {"space": _LOCK_SPACE, "key": key}).scalar())
        except DBAPIError as error:
            raise Unavailable(
                "the database of the jobs does not answer", advice="check that it is running and reachable, then retry"
            ) from error
