"""What the feed tells a tab, without a browser and without a broker."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from dashboards.live.feed import Feed, Look, Pace
from device_profiles.kind import load_kind
from store.database import Database
from store.equipment import Equipment
from telemetry.mqtt import BrokerSettings
from telemetry.topics import Message
from telemetry.wire import encode_bundle
from tests.dashboards.plant import GATEWAY, Plant

NOW = 1_800_000_000.0
TOPIC = f"sy/1/{GATEWAY}/up/data"


@pytest.fixture
def feed() -> Feed:
    pace = Pace(gather_seconds=0, heartbeat_seconds=0.05, slow_seconds=0.1)
    made = Feed(Database("postgresql:///never_opened"), BrokerSettings(host="127.0.0.1"), now=lambda: NOW, pace=pace)
    kind = load_kind("boiler")
    names = ("boiler-1", "boiler-2")
    made.state.set_directory(
        (Equipment(id=n, gateway=GATEWAY, name=name, kind="boiler", first_seen=datetime.now(UTC)), kind)
        for n, name in enumerate(names, 1)
    )
    return made


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value("shangyun_web_dropped_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (TOPIC, b"", "empty"),
        (TOPIC, b"not a bundle", "cbor"),
        (TOPIC, b"\x78\x9c broken", "compression"),
        (TOPIC, encode_bundle(Plant("someone-else").boiler(NOW)), "gateway"),
        ("sy/1/plant-1/down/receipt", b"", "topic"),
        ("sy/1/plant-1/up/state", b"{", "state"),
        ("sy/1/plant-1/up/state", b"[1]", "state"),
        ("sy/1/plant-1/up/state", b'{"online": true, "x": "' + b"x" * 300_000 + b'"}', "state"),
    ],
)
def test_what_cannot_be_read_is_counted_and_forgotten(feed: Feed, topic: str, payload: bytes, reason: str) -> None:
    before, version = dropped(reason), feed.state.version
    feed.receive(Message(topic, payload))
    assert dropped(reason) == before + 1
    assert feed.state.version == version


async def test_a_tab_gets_all_first_then_only_what_changed(feed: Feed, plant: Plant) -> None:
    changes = feed.changes(0, Look())
    first = json.loads((await anext(changes)).data)
    assert sorted(row["id"] for row in first["rows"]) == [1, 2]
    assert first["now"] == NOW * 1000
    feed.receive(Message(TOPIC, encode_bundle(plant.boiler(NOW, steam_pressure=1.1))))
    second = json.loads((await anext(changes)).data)
    assert second["rows"] == [{"id": 1, "t": NOW * 1000, "v": {"state": 3.0, "steam_pressure": 1.1}}]
    assert "gateways" not in second


async def test_a_tab_that_comes_back_gets_what_it_missed(feed: Feed, plant: Plant) -> None:
    seen = (await anext(feed.changes(0, Look()))).version
    feed.receive(Message(TOPIC, encode_bundle(plant.boiler(NOW, name="boiler-2"))))
    missed = json.loads((await anext(feed.changes(seen, Look()))).data)
    assert [row["id"] for row in missed["rows"]] == [2]


async def test_a_tab_hears_only_of_the_machines_it_shows(feed: Feed, plant: Plant) -> None:
    changes = feed.changes(0, Look(equipment=frozenset({2})))
    assert [row["id"] for row in json.loads((await anext(changes)).data)["rows"]] == [2]
    feed.receive(Message(TOPIC, encode_bundle(plant.boiler(NOW))))
    assert json.loads((await anext(changes)).data)["rows"] == []


async def test_silence_is_broken_by_a_heartbeat(feed: Feed) -> None:
    changes = feed.changes(0, Look())
    await anext(changes)
    async with asyncio.timeout(2):
        assert json.loads((await anext(changes)).data)["rows"] == []


async def test_a_slow_tab_gets_the_newest_state_once_and_is_told_to_resync(feed: Feed, plant: Plant) -> None:
    changes = feed.changes(0, Look())
    await anext(changes)
    for second in range(500):
        feed.receive(Message(TOPIC, encode_bundle(plant.boiler(NOW - 500 + second, steam_pressure=second / 1000))))
    await asyncio.sleep(0.15)  # longer than a tab may take
    assert (await anext(changes)).event == "resync"
    (row,) = json.loads((await anext(changes)).data)["rows"]
    assert row["v"]["steam_pressure"] == 0.499


async def test_gateways_are_told_when_they_come_and_go(feed: Feed) -> None:
    changes = feed.changes(0, Look())
    assert json.loads((await anext(changes)).data)["gateways"] == {}
    feed.receive(Message("sy/1/plant-1/up/state", b'{"online": true}'))
    assert json.loads((await anext(changes)).data)["gateways"] == {"plant-1": True}
    feed.receive(Message("sy/1/plant-1/up/state", b'{"online": false}'))
    assert json.loads((await anext(changes)).data)["gateways"] == {"plant-1": False}


async def test_a_tab_hears_only_of_the_gateways_of_its_machines(feed: Feed) -> None:
    for gateway in ("plant-1", "plant-2"):
        feed.receive(Message(f"sy/1/{gateway}/up/state", b'{"online": true}'))
    told = json.loads((await anext(feed.changes(0, Look(equipment=frozenset({1, 99}))))).data)["gateways"]
    assert told == {"plant-1": True}


async def test_closing_the_feed_ends_its_streams(feed: Feed) -> None:
    changes = feed.changes(0, Look())
    await anext(changes)
    feed.close()
    with pytest.raises(StopAsyncIteration):
        await anext(changes)


async def test_a_viewer_hears_nothing_of_gateways_that_are_not_theirs(feed: Feed, plant: Plant) -> None:
    feed.receive(Message("sy/1/plant-1/up/state", b'{"online": true}'))
    feed.receive(Message(TOPIC, encode_bundle(plant.boiler(NOW))))
    for equipment in (None, frozenset({1, 2})):
        changes = feed.changes(0, Look(equipment=equipment, gateways=frozenset({"plant-2"})))
        told = json.loads((await anext(changes)).data)
        assert (told["rows"], told["gateways"], told["machines"]) == ([], {}, 0)


async def test_tabs_that_look_at_the_same_share_one_update(feed: Feed, plant: Plant) -> None:
    tabs = [feed.changes(0, Look(equipment=frozenset({1, 2}))) for _ in range(3)]
    first = [await anext(tab) for tab in tabs]
    assert first[0] is first[1] is first[2]
    waiting = [asyncio.ensure_future(anext(tab)) for tab in tabs]
    await asyncio.sleep(0)
    feed.receive(Message(TOPIC, encode_bundle(plant.boiler(NOW))))
    told = await asyncio.gather(*waiting)
    assert told[0] is told[1] is told[2]
    assert [row["id"] for row in json.loads(told[0].data)["rows"]] == [1]


class Alarms:
    """Stands for the feed of alarms: says what it was asked."""

    version = 1

    def message(self, gateways: frozenset[str] | None, seen: int) -> str:
        return json.dumps({"gateways": sorted(gateways or ()), "seen": seen, "version": self.version})


async def test_alarms_are_told_at_first_and_when_one_changed(feed: Feed) -> None:
    feed.alarms = alarms = Alarms()
    changes = feed.changes(0, Look(gateways=frozenset({"plant-1"})))
    assert (await anext(changes)).event == "update"
    told = await anext(changes)
    assert (told.event, json.loads(told.data)) == ("alarms", {"gateways": ["plant-1"], "seen": 0, "version": 1})
    alarms.version = 4
    feed.wake()
    assert [(await anext(changes)).event, json.loads((await anext(changes)).data)["seen"]] == ["update", 1]
