"""The truth log: every value that a simulator served, so that a checker can join it with the database.

JSON lines, one per served request: ``{"t": <microseconds UTC>, "equipment": "<name>", "values": {"<signal>": value, ...}}``.
Values are decoded from the very bytes that went out, so they are quantised as the client's; null is the device's "not available".
A line is with the operating system before the reply leaves: what any client has seen is in the log, whoever is killed. The
reverse does not hold: a client may die before it reads a reply. Where a fault dropped, spoiled or delayed the reply so that no
client should take it, the line says which: ``"fault": "late"``.

Between them stands what was wrong with a machine or a sensor, when it came, grew and went:
``{"t": ..., "equipment": "<name>", "wrong": "gas_side_fouling", "where": "", "severity": 0.35}``; ``where`` is the part that is
struck, or the signal whose sensor is (``"wrong": "sensor_bias"``); severity 0 is the end.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

Value = float | str | None


class _Line(NamedTuple):
    time_us: int
    equipment: str
    values: dict[str, Value]


class Served(_Line):
    """One line: what one request was answered with."""

    fault: str | None = None
    """The fault for which no client should have taken these values; beside the line, and no part of its equality."""

    def spoiled_by(self, fault: str) -> Self:
        line = type(self)(*self)
        line.fault = fault
        return line


class Wrong(NamedTuple):
    """One line about a fault of a machine or a sensor: from now on it is so severe."""

    time_us: int
    equipment: str
    wrong: str
    where: str
    severity: float


class TruthLog:
    """Appends lines, each with one write, so that several processes may share a file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, served: Served) -> None:
        values = {name: None if value != value else value for name, value in served.values.items()}  # noqa: PLR0124 - NaN
        entry: dict[str, object] = {"t": served.time_us, "equipment": served.equipment, "values": values}
        if served.fault is not None:
            entry["fault"] = served.fault
        self._append(entry)

    def write_wrong(self, wrong: Wrong) -> None:
        self._append({"t": wrong.time_us, **dict(zip(Wrong._fields[1:], wrong[1:], strict=True))})

    def _append(self, entry: dict[str, object]) -> None:
        os.write(self._descriptor, json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        os.close(self._descriptor)


def read_truth(path: Path, *, spoiled: bool = False) -> Iterator[Served]:
    """Read what was served, also from a log that is still being written: a last line without its end is left out.

    Lines with a fault are only given where ``spoiled`` ones are asked for, too: without them, what is left must have arrived.
    """
    for entry in _entries(path):
        if "values" in entry:
            served = Served(entry["t"], entry["equipment"], entry["values"])
            if "fault" not in entry:
                yield served
            elif spoiled:
                yield served.spoiled_by(entry["fault"])


def read_wrongs(path: Path) -> Iterator[Wrong]:
    """Read what was wrong with machines and sensors, in the order of its coming."""
    for entry in _entries(path):
        if "wrong" in entry:
            yield Wrong(entry["t"], entry["equipment"], entry["wrong"], entry["where"], entry["severity"])


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)
