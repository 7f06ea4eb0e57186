"""Keeps the live state current: one subscription and one reader of the database, however many tabs look on."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from dashboards.live.gateway_reports import read_state
from dashboards.live.listing import Listing
from dashboards.live.state import LiveState
from dashboards.metrics import BUNDLES, DROPPED, RESYNCS
from device_profiles.kind import Kind, load_kind
from store.database import Database
from store.equipment import Equipment, list_equipment
from store.readings import Latest, TextEvent, events, latest, latest_texts
from store.sites import Site, gateway_sites, list_sites
from telemetry.errors import BadPayload, ConfigError, ShangyunError
from telemetry.mqtt import BrokerSettings, Link, connect, keep_connected
from telemetry.topics import DATA_FILTER, STATE_FILTER, Message, gateway_of
from telemetry.wire import decode_bundle

_log = logging.getLogger(__name__)

TEXTS_OVERLAP = timedelta(minutes=10)
"""Texts are looked for so far behind the last look: they are committed later than they happen."""
MOST_TEXTS = 5000
_SHARED_SECONDS = 0.1


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
    seconds_per_tab: float = 0.002
    """With many tabs changes are gathered longer, this much for each, so that telling them takes only a part of the time."""
    slow_seconds: float = 5.0
    """A tab that took this long to take one event missed rows that its trend would show, and is told to fetch them."""


class Change(NamedTuple):
    """What a tab is told: an event of the stream."""

    event: str
    version: int
    data: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a tab looks at; tabs with the same look share what is made for them."""

    equipment: frozenset[int] | None = None
    """None for all machines."""
    only_key: bool = True
    gateways: frozenset[str] | None = None
    """What its viewer may see; None for everything."""


class Alarms(Protocol):
    """Where the event ``alarms`` comes from."""

    version: int

    def message(self, gateways: frozenset[str] | None, seen: int) -> str:
        """Tell a viewer of the alarms, and which of them changed behind a version."""


class Feed:
    """The live state with the tasks that keep it current."""

    def __init__(
        self, database: Database, broker: BrokerSettings, *, now: Callable[[], float] = time.time, pace: Pace | None = None
    ) -> None:
        self.state = LiveState()
        self.listing = Listing(self.state)
        self.alarms: Alarms | None = None
        self.broker_connected = False
        self.database_connected: bool | None = None
        """None until the first attempt has ended."""
        self.closed = False
        self.now = now
        self._pace = pace or Pace()
        self._database = database
        self._broker = broker
        self._texts_read_at: datetime | None = None
        self._told = asyncio.Event()
        self._turn: asyncio.TimerHandle | None = None
        self._tabs = 0
        self._shared: dict[tuple[Look, int, bool], Change] = {}
        self._shared_at = 0.0
        self._look_again = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_database())
            group.create_task(keep_connected(lambda: connect(self._broker, inbox=10_000), self._session, name="web"))

    def close(self) -> None:
        """End every stream, so that a shutdown need not wait for the tabs to be closed."""
        self.closed = True
        self._tell()

    def wake(self) -> None:
        """Let the tabs look for what is new: all of them at one turn, when what comes with it has been gathered."""
        if self._turn is None:
            seconds = max(self._pace.gather_seconds, self._tabs * self._pace.seconds_per_tab)
            self._turn = asyncio.get_running_loop().call_later(seconds, self._tell)

    def look_again(self) -> None:
        """Read the directory now and not at its turn: somebody found the database away, which the tabs shall hear soon."""
        self._look_again.set()

    def receive(self, message: Message) -> None:
        """Take one message of the broker; what cannot be read is counted and forgotten."""
        gateway = gateway_of(message.topic)
        try:
            if gateway is None:
                raise BadPayload("topic", message.topic)  # noqa: TRY301 - one handler for all reasons
            if message.topic.endswith("/state"):
                is_online, report = read_state(message.payload)
                self.state.set_gateway(gateway, is_online=is_online, report=report)
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
        self.wake()

    async def changes(self, version: int, look: Look) -> AsyncIterator[Change]:
        """Yield what a tab must hear from a version on; version 0 gives the whole state first."""
        clock = asyncio.get_running_loop().time
        is_first, alarms_seen = version == 0, -1
        self._tabs += 1
        try:
            while not self.closed:
                told = self._told  # before looking: a change after this line wakes the wait below
                update = self._update(look, version, with_gateways=is_first or self.state.gateways_version > version)
                version, is_first = update.version, False
                handed_over = clock()
                yield update
                if clock() - handed_over > self._pace.slow_seconds:
                    RESYNCS.inc()
                    yield Change("resync", version, "{}")
                if self.alarms is not None and self.alarms.version != alarms_seen:
                    seen, alarms_seen = max(alarms_seen, 0), self.alarms.version
                    yield Change("alarms", version, self.alarms.message(look.gateways, seen))
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.heartbeat_seconds):
                        await told.wait()
        finally:
            self._tabs -= 1

    def _update(self, look: Look, version: int, *, with_gateways: bool) -> Change:
        """Make an update, once for all tabs with the same look that stand at the same version."""
        now = asyncio.get_running_loop().time()
        if now - self._shared_at > _SHARED_SECONDS:  # it says what time it is
            self._shared.clear()
            self._shared_at = now
        key = look, version, with_gateways
        if key not in self._shared:
            changed = self.state.changed_since(version, equipment=look.equipment, gateways=look.gateways)
            rows = ",".join(machine.as_json(only_key=look.only_key) for machine in changed)
            status: dict[str, Any] = {
                "now": round(self.now() * 1000),
                "broker": self.broker_connected,
                "database": self.database_connected,  # null until the first attempt has ended
                "machines": self.listing.count(look.gateways),
            }
            if with_gateways:
                status["gateways"] = self.state.gateways_of(look.equipment, look.gateways)
            data = f'{json.dumps(status, separators=(",", ":"))[:-1]},"rows":[{rows}]}}'
            self._shared[key] = Change("update", self.state.version, data)
        return self._shared[key]

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
                known, sites, gateways = await asyncio.to_thread(self._read_directory)
                self.state.set_directory((equipment, _kind_of(equipment)) for equipment in known)
                self.state.set_sites(sites, gateways)
                if not (is_filled and self.broker_connected):
                    self._fill(await asyncio.to_thread(latest, self._database))
                    self.database_connected = True
                    self.wake()  # texts may take a while
                    self._fill_texts(await asyncio.to_thread(self._read_texts))
                    is_filled = True
            except ShangyunError as error:  # away, or not migrated yet: the live values go on without it
                if self.database_connected is not False:
                    _log.warning("web: %s; trying again until it works", error)
                self.database_connected = False
            else:
                if self.database_connected is False:
                    _log.info("web: the database is back")
                self.database_connected = True
            self.wake()
            await asyncio.sleep(self._pace.soonest_seconds)
            if self.database_connected:
                with suppress(TimeoutError):
                    async with asyncio.timeout(
                        self._pace.directory_seconds if self.broker_connected else self._pace.soonest_seconds
                    ):
                        await self._look_again.wait()

    def _read_directory(self) -> tuple[list[Equipment], list[Site], dict[str, int]]:
        return list_equipment(self._database), list_sites(self._database), gateway_sites(self._database)

    def _read_texts(self) -> list[TextEvent]:
        """Read every machine's newest texts once, however old they are, and afterwards what has come since."""
        now, since = datetime.fromtimestamp(self.now(), UTC), self._texts_read_at
        if since is None:
            found = latest_texts(self._database)
        else:
            found = events(self._database, start=since - TEXTS_OVERLAP, end=now, limit=MOST_TEXTS)
        self._texts_read_at = now
        return found

    def _fill(self, rows: list[Latest]) -> None:
        now_us = self._now_us()
        for row in rows:
            self.state.fill(row.equipment_id, time=row.time, values=row.values, qualities=row.qualities, now_us=now_us)

    def _fill_texts(self, texts: list[TextEvent]) -> None:
        for text in texts:
            self.state.fill_text(text.equipment_id, signal=text.signal, time=text.time, text=text.text)

    def _set_broker_connected(self, *, is_connected: bool) -> None:
        self.broker_connected = is_connected
        self.wake()

    def _tell(self) -> None:
        self._turn = None
        self._shared.clear()
        self._told.set()
        self._told = asyncio.Event()

    def _now_us(self) -> int:
        return round(self.now() * 1e6)


def _kind_of(equipment: Equipment) -> Kind | None:
    """Give the kind, or None for a machine of no kind, of a kind of a newer installation, or not yet known by its first batch."""
    try:
        return load_kind(equipment.kind)
    except ConfigError:
        return None
