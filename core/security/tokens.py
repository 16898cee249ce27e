"""Secrets given to browsers and systems. Only their SHA-256 is stored: they are random, so no slow hash is needed."""

import hashlib
import secrets

KEY_MARK = "qk_"
"""How an API key begins: lets secret scanners and people tell one."""


def new_token() -> str:
    """Return 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def new_key() -> tuple[str, str]:
    """Return an API key and its public prefix, by which people tell keys apart."""
    prefix = KEY_MARK + secrets.token_hex(4)
    return f"{prefix}_{secrets.token_urlsafe(32)}", prefix


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return secrets.compare_digest(left.encode(), right.encode())
