"""A brake on guessing passwords: so many failures for a login from an address, then a pause."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from core.errors import TooManyRequests
from core.security.tokens import digest

_MOST_TRACKED = 10_000


class LoginThrottle:
    """Counts failed logins in this process; a success clears the count."""

    def __init__(self, attempts: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts = attempts
        self._window_s = window_s
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def check(self, login: str, address: str) -> None:
        """Raise `TooManyRequests` after too many failures within the window."""
        with self._lock:
            recent = self._recent(_key(login, address))
            if len(recent) >= self._attempts:
                wait_s = max(1, round(self._window_s - (self._clock() - recent[0])))
                raise TooManyRequests("too many failed logins", advice=f"wait {wait_s} seconds and try again")

    def failed(self, login: str, address: str) -> None:
        """Count a failure."""
        with self._lock:
            key = _key(login, address)
            self._failures[key] = [*self._recent(key), self._clock()]
            self._failures.move_to_end(key)
            while len(self._failures) > _MOST_TRACKED:
                self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures.pop(_key(login, address), None)

    def _recent(self, key: str) -> list[float]:
        since = self._clock() - self._window_s
        return [moment for moment in self._failures.get(key, []) if moment > since]


def _key(login: str, address: str) -> str:
    return digest(f"{login}\x1f{address}")
