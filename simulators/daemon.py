"""Runs all simulated machines of a settings file in one process."""

import asyncio
import importlib
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import groupby
from typing import Any, NamedTuple

from device_profiles.profile import Profile, load_profile
from simulators.fleet import Equipment
from simulators.settings import SimulatorSettings
from simulators.truth import Served, TruthLog

_SERVERS = {"modbus": "ModbusServer", "opcua": "OpcUaServer"}
STEP_SECONDS = 0.5
"""The machines live on without a reader, so that the first read after an hour has no hour to make up for."""


class Listening(NamedTuple):
    """Where one machine can be read."""

    equipment: Equipment
    protocol: str
    port: int

    def __str__(self) -> str:
        machine = self.equipment.settings
        place = f"{machine.host}:{self.port}"
        if self.protocol == "opcua":
            where = f"OPC UA opc.tcp://{place}/ root Machines/{machine.name}"
        else:
            where = f"Modbus TCP {place} unit {machine.unit_id}"
        return f"{machine.name}: {machine.profile} at {where}"


@asynccontextmanager
async def serve(settings: SimulatorSettings) -> AsyncIterator[list[Listening]]:
    """Serve the machines as long as the context is open.

    Raises
    ------
    ConfigError
        If an address cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        record: Callable[[Served], None] = _forget
        if settings.truth_log is not None:
            log = TruthLog(settings.truth_log)
            stack.callback(log.close)
            record = log.write
        fleet = [(Equipment(machine), load_profile(machine.profile)) for machine in settings.machines]
        listening: list[Listening] = []
        for (protocol, host, port), group in groupby(sorted(fleet, key=_place), key=_place):
            members = list(group)
            # Port 0 means any free port, so machines that ask for it do not share one.
            for some in [[one] for one in members] if port == 0 else [members]:
                server = await stack.enter_async_context(_server(protocol)(some, record, host=host, port=port))
                listening += [Listening(equipment, protocol, server.port) for equipment, _ in some]
        yield listening


async def run(
    settings: SimulatorSettings,
    *,
    stop: asyncio.Event | None = None,
    ready: Callable[[Sequence[Listening]], None] = lambda _: None,
) -> None:
    """Serve until ``stop`` is set; without one, until SIGINT or SIGTERM."""
    if stop is None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(settings) as listening, asyncio.TaskGroup() as group:
        living = group.create_task(_live([one.equipment for one in listening]))
        ready(listening)
        await stop.wait()
        living.cancel()


async def _live(fleet: Sequence[Equipment]) -> None:
    while True:
        await asyncio.sleep(STEP_SECONDS)
        for equipment in fleet:
            equipment.advance()


def _place(member: tuple[Equipment, Profile]) -> tuple[str, str, int]:
    equipment, profile = member
    return profile.protocol, equipment.settings.host, equipment.settings.port


def _server(protocol: str) -> Any:
    return getattr(importlib.import_module(f"simulators.servers.{protocol}"), _SERVERS[protocol])


def _forget(_: Served) -> None:
    """Take the place of a log that nobody asked for."""
