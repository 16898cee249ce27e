"""Checksums of model files: whole when asked, cheap at each start."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """What was hashed and what it looked like then."""

    sha256: str
    size: int
    mtime_ns: int


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def see(path: Path) -> Seen:
    """Hash a file and note its size and time of change."""
    stat = path.stat()
    return Seen(sha256_of(path), stat.st_size, stat.st_mtime_ns)


def differing(folder: Path, pinned: Mapping[str, str], known: Mapping[str, Seen]) -> tuple[list[str], dict[str, Seen]]:
    """Compare the files of `folder` with the checksums they must have.

    A file whose size and time of change are those of `known` is taken to have the checksum noted there; pass an empty
    mapping to hash everything.

    Returns:
        What differs, in words ("x is missing", "x has another checksum"), and what is now known of each file.
    """
    wrong: list[str] = []
    now: dict[str, Seen] = {}
    for name, sha256 in pinned.items():
        path = folder / name
        try:
            stat = path.stat()
            seen = known.get(name)
            if seen is None or (seen.size, seen.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
                seen = see(path)
        except OSError:
            wrong.append(f"{name} is missing or cannot be read")
            continue
        now[name] = seen
        if seen.sha256 != sha256:
            wrong.append(f"{name} has another checksum than the manifest")
    return wrong, now


def read_seen(record: Path) -> dict[str, Seen]:
    """Return what `write_seen` noted; nothing where the note is absent or damaged."""
    try:
        rows = json.loads(record.read_text("utf-8"))["files"]
        return {name: Seen(str(r["sha256"]), int(r["size"]), int(r["mtime_ns"])) for name, r in rows.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
