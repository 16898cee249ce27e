"""A limit on what a packed file may unpack to."""

import io
from typing import BinaryIO

from core.errors import TooLarge


class Limited(io.RawIOBase, BinaryIO):
    """A stream that raises `TooLarge` once more than `limit` bytes were read from it."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        super().__init__()
        self._stream = stream
        self._limit = limit
        self._read = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into the buffer; return how many bytes, 0 at the end."""
        given = self._stream.read(len(buffer))
        self._read += len(given)
        if self._read > self._limit:
            raise TooLarge(
                f"the file unpacks to more than {self._limit} bytes",
                advice="split it, or raise cases.max_unpacked_bytes",
            )
        buffer[: len(given)] = given
        return len(given)
