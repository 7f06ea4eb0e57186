"""A running gateway: one owner of all tasks, from the first poll to the last receipt."""

import asyncio
import contextlib
import importlib.metadata
import logging
import os
import random
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter

from edge_gateway import metrics
from edge_gateway.clock import Clock
from edge_gateway.driver import Counters, Poll, Target
from edge_gateway.flusher import Flusher
from edge_gateway.plant import Configuration, Plant
from edge_gateway.publisher import Publisher
from edge_gateway.reload import SHORTEST_TRIAL_SECONDS, Reload
from edge_gateway.report import ReportByException
from edge_gateway.rows import Rows
from edge_gateway.settings import GatewaySettings, load_gateway
from edge_gateway.spool import Spool
from telemetry import systemd
from telemetry.errors import ConfigError
from telemetry.health import serve_health
from telemetry.mqtt import Link, connect, keep_connected

if TYPE_CHECKING:
    from edge_gateway.sparkplug.node import SparkplugNode

_log = logging.getLogger(__name__)

_HOUR_US = 3_600_000_000
_DRAIN_STEP_SECONDS = 0.05
_KEEP_COUNTERS_SECONDS = 60.0
_TOLD = {
    "overruns": metrics.OVERRUNS,
    "timeouts": metrics.TIMEOUTS,
    "device_exceptions": metrics.EXCEPTIONS,
    "late_replies": metrics.LATE_REPLIES,
}
"""Counters that the gateway's state tells, so that people see them without Prometheus."""


class Gateway:
    """Wires the parts together; `run` is the process. ``load`` reads the settings again for a reload."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        load: Callable[[], GatewaySettings] | None = None,
        trial_seconds: float = SHORTEST_TRIAL_SECONDS,
        rng: random.Random | None = None,
    ) -> None:
        self._settings = settings
        self._rng = rng or random.Random()  # noqa: S311 - spreads polls and retries, guards no secret
        self._stop = asyncio.Event()
        self._link: Link | None = None
        self._counters: Counters = {}
        clock, clock_of_the_disk = Clock(), Clock()  # one per thread
        self._clock = clock
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
        self._sparkplug = self._make_sparkplug(clock.now_us)
        self._report = ReportByException(self._take_row)
        self.plant = Plant(
            deliver=self._report, forget=self._report.forget, now_us=clock.now_us, rng=self._rng, counters=self._counters
        )
        self.reload = Reload(
            self.plant,
            Configuration.of(settings),
            lambda: Configuration.of(settings if load is None else load()),
            trial_seconds=trial_seconds,
        )
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
        self._counters.update(await self.spool.read_counters())
        await self.plant.become(self.reload.running)
        if self._sparkplug is not None:
            self._sparkplug.set_targets(self.plant.targets)
        async with asyncio.TaskGroup() as group:
            flusher = group.create_task(self.flusher.run(self._stop), name="flusher")
            publisher = group.create_task(
                keep_connected(
                    lambda: connect(self._settings.broker, will=self.publisher.will), self._session, name=self._settings.gateway
                ),
                name="publisher",
            )
            helpers = [
                group.create_task(self.reload.run(changed=self._configuration_changed), name="reload"),
                group.create_task(self._keep_counters(), name="counters"),
                group.create_task(systemd.feed_watchdog(), name="watchdog"),
            ]
            if self._sparkplug is not None:
                helpers.append(group.create_task(self._sparkplug.run(), name="sparkplug"))
            systemd.notify("READY=1")
            await self.plant.run_until(self._stop)
            systemd.notify("STOPPING=1")
            _log.info("stopping: polls end, samples go to disk")
            for task in helpers:
                task.cancel()
            await asyncio.wait((*helpers, flusher))
            await self.spool.keep_counters(dict(self._counters))
            await self._wait_for_receipts()
            while not publisher.done():  # once is not always enough, see ConnectionScan.leave
                publisher.cancel()
                await asyncio.wait((publisher,), timeout=0.2)
        _log.info("stopped; %d bundles wait on disk", self.spool.status.bundles)

    def _take_row(self, target: Target, time_us: int, poll: Poll) -> None:
        self.rows.add(target, time_us=time_us, poll=poll)
        if self._sparkplug is not None:
            self._sparkplug.observe(target, time_us, poll)

    def _make_sparkplug(self, now_us: Callable[[], int]) -> "SparkplugNode | None":
        settings = self._settings.sparkplug
        if settings is None:
            return None
        from edge_gateway.sparkplug.node import SparkplugNode  # noqa: PLC0415 - protobuf is an extra

        return SparkplugNode(
            settings, gateway=self._settings.gateway, broker=self._settings.broker, targets=(), now_us=now_us, rng=self._rng
        )

    def _configuration_changed(self) -> None:
        if self._sparkplug is not None:
            self._sparkplug.set_targets(self.plant.targets)
        self.publisher.tell_state()
        systemd.notify("READY=1")

    async def _keep_counters(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_COUNTERS_SECONDS)
            await self.spool.keep_counters(dict(self._counters))

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
        machines = [d for some in self.reload.running.machines.values() for d in some.values()]
        return {
            "version": _version(),
            "told_at_us": self._clock.now_us(),
            "profiles": {d.equipment.profile: d.profile.digest for d in machines},
            "equipment": {
                d.equipment.name: {
                    "kind": d.profile.kind,
                    "profile": d.equipment.profile,
                    "period_seconds": d.equipment.period_seconds,
                    "connection": d.equipment.connection,
                }
                for d in machines
            },
            "connections": dict(self.plant.connected),
            "equipment_without_values": self._silent(),
            "counters": {name: _total(counter) for name, counter in _TOLD.items()},
            "reload": self.reload.last,
        }

    def _silent(self) -> list[str]:
        return sorted(name for name, answers in self.plant.answering.items() if not answers)

    def _health(self) -> tuple[bool, dict[str, Any]]:
        """A machine or broker that is away is the plant's business; a disk that takes nothing is the gateway's own."""
        status = self.spool.status
        return status.is_working, {
            "gateway": self._settings.gateway,
            "broker_connected": self.publisher.is_connected,
            "connections": dict(self.plant.connected),
            "equipment_without_values": self._silent(),
            "spool_bundles": status.bundles,
            "spool_bytes": status.bytes,
            "spool_working": status.is_working,
            "reload": self.reload.last,
        }


def _version() -> str:
    try:
        return importlib.metadata.version("shangyun")
    except importlib.metadata.PackageNotFoundError:
        return "source tree"


def _total(counter: Counter) -> int:
    samples = (sample for metric in counter.collect() for sample in metric.samples)
    return round(sum(sample.value for sample in samples if sample.name.endswith("_total")))


async def run_until_signal(path: Path) -> None:
    """Run a gateway until SIGINT or SIGTERM; a second signal ends the process at once. SIGHUP reads the settings again."""
    gateway = Gateway(load_gateway(path), load=lambda: load_gateway(path))

    def on_signal() -> None:
        if gateway.is_stopping:
            os._exit(1)
        gateway.stop()

    def on_reload() -> None:
        systemd.reloading()
        gateway.reload.request()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    loop.add_signal_handler(signal.SIGHUP, on_reload)
    await gateway.run()


def _leaves(group: BaseExceptionGroup[ConfigError]) -> Sequence[ConfigError]:
    return [leaf for error in group.exceptions for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])]
