"""A small wind farm with two months of power and weather, and forecasts without LightGBM, which takes seconds to learn."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from analytics.forecasts.plant import Plant, list_plants
from analytics.power_forecast import regressors
from store.database import Database
from tests.analytics.forecasts.wind_plant import GATEWAY, WindPlant, build, describe
from tests.dashboards.sites import fresh_database

END = datetime(2026, 3, 31, 16, tzinfo=UTC)
"""Midnight in Shanghai."""


class Built(NamedTuple):
    """The farm and where it is."""

    address: str
    database: Database
    farm: WindPlant


@pytest.fixture(scope="session")
def built(postgresql_server: str, postgresql_template: str) -> Iterator[Built]:
    """Fill one database for all tests here; `opened` takes away what the test before has left."""
    with fresh_database(postgresql_server, postgresql_template) as address, Database(address) as database:
        yield Built(address, database, build(database, end=END))


@pytest.fixture
def opened(built: Built, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(regressors, "has_boosting", lambda: False)
    describe(built.database, built.farm)
    return built.database


@pytest.fixture
def farm(built: Built) -> WindPlant:
    return built.farm


@pytest.fixture
def plant(opened: Database) -> Plant:
    (found,) = list_plants(opened, gateways=[GATEWAY])
    return found
