"""What the routes of live calls share: the calls, the tickets, the room for sockets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.realtime.tickets import Tickets
from core.errors import NotFound, TooManyRequests
from core.settings import LiveSettings
from core.telemetry import metrics
from pipelines.calls.live.calls import LiveCalls


class LiveDesk:
    """Live calls as a process serves them."""

    def __init__(self, calls: LiveCalls, settings: LiveSettings, release: Callable[[], None] = lambda: None) -> None:
        """`release` gives back the folder of the calls."""
        self.calls = calls
        self._release = release
        self.tickets = Tickets(settings.ticket_s)
        self._most = settings.max_sockets
        self._open = 0

    def close(self) -> None:
        """Stop; calls that go on stay on disk."""
        self.calls.close()
        self._release()

    def holds(self, call_id: str) -> bool:
        """Tell whether the call goes on, or ended so lately that its files are still here."""
        try:
            self.calls.find(call_id)
        except NotFound:
            return False
        return True

    def check_room(self) -> None:
        """Raise `TooManyRequests` when as many sockets as may are open."""
        if self._open >= self._most:
            raise TooManyRequests(
                f"{self._most} WebSockets of live calls are open", advice="try later, or raise live.max_sockets"
            )

    @contextmanager
    def socket(self) -> Iterator[None]:
        """Count an open socket; raise `TooManyRequests` when there is no room. Of the event loop only."""
        self.check_room()
        self._open += 1
        metrics.LIVE_SOCKETS.inc()
        try:
            yield
        finally:
            self._open -= 1
            metrics.LIVE_SOCKETS.dec()
