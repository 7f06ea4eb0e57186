"""Runs all simulated machines and links of a settings file in one process."""

import asyncio
import importlib
import resource
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from device_profiles.profile import ModbusProfile, Profile, load_profile
from simulators.faults import Faults, LinkFault, MachineFaultOrder, SensorFault
from simulators.fleet import Equipment, stand_up
from simulators.link import Link
from simulators.settings import MODBUS_PROTOCOLS, LinkSettings, MachineSettings, SimulatorSettings, protocol_of
from simulators.truth import Served, TruthLog, Wrong

_SERVERS = {
    "opcua": ("opcua", "OpcUaServer"),
    "mtconnect": ("mtconnect", "MtConnectServer"),
    "nmea_tcp": ("nmea", "NmeaTcpServer"),
    "nmea_udp": ("nmea", "NmeaUdpTalker"),
}
"""By protocol: module of `simulators.servers`, and class."""
STEP_SECONDS = 0.5
"""The machines live on without a reader, so that the first read after an hour has no hour to make up for."""
Record = Callable[[Served], None]


class Listening(NamedTuple):
    """Where one machine can be read."""

    equipment: Equipment
    protocol: str
    port: int

    def __str__(self) -> str:
        machine = self.equipment.settings
        place = f"{machine.host}:{self.port}"
        match self.protocol:
            case "opcua":
                where = f"OPC UA opc.tcp://{place}/ root Machines/{machine.name}"
            case "modbus_tcp":
                where = f"Modbus TCP {place} unit {machine.unit_id}"
            case "modbus_rtu_over_tcp":
                where = f"Modbus RTU over TCP {place} unit {machine.unit_id}"
            case "modbus_rtu":
                where = f"Modbus RTU {machine.serial} unit {machine.unit_id}"
            case _:
                where = f"{self.protocol} {place}"
        return f"{machine.name}: {machine.profile} at {where}"


@dataclass
class Bench:
    """All that one process serves, with the faults that it can be given."""

    settings: SimulatorSettings
    faults: Faults
    listening: list[Listening] = field(default_factory=list)
    links: dict[str, Link] = field(default_factory=dict)
    servers: list[Any] = field(default_factory=list)
    report_wrong: Callable[[Wrong], None] = lambda _: None

    @property
    def equipment(self) -> dict[str, Equipment]:
        """Every machine by its name."""
        return {one.equipment.name: one.equipment for one in self.listening}

    def befallen(self, fault: MachineFaultOrder | SensorFault) -> list[Equipment]:
        """Give the machines that a fault strikes: those that it names, or all that can have it."""
        return [one for name, one in self.equipment.items() if name in (fault.machines or (name,)) and one.can_have(fault)]

    def lines(self) -> list[str]:
        """Say what can be reached where."""
        carried = [
            f"{link.name}: link {link.host}:{self.links[link.name].port} to {link.server_host}:{link.server_port}"
            for link in self.settings.links
        ]
        return [*map(str, self.listening), *carried]


@asynccontextmanager
async def serve(settings: SimulatorSettings) -> AsyncIterator[Bench]:
    """Serve machines and links as long as the context is open.

    Raises
    ------
    ConfigError
        If an address cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        record: Record | None = None
        bench = Bench(settings, Faults(seed=settings.fault_seed))
        if settings.truth_log is not None:
            log = TruthLog(settings.truth_log)
            stack.callback(log.close)
            record, bench.report_wrong = log.write, log.write_wrong
        fleet = [(equipment, load_profile(equipment.settings.profile)) for equipment in stand_up(settings.members)]
        for (protocol, place), group in groupby(sorted(fleet, key=_place), key=_place):
            members = list(group)
            # Port 0 means any free port, so machines that ask for it do not share one.
            is_any_port = place[1] == 0 and protocol != "modbus_rtu"
            for some in [[one] for one in members] if is_any_port else [members]:
                server = await stack.enter_async_context(_server(protocol, some, record, bench.faults))
                bench.servers.append(server)
                port = 0 if protocol == "modbus_rtu" else server.port
                bench.listening += [Listening(equipment, protocol, port) for equipment, _ in some]
        for link in settings.links:
            bench.links[link.name] = await stack.enter_async_context(_link(link, settings.fault_seed))
        for fault in settings.faults:
            if isinstance(fault, LinkFault):
                for name in fault.links or bench.links:
                    bench.links[name].add(fault)
            elif isinstance(fault, MachineFaultOrder | SensorFault):
                for equipment in bench.befallen(fault):
                    equipment.order(fault)
            else:
                bench.faults.add(fault)
        yield bench


async def run(
    settings: SimulatorSettings,
    *,
    stop: asyncio.Event | None = None,
    ready: Callable[[Bench], None] = lambda _: None,
    control: Callable[[Bench], Any] | None = None,
) -> None:
    """Serve until ``stop`` is set or ``control`` ends; without a ``stop``, also until SIGINT or SIGTERM."""
    if stop is None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _allow_many_connections()
    async with serve(settings) as bench, asyncio.TaskGroup() as group:
        tasks = [group.create_task(_live(bench))]
        ready(bench)
        if control is not None:
            tasks.append(group.create_task(_obey(control, bench, stop)))
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _obey(control: Callable[[Bench], Any], bench: Bench, stop: asyncio.Event) -> None:
    await control(bench)
    stop.set()


async def _live(bench: Bench) -> None:
    while True:
        await asyncio.sleep(STEP_SECONDS)
        for number, equipment in enumerate(bench.equipment.values()):
            equipment.advance()
            for wrong in equipment.take_wrongs():
                bench.report_wrong(wrong)
            if number % 16 == 15:  # requests do not wait for a large fleet
                await asyncio.sleep(0)


def _allow_many_connections() -> None:
    """A plant of 500 ports, each with its clients, needs more than the usual 1024 descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _place(member: tuple[Equipment, Profile]) -> tuple[str, tuple[str, int]]:
    equipment, profile = member
    return protocol_of(equipment.settings, profile), equipment.settings.place


def _server(protocol: str, members: Sequence[tuple[Equipment, Profile]], record: Record | None, faults: Faults) -> Any:
    machine = members[0][0].settings
    if protocol not in MODBUS_PROTOCOLS:
        module, name = _SERVERS[protocol]
        made = getattr(importlib.import_module(f"simulators.servers.{module}"), name)
        return made(members, record or _forget, host=machine.host, port=machine.port, **_protection(machine))
    units = [(equipment, profile) for equipment, profile in members if isinstance(profile, ModbusProfile)]
    if machine.serial is not None:
        from simulators.servers.modbus_serial import ModbusSerialServer  # noqa: PLC0415 - only where it is used

        return ModbusSerialServer(
            units, record, path=machine.serial, baudrate=machine.baudrate, parity=machine.parity, faults=faults
        )
    from simulators.servers.modbus import ModbusServer  # noqa: PLC0415 - the same

    return ModbusServer(units, record, host=machine.host, port=machine.port, protocol=protocol, faults=faults)


def _protection(machine: MachineSettings) -> dict[str, Any]:
    if machine.certificate_file is None or machine.key_file is None:
        return {"passwords": machine.users} if machine.users else {}
    from simulators.servers.opcua import Certificate  # noqa: PLC0415 - only where it is used

    certificate = Certificate.read(machine.certificate_file, machine.key_file)
    return {"certificate": certificate, "passwords": machine.users or None}


def _link(settings: LinkSettings, seed: int) -> Link:
    return Link(**settings.model_dump(exclude={"name"}), seed=seed)


def _forget(_: Served) -> None:
    """Take the place of a log that nobody asked for."""
