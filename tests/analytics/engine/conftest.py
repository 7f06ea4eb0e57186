"""Two simulated boilers whose days are in a database, as ingest would have left them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from analytics.window import Window
from benchmarks.analytics_site import Site
from benchmarks.simulated_plant import repeated, simulate
from store.database import Database

START = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""Midnight in Shanghai."""
DAY = timedelta(days=1)


@dataclass
class Plant:
    """A database with machines."""

    address: str
    database: Database
    site: Site
    ids: dict[str, int]


@pytest.fixture(scope="session")
def boiler_days() -> list[Window]:
    """A day of two boilers, a reading a minute."""
    return simulate("boiler", [11, 12], start=START, days=1)


@pytest.fixture
def plant(migrated_database: str, boiler_days: list[Window]) -> Iterator[Plant]:
    """Three days of both boilers behind one gateway."""
    with Database(migrated_database) as database:
        site = Site(database)
        ids = site.fill("gw-1", {f"boiler-{n}": repeated(day, 3) for n, day in enumerate(boiler_days, start=1)})
        site.roll_up(START + DAY)
        yield Plant(migrated_database, database, site, ids)
