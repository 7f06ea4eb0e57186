"""The alarm worker between a real broker and a real database; machines walk over their limits in times that have just been."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from analytics.alarms.acts import act
from analytics.alarms.leadership import EVALUATOR
from analytics.alarms.pace import Pace
from analytics.alarms.settings import AlarmSettings
from analytics.alarms.states import Deed
from analytics.alarms.worker import Worker
from shangyun.local_servers import Broker
from store.alarm_journal import JournalFilter, floods_now, list_journal
from store.alarm_rules import KindRule, get_rule, load_snapshot, save_rule, save_snapshot
from store.alarms import ConditionFilter, ListedCondition, list_conditions
from store.database import Database
from telemetry.bundle import Bundle
from telemetry.mqtt import BrokerSettings
from telemetry.topics import data_topic, state_topic
from telemetry.wire import CBOR_MAGIC, encode_bundle
from tests.dashboards.plant import Filler, Plant, Publisher

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
PACE = Pace(
    gather_seconds=0.02,
    settle_seconds=0.1,
    snapshot_seconds=0.1,
    chores_seconds=0.1,
    directory_seconds=0.2,
    stand_by_seconds=0.1,
    retry_seconds=0.1,
)
LEVEL = "boiler.drum_level.high"
"""50 mm, with delays of 10 s and 60 s and a deadband of 1.5 mm."""


class Works:
    """Boilers of one gateway, a worker or two, and what the database says."""

    def __init__(self, address: str, database: Database, broker: Broker) -> None:
        self.database = database
        self.plant, self.filler, self.publisher = Plant(f"gw-{uuid.uuid4().hex[:8]}"), Filler(database), Publisher(broker)
        self.settings = AlarmSettings(
            database=address,
            broker=BrokerSettings(host=broker.host, port=broker.port),
            health_port=0,
            gateway_offline_seconds=0.2,
            late_seconds=600,  # only rows move the time
        )
        self.start = time.time() - 300
        self._running: list[tuple[asyncio.Event, asyncio.Task[None], Database]] = []

    def rows(self, *levels: tuple[float, float], machine: str = "boiler-1") -> Bundle:
        """Give rows of (seconds since the start, drum level)."""
        rows = {self.start + seconds: {"state": 3.0, "drum_level": level} for seconds, level in levels}
        return self.plant.bundle(self.plant.batch(machine, "boiler", rows))

    def stores(self, *bundles: Bundle) -> None:
        self.filler.commit(*bundles)

    async def sends(self, *bundles: Bundle) -> None:
        for bundle in bundles:
            await asyncio.to_thread(self.publisher.send, bundle)

    async def begins(self, **changed: Any) -> Worker:
        """Start a worker on connections of its own, and wait until it leads or stands by."""
        settings = self.settings.model_copy(update=changed)
        stop, database = asyncio.Event(), Database(settings.database, max_connections=6, timeout_seconds=1)
        database.__enter__()
        worker = Worker(settings, database, stop=stop, pace=PACE)
        self._running.append((stop, asyncio.create_task(worker.run()), database))
        return worker

    async def leads(self, **changed: Any) -> Worker:
        worker = await self.begins(**changed)
        await until(lambda: worker.status()[1].get("away_seconds") == {} and worker.status()[1]["role"] == "leader")
        first = worker.status()[1]["known_until"]
        await until(lambda: worker.status()[1]["known_until"] != first)  # what was stored before is judged
        return worker

    async def ends(self, *, first_only: bool = False) -> None:
        while self._running:
            stop, task, database = self._running.pop(0)
            stop.set()
            await task
            database.__exit__(None, None, None)
            if first_only:
                return

    async def dies(self) -> None:
        """End as by SIGKILL: nothing is written any more."""
        _, task, database = self._running.pop()
        database.__exit__(None, None, None)
        task.cancel()
        with suppress(BaseException):
            await task

    def conditions(self, view: Any = "standing", **more: Any) -> list[ListedCondition]:
        return list_conditions(self.database, ConditionFilter(view=view, **more))

    def told(self, **more: Any) -> list[tuple[str, str, float]]:
        """Give the journal, oldest first: rule, act, seconds since the start."""
        lines = list_journal(self.database, JournalFilter(**more), limit=1000)[::-1]
        return [
            (one.transition.rule, one.transition.act, round(one.transition.time.timestamp() - self.start, 3)) for one in lines
        ]


async def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.02)


@pytest.fixture
def works(migrated_database: str, broker: Broker) -> Iterator[Works]:
    with Database(migrated_database) as opened:
        made = Works(migrated_database, opened, broker)
        yield made
        made.publisher.close()


async def test_a_machine_walks_over_its_limit_and_back_with_the_delays_of_its_rule(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    await works.sends(works.rows((10, 60), (15, 61)), works.rows((22, 62)))
    await until(works.conditions)
    (found,) = works.conditions()
    assert (found.equipment, found.condition.state, found.condition.value, found.condition.limit_value) == (
        "boiler-1",
        "unacknowledged",
        61,
        50,
    )
    await works.sends(works.rows((30, 48), (60, 48), (95, 40)))
    await until(lambda: works.conditions(states=["returned"]))
    assert works.told() == [(LEVEL, "activate", 20), (LEVEL, "return_to_normal", 90)]
    await works.ends()


async def test_a_restart_keeps_what_is_active_and_the_delay_that_was_running(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    await works.sends(works.rows((10, 60)))
    await asyncio.sleep(0.3)
    await works.ends()
    await works.leads()
    await works.sends(works.rows((21, 60)))
    await until(works.conditions)
    assert works.told() == [(LEVEL, "activate", 20)]
    await works.ends()
    await works.leads()
    await works.sends(works.rows((30, 40), (60, 40), (91, 40)))
    await until(lambda: works.conditions(states=["returned"]))
    await works.ends()
    assert works.told() == [(LEVEL, "activate", 20), (LEVEL, "return_to_normal", 90)]


async def test_rows_stored_while_no_worker_ran_are_judged_at_their_times(works: Works) -> None:
    works.stores(works.rows((245, 0)))
    await works.leads()
    await works.ends()
    works.stores(works.rows((250, 60), (265, 60), (266, 40)), works.rows((250, 60), (261, 60), machine="boiler-2"))
    await works.leads()
    await until(lambda: len(works.conditions()) == 2)
    assert sorted(works.told()) == [(LEVEL, "activate", 260), (LEVEL, "activate", 260)]
    await works.ends()


async def test_a_killed_worker_leaves_nothing_double(works: Works) -> None:
    works.stores(works.rows((240, 0)))
    await works.leads()
    await until(lambda: load_snapshot(works.database, EVALUATOR))
    before = load_snapshot(works.database, EVALUATOR)
    assert before is not None
    await works.sends(works.rows((250, 60), (261, 60), (262, 40), (300, 40), (323, 40)))
    await until(lambda: works.conditions(states=["returned"]))
    works.stores(works.rows((250, 60), (261, 60), (262, 40), (300, 40), (323, 40)))
    await works.dies()
    save_snapshot(
        works.database, EVALUATOR, before[0], now=before[1]
    )  # as if it had been killed between writing changes and remembering them
    await works.leads()
    await works.ends()
    assert works.told() == [(LEVEL, "activate", 260), (LEVEL, "return_to_normal", 322)]


async def test_a_second_worker_stands_by_and_takes_over(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    second = await works.begins()
    await asyncio.sleep(0.5)
    assert second.status() == (True, {"role": "standby", "away_seconds": {}})
    await works.ends(first_only=True)
    await until(lambda: second.status()[1]["role"] == "leader" and second.status()[1]["away_seconds"] == {})
    await asyncio.sleep(0.3)
    await works.sends(works.rows((250, 60), (261, 60)))
    await until(works.conditions)
    await works.ends()


async def test_a_gateway_that_is_away_is_one_alarm_and_its_silent_machines_are_none(works: Works) -> None:
    works.start = time.time() - 52  # silence is an alarm after 60 s: by then the gateway must be known to be away
    works.stores(works.rows((0, 0)), works.rows((0, 0), machine="boiler-2"))
    await works.leads(late_seconds=0)
    await asyncio.to_thread(works.publisher.say_online, works.plant.gateway, online=True)
    await asyncio.to_thread(works.publisher.say_online, works.plant.gateway, online=False)
    await until(lambda: len(works.conditions("suppressed")) == 2 and works.conditions())
    (found,) = works.conditions()
    assert (found.condition.rule, found.gateway, found.equipment) == ("gateway.offline", works.plant.gateway, "")
    assert {silent.condition.rule for silent in works.conditions("suppressed")} == {"boiler.stale"}
    assert list(filter(None, (line.transition.is_annunciated for line in list_journal(works.database, JournalFilter())))) == [
        True
    ]
    await asyncio.to_thread(works.publisher.say_online, works.plant.gateway, online=True)
    await until(lambda: works.conditions(states=["returned"]))
    await works.ends()


async def test_an_alarm_gateway_known_from_before_returns_after_a_restart(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    await asyncio.to_thread(works.publisher.say_online, works.plant.gateway, online=False)
    await until(lambda: works.conditions(rules=["gateway.offline"]))
    await works.ends()
    await works.leads()
    await asyncio.to_thread(works.publisher.say_online, works.plant.gateway, online=True)
    await until(lambda: works.conditions(states=["returned"]))
    await works.ends()


async def test_a_changed_rule_counts_within_seconds_and_a_disabled_one_lets_go(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    await works.sends(works.rows((10, 60), (21, 60)))
    await until(works.conditions)
    rule = get_rule(works.database, LEVEL)
    assert rule is not None
    for is_enabled in (False, True):
        definition = {**rule.definition, "when": {**rule.definition["when"], "value": 30}, "on_delay_seconds": 0}
        version = rule.version if not is_enabled else rule.version + 1
        changed = KindRule(LEVEL, "boiler", definition)
        now = datetime.now(UTC)
        assert save_rule(works.database, changed, is_enabled=is_enabled, expected_version=version, changed_by="Wang", now=now)
        if not is_enabled:
            await until(lambda: works.conditions(states=["returned"]))
    await asyncio.sleep(0.5)
    await works.sends(works.rows((22, 40)))
    await until(lambda: works.conditions(states=["unacknowledged"]))
    (found,) = works.conditions()
    assert found.condition.limit_value == 30
    await works.ends()


async def test_a_machine_that_no_bundle_brings_is_judged_by_its_newest_stored_values(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    for level in (10, 11):
        works.stores(works.rows((level, 60)))
    works.stores(works.rows((10, 60)))
    await asyncio.sleep(0.3)
    works.stores(works.rows((21, 60)))
    await until(works.conditions)
    await works.ends()


async def test_while_the_database_is_away_judging_goes_on_and_nothing_is_lost(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    worker = await works.leads()
    name = conninfo_to_dict(works.settings.database)["dbname"]
    with psycopg.connect(works.settings.database, dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        await works.sends(works.rows((10, 60), (21, 60)), works.rows((22, 40), (60, 40), (90, 40)))
        await until(lambda: worker.status()[1].get("queued_changes"))
        assert worker.status()[1]["role"] == "leader"
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(str(name))))
    await until(lambda: worker.status()[1].get("queued_changes") == 0)
    assert works.told() == [(LEVEL, "activate", 20), (LEVEL, "return_to_normal", 82)]
    await works.ends()


async def test_a_flood_is_marked_while_it_comes(works: Works) -> None:
    machines = [f"boiler-{number}" for number in range(30)]
    works.stores(*(works.rows((0, 0), machine=name) for name in machines))
    await works.leads()
    await works.sends(*(works.rows((10 + place, 60), (21 + place, 60), machine=name) for place, name in enumerate(machines)))
    await until(lambda: len(works.conditions()) == 30)
    (flood,) = (await asyncio.to_thread(floods_now, works.database)).values()
    assert round(flood.began_at.timestamp() - works.start, 3) == 30, "with the eleventh"
    assert flood.annunciations == 30
    assert [one.equipment for one in works.conditions() if one.condition.is_first_out] == ["boiler-0"]
    await works.ends()


async def test_what_people_did_outlives_the_worker_and_a_shelf_ends_by_itself(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    await works.leads()
    await works.sends(works.rows((10, 60), (21, 60)))
    await until(works.conditions)
    (found,) = works.conditions()
    now = datetime.now(UTC)
    until_then = now + timedelta(seconds=1)
    act(works.database, [found.condition.id], Deed.SHELVE, actor="Wang", now=now, note="repair", until=until_then)
    assert works.conditions() == []
    await until(works.conditions)
    act(works.database, [found.condition.id], Deed.ACKNOWLEDGE, actor="Wang", now=datetime.now(UTC))
    await works.ends()
    await works.leads()
    assert [one.condition.state for one in works.conditions()] == ["acknowledged"]
    await works.ends()


async def test_an_alarm_that_no_snapshot_tells_of_is_kept_until_it_is_known_better(works: Works) -> None:
    works.stores(works.rows((245, 60)), works.rows((245, 60), machine="boiler-2"))
    await works.leads()
    await works.sends(works.rows((256, 60)), works.rows((256, 60), machine="boiler-2"))
    await until(lambda: len(works.conditions()) == 2)
    await works.ends()
    with works.database.connection() as connection:
        connection.execute(b"UPDATE alarm.evaluator SET snapshot = 'of another version'")
    works.stores(works.rows((256, 60)), works.rows((260, 0), machine="boiler-2"))
    await works.leads()
    assert len(works.conditions(states=["unacknowledged"])) == 2
    await works.ends()


async def test_rubbish_on_the_broker_disturbs_nothing(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    worker = await works.leads()
    gateway = works.plant.gateway
    for topic in (data_topic(gateway), state_topic(gateway), state_topic("nobody")):
        for payload in (b"", b"\xff" * 100, b"[1]", b'{"online"', CBOR_MAGIC + b"\xa1\x61v\x01"):
            await asyncio.to_thread(works.publisher.send_raw, topic, payload)
    other = Plant("another-" + gateway).boiler(time.time())
    await asyncio.to_thread(works.publisher.send_raw, data_topic(gateway), encode_bundle(other))
    await works.sends(works.rows((10, 60), (21, 60)))
    await until(works.conditions)
    assert worker.status()[0]
    await works.ends()


async def test_a_worker_whose_lock_another_took_stands_by_and_writes_nothing_more(works: Works) -> None:
    works.stores(works.rows((0, 0)))
    first = await works.leads()
    second = await works.begins()
    with works.database.connection() as connection:
        connection.execute(b"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")
    await until(lambda: {worker.status()[1]["role"] for worker in (first, second)} == {"leader", "standby"})
    await asyncio.sleep(1)
    await works.sends(works.rows((10, 60), (21, 60)))
    await until(works.conditions)
    assert works.told() == [(LEVEL, "activate", 20)]
    await works.ends()


async def test_when_too_much_waits_for_the_database_judging_stops_and_says_so(works: Works) -> None:
    machines = [f"boiler-{number}" for number in range(110)]
    works.stores(*(works.rows((0, 0), machine=name) for name in machines))
    worker = await works.leads(queued_changes=100)
    with works.database.connection() as connection:
        connection.execute(b"LOCK TABLE alarm.condition")
        await works.sends(*(works.rows((10, 60), (21, 60), machine=name) for name in machines))
        await until(lambda: worker.status()[1].get("full"))
        assert not worker.status()[0]
        await works.sends(works.rows((30, 40), (60, 40), (83, 40), (91, 40)))
    await until(lambda: len(works.conditions()) >= 110)
    await until(lambda: works.conditions(states=["returned"]))
    assert worker.status()[1]["full"] is False
    await works.ends()


async def test_what_was_stored_while_the_broker_was_away_is_judged_when_it_is_back(
    migrated_database: str, make_broker: Callable[..., Broker]
) -> None:
    broker = make_broker()
    with Database(migrated_database) as opened:
        works = Works(migrated_database, opened, broker)
        works.stores(works.rows((270, 0)))
        worker = await works.leads()
        works.publisher.close()
        broker.kill()
        await until(lambda: "broker" in worker.status()[1]["away_seconds"])
        works.stores(works.rows((280, 60), (291, 60)))
        await asyncio.sleep(0.5)
        assert works.conditions() == []
        broker.start()
        await until(works.conditions)
        assert works.told() == [(LEVEL, "activate", 290)]
        await works.ends()
