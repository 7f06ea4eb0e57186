"""Orders for a running bench, one JSON object a line; each is answered by one line.

``{"set": {"kind": "late", "units": [3], "seconds": 0.8, "probability": 0.01}}`` lets a fault come, with the keys of a table
``[[faults]]``, and is answered ``{"set": 1}``. ``{"clear": 1}`` takes it away, ``{"clear": "all"}`` takes all away, those of the
settings file too; the answer says how many. ``{"counts": true}`` asks for strokes by kind, requests by machine and traffic by
link. What cannot be obeyed is answered ``{"error": "..."}``. The end of the input ends the bench: whoever started it is gone.
"""

import asyncio
import json
import os
import stat
import sys
from collections.abc import Callable
from typing import Any, Literal

from pydantic import StrictInt, ValidationError

from simulators.daemon import Bench
from simulators.faults import Fault, LinkFault, MachineFaultOrder, SensorFault
from simulators.settings import fault_mistakes
from telemetry.errors import ConfigError
from telemetry.settings import Settings

_Clear = Callable[[int | None], int]


class _Order(Settings):
    """One line; exactly one of its keys is given."""

    set: Fault | None = None
    clear: Literal["all"] | StrictInt | None = None
    counts: Literal[True] | None = None


class Control:
    """Obeys orders; faults are numbered over servers and links alike."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._set: list[list[tuple[_Clear, int]]] = []
        """Of each fault that was set: what takes it away from its link, machine or servers, and its number there."""

    def obey(self, line: bytes | str) -> dict[str, Any]:
        try:
            order = _Order.model_validate_json(line)
        except ValidationError as error:
            return {"error": "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}".lstrip(": ") for e in error.errors())}
        if len(order.model_fields_set) != 1:
            return {"error": "an order is one of set, clear and counts"}
        if order.set is not None:
            mistakes = [f"{key}: {message}" for key, message in fault_mistakes(order.set, self._bench.settings)]
            return {"error": "; ".join(mistakes)} if mistakes else {"set": self._come(order.set)}
        if order.clear is not None:
            return {"clear": self._go(order.clear)}
        return self._counts()

    def _come(self, fault: Any) -> int:
        bench = self._bench
        if isinstance(fault, LinkFault):
            links = [bench.links[name] for name in fault.links or bench.links]
            self._set.append([(link.clear, link.add(fault)) for link in links])
        elif isinstance(fault, MachineFaultOrder | SensorFault):
            self._set.append([(equipment.mend, equipment.order(fault)) for equipment in bench.befallen(fault)])
        else:
            self._set.append([(bench.faults.clear, bench.faults.add(fault))])
        return len(self._set)

    def _go(self, number: int | Literal["all"]) -> int:
        bench = self._bench
        if number == "all":
            everything: list[_Clear] = [bench.faults.clear, *(link.clear for link in bench.links.values())]
            return sum(clear(None) for clear in [*everything, *(equipment.mend for equipment in bench.equipment.values())])
        if not 1 <= number <= len(self._set):
            return 0
        return sum(clear(n) for clear, n in self._set[number - 1])

    def _counts(self) -> dict[str, Any]:
        bench = self._bench
        return {
            "counts": dict(bench.faults.counts),
            "requests": {name: n for server in bench.servers for name, n in getattr(server, "requests", {}).items()},
            "links": {name: {**link.counts, "open": link.connections} for name, link in bench.links.items()},
        }


async def standard_input() -> asyncio.StreamReader:
    """Give the standard input for reading line by line.

    Raises
    ------
    ConfigError
        If it is a file, or closed.
    """
    kind = 0 if sys.stdin is None else os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) or (kind and sys.stdin.isatty())):
        raise ConfigError("--control needs a pipe or a terminal as its standard input")
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def obey(orders: asyncio.StreamReader, bench: Bench) -> None:
    """Obey each line, until there are no more."""
    control, is_too_long = Control(bench), False
    while True:
        try:
            line = await orders.readuntil()
        except asyncio.LimitOverrunError as error:
            await orders.readexactly(error.consumed)
            is_too_long = True
            continue
        except asyncio.IncompleteReadError:
            return
        answer = {"error": "the line is too long"} if is_too_long else control.obey(line)
        is_too_long = False
        print(json.dumps(answer, ensure_ascii=False), flush=True)  # noqa: T201 - what was asked for
