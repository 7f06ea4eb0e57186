"""Faults of machines: which a kind can have, and how severe each is at the moment in each of n machines.

A machine module names its faults in ``FAULTS`` and multiplies the severities into its equations; when a fault comes, how fast it
grows and when it is mended is ordered from outside, by a scenario file or by a command while it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np

from device_profiles.kind import Label
from simulators.dice import Array
from telemetry.errors import ConfigError

REPORT_STEP = 0.05
"""The truth log hears of a severity when it comes, has changed by so much, and goes."""


class MachineFault(NamedTuple):
    """One fault that a kind of machine can have."""

    zh: str
    en: str
    effect: str
    """What severity 1 does, with its size: ``heat transfer of all surfaces -40 %``."""
    part: str = ""
    """The kind's part that is struck (``string``, ``cylinder``); the order says which one."""

    @property
    def label(self) -> Label:
        return Label(zh=self.zh, en=self.en)


class Growth(NamedTuple):
    """How a fault comes, grows and goes, in seconds of the machine's clock after the order."""

    severity: float = 1.0
    """At its end, from 0 (nothing) to 1 (what the fault's effect says)."""
    from_seconds: float = 0.0
    ramp_seconds: float = 0.0
    """How long it grows; 0 is a step."""
    shape: Literal["linear", "exponential"] = "linear"
    """``exponential`` starts slowly and doubles several times, as wear does."""
    for_seconds: float | None = None
    """When it is mended, counted from its coming; never when left out."""


class Change(NamedTuple):
    """A line of what was wrong when."""

    at: datetime
    machine: int
    """Index of the machine among those side by side."""
    fault: str
    part: str
    severity: float
    """From now on; 0 when it is gone."""


@dataclass(slots=True)
class _Order:
    machine: int
    fault: str
    part: str
    growth: Growth
    came: datetime
    reported: float = 0.0
    severity: float = 0.0


@dataclass(slots=True)
class _Present:
    """The severities of one fault."""

    values: Array
    names: tuple[str, ...] = ()
    is_struck: bool = False


class MachineFaults:
    """The faults of n machines of one kind; ``faults["name"]`` gives the severities, shape ``(n,)`` or ``(n, parts)``."""

    UPDATE_SECONDS = 30.0
    """How often, on the machine's clock, a growing fault is brought up to date."""

    def __init__(self, known: Mapping[str, MachineFault], *, n: int, parts: Mapping[str, tuple[str, ...]]) -> None:
        self._known = known
        self._present = {
            name: _Present(np.zeros((n, len(parts[fault.part])) if fault.part else n), parts.get(fault.part, ()))
            for name, fault in known.items()
        }
        self._orders: dict[int, _Order] = {}
        self._number = 0
        self._next_update: datetime | None = None
        self._changes: list[Change] = []

    def __getitem__(self, name: str) -> Array:
        return self._present[name].values

    def has(self, name: str) -> bool:
        """Tell whether any machine has a fault now; a rare fault's equations need not be computed otherwise."""
        return self._present[name].is_struck

    def order(self, fault: str, growth: Growth, *, at: datetime, machine: int = 0, part: str = "") -> int:
        """Let a fault come, and give the number by which it can be taken away.

        Raises
        ------
        ConfigError
            If the kind has no such fault, or its part is wrong.
        """
        if fault not in self._known:
            raise ConfigError(f"{fault!r} is not a fault of this machine; known: {', '.join(self._known)}")
        names = self._present[fault].names
        if names and part not in names:
            raise ConfigError(f"{fault} befalls one {self._known[fault].part}: 'part' is one of {', '.join(names)}")
        if part and not names:
            raise ConfigError(f"{fault} befalls the whole machine and has no 'part'")
        self._number += 1
        self._orders[self._number] = _Order(machine, fault, part, growth, at)
        self._next_update = at
        return self._number

    def cancel(self, number: int | None = None, *, at: datetime) -> int:
        """Mend one fault, or all; give how many there were."""
        gone = [n for n in self._orders if number in (None, n)]
        for n in gone:
            order = self._orders.pop(n)
            self._report(order, 0.0, at)
        self._update(at)
        return len(gone)

    def advance(self, now: datetime) -> None:
        """Bring the severities to a moment."""
        if self._next_update is not None and now >= self._next_update:
            self._update(now)

    def take_changes(self, machine: int | None = None) -> list[Change]:
        """Give what has changed since the last call with one machine, or with all, for the truth log."""
        taken = [change for change in self._changes if machine in (None, change.machine)]
        if taken:
            self._changes = [change for change in self._changes if machine not in (None, change.machine)]
        return taken

    def _update(self, now: datetime) -> None:
        for present in self._present.values():
            if present.is_struck:
                present.values[...] = 0.0
                present.is_struck = False
        for order in self._orders.values():
            order.severity = _severity(order.growth, (now - order.came).total_seconds())
            self._report(order, order.severity, now)
            if order.severity:
                present = self._present[order.fault]
                place = (order.machine, present.names.index(order.part)) if present.names else (order.machine,)
                present.values[place] = max(present.values[place], order.severity)
                present.is_struck = True
        self._next_update = now + timedelta(seconds=self.UPDATE_SECONDS) if self._orders else None

    def _report(self, order: _Order, severity: float, now: datetime) -> None:
        is_at_its_end = severity in (0.0, order.growth.severity)
        if severity != order.reported and (is_at_its_end or abs(severity - order.reported) >= REPORT_STEP or not order.reported):
            order.reported = severity
            self._changes.append(Change(now, order.machine, order.fault, order.part, round(severity, 4)))


def _severity(growth: Growth, age_seconds: float) -> float:
    """Give the severity of a fault so long after it was ordered."""
    age = age_seconds - growth.from_seconds
    if age < 0 or (growth.for_seconds is not None and age >= growth.for_seconds):
        return 0.0
    share = min(age / growth.ramp_seconds, 1.0) if growth.ramp_seconds else 1.0
    if growth.shape == "exponential":
        share = (2 ** (6 * share) - 1) / 63  # six doublings
    return growth.severity * share
