"""Keeps the live state current: one subscription and one reader of the database, however many tabs look on."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import cbor2

from dashboards.live import LiveState, Machine
from dashboards.metrics import BUNDLES, DROPPED, RESYNCS
from device_profiles.kind import Kind, load_kind
from store.database import Database
from store.equipment import Equipment, list_equipment
from store.readings import Latest, TextEvent, events, latest
from telemetry.errors import BadPayload, ConfigError, ShangyunError
from telemetry.mqtt import BrokerSettings, Link, connect, keep_connected
from telemetry.topics import DATA_FILTER, STATE_FILTER, Message, gateway_of
from telemetry.wire import CBOR_MAGIC, decode_bundle

_log = logging.getLogger(__name__)

TEXTS_SPAN = timedelta(days=7)
MOST_TEXTS = 5000
"""Texts come seldom and have no table of newest values: after a start, a week of them is looked through."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often the feed does what it does."""

    directory_seconds: float = 10.0
    """The list of machines is read again so often; a machine never seen before has it read at once."""
    soonest_seconds: float = 1.0
    """But never twice within this time."""
    gather_seconds: float = 0.2
    """Changes are gathered this long, so that many gateways make few events."""
    heartbeat_seconds: float = 5.0
    """A tab hears at least this often that all is well; the comments that FastAPI sends are invisible to scripts."""
    slow_seconds: float = 5.0
    """A tab that took this long to take one event missed rows that its trend would show, and is told to fetch them."""


class Change(NamedTuple):
    """What a tab is told: an event of the stream."""

    event: str
    version: int
    data: str


class Feed:
    """The live state with the tasks that keep it current."""

    def __init__(
        self, database: Database, broker: BrokerSettings, *, now: Callable[[], float] = time.time, pace: Pace | None = None
    ) -> None:
        self.state = LiveState()
        self.broker_connected = False
        self.database_connected: bool | None = None
        """None until the first attempt has ended."""
        self.closed = False
        self.now = now
        self._pace = pace or Pace()
        self._database = database
        self._broker = broker
        self._changed = asyncio.Event()
        self._look_again = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_database())
            group.create_task(keep_connected(lambda: connect(self._broker, inbox=10_000), self._session, name="web"))

    def close(self) -> None:
        """End every stream, so that a shutdown need not wait for the tabs to be closed."""
        self.closed = True
        self._notify()

    def receive(self, message: Message) -> None:
        """Take one message of the broker; what cannot be read is counted and forgotten."""
        gateway = gateway_of(message.topic)
        try:
            if gateway is None:
                raise BadPayload("topic", message.topic)  # noqa: TRY301 - one handler for all reasons
            if message.topic.endswith("/state"):
                self.state.set_gateway(gateway, is_online=_is_online(message.payload))
            else:
                BUNDLES.inc()
                bundle = decode_bundle(message.payload)
                if bundle.gateway != gateway:
                    raise BadPayload("gateway", f"{bundle.gateway[:80]!r} on the topic of {gateway!r}")  # noqa: TRY301
                self.state.apply(bundle, now_us=self._now_us())
        except BadPayload as error:
            DROPPED.labels(error.reason).inc()
            _log.debug("message on %s: %s", message.topic, error)
            return
        if self.state.has_unknown:
            self._look_again.set()
        self._notify()

    async def changes(self, version: int, *, equipment: frozenset[int] | None, only_key: bool) -> AsyncIterator[Change]:
        """Yield what a tab must hear from a version on; version 0 gives the whole state first."""
        clock = asyncio.get_running_loop().time
        gateways_seen = -1 if version == 0 else version
        while not self.closed:
            changed = self._changed  # before looking: a change after this line wakes the wait below
            machines = [m for m in self.state.changed_since(version) if equipment is None or m.equipment.id in equipment]
            gateways = self.state.gateways_of(equipment) if self.state.gateways_version > gateways_seen else None
            version = gateways_seen = self.state.version
            handed_over = clock()
            yield Change("update", version, self._update(machines, gateways, only_key=only_key))
            if clock() - handed_over > self._pace.slow_seconds:
                RESYNCS.inc()
                yield Change("resync", version, "{}")
            try:
                async with asyncio.timeout(self._pace.heartbeat_seconds):
                    await changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(self._pace.gather_seconds)

    def _update(self, machines: list[Machine], gateways: dict[str, bool] | None, *, only_key: bool) -> str:
        rows = ",".join(machine.as_json(only_key=only_key) for machine in machines)
        status: dict[str, Any] = {
            "now": round(self.now() * 1000),
            "broker": self.broker_connected,
            "database": self.database_connected,  # null until the first attempt has ended
            "machines": len(self.state),
        }
        if gateways is not None:
            status["gateways"] = gateways
        return f'{json.dumps(status, separators=(",", ":"))[:-1]},"rows":[{rows}]}}'

    async def _session(self, link: Link) -> None:
        await link.subscribe(STATE_FILTER, qos=1)
        await link.subscribe(DATA_FILTER, qos=0)
        self._set_broker_connected(is_connected=True)
        dropped = 0
        try:
            async for message in link.messages():
                self.receive(message)
                if link.dropped != dropped:
                    DROPPED.labels("inbox full").inc(link.dropped - dropped)
                    dropped = link.dropped
        finally:
            self._set_broker_connected(is_connected=False)

    async def _follow_database(self) -> None:
        """Read the list of machines again and again, and their newest rows where no broker brings them."""
        is_filled = False
        while True:
            self._look_again.clear()
            try:
                known = await asyncio.to_thread(list_equipment, self._database)
                self.state.set_directory((equipment, _kind_of(equipment)) for equipment in known)
                if not (is_filled and self.broker_connected):
                    self._fill(*await asyncio.to_thread(self._read_newest))
                    is_filled = True
            except ShangyunError as error:  # away, or not migrated yet: the live values go on without it
                if self.database_connected is not False:
                    _log.warning("web: %s; trying again until it works", error)
                self.database_connected = False
            else:
                if self.database_connected is False:
                    _log.info("web: the database is back")
                self.database_connected = True
            self._notify()
            await asyncio.sleep(self._pace.soonest_seconds)
            if self.database_connected:
                with suppress(TimeoutError):
                    async with asyncio.timeout(
                        self._pace.directory_seconds if self.broker_connected else self._pace.soonest_seconds
                    ):
                        await self._look_again.wait()

    def _read_newest(self) -> tuple[list[Latest], list[TextEvent]]:
        now = datetime.fromtimestamp(self.now(), UTC)
        texts = events(self._database, start=now - TEXTS_SPAN, end=now, limit=MOST_TEXTS)
        return latest(self._database), texts

    def _fill(self, rows: list[Latest], texts: list[TextEvent]) -> None:
        now_us = self._now_us()
        for text in texts:
            self.state.fill_text(text.equipment_id, signal=text.signal, time=text.time, text=text.text)
        for row in rows:
            self.state.fill(row.equipment_id, time=row.time, values=row.values, qualities=row.qualities, now_us=now_us)

    def _set_broker_connected(self, *, is_connected: bool) -> None:
        self.broker_connected = is_connected
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _now_us(self) -> int:
        return round(self.now() * 1e6)


def _kind_of(equipment: Equipment) -> Kind | None:
    """Give the kind, or None for a machine of no kind, of a kind of a newer installation, or not yet known by its first batch."""
    try:
        return load_kind(equipment.kind)
    except ConfigError:
        return None


def _is_online(payload: bytes) -> bool:
    """Read the one word that matters here of a gateway's state message or last will."""
    try:
        content = cbor2.loads(payload) if payload.startswith(CBOR_MAGIC) else json.loads(payload)
        return bool(content["online"])
    except Exception as error:  # hostile bytes raise nearly anything inside the libraries
        raise BadPayload("state", f"{type(error).__name__}: {str(error)[:200]}") from error
