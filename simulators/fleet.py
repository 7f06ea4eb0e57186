"""Finds the machine of a kind and lets it live on the real clock."""

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import groupby

from simulators import machines
from simulators.dice import Array
from simulators.faults import EquipmentFault, MachineFaultOrder, SensorFault
from simulators.machine import Machines
from simulators.machine_faults import Growth
from simulators.sensors import SensorFaultSize, Values
from simulators.settings import MachineSettings
from simulators.truth import Wrong
from telemetry.errors import ConfigError

JINAN = timezone(timedelta(hours=8), "UTC+8")


@cache
def machine_kinds() -> tuple[str, ...]:
    """Name the kinds that have a machine."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(machines.__path__)))


def machine_class(kind: str) -> type[Machines]:
    """Find ``machines/<kind>.py`` and in it the class named after the kind."""
    if kind not in machine_kinds():
        raise ConfigError(f"no machine of the kind {kind!r} can be simulated; known: {', '.join(machine_kinds())}")
    module = importlib.import_module(f"{machines.__name__}.{kind}")
    found: type[Machines] = getattr(module, "".join(part.title() for part in kind.split("_")))
    return found


SHARED_SECONDS = 0.05
"""So long the machines of a herd stand and show what they have read: a hundred that are asked one by one move once."""


class Herd:
    """Machines of one kind and one clock, moved together: a hundred cost little more than one."""

    def __init__(
        self,
        members: Sequence[MachineSettings],
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        first = members[0]
        start = now()
        if first.start_time is not None:
            hour, minute = map(int, first.start_time.split(":"))
            start = start.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.machines = machine_class(first.kind)(seeds=[member.seed for member in members], start=start)
        self._speed, self._monotonic, self._at = first.speed, monotonic, monotonic()
        self._values: Values | None = None

    def advance(self) -> None:
        """Bring the machines to now; called often enough, no call has much to make up for."""
        at = self._monotonic()
        if self.machines.n > 1 and at - self._at < SHARED_SECONDS:
            return
        self.machines.step((at - self._at) * self._speed)
        self._at, self._values = at, None

    def values(self) -> Values:
        """Read all sensors; a machine that stands alone has them read each time."""
        if self._values is None or self.machines.n == 1:
            self._values = self.machines.values()
        return self._values


class Equipment:
    """One machine of the settings on its own clock, which may run faster than the real one."""

    def __init__(
        self,
        settings: MachineSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(JINAN),
        monotonic: Callable[[], float] = time.monotonic,
        herd: Herd | None = None,
        index: int = 0,
    ) -> None:
        """Make one machine; it is number ``index`` of a ``herd``, or stands alone."""
        self.settings, self.name, self.now = settings, settings.name, now
        self._herd = herd or Herd([settings], now=now, monotonic=monotonic)
        self._machines, self._index = self._herd.machines, index
        self._orders: dict[int, int | SensorFault] = {}
        """Faults that were ordered: the machines' own number of a machine fault, or the sensor fault."""
        self._sensor_plan: list[tuple[float, int, SensorFault, bool]] = []
        """When, on the machine's clock, which sensor fault comes (or goes)."""
        self._wrongs: list[Wrong] = []

    def advance(self) -> None:
        """Bring the machine to now; called often enough, no call has much to make up for."""
        self._herd.advance()
        while self._sensor_plan and self._sensor_plan[0][0] <= self._machines.seconds:
            _, number, fault, comes = self._sensor_plan.pop(0)
            if number in self._orders:
                self._strike(fault) if comes else self._mend(number, fault)

    def read(self) -> dict[str, float | str]:
        """Read the sensors at this moment."""
        self.advance()
        index = self._index
        return {name: of[index] if isinstance(of, list) else float(of[index]) for name, of in self._herd.values().items()}

    def record(self, signal: str) -> tuple[float, Array]:
        """Take a record of a waveform signal at this moment: sampling rate in Hz, and samples."""
        self.advance()
        return self._machines.record(signal, self._index)

    def can_have(self, fault: EquipmentFault) -> bool:
        """Tell whether the machine has what a fault strikes."""
        if isinstance(fault, MachineFaultOrder):
            return fault.fault in self._machines.FAULTS
        return fault.signal in self._machines.kind.numeric_signals

    def order(self, fault: EquipmentFault) -> int:
        """Let a fault of the machine or of a sensor come, and give the number by which it can be taken away."""
        number = max(self._orders, default=0) + 1
        if isinstance(fault, MachineFaultOrder):
            growth = Growth(fault.severity, fault.from_seconds, fault.ramp_seconds, fault.shape, fault.for_seconds)
            at = self._machines.now
            self._orders[number] = self._machines.faults.order(fault.fault, growth, at=at, machine=self._index, part=fault.part)
            return number
        self._orders[number] = fault
        begins = self._machines.seconds + fault.from_seconds
        self._sensor_plan.append((begins, number, fault, True))
        if fault.for_seconds is not None:
            self._sensor_plan.append((begins + fault.for_seconds, number, fault, False))
        self._sensor_plan.sort(key=lambda planned: planned[:2])
        return number

    def mend(self, number: int | None = None) -> int:
        """Take one fault away, or all of them; give how many there were."""
        gone = [n for n in self._orders if number in (None, n)]
        for n in gone:
            fault = self._orders[n]
            if isinstance(fault, SensorFault):
                self._mend(n, fault)
            else:
                self._machines.faults.cancel(self._orders.pop(n), at=self._machines.now)  # type: ignore[arg-type]
        return len(gone)

    def take_wrongs(self) -> list[Wrong]:
        """Tell what has come, grown or gone since the last call."""
        time_us = time.time_ns() // 1000
        wrongs, self._wrongs = self._wrongs, []
        changes = self._machines.faults.take_changes(self._index)
        return [*wrongs, *(Wrong(time_us, self.name, change.fault, change.part, change.severity) for change in changes)]

    def _strike(self, fault: SensorFault) -> None:
        unit = self._machines.kind.signals[fault.signal].unit
        size = SensorFaultSize(fault.how, fault.amount, fault.other)
        self._machines.sensors.strike(fault.signal, size, machine=self._index, unit=unit, seconds=self._machines.seconds)
        self._wrongs.append(Wrong(time.time_ns() // 1000, self.name, f"sensor_{fault.how}", fault.signal, 1.0))

    def _mend(self, number: int, fault: SensorFault) -> None:
        del self._orders[number]
        self._machines.sensors.mend(fault.signal, machine=self._index)
        self._wrongs.append(Wrong(time.time_ns() // 1000, self.name, f"sensor_{fault.how}", fault.signal, 0.0))


def stand_up(
    members: Iterable[MachineSettings],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(JINAN),
    monotonic: Callable[[], float] = time.monotonic,
) -> list[Equipment]:
    """Make the machines of a settings file; those of one kind and one clock share a herd."""

    def clock(member: MachineSettings) -> tuple[str, float, str]:
        return member.kind, member.speed, member.start_time or ""

    members = list(members)
    equipment: dict[str, Equipment] = {}
    for _, group in groupby(sorted(members, key=clock), key=clock):
        together = list(group)
        herd = Herd(together, now=now, monotonic=monotonic)
        equipment |= {member.name: Equipment(member, now=now, herd=herd, index=index) for index, member in enumerate(together)}
    return [equipment[member.name] for member in members]
