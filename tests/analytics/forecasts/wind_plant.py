"""Two months of a small wind farm in a database, with the weather forecasts that were there at the time."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.window import FloatArray, Window
from benchmarks.analytics_site import Site
from store.database import Database
from store.forecasts import WeatherRow, add_weather
from store.nameplates import Nameplate, save_nameplate

GATEWAY = "wind-1"
DAYS = 60
RATED_KW = 5000.0
STEPS_A_DAY = 96
STEP = timedelta(minutes=15)


class WindPlant(NamedTuple):
    """Where it is, and what it did."""

    site: Site
    ids: dict[str, int]
    start: datetime
    end: datetime
    """A midnight in Shanghai; weather forecasts reach two days further."""
    power_kw: FloatArray
    """Of both turbines, shape (n,)."""
    weather: list[WeatherRow]


def build(database: Database, *, end: datetime, gateway: str = GATEWAY, days: int = DAYS) -> WindPlant:
    """Fill a database up to ``end``; the weather model is right but for a slow error, which the newest power tells of."""
    rng = np.random.default_rng(4)
    steps = days * STEPS_A_DAY
    start = end - days * timedelta(days=1)
    wind = _slow(rng, steps + 2 * STEPS_A_DAY, hours=30.0) * 2.5 + 8
    wind = np.clip(wind, 0, 24)
    error = _slow(rng, len(wind), hours=100.0) * 0.9
    powers = [np.clip(((wind[:steps] + shift) / 12) ** 3, 0, 1) * RATED_KW for shift in (-0.1, 0.1)]
    site = Site(database)
    histories = {
        f"turbine-{n}": Window(
            kind="wind_turbine",
            start_us=round(start.timestamp() * 1e6),
            step_seconds=900.0,
            values={
                "active_power": power,
                "wind_speed": wind[:steps],
                "available_power": power,
                "power_setpoint": np.full(steps, RATED_KW),
                "curtailment_active": np.zeros(steps),
                "state": np.full(steps, 2.0),
            },
        )
        for n, power in enumerate(powers, start=1)
    }
    ids = site.fill(gateway, histories)
    site.roll_up(end + timedelta(minutes=2))
    weather = weather_of(start, np.clip(wind + error, 0, None))
    made = WindPlant(site, ids, start, end, np.sum(powers, axis=0), weather)
    describe(database, made, gateway=gateway)
    return made


def describe(database: Database, plant: WindPlant, *, gateway: str = GATEWAY) -> None:
    """Give it its nameplates and weather forecasts, and nothing else of what forecasts leave."""
    with database.connection() as connection:
        connection.execute(b"TRUNCATE forecast.weather, forecast.power, forecast.model")
    for number in plant.ids.values():
        save_nameplate(database, Nameplate(equipment_id=number, rated={"rated_power": [RATED_KW, "kW"]}))
    add_weather(database, gateway, plant.weather)


def weather_of(start: datetime, wind: FloatArray) -> list[WeatherRow]:
    """Give hours of forecast wind from a midnight on, issued at 06:00 of the day before for two days and a quarter."""
    rows: list[WeatherRow] = []
    for day in range(len(wind) // STEPS_A_DAY):
        first = day * STEPS_A_DAY
        issued_at = start + (first - 72) * STEP
        rows += [
            WeatherRow(issued_at, start + step * STEP, {"wind_speed": float(wind[step]), "temperature": 10.0})
            for step in range(first, min(first + 217, len(wind)), 4)
        ]
    return rows


def midnight() -> datetime:
    """Give the newest midnight in Shanghai."""
    there = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
    return there.astimezone(UTC)


def _slow(rng: np.random.Generator, steps: int, *, hours: float) -> FloatArray:
    """Give a course of spread 1 that forgets itself within so many hours."""
    keep = float(np.exp(-0.25 / hours))
    found, noise = np.zeros(steps), rng.normal(size=steps) * np.sqrt(1 - keep**2)
    for step in range(1, steps):
        found[step] = keep * found[step - 1] + noise[step]
    return found
