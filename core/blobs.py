"""Blobs: uploads, page images, parsed documents; kept by the sha256 of their content."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import InvalidInput, NotFound, StorageError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1024 * 1024


class BlobStore(Protocol):
    """Content-addressed storage. A blob never changes; saving the same content again is free.

    Every method raises `StorageError` when the storage fails; those that take a digest raise `InvalidInput` when it is
    not 64 lower-case hexadecimal digits.
    """

    def put(self, content: bytes) -> str:
        """Keep the content; when this returns it is on disk. Returns its sha256."""
        ...

    def put_stream(self, stream: BinaryIO) -> str:
        """Keep what the stream holds, read in pieces. Returns its sha256."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the content, checked against its digest; raise `NotFound`, or `StorageError` when it was altered."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open the content for reading, unchecked; the caller closes it. Raises `NotFound`."""
        ...

    def exists(self, sha256: str) -> bool:
        """Tell whether the content is kept."""
        ...

    def size(self, sha256: str) -> int:
        """Return the length in bytes; raise `NotFound`."""
        ...

    def delete(self, sha256: str) -> None:
        """Forget the content; nothing happens when it is not kept."""
        ...

    def digests(self) -> Iterator[str]:
        """Give the digest of every blob, in order."""
        ...


class FolderBlobs:
    """Blobs as files `ab/cd/abcd…` of one folder, readable by the service's user only.

    A blob appears whole or not at all: it is written under another name, flushed to disk, then renamed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        with _storage_errors("create the folder of blobs"):
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, content: bytes) -> str:
        """See `BlobStore`."""
        return self._keep(iter((content,)))

    def put_stream(self, stream: BinaryIO) -> str:
        """See `BlobStore`."""
        return self._keep(iter(lambda: stream.read(_CHUNK), b""))

    def get(self, sha256: str) -> bytes:
        """See `BlobStore`."""
        with self.open(sha256) as stream, _storage_errors("read a blob"):
            content = stream.read()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StorageError(f"blob {sha256} was altered on disk", advice="restore it from a backup")
        return content

    def open(self, sha256: str) -> BinaryIO:
        """See `BlobStore`."""
        path = self._path(sha256)
        with _storage_errors("read a blob", sha256):
            return path.open("rb")

    def exists(self, sha256: str) -> bool:
        """See `BlobStore`."""
        return self._path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """See `BlobStore`."""
        path = self._path(sha256)
        with _storage_errors("read a blob", sha256):
            return path.stat().st_size

    def delete(self, sha256: str) -> None:
        """See `BlobStore`."""
        path = self._path(sha256)
        with _storage_errors("delete a blob"):
            path.unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """See `BlobStore`."""
        for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
            if _SHA256.fullmatch(path.name):
                yield path.name

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise InvalidInput("a blob's name is not a sha256", advice="give 64 lower-case hexadecimal digits")
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def _keep(self, pieces: Iterator[bytes]) -> str:
        with _storage_errors("write a blob"):
            handle, name = tempfile.mkstemp(dir=self._incoming)
            written = Path(name)
            try:
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as file:
                    for piece in pieces:
                        digest.update(piece)
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                target = self._path(digest.hexdigest())
                if target.is_file() and target.stat().st_size == written.stat().st_size:
                    return target.name
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                written.replace(target)
                _flush_folder(target.parent)
                _flush_folder(target.parent.parent)
                _flush_folder(self._folder)
                return target.name
            finally:
                written.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _storage_errors(action: str, sha256: str | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if sha256 is None:
            raise StorageError(f"cannot {action}: the folder is gone", advice="check the data directory") from error
        raise NotFound(f"no blob {sha256}", advice="upload the file again") from error
    except OSError as error:
        raise StorageError(
            f"cannot {action}: {error.strerror or type(error).__name__}",
            advice="check the data directory's space and owner",
        ) from error
