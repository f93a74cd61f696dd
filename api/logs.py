"""Structured logs: one JSON object a line on stderr, and only members that are known to hold no content."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "request_id",
        "job",
        "duty",
        "method",
        "route",
        "status",
        "milliseconds",
        "seconds",
        "kind",
        "place",
        "size",
        "count",
        "done",
        "state",
        "reason",
        "code",
        "version",
        "host",
        "port",
        "database",
        "response",
        "attempt",
        "attempts",
        "delivery",
        "channel",
        "failures",
        "limit",
        "prompts",
        "lateness_seconds",
        "signal",
        "export",
        "problem",
    }
)
"""Facts about work. Answers, names, tokens and free text have no member of their own, so they cannot be written."""


class _Quiet(logging.Formatter):
    """What libraries log, without their words."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name is the library's
        return f'{{"kind":"{ei[0].__name__ if ei[0] else "-"}"}}'


def _allow(_logger: Any, _method: str, event: EventDict) -> EventDict:
    kept = {name: value for name, value in event.items() if name in ALLOWED}
    if len(kept) < len(event):
        kept["left_out"] = len(event) - len(kept)
    return kept


def set_up_logs(level: str = "INFO") -> None:
    """Called once by the process, never on import. Exceptions are logged by kind and place: their text may hold data."""
    quiet = logging.StreamHandler(sys.stderr)
    quiet.setFormatter(_Quiet('{"logger":"%(name)s","level":"%(levelname)s"}'))
    logging.basicConfig(level=logging.WARNING, handlers=[quiet])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exceptions_by_kind,
            _allow,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _exceptions_by_kind(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        if error is not None:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            event["kind"] = type(error).__name__
            event["place"] = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else "-"
    return event
