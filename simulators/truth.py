"""The truth log: every value that a simulator served, so that a checker can join it with the database.

JSON lines, one per served request: ``{"t": <microseconds UTC>, "equipment": "<name>", "values": {"<signal>": value, ...}}``.
Values are decoded from the very words that went out, so they are quantised as the client's; null is the device's "not available".
A line is with the operating system before the reply leaves: what any client has seen is in the log, whoever is killed. The
reverse does not hold: a client may die before it reads a reply.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Value = float | str | None


class Served(NamedTuple):
    """One line: what one request was answered with."""

    time_us: int
    equipment: str
    values: dict[str, Value]


class TruthLog:
    """Appends lines, each with one write, so that several processes may share a file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, served: Served) -> None:
        values = {name: None if value != value else value for name, value in served.values.items()}  # noqa: PLR0124 - NaN
        line = json.dumps({"t": served.time_us, "equipment": served.equipment, "values": values}, ensure_ascii=False)
        os.write(self._descriptor, line.encode() + b"\n")

    def close(self) -> None:
        os.close(self._descriptor)


def read_truth(path: Path) -> Iterator[Served]:
    """Read a log, also one that is still being written: a last line without its end is left out."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                entry = json.loads(line)
                yield Served(entry["t"], entry["equipment"], entry["values"])
