"""Trains a plant's model on its past and judges it on newer days that it has not seen, beside the champion and the floors.

What is judged is what goes live: the model is not trained again on the days that it was judged on.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from analytics.forecasts.frames import read_frame
from analytics.forecasts.plant import STEP, Plant, quarter, ratings_kw
from analytics.power_forecast import forecaster, scores
from analytics.power_forecast.champion import Verdict, may_go_live
from analytics.power_forecast.features import DAY_AHEAD, HORIZONS, ULTRA_SHORT, known_until
from analytics.power_forecast.frame import STEPS_A_DAY, Frame, Indices
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray
from store.database import Database
from store.forecasts import LIVE, NewModel, Role, add_model, load_model, models, weather_spans
from telemetry.bundle import MICROSECONDS

LONGEST_PAST = timedelta(days=400)
"""A year and a month: every season once."""
_JUDGED_DAYS, _JUDGED_SHARE = 30, 1 / 3
"""The newest month; of a short past a third."""

Note = Callable[[str], None]
"""Is told what is done now."""


class Trained(NamedTuple):
    """A model that was made and what became of it."""

    model_id: int
    role: Role
    scores: dict[str, Any]


def train(
    database: Database,
    plant: Plant,
    horizon: str,
    *,
    now: datetime,
    made_by: str,
    issue_hour: float = forecaster.ISSUE_HOUR,
    note: Note = lambda _: None,
) -> Trained:
    """Train, judge and keep a model; it becomes the champion where it beats the floor and, if there is one, the champion clearly.

    Raises
    ------
    NotEvaluated
        With too little of power and weather side by side, or a nameplate that names no rated power.
    """
    zone = ZoneInfo(plant.zone)
    ratings = ratings_kw(database, plant)
    span = weather_spans(database, gateways=[plant.gateway]).get(plant.gateway)
    end = quarter(now)
    if span is None or span.first >= end:
        raise NotEvaluated(Why.MISSING_INPUT, "no weather forecasts of the past")
    start = max(quarter(span.first), end - LONGEST_PAST)
    note("reading power and weather")
    frame, _ = read_frame(database, plant, ratings, start=start, end=end, as_of=end, horizon=horizon, issue_hour=issue_hour)
    split = _split(frame)
    note("training")
    model = forecaster.train(frame.until(split), horizon=horizon, zone=zone, issue_hour=issue_hour)
    note("judging")
    rows, known = judged_rows(frame, split, horizon, zone, issue_hour)
    made = forecaster.predict(model, frame, rows, known, zone=zone)
    champion = _champion(database, plant, horizon)
    other = None if champion is None else forecaster.predict(champion, frame, rows, known, zone=zone).mean_kw
    courses = _courses(frame, rows, known, made, champion=other, horizon=horizon)
    found = _scores(frame, rows, made, courses)
    verdict = _verdict(found, courses, frame.power_kw[rows])
    role: Role = "champion" if verdict.may_go_live else "challenger"
    found |= {"reason": verdict.reason.model_dump(), "form": str(model["learner"]["form"])}
    number = add_model(
        database,
        NewModel(
            gateway=plant.gateway,
            kind=plant.kind,
            horizon=horizon,
            role=role,
            trained_from=start,
            trained_until=_instant(frame, split),
            made_at=now,
            made_by=made_by,
            scores=found,
            model=model,
        ),
    )
    return Trained(number, role, found)


def judged_rows(frame: Frame, split: int, horizon: str, zone: ZoneInfo, issue_hour: float) -> tuple[Indices, Indices]:
    """Give the newer rows and how many rows are known at the issue of each; of the next hours the longest lead is judged."""
    rows = np.arange(split, len(frame), dtype=np.intp)
    longest = rows - HORIZONS[ULTRA_SHORT] + 1
    known = known_until(frame, zone, issue_hour=issue_hour)[rows] if horizon == DAY_AHEAD else longest
    return rows[known > 0], known[known > 0]


def _split(frame: Frame) -> int:
    """Give the row at which the newer days begin; rows before the first and after the last that are whole do not count."""
    usable = np.flatnonzero(~np.isnan(frame.power_kw) & ~np.isnan(frame.driving))
    days = len(usable) / STEPS_A_DAY
    held_out = round(min(_JUDGED_DAYS, days * _JUDGED_SHARE) * STEPS_A_DAY)
    if held_out < STEPS_A_DAY:
        raise NotEvaluated(
            Why.MISSING_INPUT, f"{days:.0f} d of power and weather, {forecaster.LEAST_DAYS * 1.5:.0f} d are needed"
        )
    return int(usable[-held_out])


def _champion(database: Database, plant: Plant, horizon: str) -> dict[str, Any] | None:
    found = models(database, gateway=plant.gateway, kind=plant.kind, horizon=horizon, roles=LIVE)
    return load_model(database, found[0].id) if found else None


def _courses(
    frame: Frame, rows: Indices, known: Indices, made: forecaster.Forecast, *, champion: FloatArray | None, horizon: str
) -> dict[str, FloatArray]:
    """Give what is judged side by side."""
    # The newest power that is there at the issue: a day ahead that of the same hour, two days before.
    before = rows - 2 * STEPS_A_DAY if horizon == DAY_AHEAD else known - 1
    persistence = np.where(before >= 0, frame.power_kw[np.clip(before, 0, None)], np.nan)
    found = {"model": made.mean_kw, "floor": made.floor_kw, "persistence": persistence}
    return found if champion is None else found | {"champion": champion}


def _scores(frame: Frame, rows: Indices, made: forecaster.Forecast, courses: Mapping[str, FloatArray]) -> dict[str, Any]:
    actual, capacity = frame.power_kw[rows], frame.capacity_kw
    return {
        "from": _instant(frame, int(rows[0])).isoformat(),
        "until": _instant(frame, int(rows[-1]) + 1).isoformat(),
        "quarters": int((~np.isnan(actual) & ~np.isnan(made.mean_kw)).sum()),
        "capacity_kw": capacity,
        "nrmse": {name: _nrmse(actual, forecast, capacity) for name, forecast in courses.items()},
        "nmae": scores.normalised_mae(actual, made.mean_kw, capacity),
        "bias": scores.normalised_bias(actual, made.mean_kw, capacity),
        "skill": scores.skill(actual, made.mean_kw, made.floor_kw),
        "coverage_90": scores.coverage(actual, made.quantiles_kw[0], made.quantiles_kw[-1]),
    }


def _nrmse(actual: FloatArray, forecast: FloatArray, capacity: float) -> float | None:
    is_known = ~np.isnan(actual) & ~np.isnan(forecast)
    return scores.normalised_rmse(actual, forecast, capacity) if is_known.any() else None


def _verdict(found: Mapping[str, Any], courses: Mapping[str, FloatArray], actual: FloatArray) -> Verdict:
    """Hold the model against the better floor and the champion, where there is weather: without it nobody forecasts."""
    errors = found["nrmse"]
    floors = [name for name in ("floor", "persistence") if errors[name] is not None]
    best = min(floors, key=lambda name: float(errors[name]))
    has_weather = ~np.isnan(courses["floor"])
    told = {name: np.where(has_weather, course, np.nan) for name, course in courses.items()}
    return may_go_live(actual, told["model"], floor_kw=told[best], champion_kw=told.get("champion"))


def _instant(frame: Frame, row: int) -> datetime:
    return datetime.fromtimestamp(frame.start_us / MICROSECONDS, UTC) + row * STEP
