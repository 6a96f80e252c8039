"""JSON lines with a correlation id; secrets and bodies are cut here and not by each caller."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import Any

from typing_extensions import override

correlation: ContextVar[str | None] = ContextVar("correlation", default=None)
"""Set when raw input arrives or a request starts; stored on the message and sent with the event."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET = re.compile(r"pass|secret|token|authorization|cookie|otp|api_key|credential", re.IGNORECASE)
_BODY = frozenset({"text", "html", "body", "content", "full_text"})
_URL_SECRET = re.compile(r"(\w+://[^:/@\s]+:)[^@/\s]+(@)")


class JsonLines(logging.Formatter):
    """One JSON object a line: `at level logger text correlation` and the facts given as `extra`."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": _URL_SECRET.sub(r"\1***\2", record.getMessage()),
            "correlation": correlation.get(),
        }
        for key, value in vars(record).items():
            if key not in _STANDARD:
                line[key] = _redacted(key, value)
        if record.exc_info:
            line["trace"] = _URL_SECRET.sub(r"\1***\2", self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _redacted(key: str, value: Any) -> Any:
    if _SECRET.search(key):
        return "***"
    if key in _BODY:
        return f"<{len(value) if hasattr(value, '__len__') else '?'} characters>"
    if isinstance(value, dict):
        return {k: _redacted(str(k), v) for k, v in value.items()}
    if isinstance(value, str):
        return _URL_SECRET.sub(r"\1***\2", value)
    return value


def start_logging(level: str) -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("pymongo", "mail.log", "aiohttp.access", "engineio", "socketio", "aioice"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
