"""The process that issues forecasts while time goes on; one leads, any other stands by."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from prometheus_client import Counter

from analytics.forecasts.issuing import issue
from analytics.forecasts.plant import STEP, Plant, list_plants, quarter
from analytics.power_forecast.features import DAY_AHEAD, ULTRA_SHORT
from analytics.power_forecast.forecaster import ISSUE_HOUR
from analytics.result import NotEvaluated
from store.database import Database
from store.forecasts import LIVE, PlantModel, last_issue, load_model, models, weather_spans
from store.grids import made_until
from store.leadership import lead
from telemetry.errors import RetryableError
from telemetry.health import serve_health

_log = logging.getLogger(__name__)

QUARTERS = Counter("shangyun_forecast_quarters_total", "Quarters of an hour that were forecast, or could not be", ["result"])

_WORK = "power forecasts"
_ROUND_SECONDS = 15.0
_PATIENCE = timedelta(minutes=5)
"""So long an issue waits for the quarter before it to be made; then it goes without."""
_UNWELL_AFTER_SECONDS = 60.0


class _Due(NamedTuple):
    plant: Plant
    model: PlantModel
    at: datetime


class Runner:
    """Issues what is due, never what was due before it came."""

    def __init__(
        self,
        database: Database,
        *,
        stop: asyncio.Event,
        every_minutes: int = 15,
        issue_hour: float = ISSUE_HOUR,
        default_zone: str = "Asia/Shanghai",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        round_seconds: float = _ROUND_SECONDS,
    ) -> None:
        self._database, self._stop, self._now = database, stop, now
        self._every, self._issue_hour, self._zone = timedelta(minutes=every_minutes), issue_hour, default_zone
        self._round_seconds = round_seconds
        self._models: dict[int, dict[str, Any]] = {}
        self._tried: dict[tuple[str, str], tuple[datetime, object]] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._away_since: float | None = None
        self._told: dict[str, Any] = {"role": "standby"}

    async def run(self, *, health_port: int | None = None, ready: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Work until ``stop`` is set; ``ready`` is told the health port."""
        if health_port is None:
            await self._work()
            return
        async with serve_health(health_port, self.status) as port:
            if ready is not None:
                await ready(port)
            await self._work()

    def status(self) -> tuple[bool, dict[str, Any]]:
        """Well, unless the database has been away for longer than a restart takes."""
        away = 0.0 if self._away_since is None else time.monotonic() - self._away_since
        problems = {"/".join(key): said for key, said in self._said.items() if said}
        return away <= _UNWELL_AFTER_SECONDS, {**self._told, "problems": problems, "database_away_seconds": round(away, 1)}

    async def _work(self) -> None:
        while not self._stop.is_set():
            await asyncio.to_thread(self._try_to_lead)
            try:
                await asyncio.wait_for(self._stop.wait(), self._round_seconds)
            except TimeoutError:
                continue

    def _try_to_lead(self) -> None:
        try:
            with lead(self._database, _WORK) as leading:
                self._told = {"role": "standby" if leading is None else "leader"}
                while leading is not None and not self._stop.is_set() and leading.is_held():
                    self.round()
                    self._away_since = None
                    self._sleep()
                self._away_since = None
        except RetryableError as error:
            if self._away_since is None:
                _log.warning("%s; trying again until it works", error)
                self._away_since = time.monotonic()

    def _sleep(self) -> None:
        until = time.monotonic() + self._round_seconds
        while not self._stop.is_set() and time.monotonic() < until:
            time.sleep(0.2)

    def round(self) -> int:
        """Issue what is due, and give how many quarters were forecast."""
        now = self._now()
        until = made_until(self._database)
        plants = {(plant.gateway, plant.kind): plant for plant in list_plants(self._database, default_zone=self._zone)}
        spans = weather_spans(self._database)
        champions = models(self._database, roles=LIVE)
        self._models = {one.id: self._models[one.id] for one in champions if one.id in self._models}
        quarters = 0
        for one in champions:
            plant = plants.get((one.gateway, one.kind))
            if plant is None or self._stop.is_set():
                continue
            at = self._due_at(one, plant, now)
            if at is None or (now - at < _PATIENCE and (until is None or until.minutes < at)):
                continue
            known = spans.get(one.gateway)
            if self._tried.get((plant.name, one.horizon)) == (at, known):
                continue  # only a new weather forecast can change what came of it
            quarters += self._issue(_Due(plant, one, at))
            self._tried[plant.name, one.horizon] = (at, known)
        self._told = {"role": "leader", "plants": len(plants), "champions": len(champions), "quarters_of_last_round": quarters}
        return quarters

    def _due_at(self, model: PlantModel, plant: Plant, now: datetime) -> datetime | None:
        """Give the instant to issue for: this quarter, or today's hour for the next day; None where that has been done."""
        before = last_issue(self._database, model.gateway, model.kind, model.horizon)
        if model.horizon == ULTRA_SHORT:
            seconds = self._every.total_seconds()
            at = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
            return None if now - at >= STEP or (before is not None and before >= at) else at
        assert model.horizon == DAY_AHEAD
        local = now.astimezone(ZoneInfo(plant.zone))
        hour = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=self._issue_hour)
        if local < hour or (before is not None and before >= hour):
            return None
        # Late is said to be late: what was not issued in time is issued as of now.
        return hour.astimezone(UTC) if now - hour < 2 * STEP else quarter(now)

    def _issue(self, due: _Due) -> int:
        key = (due.plant.name, due.model.horizon)
        model = self._models.get(due.model.id) or load_model(self._database, due.model.id)
        if model is None:
            return 0
        self._models[due.model.id] = model
        try:
            done = issue(self._database, due.plant, due.model.horizon, issued_at=due.at, model_id=due.model.id, model=model)
        except NotEvaluated as error:
            self._say(key, str(error))
            return 0
        QUARTERS.labels("issued").inc(done.quarters)
        QUARTERS.labels("no_weather").inc(done.missing)
        self._say(
            key, f"no weather forecast for {done.missing} of {done.quarters + done.missing} quarters" if done.missing else ""
        )
        return done.quarters

    def _say(self, key: tuple[str, str], problem: str) -> None:
        """Say what is wrong once, and once that it is right again."""
        if problem != self._said.get(key, ""):
            _log.warning("%s %s: %s", *key, problem or "forecasts are whole again")
        self._said[key] = problem
