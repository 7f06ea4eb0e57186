"""From the journal to a receiver: once for each thing, again until it is taken, gathered when it is too much."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.alarms.acts import ProcessChange, act, record_changes
from analytics.alarms.states import Deed
from analytics.notifications.entries import Entry
from analytics.notifications.outbox import Outbox
from analytics.notifications.sending import NotSent
from analytics.notifications.settings import Channel, WebhookChannel
from device_profiles.kind import Label
from store.alarms import ConditionFilter, ConditionKey, list_conditions
from store.database import Database

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEVEL, PRESSURE = "boiler.drum_level.low_low", "boiler.steam_pressure.high"


class Rule:
    latch = False

    def __init__(self, priority: str) -> None:
        self.priority, self.title = priority, Label(zh="水位", en="Level")


RULES = {LEVEL: Rule("critical"), PRESSURE: Rule("high"), "boiler.stale": Rule("low")}


class Receiver:
    """The other side; it fails so long as ``failure`` says."""

    def __init__(self) -> None:
        self.taken: list[list[tuple[str, str]]] = []
        self.failure: NotSent | None = None
        self.attempts = 0

    async def send(self, entries: Sequence[Entry], *, now: float) -> str:  # noqa: ARG002 - the contract of senders
        self.attempts += 1
        if self.failure is not None:
            raise self.failure
        self.taken.append([(entry.act, entry.machine) for entry in entries])
        return "taken"


class Plant:
    """Boilers 1 to 40 of two gateways, a clock, and outboxes."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOW
        self.receiver = Receiver()
        with database.connection() as connection:
            connection.execute(
                b"INSERT INTO reading.equipment (gateway, name, kind)"
                b" SELECT CASE WHEN n <= 30 THEN 'gw-a' ELSE 'gw-b' END, 'b' || n, 'boiler' FROM generate_series(1, 40) n"
            )

    def outbox(self, **settings: Any) -> Outbox:
        told: dict[str, Any] = {"acts": ("activate", "return", "acknowledge")}
        channel: Channel = WebhookChannel.model_validate(
            {"name": "duty", "type": "webhook", "address": "http://x.example", "secret_file": "x", **told, **settings}
        )
        return Outbox(self.database, channel, self.receiver, now=lambda: self.now, rng=random.Random(1))

    def happens(self, *machines: int, is_active: bool = True, rule: str = LEVEL) -> None:
        changes = [ProcessChange(ConditionKey(number, rule), self.now, is_active=is_active, value=-80) for number in machines]
        record_changes(self.database, changes, RULES, now=self.now)

    def does(self, deed: Deed, **more: Any) -> None:
        for one in list_conditions(self.database, ConditionFilter(view="all")):
            act(self.database, [one.condition.id], deed, actor="Wang", now=self.now, **more)

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def states(self) -> list[tuple[str, int, str]]:
        with self.database.connection() as connection:
            return connection.execute(b"SELECT state, attempts, answer FROM notification.message ORDER BY id").fetchall()


@pytest.fixture
def plant(migrated_database: str) -> Iterator[Plant]:
    with Database(migrated_database) as opened:
        yield Plant(opened)


async def test_what_happens_is_told_once_and_what_was_before_the_channel_never(plant: Plant) -> None:
    plant.happens(1)
    outbox = plant.outbox()
    await outbox.turn()
    plant.happens(1, is_active=False)  # of an alarm that this channel told nothing of
    plant.passes(1)
    plant.happens(2)
    plant.passes(1)
    plant.happens(2, is_active=False)
    plant.does(Deed.ACKNOWLEDGE)
    await outbox.turn()
    await outbox.turn()
    await plant.outbox().turn()  # after a restart
    assert plant.receiver.taken == [[("activate", "b2")], [("return", "b2")], [("acknowledge", "b2")]]


async def test_a_channel_hears_of_its_own_priorities_acts_gateways_and_kinds_alone(plant: Plant) -> None:
    boxes = [
        plant.outbox(name="high", priorities=["high"]),
        plant.outbox(name="north", gateways=["gw-b"], acts=["activate"]),
        plant.outbox(name="ships", kinds=["ship"]),
        plant.outbox(name="elsewhere", sites=["south"]),
    ]
    for outbox in boxes:
        await outbox.turn()
    plant.happens(1)
    plant.happens(31)
    plant.happens(31, is_active=False)
    plant.happens(2, rule=PRESSURE)
    for outbox in boxes:
        await outbox.turn()
    assert plant.receiver.taken == [[("activate", "b2")], [("activate", "b31")]]


async def test_a_failed_message_is_tried_again_later_and_later_and_each_attempt_is_recorded(plant: Plant) -> None:
    outbox = plant.outbox()
    await outbox.turn()
    plant.happens(1)
    plant.receiver.failure = NotSent("HTTP 502")
    waits = []
    for _ in range(6):
        tried = plant.receiver.attempts
        seconds = 0
        while plant.receiver.attempts == tried:
            await outbox.turn()
            plant.passes(1)
            seconds += 1
        waits.append(seconds)
    assert waits[0] == 1
    assert waits == sorted(waits)
    assert 16 <= waits[5] <= 50, "32 s, half of it more or less"
    assert plant.states() == [("failed", 6, "HTTP 502")]
    plant.receiver.failure = None
    plant.passes(100)
    await outbox.turn()
    assert plant.states() == [("sent", 7, "taken")]
    with plant.database.connection() as connection:
        attempts = connection.execute(b"SELECT is_sent FROM notification.attempt ORDER BY id").fetchall()
    assert attempts == [(False,)] * 6 + [(True,)]


async def test_what_is_too_old_is_given_up(plant: Plant) -> None:
    outbox = plant.outbox(longest_age_minutes=5)
    await outbox.turn()
    plant.happens(1)
    plant.receiver.failure = NotSent("away")
    await outbox.turn()
    plant.passes(301)
    plant.receiver.failure = None
    await outbox.turn()
    assert plant.receiver.taken == []
    assert plant.states() == [("given_up", 1, "away")]


async def test_a_robot_that_was_asked_too_often_is_left_alone_for_its_minute(plant: Plant) -> None:
    outbox = plant.outbox()
    await outbox.turn()
    plant.happens(1)
    plant.receiver.failure = NotSent("errcode 45009", pause_seconds=60)
    await outbox.turn()
    plant.receiver.failure = None
    plant.passes(30)
    plant.happens(2)
    await outbox.turn()
    assert plant.receiver.attempts == 1
    plant.passes(31)
    await outbox.turn()
    assert plant.receiver.taken == [[("activate", "b1")], [("activate", "b2")]]


async def test_a_flood_becomes_one_digest_a_minute(plant: Plant) -> None:
    outbox = plant.outbox(acts=["activate"])
    await outbox.turn()
    for number in range(1, 31):  # one in 2 s
        plant.happens(number)
        plant.passes(2)
        await outbox.turn()
    plant.passes(60)
    await outbox.turn()
    sizes = [len(taken) for taken in plant.receiver.taken]
    assert sizes[:10] == [1] * 10, "until it is a flood"
    assert len(sizes) == 12
    assert sum(sizes) == 30


async def test_many_at_once_travel_together(plant: Plant) -> None:
    outbox = plant.outbox()
    await outbox.turn()
    plant.happens(1, 2, 3, 4)
    await outbox.turn()
    assert plant.receiver.taken == [[("activate", f"b{number}") for number in (1, 2, 3, 4)]]


async def test_no_more_is_sent_in_a_minute_than_the_channel_allows(plant: Plant) -> None:
    outbox = plant.outbox(most_per_minute=2, acts=["activate"])
    await outbox.turn()
    for number in (1, 2, 3):
        plant.happens(number)
        plant.passes(1)
        await outbox.turn()
    assert len(plant.receiver.taken) == 2
    plant.passes(58)
    await outbox.turn()
    assert len(plant.receiver.taken) == 3


async def test_a_critical_alarm_that_nobody_acknowledges_is_told_again_and_again(plant: Plant) -> None:
    outbox = plant.outbox(remind_minutes=10, acts=["activate"], priorities=["critical", "high"])
    await outbox.turn()
    plant.happens(1)
    plant.happens(2, rule=PRESSURE)
    for _ in range(25):
        await outbox.turn()
        plant.passes(60)
    assert [taken[0] for taken in plant.receiver.taken] == [
        ("activate", "b1"),
        ("activate", "b2"),
        ("remind", "b1"),
        ("remind", "b1"),
    ]
    plant.does(Deed.ACKNOWLEDGE)
    plant.passes(1000)
    await outbox.turn()
    assert plant.receiver.attempts == 4


async def test_what_is_shelved_calls_nobody_until_it_is_shown_again(plant: Plant) -> None:
    outbox = plant.outbox(acts=["activate"])
    await outbox.turn()
    plant.happens(1)
    plant.happens(1, is_active=False)
    await outbox.turn()
    plant.does(Deed.SHELVE, note="repair", until=plant.now + timedelta(hours=1))
    plant.passes(1)
    plant.happens(1)
    await outbox.turn()
    assert plant.receiver.attempts == 1
    plant.does(Deed.UNSHELVE)
    await outbox.turn()
    assert plant.receiver.taken == [[("activate", "b1")]] * 2
