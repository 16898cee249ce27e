"""Who makes a request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.security.permissions import Role


@dataclass(frozen=True)
class Principal:
    """A person with a session or a system with a key, as known for one request."""

    kind: Literal["account", "key"]
    id: str
    role: Role
    name: str  # display name, or the label of the key; never logged
    login: str = ""  # of an account
    territory: str | None = None  # КАТО code; none: the whole country
    csrf_token: str | None = None  # of a cookie session: unsafe requests must carry it

    @property
    def actor(self) -> str:
        """How the audit and the logs name this principal: no personal data."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class Account:
    """A person who may log in."""

    id: str
    login: str
    display_name: str
    role: Role
    territory: str | None
    active: bool
    created_at: datetime


@dataclass(frozen=True)
class ApiKey:
    """A system's key, without its secret."""

    id: str
    prefix: str
    label: str
    role: Role
    territory: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
