"""Alarms from the database to a tab: notifications, memory, server-sent events."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dashboards.alarms.feed import AlarmFeed
from dashboards.settings import WebSettings
from store.database import Database
from tests.dashboards.alarm_plant import AWAY, HOME, LOW_LEVEL, PRESSURE, AlarmPlant
from tests.dashboards.people import client_for
from tests.dashboards.plant import serving, wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def address(alarms: AlarmPlant, settings_for: Callable[..., WebSettings]) -> Iterator[str]:
    with serving(settings_for()) as made:
        yield made


def told(client: httpx.Client) -> Iterator[Any]:
    """Follow the events ``alarms`` of a tab."""
    with client.stream("GET", "/api/v1/stream?equipment=0", timeout=20) as answer:
        event = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "alarms":
                yield json.loads(line.removeprefix("data: "))


def test_a_notification_brings_a_change_to_a_tab_within_a_second(address: str, alarms: AlarmPlant, database: str) -> None:
    with client_for(address, database) as client:
        events = told(client)
        wait_until(lambda: client.get("/api/v1/alarms").status_code == 200)
        next(events)
        started = time.monotonic()
        alarm = alarms.alarm(LOW_LEVEL)
        event = next(one for one in events if alarm in one["changed"])
        assert time.monotonic() - started < 1
        assert event["active"] == {"critical": 1, "high": 0, "medium": 0, "low": 0}
        assert event["unacknowledged"]["critical"] == 1
        assert event["newest"]["machine"] == "boiler-1"
        assert event["newest"]["priority"] == "critical"
        assert (event["shelved"], event["flood"]) == (0, False)


def test_what_happens_at_another_site_is_not_told(address: str, alarms: AlarmPlant, database: str) -> None:
    with client_for(address, database, role="operator", sites=(alarms.sites[HOME],)) as client:
        events = told(client)
        next(events)
        away, home = alarms.alarm(LOW_LEVEL, gateway=AWAY), alarms.alarm(PRESSURE)
        event = next(one for one in events if home in one["changed"])
        assert away not in event["changed"]
        assert event["active"] == {"critical": 0, "high": 0, "medium": 1, "low": 0}
        assert event["newest"]["id"] == home


def test_an_alarm_that_returned_and_was_acknowledged_leaves_the_memory(alarms: AlarmPlant, database: str, address: str) -> None:
    alarm = alarms.alarm(LOW_LEVEL)
    alarms.alarm(LOW_LEVEL, is_active=False)
    with client_for(address, database) as client:
        wait_until(lambda: _states(client) == ["returned"])
        client.post("/api/v1/alarms/acknowledge", json={"ids": [alarm]}).raise_for_status()
        wait_until(lambda: _states(client) == [])


def _states(client: httpx.Client) -> list[str]:
    answer = client.get("/api/v1/alarms")
    return [row["state"] for row in answer.json()["items"]] if answer.status_code == 200 else ["not read"]


def test_the_list_stays_while_the_database_is_away_and_follows_when_it_is_back(
    alarms: AlarmPlant, database: str, settings_for: Callable[..., WebSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.alarms.feed.RETRY_SECONDS", 0.1)
    alarms.alarm(LOW_LEVEL)
    with serving(settings_for()) as address, client_for(address, database) as client:
        wait_until(lambda: _states(client) == ["unacknowledged"])
        with Database(database) as other, other.connection() as connection:
            connection.execute(
                b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"
            )
        assert _states(client) == ["unacknowledged"]
        alarms.alarm(PRESSURE)
        wait_until(lambda: len(_states(client)) == 2)


def test_a_row_that_did_not_change_is_not_encoded_again(alarms: AlarmPlant) -> None:
    feed = AlarmFeed(alarms.database, wake=lambda: None)
    alarms.alarm(LOW_LEVEL)
    feed.take(feed.read())
    first = feed.alarms()[0].as_json
    alarms.alarm(PRESSURE, gateway=AWAY)
    feed.take(feed.read())
    assert feed.version == 2
    assert next(alarm for alarm in feed.alarms() if alarm.condition.rule == LOW_LEVEL).as_json is first
