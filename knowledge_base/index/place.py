"""Where the index in this process lies, and the lock that keeps it to one process.

Imports nothing heavy: a command asks here whether the index is to be had before it loads what works on it.
"""

import fcntl
import os
from pathlib import Path

from core.errors import StorageError, Unavailable
from core.settings import Settings

LAYOUT = 1
"""Goes up when what is stored changes meaning; part of an index's version."""

_LOCK = "lock"


def index_version(embedder: str) -> str:
    """Return the version of an index made by this layout and embedder; fit for the name of a folder."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in embedder)
    return f"{LAYOUT}-{safe}"


def index_folder(settings: Settings) -> Path:
    """Return the folder of the backend `edge` for the settings' embedder."""
    return settings.data_dir / "index" / index_version(settings.models.embedder)


def take_lock(directory: Path) -> int:
    """Take the lock of an index and return its descriptor, which holds it until it is closed.

    Raises `Unavailable` when another process has it, `StorageError` when the folder cannot be used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"the index's folder cannot be used: {directory}: {error.strerror}",
            advice="check the data directory's permissions and free space",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(
            f"the index in {directory} is open in another process",
            advice="use the running service (its pages or API), or stop it first; "
            "several processes need the backend `qdrant`",
        ) from error
    return descriptor


def refuse_open_elsewhere(settings: Settings) -> None:
    """Raise `Unavailable` when the settings' index admits one process and another has it."""
    directory = index_folder(settings)
    if settings.index.backend == "edge" and (directory / _LOCK).exists():
        os.close(take_lock(directory))
