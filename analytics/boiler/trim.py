"""Which oxygen a burner should run at: the least loss by flue gas, carbon monoxide and fan, within what is safe and allowed.

It advises and never acts; a step is at most 0.2 points, and never to an oxygen at which carbon monoxide is unknown.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.optimize import least_squares

from analytics.boiler.losses import FUELS, carbon_monoxide_loss_percent, stack_loss_percent
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("oxygen_curve.toml")
LARGEST_STEP_PERCENT = 0.2
"""In points of oxygen."""
_KNEE_BINS = 24
_LEAST_A_BIN = 4
_LEAST_SLOPE = 0.05
"""Of the logarithm for a point of oxygen; below it there is no knee."""
_SEEN_QUANTILE = 0.02


class CurvePoint(Settings):
    """Usual oxygen at one load."""

    burner_load_percent: float = Field(ge=0, le=100)
    lowest_oxygen_percent: float = Field(gt=0, lt=21)
    highest_oxygen_percent: float = Field(gt=0, lt=21)
    source: str
    verified: bool


class CurveTable(Settings):
    """The whole file, by rising load."""

    points: tuple[CurvePoint, ...] = Field(min_length=1)


class Knee(NamedTuple):
    """Carbon monoxide over oxygen, ``exp(a - b O2) + c``. [ppm, %]"""

    a: float
    b: float
    floor_ppm: float
    spread: float
    """Standard deviation of the logarithm about it."""

    def ppm(self, oxygen_percent: npt.ArrayLike) -> FloatArray:
        found: FloatArray = np.exp(self.a - self.b * np.asarray(oxygen_percent, float)) + self.floor_ppm
        return found


class Band(NamedTuple):
    """What a burner did in one band of loads; arrays of shape (n,) with nothing missing."""

    oxygen_percent: FloatArray
    monoxide_ppm: FloatArray
    nox_mg_per_m3: FloatArray
    """At reference oxygen; NaN where it is not measured."""
    gas_celsius: FloatArray
    air_celsius: FloatArray
    fuel_kw: FloatArray


class Bounds(NamedTuple):
    """What the advice must keep."""

    lowest_oxygen_percent: float
    monoxide_ppm: float
    nox_mg_per_m3: float


class Advice(NamedTuple):
    """Where a band should go."""

    oxygen_percent: float
    """Mean of now."""
    next_percent: float
    """The next step, at most 0.2 away."""
    saving_percent: float
    """Of the fuel's heat, by that step."""
    uncertainty_percent: float


@cache
def read_curve(path: Path = TABLE) -> tuple[CurvePoint, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), CurveTable).points


def usual_oxygen_percent(burner_load_percent: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give the lowest and highest usual oxygen at a load, between the points of the table. [%]"""
    points = read_curve()
    loads = [point.burner_load_percent for point in points]
    load = np.asarray(burner_load_percent, float)
    low: FloatArray = np.interp(load, loads, [point.lowest_oxygen_percent for point in points])
    high: FloatArray = np.interp(load, loads, [point.highest_oxygen_percent for point in points])
    return low, high


def fit_knee(oxygen_percent: FloatArray, monoxide_ppm: FloatArray) -> Knee | None:
    """Fit ``exp(a - b O2) + c`` to a burner's own history in one band of loads.

    Medians over bins of oxygen are fitted in the logarithm: the error of an analyser is a share of what it reads.

    Parameters
    ----------
    oxygen_percent, monoxide_ppm : ndarray, shape (n,)

    Returns
    -------
    Knee or None
        None where the history shows no knee: the oxygen moved too little, or carbon monoxide does not rise as it falls.
    """
    known = ~(np.isnan(oxygen_percent) | np.isnan(monoxide_ppm)) & (monoxide_ppm > 0)
    oxygen, monoxide = oxygen_percent[known], monoxide_ppm[known]
    if len(oxygen) < _KNEE_BINS * _LEAST_A_BIN:
        return None
    order = np.argsort(oxygen, kind="stable")
    bins = np.array_split(order, _KNEE_BINS)
    x = np.array([np.median(oxygen[part]) for part in bins])
    y = np.log([np.median(monoxide[part]) for part in bins])
    if x[-1] - x[0] < LARGEST_STEP_PERCENT:
        return None
    middle = float(x.mean())

    def strayed(p: FloatArray) -> FloatArray:
        # The slope by its logarithm: carbon monoxide does not rise with oxygen here.
        logarithm: FloatArray = np.logaddexp(p[0] - np.exp(np.clip(p[1], -8, 4)) * (x - middle), p[2])
        return logarithm - y

    found = least_squares(strayed, [float(y[0]), 0.0, float(y.min()) - 0.1], method="lm", max_nfev=200)
    height, floor = float(found.x[0]), float(found.x[2])
    slope = float(np.exp(np.clip(found.x[1], -8, 4)))
    spread = float(np.sqrt(2 * found.cost / (len(x) - 3)))
    error_share = spread * float(np.sqrt(np.linalg.pinv(found.jac.T @ found.jac)[1, 1]))
    if error_share > 1 / 3 or slope < _LEAST_SLOPE or not np.isfinite([height, floor]).all():
        return None
    scatter = float(np.std(np.log(monoxide) - np.log(np.exp(height - slope * (oxygen - middle)) + np.exp(floor))))
    return Knee(height + slope * middle, slope, float(np.exp(floor)), scatter)


def fan_share(*, auxiliary_kw: FloatArray, air_m3_per_h: FloatArray, steam_t_per_h: FloatArray) -> float:
    """Give what the fan takes of the auxiliaries' power, ``k`` of ``k air³ + m steam + n``, not below 0. [kW for (m³/h)³]

    The fan's power goes with the cube of its air while its speed is controlled, that of the feed pump with the steam.

    Raises
    ------
    NotEvaluated
        If too little is known.
    """
    known = ~(np.isnan(auxiliary_kw) | np.isnan(air_m3_per_h) | np.isnan(steam_t_per_h))
    if np.count_nonzero(known) < 3 * _LEAST_A_BIN:
        raise NotEvaluated(Why.MISSING_INPUT, "auxiliary_power, combustion_air_flow")
    cube = (air_m3_per_h[known] / 1e4) ** 3
    design = np.column_stack([cube, steam_t_per_h[known], np.ones(len(cube))])
    found = np.linalg.lstsq(design, auxiliary_kw[known], rcond=None)[0]
    return max(float(found[0]) / 1e12, 0.0)


def advise(
    band: Band,
    bounds: Bounds,
    *,
    fan_kw: float,
    electricity_worth: float,
    gas_temperature_accuracy_celsius: float,
    oxygen_accuracy_percent: float,
) -> Advice:
    """Find the oxygen within a step of today's mean at which a band loses least.

    Parameters
    ----------
    fan_kw : float
        Mean power of the fan in this band. [kW]
    electricity_worth : float
        What a kilowatt-hour of electricity is worth in kilowatt-hours of fuel.

    Notes
    -----
    Below the lowest oxygen that the band has seen (but for one reading in 50) it goes only where a fitted knee says, with two
    of its standard deviations, that carbon monoxide stays below its bound. Where nitrogen oxides rise with oxygen, or stay the
    same, less of it cannot break their bound; where they fall with it, it is a bound of the oxygen too.
    """
    now = float(np.mean(band.oxygen_percent))
    steps = np.linspace(-LARGEST_STEP_PERCENT, LARGEST_STEP_PERCENT, 21)
    candidates = now + steps
    knee = fit_knee(band.oxygen_percent, band.monoxide_ppm)
    monoxide, most_monoxide = _monoxide(band, knee, candidates)
    seen = float(np.quantile(band.oxygen_percent, _SEEN_QUANTILE))
    allowed = (candidates >= bounds.lowest_oxygen_percent) & (most_monoxide <= bounds.monoxide_ppm)
    allowed &= _nox(band, candidates) <= bounds.nox_mg_per_m3
    if knee is None:
        allowed &= candidates >= seen
    losses = _losses(band, candidates, monoxide, fan_kw=fan_kw, electricity_worth=electricity_worth)
    of_now = losses[len(steps) // 2]
    if not allowed.any():
        # Whatever is out of bounds now, more air is the safe way, and it saves nothing.
        return Advice(now, now + LARGEST_STEP_PERCENT, 0.0, 0.0)
    best = int(np.argmin(np.where(allowed, losses, np.inf)))
    step, saving = float(steps[best]), float(of_now - losses[best])
    gas = FUELS["natural_gas"]
    by_temperature = gas.by_oxygen / (21 - now) ** 2 * gas_temperature_accuracy_celsius
    rise = float(np.mean(band.gas_celsius - band.air_celsius))
    by_oxygen = 2 * rise * gas.by_oxygen / (21 - now) ** 3 * oxygen_accuracy_percent
    by_monoxide = 0.0 if knee is None else float(abs(monoxide[best] - monoxide[len(steps) // 2])) * 4e-4 * 2 * knee.spread
    return Advice(
        now, now + step, max(saving, 0.0), float(np.hypot(abs(step) * np.hypot(by_temperature, by_oxygen), by_monoxide))
    )


def excess_over_usual_percent(band: Band, highest_oxygen_percent: npt.ArrayLike) -> float:
    """Loss of flue gas that a band would be spared at the highest usual oxygen. [% of the fuel's heat]"""
    of_now = stack_loss_percent(gas_celsius=band.gas_celsius, air_celsius=band.air_celsius, oxygen_percent=band.oxygen_percent)
    usual = stack_loss_percent(gas_celsius=band.gas_celsius, air_celsius=band.air_celsius, oxygen_percent=highest_oxygen_percent)
    return float(np.mean(of_now - usual))


def _monoxide(band: Band, knee: Knee | None, candidates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give carbon monoxide at each candidate, and how much it may be. [ppm]"""
    if knee is not None:
        found = knee.ppm(candidates)
        return found, found * np.exp(2 * knee.spread)
    usual, most = (float(np.quantile(band.monoxide_ppm, share)) for share in (0.5, 0.98))
    return np.full(len(candidates), usual), np.full(len(candidates), most)


def _nox(band: Band, candidates: FloatArray) -> FloatArray:
    """Give nitrogen oxides at each candidate by a straight line, two standard deviations above it; 0 where unmeasured."""
    known = ~np.isnan(band.nox_mg_per_m3)
    if np.count_nonzero(known) < _KNEE_BINS:
        return np.zeros(len(candidates))
    x, y = band.oxygen_percent[known], band.nox_mg_per_m3[known]
    centre = float(x.mean())
    spread = float(((x - centre) ** 2).sum())
    slope = float(((x - centre) * (y - y.mean())).sum() / spread) if spread > 0 else 0.0
    residual = float(np.std(y - y.mean() - slope * (x - centre)))
    found: FloatArray = y.mean() + slope * (candidates - centre) + 2 * residual
    return found


def _losses(band: Band, candidates: FloatArray, monoxide: FloatArray, *, fan_kw: float, electricity_worth: float) -> FloatArray:
    """Give the loss at each candidate, all shares of the fuel's heat. [%]"""
    gas = stack_loss_percent(
        gas_celsius=float(np.mean(band.gas_celsius)), air_celsius=float(np.mean(band.air_celsius)), oxygen_percent=candidates
    )
    unburnt = carbon_monoxide_loss_percent(monoxide_ppm=monoxide, oxygen_percent=candidates)
    now = float(np.mean(band.oxygen_percent))
    fan = fan_kw * ((21 - now) / (21 - candidates)) ** 3
    losses: FloatArray = gas + unburnt + 100 * electricity_worth * fan / float(np.mean(band.fuel_kw))
    return losses
