"""The newest values of every machine, and what changed since a tab last asked.

There is no queue per tab. Every change gives its machine the next version number and moves it to the end of one ordered
table; a tab holds the version it has seen and takes what lies behind it. So a slow tab costs no memory, gets only the newest
state of each machine, and resumes after a lost connection by the same number.
"""

import itertools
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from dashboards.live.gateway_reports import GatewayReport, GatewayStatus
from dashboards.live.unknown_kind import unknown_kind, with_signal
from dashboards.metrics import DROPPED
from device_profiles.kind import Kind, SignalType
from store.equipment import Equipment
from store.sites import Site
from telemetry.bundle import Batch, Bundle
from telemetry.quality import Quality

FUTURE_US = 60 * 1_000_000
"""A row this far ahead comes from a wrong clock; taken, it would hide every true row after it."""
LONGEST_TEXT = 200
MOST_GATEWAYS = 20_000
MOST_WAITING = 10
"""Rows of a machine that wait to be laid down: some kilobytes."""
MOST_LISTS = 50
"""Signal lists of a machine of which the newest time is known; a gateway has a few."""


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
    is_open: bool = False
    """Nobody has described its kind: every signal that it sends is taken."""
    time_us: int | None = None
    """When the newest row was acquired."""
    version: int = 0
    _cells: dict[str, Cell] = field(default_factory=dict)
    _waiting: list[Batch] = field(default_factory=list)
    _rows_waiting: int = 0
    """Newer than the cells: most machines are looked at by nobody most of the time, and many rows cost little more than one."""
    _newest_us: dict[str, int] = field(default_factory=dict)
    """By signal list."""
    _encoded: dict[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> dict[str, Cell]:
        if self._waiting:
            self.lay_down()
        return self._cells

    def put(self, batch: Batch) -> bool:
        """Keep rows for whoever looks next; False for those of a backlog, which say nothing new."""
        newest_us = max(_times(batch))
        if newest_us <= self._newest_us.get(batch.signals.text, -1):
            return False
        if len(self._newest_us) >= MOST_LISTS:
            self._newest_us.clear()  # then a backlog may say once more what is known, and the cells know better
        self._newest_us[batch.signals.text] = newest_us
        self.time_us = max(newest_us, self.time_us or newest_us)
        self._waiting.append(batch)
        self._rows_waiting += batch.rows
        if self._rows_waiting >= MOST_WAITING:
            self.lay_down()
        return True

    def lay_down(self) -> None:
        """Make cells of the newest thing that the waiting rows say about each signal."""
        waiting, self._waiting, self._rows_waiting = self._waiting, [], 0
        alike: dict[tuple[str, bool], list[Batch]] = {}
        for batch in waiting:
            alike.setdefault((batch.signals.text, batch.single), []).append(batch)
        for (_, is_single), batches in alike.items():
            names = batches[0].signals.names
            times = np.frombuffer(b"".join([batch.times for batch in batches]), "<i8")
            shape = (len(times), len(names))
            values = np.frombuffer(b"".join([batch.values for batch in batches]), "<f4" if is_single else "<f8").reshape(shape)
            told = [bytes(batch.rows * len(names)) if batch.qualities is None else batch.qualities for batch in batches]
            qualities = np.frombuffer(b"".join(told), np.uint8).reshape(shape)
            order = np.argsort(times, kind="stable")[::-1]
            # NaN of good quality says nothing: a slow signal has no sample in this row. NaN of bad quality is a failed read.
            speaks = (~np.isnan(values) | (qualities != Quality.GOOD))[order]
            rows = order[speaks.argmax(axis=0)]
            columns = np.flatnonzero(speaks.any(axis=0))
            rows = rows[columns]
            found = zip(
                columns.tolist(),
                values[rows, columns].tolist(),
                qualities[rows, columns].tolist(),
                times[rows].tolist(),
                strict=True,
            )
            for column, value, quality, time_us in found:
                self.take(names[column], Cell(_finite(value), quality, time_us))

    def take(self, signal: str, cell: Cell) -> bool:
        known = self._cells.get(signal)
        if known is not None and known.time_us >= cell.time_us:
            return False
        if signal not in self.kind.signals:
            if self.is_open:
                self.kind = with_signal(self.kind, signal, is_text=isinstance(cell.value, str))
            if signal not in self.kind.signals:
                return False
        self._cells[signal] = cell
        return True

    def changed(self, version: int) -> None:
        self.version = version
        self._encoded.clear()

    def encoded(self, form: str, make: Callable[[], str]) -> str:
        """Give the machine in some form, made once for all who ask until it changes."""
        if form not in self._encoded:
            self._encoded[form] = make()
        return self._encoded[form]

    def as_json(self, *, only_key: bool) -> str:
        """Encode for the stream: times in milliseconds; qualities and times only where they say something."""
        return self.encoded("key" if only_key else "all", lambda: self._as_json(only_key=only_key))

    def _as_json(self, *, only_key: bool) -> str:
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
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

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
        self.statuses: dict[str, GatewayStatus] = {}
        """What else is known of them."""
        self.gateways_version = 0
        self.sites: list[Site] = []
        self.directory_version = 0
        """Grows when machines come, go or change their names."""
        self.has_unknown = False
        """A bundle named a machine that the directory does not have: time to read the directory again."""
        self._machines: OrderedDict[int, Machine] = OrderedDict()
        self._ids: dict[tuple[str, str], int] = {}
        self._gateway_sites: Mapping[str, int] = {}

    def __len__(self) -> int:
        return len(self._machines)

    def __iter__(self) -> Iterator[Machine]:
        return iter(self._machines.values())

    def get(self, equipment_id: int) -> Machine | None:
        return self._machines.get(equipment_id)

    def site_of(self, gateway: str) -> int | None:
        return self._gateway_sites.get(gateway)

    def gateways_with_site(self) -> set[str]:
        return set(self._gateway_sites)

    def set_sites(self, sites: list[Site], gateway_sites: Mapping[str, int]) -> None:
        self.sites, self._gateway_sites = sites, gateway_sites

    def set_directory(self, known: Iterable[tuple[Equipment, Kind | None]]) -> None:
        """Take over which machines there are; what is known of those that stay is kept."""
        is_changed = False
        directory = {equipment.id: (equipment, kind) for equipment, kind in known}
        for gone in self._machines.keys() - directory.keys():
            del self._machines[gone]
            is_changed = True
        for equipment_id, (equipment, kind) in directory.items():
            machine = self._machines.get(equipment_id)
            if machine is not None and machine.equipment == equipment and machine.is_open == (kind is None):
                continue
            if machine is None or machine.equipment.kind != equipment.kind or machine.is_open != (kind is None):
                known_cells = machine.cells if machine is not None else {}
                machine = Machine(equipment, kind or unknown_kind(equipment.kind), is_open=kind is None)
                for signal, cell in known_cells.items():  # texts that came before the first batch told the kind
                    machine.take(signal, cell)
                self._machines[equipment_id] = machine
            machine.equipment = equipment
            self._touch(machine)
            is_changed = True
        if is_changed:
            self._ids = {(m.equipment.gateway, m.equipment.name): key for key, m in self._machines.items()}
            self.directory_version += 1
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

    def gateways_of(self, equipment: Iterable[int] | None, gateways: frozenset[str] | None = None) -> dict[str, bool]:
        """Give what is known of all gateways or of those of some machines, as far as ``gateways`` lets see."""
        if equipment is None:
            return {name: is_online for name, is_online in self.gateways.items() if gateways is None or name in gateways}
        names = {machine.equipment.gateway for machine in map(self.get, equipment) if machine is not None}
        names &= self.gateways.keys() if gateways is None else self.gateways.keys() & gateways
        return {name: self.gateways[name] for name in sorted(names)}

    def apply(self, bundle: Bundle, *, now_us: int) -> None:
        """Take what is newer than the known from a bundle; a backlog passes through without a trace."""
        if (status := self._status(bundle.gateway)) is not None:
            status.heard(sent_at_us=bundle.sent_at_us, now_us=now_us)
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

    def set_gateway(self, gateway: str, *, is_online: bool, report: GatewayReport | None = None) -> None:
        status = self._status(gateway)
        if status is None:
            return
        status.report = report or status.report
        if status.is_online is not is_online:
            status.is_online = self.gateways[gateway] = is_online
            self.version += 1
            self.gateways_version = self.version

    def changed_since(self, version: int, *, equipment: frozenset[int] | None, gateways: frozenset[str] | None) -> list[Machine]:
        """Give the machines that changed behind a version: all or some, as far as their gateways may be seen."""
        if equipment is None:
            changed = list(itertools.takewhile(lambda machine: machine.version > version, reversed(self._machines.values())))
        else:
            changed = [machine for machine in map(self.get, equipment) if machine is not None and machine.version > version]
        return changed if gateways is None else [machine for machine in changed if machine.equipment.gateway in gateways]

    def _status(self, gateway: str) -> GatewayStatus | None:
        if gateway not in self.statuses:
            if len(self.statuses) >= MOST_GATEWAYS:
                return None
            self.statuses[gateway] = GatewayStatus()
        return self.statuses[gateway]

    def _machine(self, gateway: str, name: str) -> Machine | None:
        equipment_id = self._ids.get((gateway, name))
        if equipment_id is None:
            self.has_unknown = True
            DROPPED.labels("unknown equipment").inc()
            return None
        return self._machines[equipment_id]

    def _take_batch(self, machine: Machine, batch: Batch, now_us: int) -> bool:
        if machine.is_open or max(_times(batch)) > now_us + FUTURE_US:
            batch = self._sane_part(batch, now_us)
        took = batch.rows > 0 and machine.put(batch)
        if machine.is_open:
            machine.lay_down()  # what it sends says what there is to show
        return took

    def _sane_part(self, batch: Batch, now_us: int) -> Batch:
        kept = [place for place, time_us in enumerate(_times(batch)) if self._is_sane(time_us, now_us)]

        def part(data: bytes) -> bytes:
            return np.frombuffer(data, np.uint8).reshape(batch.rows, -1)[kept].tobytes()

        qualities = None if batch.qualities is None else part(batch.qualities)
        return batch._replace(times=part(batch.times), values=part(batch.values), qualities=qualities)

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


def _times(batch: Batch) -> "memoryview[int]":
    return memoryview(batch.times).cast("q")


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
