"""Logs: one readable line in a terminal, one JSON object in production, and no personal data in either."""

import logging
import logging.config
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
PRIVATE_KEYS = re.compile(
    r"ssn|social|birth|dob|password|passwd|secret|token|code|card|account_?n(?:o|um)|routing|authorization|cookie|session|email|phone",
    re.IGNORECASE,
)
SSN_SHAPE = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
CARD_SHAPE = re.compile(r"\b(?:\d[ -]?){13,19}\b")
# Mailboxes stand in what mail servers answer, days the way people type them in messages about forms.
EMAIL_SHAPE = re.compile(r"[^\s<>()\[\]{}\"',;:=]+@[^\s<>()\[\]{}\"',;:=]+\.[^\s<>()\[\]{}\"',;:=.]+")
US_DATE_SHAPE = re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}\b")
# PostgreSQL repeats the row it refused, or the value that is there already: names, birth dates, anything. The text of a
# row may have line ends and empty lines in it, so only what Python writes between two faults ends it.
ROW_TEXT = re.compile(
    r"\b(DETAIL|CONTEXT):.*?(?=\n\nThe above exception was|\n\nDuring handling of the above|\Z)", re.DOTALL
)
# A piece of the statement that failed, with the values in it; and a value that fits no column, said within the fault.
STATEMENT_TEXT = re.compile(r"\b(LINE \d+): [^\n]*")
VALUE_TEXT = re.compile(
    r'(\binvalid input syntax for [\w ]+: |\bfield value out of range: |\bvalue (?="[^\n]*" is out of range))"[^\n]*"'
)
# Names that contain a private word but hold nothing private.
OPEN_KEYS = frozenset({"status_code", "exit_code"})
# Line ends of every kind, and what could move the cursor of the terminal in which somebody reads the log.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def with_request(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Django speaks of an answer when the request is over: what was known about it is added again (ASVS 16.2.1)."""
    for key, value in getattr(event.get("request"), "log_facts", {}).items():
        event.setdefault(key, value)
    return event


def scrub(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide private keys, rows a database repeats, and what is shaped like an SSN, a card number, a mailbox or a birth date.

    One event stays on one line, save the lines of a fault.
    """
    for key, value in event.items():
        if key == "exception" and isinstance(value, str):
            event[key] = _without_private_parts(value)
        elif not key.startswith("_"):  # structlog's own record, which is never written
            event[key] = _scrubbed(key, value)
    return event


def _scrubbed(key: str, value: Any) -> Any:
    if key not in OPEN_KEYS and PRIVATE_KEYS.search(key):
        return HIDDEN
    if isinstance(value, str):
        return CONTROL.sub(lambda found: ascii(found[0])[1:-1], _without_private_parts(value))
    if isinstance(value, Mapping):
        return {name: _scrubbed(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed("", part) for part in value]
    if isinstance(value, int) and CARD_SHAPE.fullmatch(str(abs(value))):
        return HIDDEN
    return value


def _without_private_parts(text: str) -> str:
    text = ROW_TEXT.sub(rf"\1: {HIDDEN}", text)
    text = VALUE_TEXT.sub(rf"\1{HIDDEN}", STATEMENT_TEXT.sub(rf"\1: {HIDDEN}", text))
    for shape in (SSN_SHAPE, CARD_SHAPE, EMAIL_SHAPE, US_DATE_SHAPE):
        text = shape.sub(HIDDEN, text)
    return text


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: set up logging from ``{"level": ..., "format": "text" | "json"}``."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        with_request,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        scrub,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if config["format"] == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=40)
    )
    native = [step for step in shared if not isinstance(step, structlog.stdlib.ExtraAdder)]
    structlog.configure(
        processors=[*native, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "portal": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                    "foreign_pre_chain": shared,
                    "pass_foreign_args": False,
                }
            },
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "portal"}},
            "root": {"handlers": ["console"], "level": config["level"]},
            "loggers": {
                "django.server": {"handlers": ["console"], "level": config["level"], "propagate": False},
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "fontTools": {"level": "WARNING"},
            },
        }
    )
