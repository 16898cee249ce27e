"""Passwords of local accounts: argon2id, checked for length, never kept or logged as they are."""

import secrets
from functools import cache
from typing import TYPE_CHECKING

from core.errors import InvalidInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_CHARS = 12
"""NIST SP 800-63B asks for 8 at least and recommends length over composition rules; 12 for staff accounts."""
MAX_CHARS = 256
_ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"  # nothing that reads as another sign


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile


def hash_password(password: str) -> str:
    """Return the argon2id hash; raise `InvalidInput` for a password too short, too long or of one sign repeated."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise InvalidInput(
            f"the password has {len(password)} characters",
            advice=f"use {MIN_CHARS} to {MAX_CHARS} characters; a phrase of several words is best",
        )
    if len(set(password)) < 4:
        raise InvalidInput("the password repeats the same few signs", advice="use a phrase of several words")
    return _hasher().hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Tell whether the password is the one hashed."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def decoy_hash() -> str:
    """Return a hash nobody knows the password of: unknown logins are checked against it, to take as long as others."""
    return _hasher().hash(secrets.token_urlsafe(24))


def random_password(length: int = 20) -> str:
    """Return a random password that can be read out over the telephone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
