import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards.settings import WebSettings
from shangyun.local_servers import Broker
from store.database import Database
from telemetry.mqtt import BrokerSettings
from tests.dashboards.alarm_plant import AlarmPlant
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, Publisher, free_port, serving

FRONTEND = Path(__file__).parents[2] / "scripts" / "frontend"


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def filler(migrated_database: str) -> Iterator[Filler]:
    with Database(migrated_database) as opened:
        yield Filler(opened)


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    made = Publisher(broker)
    yield made
    made.close()


@pytest.fixture
def settings_for(database: str) -> Callable[..., WebSettings]:
    def make(port: int | None = None, **options: Any) -> WebSettings:
        broker = BrokerSettings(host="127.0.0.1", port=port or free_port())
        return WebSettings(database=database, broker=broker, **options)

    return make


@pytest.fixture(scope="session")
def built_vendor() -> None:
    """Have the front-end packages built; a machine without Node or registry skips what needs them."""
    done = subprocess.run([sys.executable, FRONTEND], capture_output=True, text=True, check=False, timeout=110)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip())


@pytest.fixture
def alarms(filler: Filler, migrated_database: str) -> Iterator[AlarmPlant]:
    with Database(migrated_database) as opened:
        yield AlarmPlant(opened, filler)


@pytest.fixture
def people(alarms: AlarmPlant, database: str, settings_for: Callable[..., WebSettings]) -> Iterator[Callable[..., httpx.Client]]:
    """Sign people in: ``people(role, HOME)`` sees the site of that gateway alone."""
    clients = []

    def sign_in(role: str = "admin", *gateways: str) -> httpx.Client:
        clients.append(client_for(address, database, role=role, sites=tuple(alarms.sites[name] for name in gateways)))
        return clients[-1]

    with serving(settings_for()) as address:
        yield sign_in
        for client in clients:
            client.close()
