"""An excavator that works from 8 to 18 o'clock, in the database as ingest and rollups leave it."""

from datetime import UTC, datetime, timedelta, timezone

from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from tests.dashboards.plant import Filler, Plant

OFFSET_HOURS = (24 - datetime.now(UTC).hour) % 24 - 12
"""Of a place where it is noon now: no test runs into midnight."""
ZONE = timezone(timedelta(hours=OFFSET_HOURS))
TODAY = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = 3
FIRST = TODAY - timedelta(days=DAYS)
STEP_SECONDS = 600
METER = 5000.0


def rows(first: datetime, last: datetime, *, step_seconds: int = STEP_SECONDS) -> dict[float, dict[str, float]]:
    """Lay out readings from one instant to another; the hour meter counts 10 hours a day from `FIRST` on."""
    found, at = {}, first
    while at < last:
        days, seconds = divmod((at - FIRST).total_seconds(), 86_400)
        worked = 10 * days + min(max(seconds / 3600 - 8, 0), 10)
        found[at.timestamp()] = {
            "engine_hours": METER + worked,
            "idle_hours": 2000 + worked / 4,
            "fuel_total": 70_000 + 12 * worked,
            "latitude": 36.6,
            "longitude": 117.2,
        }
        at += timedelta(seconds=step_seconds)
    return found


class Site:
    """A database with a gateway's machines in it."""

    def __init__(self, database: Database, address: str) -> None:
        self.database, self.address = database, address
        self._filler, self._plant = Filler(database), Plant()

    def commit(self, name: str, given: dict[float, dict[str, float]]) -> None:
        """Commit readings of a machine and bring the rollups up to date."""
        self._filler.commit(self._plant.bundle(self._plant.batch(name, "construction_machine", given)))
        for rollup in ROLLUPS.values():
            refresh(self.database, rollup, now=datetime.now(UTC))
