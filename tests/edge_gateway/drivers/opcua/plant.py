"""A small plant for the tests of OPC UA: one machine on asyncua's server, its profile, and a watcher like the scan."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from device_profiles.profile import OpcUaProfile
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.opcua.driver import OpcUa
from edge_gateway.settings import OpcUaSettings
from telemetry.errors import RetryableError
from telemetry.quality import Quality

if TYPE_CHECKING:
    from asyncua.common.node import Node

URI = "urn:test:machine"
POINTS: list[dict[str, Any]] = [
    {"signal": "execution", "path": "m:Monitoring/m:State", "map": {"10": "active", "20": "interrupted"}},
    {"signal": "spindle_speed", "path": "m:Monitoring/m:Speed"},
    {"signal": "spindle_load", "path": "m:Monitoring/m:Load", "scale": 0.1},
    {"signal": "part_count_total", "path": "m:Monitoring/m:Parts"},
    {"signal": "is_warm_up", "path": "m:Monitoring/m:WarmUp"},
    {"signal": "program", "path": "m:Monitoring/m:Program"},
]
MISSING: list[dict[str, Any]] = [
    {"signal": "machine_power", "path": "m:Monitoring/m:Nowhere"},
    {"signal": "energy_total", "path": "other:Vendor/other:Energy"},
]
VALUES: dict[str, tuple[Any, ua.VariantType]] = {
    "State": (20, ua.VariantType.Int32),
    "Speed": (8000.5, ua.VariantType.Double),
    "Load": (423, ua.VariantType.UInt16),
    "Parts": (4_000_000_000, ua.VariantType.UInt32),
    "WarmUp": (True, ua.VariantType.Boolean),
    "Program": ("O1001", ua.VariantType.String),
}
EXPECTED = {
    "execution": 1.0,  # device code 20 means interrupted, which the kind numbers 1
    "spindle_speed": 8000.5,
    "spindle_load": 42.3,
    "part_count_total": 4_000_000_000.0,
    "is_warm_up": 1.0,
}


def profile(points: list[dict[str, Any]], **more: Any) -> OpcUaProfile:
    return OpcUaProfile.model_validate(
        {
            "kind": "cnc_machine",
            "maker": "test",
            "model": "test",
            "label": {"zh": "测试", "en": "Test"},
            "source": "this test",
            "verified": "simulator",
            "protocol": "opcua",
            "namespaces": {"m": URI, "other": "urn:test:not-there"},
            "points": points,
            **more,
        }
    )


def target(points: list[dict[str, Any]] = POINTS, *, name: str = "cnc-1", period_seconds: float = 0.1, **more: Any) -> Target:
    return Target.from_profile(
        profile(points), name=name, root=more.pop("root", "Machines/cnc-1"), period_seconds=period_seconds, **more
    )


def many(count: int, *, period_seconds: float = 0.2) -> Target:
    """Give a target of ``Value0`` to ``Value<count - 1>``, each of which holds its number."""
    label = {"zh": "数", "en": "Number"}
    made = profile(
        [{"signal": f"value_{n}", "path": f"m:Monitoring/m:Value{n}"} for n in range(count)],
        signals={f"value_{n}": {"type": "double", "label": label} for n in range(count)},
    )
    return Target.from_profile(made, name="many", root="Machines/many", period_seconds=period_seconds)


def settings(port: int, **more: Any) -> OpcUaSettings:
    given = {"protocol": "opcua", "url": f"opc.tcp://127.0.0.1:{port}/", "security": "none", "timeout_seconds": 2.0}
    return OpcUaSettings.model_validate({**given, **more})


def driver(port: int, **more: Any) -> OpcUa:
    return OpcUa("cnc", settings(port, **more), now_us=now_us)


def now_us() -> int:
    return time.time_ns() // 1000


def told(of: Target, poll: Poll) -> dict[str, tuple[float, Quality]]:
    pairs = zip(of.signals.names, poll.readings, strict=True)
    return {name: (value, Quality(quality)) for name, (value, quality) in pairs}


class Row(NamedTuple):
    """One row that was delivered, and when that was by the event loop's clock."""

    time_us: int
    values: dict[str, tuple[float, Quality]]
    texts: dict[str, str]
    came: float


class Watcher:
    """Enters a driver and watches, again and again, as the scan does, with short waits; keeps all rows."""

    def __init__(self, driver: OpcUa, *targets: Target, wait_seconds: float = 0.3) -> None:
        self.driver, self.targets = driver, targets
        self.rows: list[Row] = []
        self.losses: list[str] = []
        self.attempts = 0
        self._wait_seconds = wait_seconds
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def last(self, signal: str) -> tuple[float, Quality]:
        return self.rows[-1].values[signal]

    async def until(self, is_so: Callable[[], bool], *, seconds: float = 10.0) -> None:
        assert self._task is not None
        async with asyncio.timeout(seconds):
            while not is_so():
                self._news.clear()
                waiting = asyncio.create_task(self._news.wait())
                await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if self._task.done():
                    self._task.result()

    async def row_with(self, signal: str, value: float, *, seconds: float = 10.0) -> Row:
        """Wait for a row in which a signal has a value, and give the first one."""

        def found() -> Iterator[Row]:
            return (row for row in self.rows if row.values[signal][0] == value)

        await self.until(lambda: any(found()), seconds=seconds)
        return next(found())

    async def _run(self) -> None:
        while True:
            self.attempts += 1
            try:
                async with self.driver:
                    await self.driver.watch(self.targets, self._deliver)
                self.losses.append("connection lost")
            except RetryableError as error:
                self.losses.append(str(error))
            self._news.set()
            await asyncio.sleep(self._wait_seconds)

    def _deliver(self, of: Target, time_us: int, poll: Poll) -> None:
        self.rows.append(Row(time_us, told(of, poll), poll.texts, asyncio.get_running_loop().time()))
        self._news.set()


class Machine:
    """A small OPC UA server with one machine; each variable can be given a value or a status."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.server = Server()
        self.nodes: dict[str, Node] = {}
        self.monitoring: Node
        self.session_requests = 0

    async def __aenter__(self) -> Self:
        server = self.server
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await server.register_namespace("urn:test:something-before")  # so that our index is not the first one
        self.index = await server.register_namespace(URI)
        folder = await server.nodes.objects.add_object(self.index, "Machines")
        machine = await folder.add_object(self.index, "cnc-1")
        self.monitoring = await machine.add_object(self.index, "Monitoring")
        for name, (value, variant) in VALUES.items():
            await self.add(name, value, variant)
        create = server.iserver.create_session

        def counted(*args: Any, **more: Any) -> Any:
            self.session_requests += 1
            return create(*args, **more)

        server.iserver.create_session = counted  # type: ignore[method-assign]
        await server.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.server.stop()

    async def add(self, name: str, value: Any, variant: ua.VariantType) -> None:
        self.nodes[name] = await self.monitoring.add_variable(self.index, name, value, variant)

    async def kill(self) -> None:
        """End without a goodbye, as a process does that is killed."""
        for transport in list(self.server.iserver.asyncio_transports):
            transport.abort()
        await self.server.stop()

    async def set(self, name: str, value: Any, *, status: str = "Good", source: ua.DateTime | None = None) -> None:
        at = source or ua.DateTime.utcnow()
        data = ua.DataValue(
            ua.Variant(value, VALUES[name][1]),
            ua.StatusCode(ua.UInt32(getattr(StatusCodes, status))),
            SourceTimestamp=at,
            ServerTimestamp=at,
        )
        await self.server.iserver.aspace.write_attribute_value(self.nodes[name].nodeid, AttributeIds.Value, data)

    @contextmanager
    def giving(self, name: str, data: ua.DataValue) -> Iterator[None]:
        """Serve this instead of the variable's value, past the type check that a server makes on a write."""
        attribute = self.server.iserver.aspace[self.nodes[name].nodeid].attributes[AttributeIds.Value]
        usual, attribute.value = attribute.value, data
        try:
            yield
        finally:
            attribute.value = usual


def numbers_in_order(rows: list[Row], signal: str) -> list[float]:
    """Give the values of a signal, repetitions left out."""
    return [value for value, _ in itertools.groupby(row.values[signal][0] for row in rows)]
