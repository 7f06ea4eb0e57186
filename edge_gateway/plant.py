"""All connections of a gateway at work, and how a new configuration takes the place of the old one."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from device_profiles.profile import Profile, load_profile
from edge_gateway.driver import Counters, Deliver, Driver, Target
from edge_gateway.scan import ConnectionScan
from edge_gateway.settings import (
    ConnectionSettings,
    EquipmentSettings,
    GatewaySettings,
    MtConnectSettings,
    NmeaTcpSettings,
    NmeaUdpSettings,
    OpcUaSettings,
)

_LEAVING_SECONDS = 5.0


def make_driver(name: str, settings: ConnectionSettings, *, now_us: Callable[[], int], counters: Counters) -> Driver:
    """Make the driver of a connection; a protocol that is not used is not even imported."""
    if isinstance(settings, OpcUaSettings):
        from edge_gateway.drivers.opcua.driver import OpcUa  # noqa: PLC0415 - asyncua costs 30 MB

        return OpcUa(name, settings, now_us=now_us)
    if isinstance(settings, MtConnectSettings):
        from edge_gateway.drivers.mtconnect.driver import MtConnect  # noqa: PLC0415

        return MtConnect(name, settings, now_us=now_us)
    if isinstance(settings, NmeaUdpSettings | NmeaTcpSettings):
        from edge_gateway.drivers.nmea.driver import Nmea  # noqa: PLC0415

        return Nmea(name, settings, now_us=now_us)
    from edge_gateway.drivers.modbus.driver import Modbus  # noqa: PLC0415

    return Modbus(name, settings, now_us=now_us, counters=counters)


class Described(NamedTuple):
    """A machine as configured, with what the file of its profile held then."""

    equipment: EquipmentSettings
    profile: Profile

    def targets(self) -> list[Target]:
        return Target.all_of(self.equipment, self.profile)


class Configuration(NamedTuple):
    """Settings together with the profiles that they name: all that decides what is read."""

    settings: GatewaySettings
    machines: Mapping[str, Mapping[str, Described]]
    """By connection and name of the equipment; a connection without equipment is not opened."""

    @classmethod
    def of(cls, settings: GatewaySettings) -> "Configuration":
        machines: dict[str, dict[str, Described]] = {}
        for equipment in settings.equipment:
            described = Described(equipment, load_profile(equipment.profile))
            machines.setdefault(equipment.connection, {})[equipment.name] = described
        return cls(settings, machines)


class _Connection:
    """One connection at work."""

    def __init__(self, settings: ConnectionSettings, scan: ConnectionScan, task: "asyncio.Task[None]") -> None:
        self.settings, self.scan, self.task = settings, scan, task
        self.machines: Mapping[str, Described] = {}
        self.targets: dict[str, list[Target]] = {}

    async def end(self) -> None:
        self.scan.leave()
        self.task.cancel()
        await asyncio.wait((self.task,), timeout=_LEAVING_SECONDS)


class Plant:
    """Runs the scans of a configuration; `become` changes to another one and touches only what differs."""

    def __init__(
        self,
        *,
        deliver: Deliver,
        forget: Callable[[Target], None],
        now_us: Callable[[], int],
        rng: random.Random,
        counters: Counters,
    ) -> None:
        self._deliver = deliver
        self._forget = forget
        self._now_us = now_us
        self._rng = rng
        self._counters = counters
        self._connections: dict[str, _Connection] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run_until(self, stop: asyncio.Event) -> None:
        """Wait for ``stop``; a bug in any scan ends the wait with its exception. Then end all scans."""
        waiting = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((waiting, self._failed), return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
        finally:
            waiting.cancel()
            await asyncio.gather(*(connection.end() for connection in self._connections.values()))

    async def become(self, configuration: Configuration) -> set[str]:
        """Run this configuration from now on; give the names of the machines that were touched."""
        wanted, connections = configuration.machines, configuration.settings.connections
        touched: set[str] = set()
        for name, connection in [*self._connections.items()]:
            if name not in wanted or connections[name] != connection.settings:
                touched.update(connection.machines)
                await self._end(name)
        for name, machines in wanted.items():
            touched |= self._settle(name, connections[name], machines)
        return touched

    def _settle(self, name: str, settings: ConnectionSettings, machines: Mapping[str, Described]) -> set[str]:
        """Bring one connection to what is wanted of it."""
        known = self._connections.get(name)
        kept = {} if known is None else {m: known.targets[m] for m, d in machines.items() if known.machines.get(m) == d}
        targets = {machine: kept.get(machine) or d.targets() for machine, d in machines.items()}
        everything = [target for some in targets.values() for target in some]
        if known is None:
            known = self._begin(name, settings, everything)
        elif kept.keys() != machines.keys() or known.machines.keys() != machines.keys():
            for machine, old in known.targets.items():
                for target in old if machine not in kept else ():
                    self._forget(target)
            known.scan.replace(everything)
        touched = (machines.keys() | known.machines.keys()) - kept.keys()
        known.machines, known.targets = machines, targets
        return touched

    def _begin(self, name: str, settings: ConnectionSettings, targets: Sequence[Target]) -> _Connection:
        driver = make_driver(name, settings, now_us=self._now_us, counters=self._counters)
        scan = ConnectionScan(name, driver, targets, deliver=self._deliver, now_us=self._now_us, rng=self._rng)
        task = asyncio.create_task(scan.run(), name=f"connection {name}")
        task.add_done_callback(self._look_at)
        self._connections[name] = _Connection(settings, scan, task)
        return self._connections[name]

    async def _end(self, name: str) -> None:
        connection = self._connections.pop(name)
        await connection.end()
        for targets in connection.targets.values():
            for target in targets:
                self._forget(target)

    def _look_at(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None and not self._failed.done():
            with contextlib.suppress(asyncio.InvalidStateError):
                self._failed.set_exception(task.exception())  # type: ignore[arg-type]  # just looked at

    @property
    def targets(self) -> list[Target]:
        return [target for c in self._connections.values() for some in c.targets.values() for target in some]

    @property
    def connected(self) -> Mapping[str, bool]:
        return {name: connection.scan.is_connected for name, connection in self._connections.items()}

    @property
    def answering(self) -> Mapping[str, bool]:
        """By equipment, whether its last reading gave any value; what was not read yet is not in it."""
        return {name: value for c in self._connections.values() for name, value in c.scan.answering.items()}
