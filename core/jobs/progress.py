"""What a running step may tell about itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_REPORT_EVERY_S = 0.5
"""A report is a database write; more often than this nobody would see."""

Publish = Callable[[float], None]

_publish: ContextVar[Publish | None] = ContextVar("qorgan_job_progress", default=None)


class Interrupted(BaseException):
    """The step must end now: its job was cancelled, or the service stops and will run the step again.

    Not an `Exception`, so that no step takes it for a failure of its own; clean up in `finally`.
    """


def report(fraction: float) -> None:
    """Tell how much of the running step is done, 0..1. Cheap enough for an inner loop; does nothing outside a job.

    Raises `Interrupted` when the job was cancelled or the service is stopping: call it often in a long step.
    """
    publish = _publish.get()
    if publish is not None:
        publish(min(max(fraction, 0.0), 1.0))


class Throttle:
    """Lets a value through when enough time has passed since the last one."""

    def __init__(self, every_s: float = _REPORT_EVERY_S) -> None:
        self._every_s = every_s
        self._last: float | None = None

    def ready(self) -> bool:
        """Tell whether this value is due."""
        now = time.monotonic()
        if self._last is not None and now - self._last < self._every_s:
            return False
        self._last = now
        return True


class reporting:  # noqa: N801 (reads as a verb in `with reporting(...)`)
    """Within the block, `report` goes to `publish`."""

    def __init__(self, publish: Publish) -> None:
        self._new = publish

    def __enter__(self) -> None:
        self._token = _publish.set(self._new)

    def __exit__(self, *_: object) -> None:
        _publish.reset(self._token)


@contextmanager
def part_of_step(start: float, share: float) -> Iterator[None]:
    """Within the block, `report` tells of a part of the step that begins at `start` and is `share` of it, 0..1."""
    outer = _publish.get()
    if outer is None:
        yield
        return
    with reporting(lambda fraction: outer(min(start + fraction * share, 1.0))):
        yield
