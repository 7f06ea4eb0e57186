"""Finds the machine of a kind and lets it live on the real clock."""

import importlib
import pkgutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Protocol

from simulators import machines
from simulators.settings import MachineSettings
from telemetry.errors import ConfigError

JINAN = timezone(timedelta(hours=8), "UTC+8")


class Machine(Protocol):
    """What every ``machines/<kind>.py`` offers, in a class named after the kind (``pv_inverter`` holds ``PvInverter``)."""

    def __init__(self, *, seed: int, start: datetime) -> None: ...

    def step(self, seconds: float) -> None:
        """Let simulated time pass."""

    def values(self) -> dict[str, float | str]:
        """Read every signal of the kind, in the kind's units, with the sensors' noise; NaN is "no value"."""


@cache
def machine_kinds() -> tuple[str, ...]:
    """Name the kinds that have a machine."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(machines.__path__)))


def machine_class(kind: str) -> type[Machine]:
    if kind not in machine_kinds():
        raise ConfigError(f"no machine of the kind {kind!r} can be simulated; known: {', '.join(machine_kinds())}")
    module = importlib.import_module(f"{machines.__name__}.{kind}")
    found: type[Machine] = getattr(module, "".join(part.title() for part in kind.split("_")))
    return found


class Equipment:
    """One machine of the settings on its own clock, which may run faster than the real one."""

    def __init__(
        self,
        settings: MachineSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(JINAN),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.name = settings, settings.name
        self.now = now
        start = now()
        if settings.start_time is not None:
            hour, minute = map(int, settings.start_time.split(":"))
            start = start.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self._machine = machine_class(settings.kind)(seed=settings.seed, start=start)
        self._monotonic, self._at = monotonic, monotonic()

    def advance(self) -> None:
        """Bring the machine to now; called often enough, no call has much to make up for."""
        at = self._monotonic()
        self._machine.step((at - self._at) * self.settings.speed)
        self._at = at

    def read(self) -> dict[str, float | str]:
        """Read the sensors at this moment."""
        self.advance()
        return self._machine.values()
