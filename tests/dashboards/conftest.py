import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from dashboards.settings import WebSettings
from shangyun.local_servers import Broker
from store.database import Database
from telemetry.mqtt import BrokerSettings
from tests.dashboards.plant import Filler, Plant, Publisher, free_port

expect.set_options(timeout=15_000)  # a machine that is shared may take its time
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
