"""How one inverter and its strings behave while healthy, learned from its first days, and how far they are from that now.

Each law is linear in terms that physics gives, so that it may be carried on beyond the weather of the days that it was learned
from: currents to their peers, tracker voltages to theirs, the array's voltage to temperature and the logarithm of its current,
losses to power, temperatures to losses and sunshine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.baselines.load_baseline import robust_deviation
from analytics.pv_inverter.residuals import LEAST_IRRADIANCE_W_M2, Blocks, fitted
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window

LEAST_BRIGHT_BLOCKS = 60
"""Ten hours in which strings can be compared."""
LEAST_POWER_KW = 5.0
"""From here on losses and what they heat stand out of the noise of two power meters."""
_LEAST_RATIO = 0.05
"""Of the peers' current: less is an input without a string."""
_HABIT_ROWS = 12
"""Two hours' worth of doubt: an hour of the day that was seen less has little habit of its own."""
_LEAST_RESET_KWH = 0.5
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Measured against the healthy machine, over blocks; NaN where it cannot be told."""

    strings: FloatArray
    """Current over what it should be, less one, shape (strings, n)."""
    trackers: FloatArray
    """The same of the voltages, shape (trackers, n)."""
    light: FloatArray
    """The same of the median string's current at its irradiance, shape (n,); wherever nothing holds the inverter back."""
    voltage: FloatArray
    """The same of the median voltage at its temperature and current, shape (n,)."""
    efficiency: FloatArray
    """Efficiency less what it should be, shape (n,)."""
    heat_k: FloatArray
    """Rise of the heat sink over ambient, less what it should be, shape (n,)."""
    heat_share: FloatArray
    """The same as a share of what it should be."""
    combiner_k: FloatArray
    """Rise of the combiner box, less what it should be, shape (n,)."""


def learn(history: Window, blocks: Blocks) -> dict[str, Any]:
    """Learn from healthy days; what cannot be learned is None in the model.

    Raises
    ------
    NotEvaluated
        If the strings were hardly ever in enough light.
    """
    bright = blocks.is_bright
    if bright.sum() < LEAST_BRIGHT_BLOCKS:
        raise NotEvaluated(Why.NOT_TRAINED, f"{bright.sum() / 6:.0f} h with more than 1 A a string")
    model: dict[str, Any] = {"noon": _noon(blocks), "has_light": bool(np.isfinite(blocks.means["poa_irradiance"]).any())}
    for name, (values, terms) in _peer_laws(blocks).items():
        laws = [fitted(one, terms, bright) for one in values]
        away = np.array([_ratio(one, law, terms) for one, law in zip(values, laws, strict=True)])
        model[name] = [None if law is None else law.tolist() for law in laws]
        model[f"{name}_habits"] = _habits(np.where(bright, away, np.nan), blocks.hours).tolist()
    for name, (target, terms) in _laws(blocks, model).items():
        law = fitted(target, terms, np.ones(len(target), bool))
        model[name] = None if law is None else law.tolist()
        model[f"{name}_spread"] = None if law is None else robust_deviation(target - law @ terms)
    per_light = _known(np.median, blocks.current_per_light[bright])
    model["current_stc"] = _known(np.max, blocks.peer_current_a[bright]) if per_light is None else per_light
    model["highest_kw"] = _known(np.max, np.where(blocks.on_grid, blocks.means["dc_power"], np.nan))
    model["power_setpoint"] = _known(np.median, history["power_setpoint"])
    model["insulation_resistance"] = _known(np.min, history["insulation_resistance"])
    model["energy_total"] = _known(np.max, history["energy_total"])
    model["day_ends"] = _usual_instant(day_ends(history))
    return model


def compare(blocks: Blocks, model: Mapping[str, Any]) -> Residuals:
    """Hold blocks against the healthy machine."""
    bright = blocks.is_bright
    away: dict[str, FloatArray] = {}
    for name, (values, terms) in _peer_laws(blocks).items():
        ratios = np.array([_ratio(one, law, terms) for one, law in zip(values, model[name], strict=True)])
        habits = np.array(model[f"{name}_habits"])[:, blocks.hours]
        away[name] = np.where(bright, ratios - habits, np.nan)
    differences: dict[str, FloatArray] = {}
    expected: dict[str, FloatArray] = {}
    for name, (target, terms) in _laws(blocks, model).items():
        law = model[name]
        expected[name] = np.full(len(target), np.nan) if law is None else np.asarray(law) @ terms
        differences[name] = target - expected[name]
    rise = np.where(np.nan_to_num(expected["heat"]) > 1.0, expected["heat"], np.nan)
    return Residuals(
        strings=away["strings"],
        trackers=away["trackers"],
        light=_over(differences["light"], expected["light"]),
        voltage=_over(differences["voltage"], expected["voltage"]),
        efficiency=differences["efficiency"],
        heat_k=differences["heat"],
        heat_share=differences["heat"] / rise,
        combiner_k=differences["combiner"],
    )


def day_ends(window: Window) -> npt.NDArray[np.int64]:
    """Give the instants at which the energy of the day restarts."""
    energy = window["energy_day"]
    known = np.flatnonzero(~np.isnan(energy))
    before, after = energy[known[:-1]], energy[known[1:]]
    falls = (before > _LEAST_RESET_KWH) & (after < 0.5 * before)
    ends: npt.NDArray[np.int64] = window.times_us[known[1:][falls]]
    return ends


def from_instant(at_us: int, usual_us: float) -> float:
    """Give how much later in the day an instant lies than the usual one, in hours from -12 to 12."""
    return float((at_us - usual_us + DAY_US / 2) % DAY_US - DAY_US / 2) / 3.6e9


def _peer_laws(blocks: Blocks) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Give targets and terms: a string's current has gain and offset; a tracker's voltage falls with current as its cables do."""
    current, voltage = blocks.peer_current_a, blocks.peer_voltage_v
    return {
        "strings": (blocks.currents_a, np.array([current, np.ones(len(current))])),
        "trackers": (blocks.voltages_v, np.array([voltage, voltage * current])),
    }


def _laws(blocks: Blocks, model: Mapping[str, Any]) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Give of each law its target and its terms, shape (k, n)."""
    means, current = blocks.means, blocks.peer_current_a
    one = np.ones(len(current))
    light, ambient = means["poa_irradiance"], means["ambient_temperature"]
    direct, delivered = means["dc_power"], means["active_power"]
    hours = (blocks.times_us / 3.6e9 - model["noon"] + 12) % 24 - 12
    lit = np.nan_to_num(light) > LEAST_IRRADIANCE_W_M2
    sunshine = light if model["has_light"] else np.zeros(len(light))
    bright = blocks.is_bright
    works = blocks.on_grid & (np.nan_to_num(direct) > LEAST_POWER_KW) & (np.nan_to_num(delivered) > 0)
    loss = direct - delivered
    logarithm = np.log(np.where(bright, current, 1.0))
    # Glass reflects more of slanting light, so that the yield follows the hour.
    return {
        "light": (
            np.where(blocks.free & lit, blocks.current_per_light, np.nan),
            np.array([one, hours, hours**2, np.log(np.where(lit, light, 1.0))]),
        ),
        "voltage": (
            np.where(bright, blocks.peer_voltage_v, np.nan),
            np.array([one, means["module_temperature"], logarithm, current]),
        ),
        "efficiency": (
            np.where(works, _over(delivered, direct), np.nan),
            np.array([one, 1 / np.where(works, direct, 1.0), np.where(works, direct, 0.0)]),
        ),
        # What was lost ten minutes before still warms the metal.
        "heat": (
            np.where(works, means["heatsink_temperature"] - ambient, np.nan),
            np.array([one, sunshine, loss, _before(loss, 1)]),
        ),
        "combiner": (
            np.where(works, means["combiner_temperature"] - ambient, np.nan),
            np.array([one, sunshine, direct**2, _before(direct**2, 1), _before(direct**2, 2)]),
        ),
    }


def _before(values: FloatArray, blocks: int) -> FloatArray:
    return np.concatenate([np.full(blocks, np.nan), values[:-blocks]])


def _over(values: FloatArray, divisor: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(values, divisor, out=np.full(len(values), np.nan), where=np.nan_to_num(divisor) > 0)
    return ratio


def _ratio(values: FloatArray, law: npt.ArrayLike | None, terms: FloatArray) -> FloatArray:
    """Give measured over expected, less one; NaN where there never was a string."""
    coefficients = np.zeros(len(terms)) if law is None else np.asarray(law, np.float64)
    if coefficients[0] < _LEAST_RATIO:
        return np.full(len(values), np.nan)
    return _over(values, coefficients @ terms) - 1


def _habits(away: FloatArray, hours: npt.NDArray[np.int64]) -> FloatArray:
    """Give each string's mean ratio at each hour of the day, drawn towards none where it was seen seldom, shape (strings, 24)."""
    habits = np.zeros((len(away), 24))
    for hour in np.unique(hours):
        rows = away[:, hours == hour]
        habits[:, hour] = np.where(np.isnan(rows), 0.0, rows).sum(axis=1) / ((~np.isnan(rows)).sum(axis=1) + _HABIT_ROWS)
    return habits


def _noon(blocks: Blocks) -> float:
    """Give the hour of the day, in UTC, about which the currents lie: the sun's highest stand, as far as clouds let tell."""
    weight = np.nan_to_num(blocks.peer_current_a)
    angle = 2 * np.pi * (blocks.times_us / 3.6e9 % 24) / 24
    middle = np.arctan2((weight * np.sin(angle)).sum(), (weight * np.cos(angle)).sum())
    return float(middle / (2 * np.pi) * 24 % 24)


def _usual_instant(ends_us: npt.NDArray[np.int64]) -> float | None:
    """Give the time of day, in microseconds, about which the instants lie; None where they are fewer than three."""
    if len(ends_us) < 3:
        return None
    angles = 2 * np.pi * (ends_us % DAY_US) / DAY_US
    return float(np.arctan2(np.median(np.sin(angles)), np.median(np.cos(angles))) / (2 * np.pi) * DAY_US % DAY_US)


def _known(of: Any, values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(of(known)) if len(known) else None
