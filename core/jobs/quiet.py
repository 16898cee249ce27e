"""DBOS's own log: through the service's handlers, and without the text of errors, which may hold content."""

import logging
import traceback
from types import TracebackType


def quieten() -> None:
    """Send DBOS's warnings to the root logger's handlers, stripped; nothing goes to the console by itself."""
    logger = logging.getLogger("dbos")
    # With a handler present DBOS adds none of its own and leaves `propagate` alone.
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
        logger.addFilter(_strip)


def place(error: BaseException) -> str:
    """Return what is safe to log of an error: its type and where it was raised."""
    return _place(type(error), error.__traceback__)


def _place(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    where = f" at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return f"{kind.__name__ if kind else 'error'}{where}"


def _strip(record: logging.LogRecord) -> bool:
    if isinstance(record.exc_info, tuple):
        kind, _, trace = record.exc_info
        record.msg, record.args = f"{record.getMessage()} {_place(kind, trace)}", ()
        record.exc_info = None
    return True
