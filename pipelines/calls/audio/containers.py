"""How much sound a file says it holds, read from its own headers, to tell a file that was cut short.

libsndfile corrects a wav header to the length of the file and takes the last whole page of an Ogg stream for its end,
so that neither can be told from the library's answer.
"""

import struct
from pathlib import Path

_TAIL = 65_536 + 4096  # the longest Ogg page, and some
_UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF + 1})  # what writers to a pipe put for "not known"


def declared_seconds(path: Path) -> float | None:
    """Return the length a file declares, seconds; infinity for an Ogg stream without its last page, None: not known."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            return _wav_seconds(path)
        if head[:4] == b"OggS":
            return None if _ogg_is_whole(path) else float("inf")
    return None


def _wav_seconds(path: Path) -> float | None:
    bytes_a_second = 0
    with path.open("rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", header)
            if kind == b"fmt ":
                content = file.read(size + size % 2)
                if len(content) < 16:
                    return None
                (bytes_a_second,) = struct.unpack_from("<I", content, 8)
            elif kind == b"data":
                return None if size in _UNKNOWN_SIZES or not bytes_a_second else size / bytes_a_second
            else:
                file.seek(size + size % 2, 1)
    return None


def _ogg_is_whole(path: Path) -> bool:
    """Tell whether the last page bears the flag of the end of its stream (RFC 3533, header_type 0x04)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    at = tail.rfind(b"OggS")
    return at < 0 or len(tail) <= at + 5 or bool(tail[at + 5] & 0x04)
