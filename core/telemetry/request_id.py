"""The id of the request under way, carried through logs, jobs, errors and the audit."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

_ACCEPTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def accept(given: str | None) -> str:
    """Return the caller's id when it is one that can safely stand in a log, a new one otherwise."""
    if given and _ACCEPTED.fullmatch(given):
        return given
    return uuid.uuid4().hex


@contextmanager
def bound(request_id: str) -> Iterator[None]:
    """Make `request_id` the current one in this context."""
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        yield


def current() -> str:
    """Return the id of the request under way, "" outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
