"""The key of the audit chain and its sealed head: two small files apart from the database."""

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import ConfigurationError
from core.security.chain import Head
from core.settings import Settings

KEY_FILE = "audit.key"
HEAD_FILE = "audit.head"
_KEY_BYTES = 32


class HeadBrokenError(Exception):
    """The head file is there but its seal is wrong: someone wrote it without the key."""


def key_directory(settings: Settings) -> Path:
    """Return the directory of generated keys."""
    return settings.security.key_dir or settings.data_dir / "keys"


def audit_key(settings: Settings) -> bytes:
    """Return the key of the chain: the setting's, or the one kept in the key directory (made at the first call).

    Raises `ConfigurationError` when the setting is not 32 bytes of hexadecimal or the file cannot be used.
    """
    given = settings.security.audit_key.get_secret_value()
    if given:
        return _parse(given, "the setting security.audit_key")
    path = key_directory(settings) / KEY_FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path, secrets.token_hex(_KEY_BYTES))
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the audit key {path} cannot be used ({type(error).__name__})",
            advice="give the service's user the right to read and write the key directory",
        ) from error
    if mode & 0o077:
        raise ConfigurationError(f"the audit key {path} can be read by others", advice=f"run: chmod 600 {path}")
    return _parse(text.strip(), str(path))


def _parse(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < _KEY_BYTES:
        raise ConfigurationError(
            f"{where} is not a key of {_KEY_BYTES} bytes in hexadecimal", advice="make one with: openssl rand -hex 32"
        )
    return key


def _create(path: Path, text: str) -> None:
    """Write the file whole or not at all; leave it alone when another process was first."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


class SealedHead:
    """The head file: the last entry's number and HMAC, sealed with the chain's key. Only ever moves forward."""

    def __init__(self, directory: Path, key: bytes) -> None:
        self._path = directory / HEAD_FILE
        self._lock_path = directory / f"{HEAD_FILE}.lock"
        self._key = key

    def read(self) -> Head | None:
        """Return the head, `None` when there is none yet. Raises `HeadBrokenError` when its seal is wrong."""
        try:
            stored = json.loads(self._path.read_text(encoding="ascii"))
            head = Head(int(stored["seq"]), str(stored["mac"]))
            seal = str(stored["seal"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise HeadBrokenError from error
        if not hmac.compare_digest(seal.encode(), self._seal(head).encode()):
            raise HeadBrokenError
        return head

    def advance(self, head: Head) -> None:
        """Seal the chain at `head` unless it is already sealed further on."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            current = self.read()
            if current is not None and current.seq >= head.seq:
                return
            temporary = self._path.with_suffix(".new")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump({"seq": head.seq, "mac": head.mac, "seal": self._seal(head)}, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)

    def _seal(self, head: Head) -> str:
        return hmac.new(self._key, f"head\x1f{head.seq}\x1f{head.mac}".encode(), "sha256").hexdigest()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
