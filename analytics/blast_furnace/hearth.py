"""What is left of a hearth's lining, how fast it wears, and when it would reach what is still safe."""

from datetime import timedelta

import numpy as np
from pydantic import Field
from scipy.stats import theilslopes

from analytics.baselines.load_baseline import stretch_means
from analytics.blast_furnace.signs import parts_of
from analytics.blast_furnace.walls import conducted_kw_per_m2, remaining_lining_mm
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_POINTS = ("1", "2", "3", "4")
_STRETCH_SECONDS = 6 * 3600.0
_LEAST_STRETCHES = 8


class HearthParameters(Settings):
    """Where the couples are and what they are held against; from the drawings of the hearth."""

    inner_depth_mm: float = Field(default=350.0, gt=0)
    outer_depth_mm: float = Field(default=100.0, ge=0)
    """Both from the cold face."""
    conductivity_w_per_m_k: float = Field(default=15.0, gt=0)
    """Of the carbon between the couples; it moves the heat flux, and not the thickness."""
    conductivity_ratio: float = Field(default=1.0, gt=0)
    """Of the lining inside to that between the couples."""
    least_lining_mm: float = Field(default=500.0, gt=0)
    """So much must remain; engineering default, to be set for each furnace."""


SPEC = Spec(
    name="blast_furnace_hearth",
    label=label("炉缸残余厚度", "Remaining hearth lining"),
    kinds=("blast_furnace",),
    inputs=(
        Input("hearth_temperature_inner_{hearth}", "°C", required=False),
        Input("hearth_temperature_outer_{hearth}", "°C", required=False),
    ),
    window=timedelta(days=7),
    cadence=timedelta(days=1),
    outputs=(
        *(
            Output(f"lining_{point}", "mm", label(f"测点 {point} 残余厚度", f"Remaining lining at point {point}"))
            for point in _POINTS
        ),
        Output("lining_least", "mm", label("最薄处残余厚度", "Thinnest remaining lining")),
        Output("heat_flux_highest", "kW/m²", label("最大热流强度", "Highest heat flux")),
        Output("wear_rate", "mm/d", label("最快侵蚀速度", "Fastest wear")),
        Output("days_to_limit", "d", label("按此速度到达下限的天数", "Days to the limit at this pace")),
    ),
    parameters=HearthParameters,
    source="Fourier's law with two couples and the isotherm of 1150 °C; trend by Theil and Sen, doi:10.2307/2285891",
    validity=label(
        "传热稳定时；等温线厚度回升可能是渣铁壳，不是砖衬恢复",
        "With quiet heat flow; a lining that seems to grow is a skull, not brick",
    ),
)


def evaluate(window: Window, parameters: HearthParameters) -> Result:
    """Follow the isotherm at each point over a week.

    Raises
    ------
    NotEvaluated
        If no point gives a thickness over the last day.
    """
    outers = dict(parts_of(window, "hearth_temperature_outer_{hearth}"))
    steps = window.steps(_STRETCH_SECONDS)
    linings, fluxes = {}, []
    for part, name in parts_of(window, "hearth_temperature_inner_{hearth}"):
        inner, outer = (stretch_means(window[each], steps) for each in (name, outers[part]))
        linings[part] = remaining_lining_mm(
            inner_celsius=inner,
            outer_celsius=outer,
            inner_depth_mm=parameters.inner_depth_mm,
            outer_depth_mm=parameters.outer_depth_mm,
            conductivity_ratio=parameters.conductivity_ratio,
        )
        flux = conducted_kw_per_m2(
            inner_celsius=inner,
            outer_celsius=outer,
            distance_mm=parameters.inner_depth_mm - parameters.outer_depth_mm,
            conductivity_w_per_m_k=parameters.conductivity_w_per_m_k,
        )
        fluxes.append(_newest(flux))
    now = {part: _newest(lining) for part, lining in linings.items()}
    trends = {part: _wear_mm_per_day(lining) for part, lining in linings.items()}
    known = [value for value in now.values() if not np.isnan(value)]
    if not known:
        raise NotEvaluated(Why.MISSING_INPUT, "hearth_temperature_inner")
    points = [
        Figure.declined(f"lining_{part}", Why.MISSING_INPUT)
        if np.isnan(now[part])
        else Figure(name=f"lining_{part}", value=now[part])
        for part in _POINTS
    ]
    return Result(
        figures=[
            *points,
            Figure(name="lining_least", value=min(known)),
            Figure(name="heat_flux_highest", value=max(flux for flux in fluxes if not np.isnan(flux))),
            *_wear(now, trends, parameters.least_lining_mm),
        ]
    )


def _wear(now: dict[str, float], trends: dict[str, tuple[float, float] | None], least_mm: float) -> list[Figure]:
    """Fastest wear, and the soonest end; a wear that could as well be none foretells no end."""
    wear = {part: trend for part, trend in trends.items() if trend is not None and not np.isnan(now[part])}
    if not wear:
        return [Figure.declined(name, Why.MISSING_INPUT, "less than two days") for name in ("wear_rate", "days_to_limit")]
    fastest, half = max(wear.values())
    rate = Figure(name="wear_rate", value=fastest, uncertainty=half)
    ends = [max(now[part] - least_mm, 0.0) / slope for part, (slope, spread) in wear.items() if slope - spread > 0]
    if not ends:
        return [rate, Figure.declined("days_to_limit", Why.OUTSIDE_VALIDITY, "no wear beyond its uncertainty")]
    return [rate, Figure(name="days_to_limit", value=min(ends), validity="doubtful")]


def _newest(values: FloatArray) -> float:
    known = values[-4:][~np.isnan(values[-4:])]
    return float(known.mean()) if len(known) else float("nan")


def _wear_mm_per_day(lining: FloatArray) -> tuple[float, float] | None:
    """Give wear and its half width of 95 %; None of too few stretches."""
    known = ~np.isnan(lining)
    if known.sum() < _LEAST_STRETCHES:
        return None
    days = np.flatnonzero(known) * _STRETCH_SECONDS / 86_400
    slope, _, low, high = theilslopes(lining[known], days, alpha=0.95)
    return -float(slope), float(high - low) / 2
