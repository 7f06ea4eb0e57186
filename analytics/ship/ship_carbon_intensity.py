"""The year's carbon intensity so far, its rating, and where it will be at the year's end."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field
from scipy.stats import t as student

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.ship.carbon_intensity import (
    RATINGS,
    ReferenceLine,
    ShipType,
    attained,
    bounds,
    capacity_of,
    existing_ship_index,
    line_of,
    reduction_percent,
    required,
)
from analytics.ship.fuel import FuelName, in_use, read_fuels
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_DAYS, _LEAST_FORECAST_DAYS, _LEAST_MILES = 7.0, 45, 100.0
_BLOCK_DAYS = 15
"""Days drawn together: passages and stays in port last about as long."""
_DRAWS = 500
_VALID_SHARE = 0.9
_FASTEST_KN = 40.0


class Parameters(Settings):
    """Which line of the table holds, and what papers say of the engines."""

    ship_type: ShipType = "bulk_carrier"
    """Row of ``carbon_intensity.toml``."""
    meters_percent: float = Field(default=1.0, gt=0, le=20)
    """Half width of the 95 % interval of fuel over distance."""
    index_fuel: FuelName = "heavy_fuel_oil"
    """Of the EEXI's technical file."""
    main_g_per_kwh: float = Field(default=190.0, gt=100, le=300)
    """At 75 % load; what MEPC.350(78) takes where there is no test."""
    auxiliary_g_per_kwh: float = Field(default=215.0, gt=100, le=400)


SPEC = Spec(
    name="ship_carbon_intensity",
    label=label("碳强度 CII", "Carbon intensity (CII)"),
    kinds=("ship",),
    inputs=(
        Input("state", "1"),
        Input("fuel_total", "t"),
        Input("fuel_type", "1"),
        Input("speed_over_ground", "kn"),
    ),
    rated=(("deadweight", "t"), ("gross_tonnage", "1"), ("rated_power", "kW"), ("reference_speed", "kn")),
    step_seconds=3600,
    window=timedelta(days=366),
    cadence=timedelta(days=1),
    outputs=(
        Output("carbon_intensity", "g/(t·nmi)", label("本年碳强度（至今）", "Carbon intensity of the year so far")),
        Output("carbon_intensity_required", "g/(t·nmi)", label("本年要求碳强度", "Carbon intensity that the year asks for")),
        Output("carbon_intensity_ratio", "1", label("实际与要求之比", "Attained over required")),
        Output("carbon_rating", "1", label("评级（1 为 A，5 为 E）", "Rating (1 is A, 5 is E)")),
        Output("carbon_intensity_year_end", "g/(t·nmi)", label("年末碳强度预测", "Carbon intensity expected at the year's end")),
        Output("carbon_rating_year_end", "1", label("年末评级预测", "Rating expected at the year's end")),
        Output("carbon_to_spare", "t", label("距 D 级的二氧化碳余量（至今）", "Carbon dioxide to spare before D, so far")),
        Output("year_carbon_dioxide", "t", label("本年二氧化碳（已知小时）", "Carbon dioxide of the year, hours known")),
        Output("year_distance", "nmi", label("本年航程（已知小时）", "Distance of the year, hours known")),
        Output("year_known", "%", label("本年数据完整率", "Share of the year so far that is known")),
        Output("existing_ship_index", "g/(t·nmi)", label("现有船能效指数 EEXI", "Energy efficiency existing ship index (EEXI)")),
    ),
    parameters=Parameters,
    source="IMO MEPC.352(78) (G1), MEPC.353(78) (G2), MEPC.338(76) and MEPC.400(83) (G3), MEPC.354(78) (G4), MEPC.364(79); "
    "forecast: block bootstrap (Künsch 1989)",
    validity=label(
        "不含 G5 修正；年份按 UTC；预测假定后续航次与今年已航相似；数表未经原文核对",
        "Without the corrections of G5; years are those of UTC; the forecast takes what comes to be like what was; the table has "
        "not been compared with the resolutions' text",
    ),
)


class _Year(NamedTuple):
    """Hours of the year so far of which fuel and distance are known."""

    year: int
    co2_t: FloatArray
    """Of each, NaN where not known, shape (hours,)."""
    nmi: FloatArray
    elapsed_days: float
    """Since the first of January."""
    left_days: float
    first_us: int
    step_days: float

    @property
    def known_days(self) -> float:
        return float((~np.isnan(self.co2_t)).sum()) * self.step_days

    @property
    def total(self) -> tuple[float, float]:
        return float(np.nansum(self.co2_t)), float(np.nansum(self.nmi))


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Reckon the year so far.

    Raises
    ------
    NotEvaluated
        If the capacity is not filled in, or less than a week or 100 miles are known.
    """
    capacity_name = capacity_of(parameters.ship_type)
    capacity = window.rating(capacity_name)
    try:
        line = line_of(parameters.ship_type, capacity)
    except ValueError:
        raise NotEvaluated(Why.BAD_INPUT, f"{capacity_name} {capacity:g}") from None
    counted = line.counted(capacity)
    year = _year_so_far(window)
    co2_t, nmi = year.total
    if year.known_days < _LEAST_DAYS or nmi < _LEAST_MILES:
        raise NotEvaluated(Why.NOT_RUNNING, f"{year.known_days:.0f} days and {nmi:.0f} nmi of {year.year}")
    share = year.known_days / max(year.elapsed_days, 1e-9)
    validity: Validity = "valid" if share >= _VALID_SHARE else "doubtful"
    now = attained(co2_t=co2_t, capacity=counted, nmi=nmi)
    error = parameters.meters_percent / 100
    forecast = _year_end(year, counted)
    reduction = reduction_percent(year.year)
    limit = None if reduction is None else required(line, capacity=capacity, reduction=reduction)
    figures = [
        Figure(name="carbon_intensity", value=now, uncertainty=now * error, validity=validity),
        *_rated(line, limit, now, error, validity, co2_to_bound=counted * nmi / 1e6, year=year.year),
        *_expected(line, limit, forecast, error),
        Figure(name="year_carbon_dioxide", value=co2_t),
        Figure(name="year_distance", value=nmi),
        Figure(name="year_known", value=100 * min(share, 1.0)),
        _index(window, counted, parameters),
    ]
    pictures = [_course(year, counted, line, limit)]
    if limit is not None:
        pictures.insert(0, _against_bounds(bounds(line, limit), now, forecast))
    return Result(figures, pictures=pictures)


def _year_so_far(window: Window) -> _Year:
    year = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=window.end_us - 1)).year
    first_us, next_us = (int(datetime(one, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for one in (year, year + 1))
    part = window.between(first_us, window.end_us)
    factor, _ = in_use(part)
    burned_t = np.diff(part["fuel_total"], prepend=np.nan)
    speed, hours = part["speed_over_ground"], part.step_seconds / 3600
    lies = part.state_is("in_port", "at_anchor")
    nmi = np.where(lies, 0.0, speed * hours)
    co2_t = burned_t * factor
    with np.errstate(invalid="ignore"):
        # A counter that falls was replaced; what it missed is not known.
        known = (burned_t >= 0) & (nmi >= 0) & (nmi <= _FASTEST_KN * hours) & ~np.isnan(co2_t)
    day_us = 86_400_000_000
    return _Year(
        year=year,
        co2_t=np.where(known, co2_t, np.nan),
        nmi=np.where(known, nmi, np.nan),
        elapsed_days=(window.end_us - first_us) / day_us,
        left_days=(next_us - window.end_us) / day_us,
        first_us=part.start_us,
        step_days=part.step_seconds / 86_400,
    )


class _Forecast(NamedTuple):
    """Carbon intensity at the year's end."""

    low: float
    median: float
    high: float


def _year_end(year: _Year, counted: float) -> _Forecast | None:
    """Go on as the year went: draw stretches of fifteen days until the year is full. None of less than 45 days."""
    size = max(1, round(1 / year.step_days))
    count = len(year.co2_t) // size
    known = ~np.isnan(year.co2_t[: count * size].reshape(count, size))
    enough = known.mean(axis=1) > 0.5 if count else np.zeros(0, bool)
    by_day = []
    for of in (year.co2_t, year.nmi):
        rows = np.where(known, of[: count * size].reshape(count, size), 0.0)
        by_day.append(rows.sum(axis=1)[enough] / known.mean(axis=1)[enough])
    if len(by_day[0]) < _LEAST_FORECAST_DAYS:
        return None
    # Days of this year that nobody knows were like the others.
    missing = year.left_days + max(year.elapsed_days - year.known_days, 0.0)
    days = max(1, round(missing))
    rng = np.random.default_rng(1)
    known_days = len(by_day[0])
    # What comes is drawn from stretches that were themselves drawn: nobody knows how usual those of this year were.
    pool = rng.integers(0, known_days, (_DRAWS, -(-known_days // _BLOCK_DAYS)))
    chosen = rng.integers(0, pool.shape[1], (_DRAWS, -(-days // _BLOCK_DAYS)))
    starts = np.take_along_axis(pool, chosen, axis=1)
    drawn = ((starts[:, :, None] + np.arange(_BLOCK_DAYS)) % known_days).reshape(_DRAWS, -1)[:, :days]
    co2_t, nmi = (total + of[drawn].mean(axis=1) * missing for total, of in zip(year.total, by_day, strict=True))
    low, median, high = (float(one) for one in np.quantile(1e6 * co2_t / (counted * nmi), (0.025, 0.5, 0.975)))
    # Of few stretches the spread is not known well either: Student's factor in place of the normal one.
    wider = float(student.ppf(0.975, pool.shape[1] - 1)) / 1.96
    return _Forecast(median - wider * (median - low), median, median + wider * (high - median))


def _rated(
    line: ReferenceLine, limit: float | None, now: float, error: float, validity: Validity, *, co2_to_bound: float, year: int
) -> list[Figure]:
    names = "carbon_intensity_required", "carbon_intensity_ratio", "carbon_rating", "carbon_to_spare"
    if limit is None:
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, f"no reduction is decided for {year}") for name in names]
    ratio = now / limit
    return [
        Figure(name=names[0], value=limit),
        Figure(name=names[1], value=ratio, uncertainty=ratio * error, validity=validity),
        Figure(name=names[2], value=1.0 + RATINGS.index(line.rating(ratio)), validity=validity),
        Figure(name=names[3], value=(float(bounds(line, limit)[2]) - now) * co2_to_bound, validity=validity),
    ]


def _expected(line: ReferenceLine, limit: float | None, forecast: _Forecast | None, error: float) -> list[Figure]:
    names = "carbon_intensity_year_end", "carbon_rating_year_end"
    if forecast is None:
        return [Figure.declined(name, Why.MISSING_INPUT, f"less than {_LEAST_FORECAST_DAYS} days known") for name in names]
    half = max(forecast.high - forecast.median, forecast.median - forecast.low)
    figures = [
        Figure(name=names[0], value=forecast.median, uncertainty=float(np.hypot(half, error * forecast.median))),
    ]
    if limit is None:
        return [*figures, Figure.declined(names[1], Why.OUTSIDE_VALIDITY, "no reduction is decided")]
    low, middle, high = (RATINGS.index(line.rating(one / limit)) + 1.0 for one in forecast)
    return [*figures, Figure(name=names[1], value=middle, uncertainty=max(high - middle, middle - low))]


def _index(window: Window, counted: float, parameters: Parameters) -> Figure:
    name, plate = "existing_ship_index", ("rated_power", "reference_speed")
    lacking = [one for one in plate if not window.rated.get(one, 0.0) > 0]
    if lacking:
        return Figure.declined(name, Why.NO_NAMEPLATE, ", ".join(lacking))
    factor = read_fuels()[parameters.index_fuel].co2_t_per_t
    value = existing_ship_index(
        rated_kw=window.rated["rated_power"],
        main_g_per_kwh=parameters.main_g_per_kwh,
        main_co2_t_per_t=factor,
        auxiliary_g_per_kwh=parameters.auxiliary_g_per_kwh,
        auxiliary_co2_t_per_t=factor,
        capacity=counted,
        reference_speed_kn=window.rated["reference_speed"],
    )
    return Figure(name=name, value=value)


def _against_bounds(limits: FloatArray, now: float, forecast: _Forecast | None) -> dict[str, Any]:
    categories = [label(f"{a}/{b} 界限", f"Bound {a}/{b}") for a, b in pairwise(RATINGS)]
    end = np.nan if forecast is None else forecast.median
    gap = np.full(2, np.nan)
    return evidence.bars(
        label("碳强度与 A 至 E 级界限", "Carbon intensity against the bounds of A to E"),
        "g/(t·nmi)",
        [*categories, label("至今", "So far"), label("年末预测", "Year's end")],
        {"界限 / bounds": np.concatenate([limits, gap]), "本船 / ship": np.concatenate([np.full(4, np.nan), [now, end]])},
        stacked=False,
    )


def _course(year: _Year, counted: float, line: ReferenceLine, limit: float | None) -> dict[str, Any]:
    co2_t, nmi = (np.cumsum(np.nan_to_num(of)) for of in (year.co2_t, year.nmi))
    course = np.divide(1e6 * co2_t, counted * nmi, out=np.full(len(nmi), np.nan), where=nmi > _LEAST_MILES)
    columns = {"碳强度 / attained": course}
    if limit is not None:
        for text, bound in zip(("A/B", "B/C", "C/D", "D/E"), bounds(line, limit), strict=True):
            columns[text] = np.full(len(course), bound)
    times = year.first_us + np.arange(len(course), dtype=np.int64) * round(year.step_days * 86_400e6)
    return evidence.series(label("本年碳强度走势", "Course of the year's carbon intensity"), "g/(t·nmi)", times, columns)
