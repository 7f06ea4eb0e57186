"""When a worker calls itself unwell."""

import asyncio

from ingest.daemon import Daemon
from ingest.settings import IngestSettings
from store.database import Database
from telemetry.mqtt import BrokerSettings


async def test_a_worker_is_unwell_when_a_neighbour_has_been_away_for_more_than_ten_seconds() -> None:
    now = 100.0
    settings = IngestSettings(broker=BrokerSettings(host="nowhere"), database="postgresql://nobody@127.0.0.1:1/x")
    daemon = Daemon(settings, Database(settings.database), stop=asyncio.Event(), clock=lambda: now)

    assert daemon.status()[0]
    now += 10.1
    is_well, details = daemon.status()

    assert not is_well
    assert details["away_seconds"] == {"broker": 10.1, "database": 10.1}
