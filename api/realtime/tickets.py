"""Tickets: a browser cannot send headers with a WebSocket, and a cookie alone must not open one."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import WebSocket

from api.access import Needs
from core.errors import NotAuthenticated, TooManyRequests
from core.security.permissions import Permission, require
from core.security.principal import Principal
from core.security.tokens import digest, new_token

PROTOCOL = "qorgan.live.v1"
_MARK = "ticket."
_MOST = 10_000


@dataclass(frozen=True)
class Ticket:
    """What a principal is given to open one WebSocket."""

    secret: str
    expires_at: datetime


class Tickets:
    """Tickets of this process, kept as digests: each opens one WebSocket once, for a short time."""

    def __init__(self, life_s: float) -> None:
        self._life_s = life_s
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Principal]] = {}

    def give(self, principal: Principal) -> Ticket:
        """Return a new ticket. Raises `TooManyRequests` when thousands wait to be used."""
        now = time.monotonic()
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > now}
            if len(self._kept) >= _MOST:
                raise TooManyRequests("too many tickets wait to be used", advice="ask for one when it is needed")
            secret = new_token()
            self._kept[digest(secret)] = (now + self._life_s, principal)
        return Ticket(secret, datetime.now(UTC) + timedelta(seconds=self._life_s))

    def take(self, secret: str) -> Principal | None:
        """Return whose ticket it is, and let it open nothing more; None for one that is unknown, used or expired."""
        with self._lock:
            kept = self._kept.pop(digest(secret), None)
        return kept[1] if kept is not None and kept[0] > time.monotonic() else None


class NeedsTicket(Needs):
    """The dependency by which a WebSocket names its permission; who opens it is told by a ticket."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission)

    async def __call__(self, websocket: WebSocket) -> Principal:  # type: ignore[override]
        """Raises `NotAuthenticated`, `NotAllowed`."""
        offered = websocket.scope.get("subprotocols", [])
        secret = next((name.removeprefix(_MARK) for name in offered if name.startswith(_MARK)), "")
        desk = websocket.app.state.services.live
        principal: Principal | None = desk.tickets.take(secret) if desk and secret and PROTOCOL in offered else None
        if principal is None:
            raise NotAuthenticated(
                "the WebSocket has no ticket, or one that was used or has expired",
                advice=f"POST /v1/calls/live/tickets, then offer the subprotocols {PROTOCOL} and ticket.<ticket>",
            )
        assert self.permission is not None
        require(principal.role, self.permission)
        return principal
