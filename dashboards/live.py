"""The newest values of every machine, and what changed since a tab last asked.

There is no queue per tab. Every change gives its machine the next version number and moves it to the end of one ordered
table; a tab holds the version it has seen and takes what lies behind it. So a slow tab costs no memory, gets only the newest
state of each machine, and resumes after a lost connection by the same number.
"""

import json
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from dashboards.metrics import DROPPED
from device_profiles.kind import Kind, SignalType
from store.equipment import Equipment
from telemetry.bundle import Batch, Bundle
from telemetry.quality import Quality

FUTURE_US = 60 * 1_000_000
"""A row this far ahead comes from a wrong clock; taken, it would hide every true row after it."""
LONGEST_TEXT = 200
MOST_GATEWAYS = 20_000


class Cell(NamedTuple):
    """The newest thing said about one signal; None where there is no value, and the quality says why."""

    value: float | str | None
    quality: int
    time_us: int


@dataclass(slots=True)
class Machine:
    """One equipment and its newest values; signals that are polled at another pace keep times of their own."""

    equipment: Equipment
    kind: Kind
    time_us: int | None = None
    """When the newest row was acquired."""
    cells: dict[str, Cell] = field(default_factory=dict)
    version: int = 0
    _encoded: dict[bool, str] = field(default_factory=dict)

    def take(self, signal: str, cell: Cell) -> bool:
        known = self.cells.get(signal)
        if signal not in self.kind.signals or (known is not None and known.time_us >= cell.time_us):
            return False
        self.cells[signal] = cell
        return True

    def changed(self, version: int) -> None:
        self.version = version
        self._encoded.clear()

    def as_json(self, *, only_key: bool) -> str:
        """Encode for the stream, once for all tabs: times in milliseconds; qualities and times only where they say something."""
        if only_key not in self._encoded:
            values, qualities, times = {}, {}, {}
            for name, cell in self.cells.items():
                if only_key and not self.kind.signals[name].key:
                    continue
                values[name] = self.shown(name)
                if cell.quality != Quality.GOOD:
                    qualities[name] = cell.quality
                if cell.time_us != self.time_us:
                    times[name] = cell.time_us // 1000
            row: dict[str, Any] = {
                "id": self.equipment.id,
                "t": None if self.time_us is None else self.time_us // 1000,
                "v": values,
            }
            row |= {"q": qualities} if qualities else {}
            row |= {"at": times} if times else {}
            self._encoded[only_key] = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        return self._encoded[only_key]

    def shown(self, signal: str) -> float | str | None:
        """Give a value as it was measured: a float32 says no more than seven digits."""
        value = self.cells[signal].value
        if isinstance(value, float) and self.kind.signals[signal].type is SignalType.REAL:
            return float(f"{value:.7g}")
        return value


class LiveState:
    """All machines of the directory; fed by bundles, by the database and by the gateways' state messages."""

    def __init__(self) -> None:
        self.version = 0
        self.gateways: dict[str, bool] = {}
        """Online or not, as far as a gateway or its last will has said."""
        self.gateways_version = 0
        self.has_unknown = False
        """A bundle named a machine that the directory does not have: time to read the directory again."""
        self._machines: OrderedDict[int, Machine] = OrderedDict()
        self._ids: dict[tuple[str, str], int] = {}
        self._without_kind: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._machines)

    def __iter__(self) -> Iterator[Machine]:
        return iter(self._machines.values())

    def get(self, equipment_id: int) -> Machine | None:
        return self._machines.get(equipment_id)

    def find(self, *, kind: str | None = None, gateway: str | None = None, search: str = "") -> list[Machine]:
        """Give the machines of a kind, of a gateway, with a text in their name or gateway; sorted by kind, name and gateway."""
        wanted = search.strip().casefold()
        found = [
            machine
            for machine in self
            if kind in (None, "", machine.kind.name)
            and gateway in (None, "", machine.equipment.gateway)
            and wanted in f"{machine.equipment.name} {machine.equipment.gateway}".casefold()
        ]
        return sorted(found, key=lambda m: (m.kind.name, m.equipment.name, m.equipment.gateway))

    def set_directory(self, known: Iterable[tuple[Equipment, Kind | None]]) -> None:
        """Take over which machines there are; what is known of those that stay is kept. One without a kind is not shown."""
        directory: dict[int, tuple[Equipment, Kind]] = {}
        self._without_kind = set()
        for equipment, kind in known:
            if kind is None:
                self._without_kind.add((equipment.gateway, equipment.name))
            else:
                directory[equipment.id] = (equipment, kind)
        for gone in self._machines.keys() - directory.keys():
            del self._machines[gone]
        for equipment_id, (equipment, kind) in directory.items():
            machine = self._machines.get(equipment_id)
            if machine is None:
                self._machines[equipment_id] = Machine(equipment, kind)
                self._touch(self._machines[equipment_id])
            else:
                machine.equipment, machine.kind = equipment, kind
        self._ids = {(m.equipment.gateway, m.equipment.name): key for key, m in self._machines.items()}
        self.has_unknown = False

    def fill(
        self,
        equipment_id: int,
        *,
        time: datetime,
        values: Mapping[str, float | None],
        qualities: Mapping[str, int],
        now_us: int,
    ) -> None:
        """Take a newest row from the database: the state before the first message, and while the broker is away."""
        machine = self._machines.get(equipment_id)
        time_us = round(time.timestamp() * 1e6)
        if machine is None or not self._is_sane(time_us, now_us) or (machine.time_us or 0) >= time_us:
            return
        for signal in values.keys() | qualities.keys():
            machine.take(signal, Cell(_finite(values.get(signal)), int(qualities.get(signal, Quality.GOOD)), time_us))
        machine.time_us = time_us
        self._touch(machine)

    def fill_text(self, equipment_id: int, *, signal: str, time: datetime, text: str) -> None:
        """Take a text from the database."""
        machine = self._machines.get(equipment_id)
        cell = Cell(text[:LONGEST_TEXT], Quality.GOOD, round(time.timestamp() * 1e6))
        if machine is not None and machine.take(signal, cell):
            self._touch(machine)

    def gateways_of(self, equipment: Iterable[int] | None) -> dict[str, bool]:
        """Give what is known of all gateways, or of those of some machines."""
        if equipment is None:
            return self.gateways
        names = {machine.equipment.gateway for machine in map(self.get, equipment) if machine is not None}
        return {name: self.gateways[name] for name in sorted(names & self.gateways.keys())}

    def apply(self, bundle: Bundle, *, now_us: int) -> None:
        """Take what is newer than the known from a bundle; a backlog passes through without a trace."""
        for batch in bundle.batches:
            machine = self._machine(bundle.gateway, batch.equipment)
            if machine is None:
                continue
            if batch.signals.kind != machine.kind.name:
                DROPPED.labels("kind").inc()
            elif self._take_batch(machine, batch, now_us):
                self._touch(machine)
        for event in bundle.events:
            machine = self._machine(bundle.gateway, event.equipment)
            if machine is not None and self._is_sane(event.time_us, now_us):
                cell = Cell(event.text[:LONGEST_TEXT], Quality.GOOD, event.time_us)
                if machine.take(event.signal, cell):
                    self._touch(machine)

    def set_gateway(self, gateway: str, *, is_online: bool) -> None:
        if self.gateways.get(gateway) is not is_online and (gateway in self.gateways or len(self.gateways) < MOST_GATEWAYS):
            self.gateways[gateway] = is_online
            self.version += 1
            self.gateways_version = self.version

    def changed_since(self, version: int) -> list[Machine]:
        """Give the machines that changed behind a version, newest change first."""
        changed = []
        for machine in reversed(self._machines.values()):
            if machine.version <= version:
                break
            changed.append(machine)
        return changed

    def _machine(self, gateway: str, name: str) -> Machine | None:
        equipment_id = self._ids.get((gateway, name))
        if equipment_id is None:
            self.has_unknown |= (gateway, name) not in self._without_kind
            DROPPED.labels("unknown equipment").inc()
            return None
        return self._machines[equipment_id]

    def _take_batch(self, machine: Machine, batch: Batch, now_us: int) -> bool:
        times = np.frombuffer(batch.times, "<i8")
        values = np.frombuffer(batch.values, "<f4" if batch.single else "<f8").reshape(len(times), -1)
        qualities = np.zeros(values.shape, np.uint8)
        if batch.qualities is not None:
            qualities = np.frombuffer(batch.qualities, np.uint8).reshape(values.shape)
        order = np.argsort(times, kind="stable")
        sane = order[[self._is_sane(int(time_us), now_us) for time_us in times[order]]]
        if not len(sane):
            return False
        times, values, qualities = times[sane], values[sane], qualities[sane]
        # NaN of good quality says nothing: a slow signal has no sample in this row. NaN of bad quality is a failed read.
        speaks = ~np.isnan(values) | (qualities != Quality.GOOD)
        last = len(times) - 1 - np.argmax(speaks[::-1], axis=0)
        took = False
        for column in np.flatnonzero(speaks.any(axis=0)):
            row = last[column]
            cell = Cell(_finite(float(values[row, column])), int(qualities[row, column]), int(times[row]))
            took |= machine.take(batch.signals.names[column], cell)
        if machine.time_us is None or times[-1] > machine.time_us:
            machine.time_us = int(times[-1])
            took = True
        return took

    def _touch(self, machine: Machine) -> None:
        self.version += 1
        machine.changed(self.version)
        self._machines.move_to_end(machine.equipment.id)

    @staticmethod
    def _is_sane(time_us: int, now_us: int) -> bool:
        if time_us <= now_us + FUTURE_US:
            return True
        DROPPED.labels("future").inc()
        return False


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
