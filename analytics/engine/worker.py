"""The process that runs analytics on live data: one worker leads, any other stands by with the same settings."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import Counter, Gauge

from analytics.engine.engines import Run, engine
from analytics.engine.planning import Plan, due, touched, training
from analytics.engine.recording import record
from analytics.engine.settings import AnalyticsSettings
from analytics.engine.task import Computed, Trained, TrainingTask
from store.database import Database
from store.equipment import list_equipment
from store.grids import forget_late_spans, late_spans, made_until
from store.leadership import lead
from store.models import add_model, champions
from store.results import last_ends
from telemetry.errors import RetryableError
from telemetry.health import serve_health

_log = logging.getLogger(__name__)

WINDOWS = Counter("shangyun_analytics_windows_total", "Windows of machines that were run, by what came of them", ["result"])
FINDINGS = Counter("shangyun_analytics_findings_total", "Findings that runs gave, those that go on counted each time")
MODELS = Counter("shangyun_analytics_models_total", "Models that were made, by what came of the attempt", ["result"])
LAG = Gauge("shangyun_analytics_lag_seconds", "Between the end of the newest windows and the end of the last round")

_WORK = "analytics worker"
_ROUND_SECONDS = 15.0
_TRY_AGAIN = timedelta(hours=6)
"""A machine whose history was not enough for a model is looked at again so much later."""
_UNWELL_AFTER_SECONDS = 60.0


class Worker:
    """Leads or stands by until it is stopped."""

    def __init__(
        self,
        settings: AnalyticsSettings,
        database: Database,
        *,
        stop: asyncio.Event,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        round_seconds: float = _ROUND_SECONDS,
    ) -> None:
        self._settings, self._database, self._stop, self._now = settings, database, stop, now
        self._round_seconds = round_seconds
        self._tried: dict[tuple[int, str], datetime] = {}
        self._away_since: float | None = None
        self._told: dict[str, Any] = {"role": "standby"}

    async def run(self, *, ready: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Work until ``stop`` is set; ``ready`` is told the health port."""
        settings = self._settings
        async with serve_health(settings.health_port, self.status) as port:
            if ready is not None:
                await ready(port)
            with engine("processes", settings.database, processes=settings.processes) as run:
                while not self._stop.is_set():
                    await asyncio.to_thread(self._try_to_lead, run)
                    await self._wait()

    def status(self) -> tuple[bool, dict[str, Any]]:
        """Well, unless the database has been away for longer than a restart takes."""
        away = 0.0 if self._away_since is None else time.monotonic() - self._away_since
        return away <= _UNWELL_AFTER_SECONDS, {**self._told, "database_away_seconds": round(away, 1)}

    def _try_to_lead(self, run: Run) -> None:
        """Lead, if nobody else does, for as long as the lock holds."""
        try:
            with lead(self._database, _WORK) as leading:
                if leading is None:
                    self._told = {"role": "standby"}
                    self._away_since = None
                    return
                while not self._stop.is_set() and leading.is_held():
                    begun = time.monotonic()
                    self.round(run)
                    self._away_since = None
                    self._sleep(self._round_seconds - (time.monotonic() - begun))
        except RetryableError as error:
            if self._away_since is None:
                _log.warning("%s; trying again until it works", error)
                self._away_since = time.monotonic()

    def round(self, run: Run) -> None:
        """Do what is due: new windows, windows that late rows touch, and models that are missing."""
        now, settings = self._now(), self._settings
        chosen = settings.chosen
        plan = Plan(
            equipment=list_equipment(self._database),
            analytics=chosen,
            zone=settings.zone,
            learned=champions(self._database),
            parameters=settings.parameters,
        )
        until = made_until(self._database)
        if until is None:  # nothing has come yet
            return
        # A last run that is not seen would be taken for none, and the same window be run again each round.
        cadence = max((one.spec.cadence for one in chosen.values()), default=timedelta())
        oldest = now - max(settings.catch_up, settings.late, cadence) - timedelta(days=2)
        ended = last_ends(self._database, since=oldest.date())
        spans = late_spans(self._database)
        windows = 0
        for task, done in run(due(plan, made_until=until, last_ends=ended, catch_up=settings.catch_up)):
            windows += self._record(task, done)
            if self._stop.is_set():
                return
        touching = [(span.equipment_id, span.start, span.end) for span in spans]
        for task, done in run(touched(plan, touching, last_ends=ended, not_before=now - settings.late)):
            windows += self._record(task, done)
            if self._stop.is_set():
                return
        forget_late_spans(self._database, spans)
        self._train(run, plan, until.minutes)
        LAG.set((self._now() - until.minutes).total_seconds())
        self._told = {
            "role": "leader",
            "machines": len(plan.equipment),
            "analytics": len(chosen),
            "windows_of_last_round": windows,
        }

    def _train(self, run: Run, plan: Plan, until: datetime) -> None:
        skip = {key for key, at in self._tried.items() if self._now() - at < _TRY_AGAIN}
        for task, done in run(training(plan, until=until, skip=skip)):
            self._record(task, done)
            if self._stop.is_set():
                return

    def _record(self, task: object, done: Computed | list[Trained]) -> int:
        if isinstance(done, Computed):
            record(self._database, done, zone=self._settings.zone)
            for one in done.runs:
                WINDOWS.labels(one.result).inc()
            FINDINGS.inc(len(done.findings))
            return done.windows
        assert isinstance(task, TrainingTask)
        for trained in done:
            self._tried[trained.machine.id, trained.analytic] = self._now()
            MODELS.labels("declined" if trained.model is None else "made").inc()
            if trained.model is not None:
                save(self._database, trained, role="champion", made_by="worker", now=self._now())
        return 0

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < until:
            time.sleep(min(0.2, max(until - time.monotonic(), 0)))

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(min(self._round_seconds, 5.0)):
                await self._stop.wait()
        except TimeoutError:
            return


def save(database: Database, trained: Trained, *, role: str, made_by: str, now: datetime) -> int:
    """Store a model that was made; give its number."""
    assert trained.model is not None
    return add_model(
        database,
        analytic=trained.analytic,
        equipment_id=trained.machine.id,
        role="champion" if role == "champion" else "challenger",
        trained_from=trained.start,
        trained_until=trained.end,
        made_at=now,
        made_by=made_by,
        model=trained.model,
    )
