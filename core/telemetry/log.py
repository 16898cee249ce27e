"""Structured logs.

An event is a snake_case name with ids, counts and durations; never a question, a text, a name or a file's content.
Two nets catch a slip: long digit runs (ИИН, phones, cards) are masked in every value, and an exception is logged by
its type and place, never by its message, which may quote what it choked on.
"""

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

import structlog

from core.settings import TelemetrySettings

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

_DIGIT_RUN = re.compile(r"(?<![\w-])\+?\d(?:[\s()-]{0,2}\d){8,}(?![\w-])")
_FRAMES_KEPT = 12
_QUIET = ("uvicorn.access", "alembic.runtime.migration", "httpx", "httpcore", "asyncio")


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger that names its module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _shared() -> "list[Processor]":
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_exception,
        mask_personal,
    ]


def _set_up_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def configure(settings: TelemetrySettings, stream: TextIO | None = None) -> None:
    """Send all logs, ours and the libraries', to `stream` (standard error) in the shape the settings ask for."""
    renderer: Processor
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def name_exception(logger: "WrappedLogger", method: str, event: "EventDict") -> "EventDict":
    """Replace the exception by its type and the places it came through."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    if isinstance(given, BaseException):
        given = (type(given), given, given.__traceback__)
    if isinstance(given, tuple) and given[0] is not None:
        event["error"] = f"{given[0].__module__}.{given[0].__qualname__}"
        event["frames"] = _frames(given[2])
    return event


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in traceback.extract_tb(trace)[-_FRAMES_KEPT:]]


def mask_personal(logger: "WrappedLogger", method: str, event: "EventDict") -> "EventDict":
    """Mask long digit runs in every text value but the time stamp."""
    for name, value in event.items():
        if isinstance(value, str) and name != "timestamp":
            event[name] = _DIGIT_RUN.sub("[digits]", value)
    return event


_set_up_structlog()  # also where nobody calls `configure`: structlog's own default prints local variables
