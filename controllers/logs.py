"""Logging: one line per event, as JSON, or readable on a terminal; other libraries' lines too."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

_NOISY = {"uvicorn.error": logging.WARNING, "uvicorn.access": logging.WARNING, "watchfiles": logging.WARNING}
"""Libraries that tell more than an operator wants; from which level on they are heard."""


def _in_order(logger: object, method: str, event: EventDict) -> EventDict:
    """What every line has comes first."""
    first = {name: event[name] for name in ("timestamp", "level", "logger", "event") if name in event}
    return {**first, **event}


def set_up_logs(form: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Sends the log lines of lastack and of its libraries to `stream` (standard error).

    Args:
        form: `json`, `console`, or `auto`: console if `stream` is a terminal.
        level: the least that is logged: `debug`, `info`, `warning` or `error`.
    """
    stream = stream or sys.stderr
    for_people = form == "console" or (form == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_order,
    ]
    last: list[Processor]
    if for_people:
        last = [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    else:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(max(least, root.level))
