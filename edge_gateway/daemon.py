"""A running gateway: one owner of all tasks, from the first poll to the last receipt."""

import asyncio
import contextlib
import hashlib
import importlib.metadata
import logging
import os
import random
import signal
from collections.abc import Sequence
from typing import Any

from device_profiles.profile import load_profile
from edge_gateway.clock import Clock
from edge_gateway.driver import Driver, Target
from edge_gateway.flusher import Flusher
from edge_gateway.publisher import Publisher
from edge_gateway.rows import Rows
from edge_gateway.scan import ConnectionScan
from edge_gateway.settings import GatewaySettings, ModbusTcpSettings, OpcUaSettings
from edge_gateway.spool import Spool
from telemetry.errors import ConfigError
from telemetry.health import serve_health
from telemetry.mqtt import Link, connect, keep_connected

_log = logging.getLogger(__name__)

_HOUR_US = 3_600_000_000
_DRAIN_STEP_SECONDS = 0.05


def make_driver(name: str, settings: ModbusTcpSettings | OpcUaSettings) -> Driver:
    """Make the driver of a connection; a protocol that is not used is not even imported."""
    if isinstance(settings, ModbusTcpSettings):
        from edge_gateway.drivers.modbus import ModbusTcp  # noqa: PLC0415

        return ModbusTcp(name, settings)
    from edge_gateway.drivers.opcua import OpcUa  # noqa: PLC0415 - asyncua costs 30 MB

    return OpcUa(name, settings)


def targets_by_connection(settings: GatewaySettings) -> dict[str, list[Target]]:
    targets: dict[str, list[Target]] = {}
    for equipment in settings.equipment:
        targets.setdefault(equipment.connection, []).append(Target.of(equipment))
    return targets


class Gateway:
    """Wires the parts together; `run` is the process."""

    def __init__(self, settings: GatewaySettings, *, rng: random.Random | None = None) -> None:
        self._settings = settings
        self._rng = rng or random.Random()  # noqa: S311 - spreads polls and retries, guards no secret
        self._stop = asyncio.Event()
        self._link: Link | None = None
        self._equipment = targets_by_connection(settings)
        clock, clock_of_the_disk = Clock(), Clock()  # one per thread
        self.rows = Rows()
        self.spool = Spool(
            settings.spool.path,
            gateway=settings.gateway,
            max_bytes=settings.spool.max_bytes,
            max_age_us=int(settings.spool.max_age_hours * _HOUR_US),
            now_us=clock_of_the_disk.now_us,
        )
        self.publisher = Publisher(settings.gateway, settings.publish, self.spool, describe=self._describe, rng=self._rng)
        self.flusher = Flusher(
            self.rows,
            self.spool,
            committed=self.publisher.committed,
            flush_seconds=settings.publish.flush_seconds,
        )
        self.scans = [
            ConnectionScan(
                name,
                make_driver(name, settings.connections[name]),
                targets,
                deliver=lambda target, time_us, poll: self.rows.add(target, time_us=time_us, poll=poll),
                now_us=clock.now_us,
                rng=self._rng,
            )
            for name, targets in self._equipment.items()
        ]
        self.health_port = 0

    def stop(self) -> None:
        """Begin to leave: no more polls, what is in memory to the disk, a short wait for the last receipts."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        return self._stop.is_set()

    async def run(self) -> None:
        """Work until `stop`.

        Raises
        ------
        ConfigError
            If the spool's folder, a certificate or the health port cannot be used.
        """
        try:
            async with self.spool, serve_health(self._settings.health.port, self._health) as self.health_port:
                await self._work()
        except BaseExceptionGroup as errors:
            config, rest = errors.split(ConfigError)
            if rest is not None or config is None:
                raise
            raise ConfigError(*(problem for leaf in _leaves(config) for problem in leaf.problems)) from None

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            scans = [group.create_task(scan.run(), name=f"connection {scan.name}") for scan in self.scans]
            flusher = group.create_task(self.flusher.run(self._stop), name="flusher")
            publisher = group.create_task(
                keep_connected(
                    lambda: connect(self._settings.broker, will=self.publisher.will), self._session, name=self._settings.gateway
                ),
                name="publisher",
            )
            await self._stop.wait()
            _log.info("stopping: polls end, samples go to disk")
            for scan in self.scans:
                scan.leave()
            for task in scans:
                task.cancel()
            await asyncio.wait((*scans, flusher))
            await self._wait_for_receipts()
            while not publisher.done():  # once is not always enough, see ConnectionScan.leave
                publisher.cancel()
                await asyncio.wait((publisher,), timeout=0.2)
        _log.info("stopped; %d bundles wait on disk", self.spool.status.bundles)

    async def _session(self, link: Link) -> None:
        self._link = link
        try:
            await self.publisher.session(link)
        finally:
            self._link = None

    async def _wait_for_receipts(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.publish.grace_seconds):
                while self.spool.status.bundles and self.publisher.is_connected:  # noqa: ASYNC110 - two conditions, once in a life
                    await asyncio.sleep(_DRAIN_STEP_SECONDS)
        if self._link is not None:
            with contextlib.suppress(Exception):  # the broker's last will says the same
                async with asyncio.timeout(1.0):
                    await self.publisher.say_goodbye(self._link)

    def _describe(self) -> dict[str, Any]:
        by_name = {equipment.name: equipment.profile for equipment in self._settings.equipment}
        return {
            "version": _version(),
            "profiles": {name: _digest(name) for name in sorted(set(by_name.values()))},
            "equipment": {
                target.name: {
                    "kind": target.profile.kind,
                    "profile": by_name[target.name],
                    "period_seconds": target.period_seconds,
                    "connection": connection,
                }
                for connection, targets in self._equipment.items()
                for target in targets
            },
            "connections": {scan.name: scan.is_connected for scan in self.scans},
        }

    def _health(self) -> tuple[bool, dict[str, Any]]:
        """A machine or broker that is away is the plant's business; a disk that takes nothing is the watchdog's."""
        status = self.spool.status
        return status.is_working, {
            "gateway": self._settings.gateway,
            "broker_connected": self.publisher.is_connected,
            "connections": {scan.name: scan.is_connected for scan in self.scans},
            "spool_bundles": status.bundles,
            "spool_bytes": status.bytes,
            "spool_working": status.is_working,
        }


def _version() -> str:
    try:
        return importlib.metadata.version("shangyun")
    except importlib.metadata.PackageNotFoundError:
        return "source tree"


def _digest(profile: str) -> str:
    """Tell versions of a profile apart, so that the cloud side can see what a value was decoded with."""
    return hashlib.sha256(load_profile(profile).model_dump_json().encode()).hexdigest()[:16]


async def run_until_signal(settings: GatewaySettings) -> None:
    """Run a gateway until SIGINT or SIGTERM; a second signal ends the process at once."""
    gateway = Gateway(settings)

    def on_signal() -> None:
        if gateway.is_stopping:
            os._exit(1)
        gateway.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await gateway.run()


def _leaves(group: BaseExceptionGroup[ConfigError]) -> Sequence[ConfigError]:
    return [leaf for error in group.exceptions for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])]
