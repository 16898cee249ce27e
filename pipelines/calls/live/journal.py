"""What of a live call is on disk before anybody is told so: its audio and its events.

    <folder>/call.json     how the call was started
    <folder>/audio.log     frames as they came: length, CRC-32, bytes of the frame
    <folder>/events.jsonl  events, one a line, in the order of `seq`

Both logs only grow. What a killed process left half written at their ends is cut off when they are opened again.
"""

import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from core.errors import StorageError
from pipelines.calls.live.events import Event, encode

_RECORD = struct.Struct("<II")
_LONGEST_FRAME = 1 << 24
_KEPT_EVENTS = 2000
"""Events kept in memory; who resumes from before reads the file."""


class AudioLog:
    """The frames of a call. One writer; readers open it anew."""

    def __init__(self, path: Path, *, power_safe: bool) -> None:
        """`power_safe`: `sync` writes through to the disk, and survives a loss of power, not of the process only."""
        self._path = path
        self._power_safe = power_safe
        whole = sum(_RECORD.size + len(frame) for frame in read_frames(path)) if path.exists() else 0
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(whole)
        self._file.seek(whole)
        self.size = whole

    def append(self, frames: Sequence[bytes]) -> None:
        """Write the frames; they are safe once `sync` returned. Raises `StorageError`."""
        data = b"".join(_RECORD.pack(len(frame), zlib.crc32(frame)) + frame for frame in frames)
        try:
            written = self._file.write(data)
            if written != len(data):  # the disk is full: what is half written must not be followed by more
                self._file.truncate(self.size)
                self._file.seek(self.size)
                raise StorageError("the disk of live calls is full", advice="free space in the data directory")
        except OSError as error:
            raise StorageError("a live call's audio cannot be written", advice="check the data directory") from error
        self.size += len(data)

    def sync(self) -> None:
        """Return when all that was written is safe."""
        if self._power_safe:
            os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_frames(path: Path) -> Iterator[bytes]:
    """Yield the frames of a log up to the first that is not whole."""
    with path.open("rb") as file:
        while len(head := file.read(_RECORD.size)) == _RECORD.size:
            length, checksum = _RECORD.unpack(head)
            if length > _LONGEST_FRAME:
                return
            frame = file.read(length)
            if len(frame) != length or zlib.crc32(frame) != checksum:
                return
            yield frame


class EventLog:
    """The events of a call, numbered from 1. Written by one thread at a time, read by any."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], object]] = set()
        self._recent: deque[bytes] = deque(maxlen=_KEPT_EVENTS)
        self.last_seq = 0
        self.finished = False
        whole = 0
        if path.exists():
            for line in _whole_lines(path):
                self._recent.append(line)
                self.last_seq += 1
                whole += len(line) + 1
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(whole)
        self._file.seek(whole)

    def append(self, at_s: float, events: Sequence[Event]) -> None:
        """Keep the events, in this order, and wake who waits for them. On disk before anybody can read them."""
        if not events:
            return
        with self._lock:
            lines = [encode(self.last_seq + number, at_s, event) for number, event in enumerate(events, 1)]
            self._file.write(b"".join(line + b"\n" for line in lines))
            self._recent.extend(lines)
            self.last_seq += len(lines)
            listeners = tuple(self._listeners)
        for wake in listeners:
            wake()

    def after(self, seq: int, limit: int = 200) -> list[bytes]:
        """Return up to `limit` events that follow `seq`, each as a line of JSON; the same whenever one asks."""
        with self._lock:
            first_kept = self.last_seq - len(self._recent) + 1
            if seq + 1 >= first_kept:
                start = seq + 1 - first_kept
                return [self._recent[index] for index in range(start, min(start + limit, len(self._recent)))]
            last = self.last_seq
        found: list[bytes] = []
        for number, line in enumerate(_whole_lines(self._path), 1):
            if number > min(last, seq + limit):
                break
            if number > seq:
                found.append(line)
        return found

    def listen(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Have `wake` called, from any thread, after events were added; return what ends that."""
        with self._lock:
            self._listeners.add(wake)

        def stop() -> None:
            with self._lock:
                self._listeners.discard(wake)

        return stop

    def finish(self) -> None:
        """Say that no event will follow."""
        with self._lock:
            self.finished = True
            listeners = tuple(self._listeners)
        for wake in listeners:
            wake()

    def close(self) -> None:
        """Close the file; what is in memory can still be read."""
        self._file.close()


def _whole_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                orjson.loads(line)
            except ValueError:
                return
            yield line[:-1]
