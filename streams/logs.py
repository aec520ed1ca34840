"""記録: how the hub's processes write their logs."""

from __future__ import annotations

import logging
import sys

import structlog

_OURS = ("streams.", "connectors.", "state.", "schemas.")


def shown(error: BaseException) -> str:
    """見せてよい文: what an error of our own says, for no text of ours holds personal data; else nothing.

    A library's error may quote the row or the message that it failed on.
    """
    return str(error) if type(error).__module__.startswith(_OURS) else ""


def configure_logging() -> None:
    """記録の出し方: one JSON line each, on standard error; libraries only from warnings on."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
