"""How far a boiler strays from what it did while healthy at the same steam, weather and feedwater temperature.

What is compared are not signals as such but what a steady balance says of them: fuel against the steam's heat, oxygen of the
meter against oxygen of air and fuel, water in against water out, draught against the square of the air. Each is nearly free of
the load, and a plain baseline over steam takes out the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from analytics.baselines.load_baseline import LoadBaseline, stretch_means
from analytics.baselines.steady import rolling_mean, runs_since
from analytics.boiler.losses import ATMOSPHERE_MPA, LEAST_FUEL_KW, MOST_OXYGEN_PERCENT, boiling_water_kj_per_kg
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

ROW_SECONDS = 600
"""Means of ten minutes: longer than the drum's swell and the lag of a meter, shorter than most steps of the load."""
JUDGED_ROWS = 36
"""Six hours at work are judged; over as long stretches the baseline learns how far a healthy machine strays."""
MOVED = 3.0
"""From so many spreads on a residual has moved (reference for the signature matrix: |z| >= 3)."""
_SETTLING_SECONDS = 1800
_AFTER_BLOWING_SECONDS = 900
_LEAST_KNOWN = 0.5
"""Of a row, and of the hours at work that a target is learned from."""
_LEAST_ROWS = 6
_BEYOND_KELVIN = 10.0
"""So far beyond the temperatures that were seen the baseline is held at its edge: their influence is small beside a fault's."""
_EVAPORATION_KJ_PER_KG = ((0.1, 2257.5), (0.3, 2163.4), (0.5, 2108.0), (1.0, 2014.6), (1.5, 1946.4), (2.0, 1889.8), (4.0, 1713.5))
"""By absolute pressure in MPa (IAPWS-IF97)."""

FLOORS: Mapping[str, float] = {
    "outlet_temperature": 0.8,
    "economiser_temperature": 1.5,
    "tube_temperature": 2.0,
    "stack_cooling": 0.7,
    "oxygen": 0.08,
    "oxygen_after_furnace": 0.08,
    "oxygen_gap": 0.2,
    "log_carbon_monoxide": 0.1,
    "log_air_per_fuel": 0.01,
    "log_resistance": 0.03,
    "log_fuel_per_heat": 0.012,
    "log_fuel_per_load": 0.01,
    "water_balance": 0.04,
    "drain_temperature": 3.0,
    "flame_level": 1.0,
    "log_flame_noise": 0.15,
}
"""Smallest spread that counts, about a third of what an engineer would call a change: engineering defaults near the repeatability
of thermocouples (1 to 2 K), zirconia cells (0.1 %) and flow meters (0.5 % of 10 t/h); three times 1.2 % of the fuel are more than
the 3 % by which a heating value wanders without a fault. [K, %, t/h; logarithms of ratios]"""
UNITS: Mapping[str, str] = {name: "1" if name.startswith("log_") else "%" for name in FLOORS} | {
    "outlet_temperature": "°C",
    "economiser_temperature": "°C",
    "tube_temperature": "°C",
    "stack_cooling": "K",
    "water_balance": "t/h",
    "drain_temperature": "°C",
}


class Rows(NamedTuple):
    """Means of ten minutes at work; NaN elsewhere."""

    times_us: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    features: dict[str, FloatArray]
    targets: dict[str, FloatArray]


def at_work(window: Window) -> Flags:
    """Tell where the burner has run for half an hour and no soot-blower disturbs the gas."""
    running = window.state_is("running")
    settled = runs_since(running) > window.steps(_SETTLING_SECONDS)
    # A window that begins at work did not start there.
    settled |= running & (np.cumsum(~running) == 0)
    blowing = np.nan_to_num(window["soot_blow_active"]) > 0
    disturbed = rolling_mean(blowing.astype(float), window.steps(_AFTER_BLOWING_SECONDS)) > 0
    flags: Flags = settled & ~disturbed
    return flags


def rows_of(window: Window) -> Rows:
    """Condense a window to what is compared; a target without its signals is NaN throughout."""
    steps = window.steps(ROW_SECONDS)
    working = at_work(window)

    def condensed(values: FloatArray) -> FloatArray:
        known = np.where(working & np.isfinite(values), values, np.nan)
        return stretch_means(known[len(known) % steps :], steps, at_least_share=_LEAST_KNOWN)

    features = {name: condensed(window[name]) for name in ("steam_flow", "ambient_temperature", "feedwater_temperature")}
    with np.errstate(divide="ignore", invalid="ignore"):
        targets = {name: condensed(values) for name, values in _quantities(window).items()}
        targets["log_flame_noise"] = 0.5 * np.log(condensed(_noise_power(window["flame_signal"], working)))
    targets["log_flame_noise"][~np.isfinite(targets["log_flame_noise"])] = np.nan
    times = window.times_us[len(window) % steps :: steps][: len(features["steam_flow"])]
    return Rows(times, features, targets)


def oxygen_of_air_percent(air_m3_per_h: FloatArray, fuel_m3_per_h: FloatArray, heating_kj_per_m3: FloatArray) -> FloatArray:
    """Oxygen that dry flue gas should hold by the air and the fuel that were measured. [%]

    Notes
    -----
    ``21 (1 - 1/n)`` with the excess-air ratio ``n``, the inverse of GB/T 10180's ``n = 21 / (21 - O2)``. Theoretical air of
    natural gas ``0.264 Q/1000 + 0.02`` m³/m³ (Q lower heating value in kJ/m³; a handbook rule, not seen in the
    original: its error is a constant that a baseline takes out).
    """
    theoretical = 0.264 * heating_kj_per_m3 / 1000 + 0.02
    with np.errstate(divide="ignore", invalid="ignore"):
        oxygen: FloatArray = 21 * (1 - theoretical * fuel_m3_per_h / air_m3_per_h)
    return np.where(np.isfinite(oxygen), oxygen, np.nan)


def _quantities(window: Window) -> dict[str, FloatArray]:
    """Give what is compared, at every step; the caller has silenced divisions by zero."""
    heating = window["fuel_lower_heating_value"]
    fuel = window["fuel_flow"]
    fuel_kw = fuel * heating / 3600
    fuel = np.where(fuel_kw > LEAST_FUEL_KW, fuel, np.nan)
    air, steam = window["combustion_air_flow"], window["steam_flow"]
    oxygen, oxygen_stack = (
        np.where((values >= 0) & (values < MOST_OXYGEN_PERCENT), values, np.nan)
        for values in (window["flue_gas_oxygen"], window["flue_gas_oxygen_stack"])
    )
    outlet = window["flue_gas_temperature_economiser_out"]
    monoxide = window["flue_gas_carbon_monoxide"]
    evaporated = boiling_water_kj_per_kg(window["steam_pressure"] + ATMOSPHERE_MPA) + np.interp(
        np.log(np.maximum(window["steam_pressure"] + ATMOSPHERE_MPA, 0.1)), *_logarithmic(_EVAPORATION_KJ_PER_KG)
    )
    steam_kw = steam / 3.6 * (evaporated - 4.19 * window["feedwater_temperature"])
    tubes = window.family("tube_metal_temperature_{tube}")
    known = ~np.isnan(tubes)
    # A metre of a drum of this size holds some ten tonnes: over hours the few millimetres by which a controlled level differs are
    # less than the flow meters see, so the water balance needs no term for them.
    return {
        "outlet_temperature": outlet,
        "economiser_temperature": window["flue_gas_temperature_economiser_in"],
        "tube_temperature": np.where(known, tubes, 0.0).sum(axis=0) / np.where(known.all(axis=0), len(tubes), np.nan),
        "stack_cooling": outlet - window["flue_gas_temperature_stack"],
        "oxygen": oxygen,
        "oxygen_after_furnace": oxygen_stack - oxygen,
        "oxygen_gap": oxygen - oxygen_of_air_percent(air, fuel, heating),
        # Below one part in a million an analyser shows its own noise.
        "log_carbon_monoxide": np.log(np.maximum(monoxide, 1.0)),
        "log_air_per_fuel": np.log(air / fuel),
        "log_resistance": np.log(window["flue_gas_pressure_drop_economiser"] / air**2),
        "log_fuel_per_heat": np.log(fuel_kw / np.where(steam_kw > LEAST_FUEL_KW, steam_kw, np.nan)),
        "log_fuel_per_load": np.log(fuel / window["burner_load"]),
        "water_balance": window["feedwater_flow"] - steam - window["blowdown_flow"],
        "drain_temperature": window["blowdown_drain_temperature"],
        "flame_level": window["flame_signal"],
    }


def _noise_power(values: FloatArray, working: Flags) -> FloatArray:
    """Half of squared differences of neighbours: the variance of noise, without what the load does."""
    known = np.where(working, values, np.nan)
    power: FloatArray = np.diff(known, prepend=np.nan) ** 2 / 2
    return power


def _logarithmic(table: tuple[tuple[float, float], ...]) -> tuple[FloatArray, FloatArray]:
    pairs = np.array(table)
    return np.log(pairs[:, 0]), pairs[:, 1]


@dataclass(frozen=True, slots=True)
class Strayed:
    """Residuals of the last hours at work."""

    rows: Rows
    residuals: dict[str, FloatArray]
    """Of the whole window, measured less expected."""
    spreads: dict[str, float]
    scores: dict[str, float]
    """Mean of the hours judged, in spreads."""
    means: dict[str, float]
    judged: Flags
    """Rows that the scores are of."""

    def since_us(self, name: str) -> int:
        """Give when a residual left the band in which it no longer lies, within the window."""
        hourly = rolling_mean(self.residuals[name], 6) * np.sign(self.means[name])
        known = np.flatnonzero(~np.isnan(hourly))
        inside = known[np.asarray(hourly[known] < MOVED * self.spreads[name], bool)]
        later = known[known > (inside[-1] if len(inside) else -1)]
        return int(self.rows.times_us[later[0] if len(later) else known[-1]])


@dataclass(frozen=True, slots=True)
class Healthy:
    """The machine's own healthy days."""

    baseline: LoadBaseline

    @classmethod
    def learn(cls, history: Window) -> Self:
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If the machine was not long enough at work.
        """
        rows = rows_of(history)
        working = ~np.isnan(rows.features["steam_flow"])
        enough = _LEAST_KNOWN * max(int(working.sum()), 1)
        targets = {name: values for name, values in rows.targets.items() if (~np.isnan(values)).sum() >= enough}
        if not targets:
            raise NotEvaluated(Why.NOT_RUNNING, f"{int(working.sum())} x 10 min")
        return cls(LoadBaseline.fit(rows.features, targets, stretch_steps=JUDGED_ROWS))

    def strayed(self, window: Window) -> Strayed:
        """Compare the last six hours at work with the baseline; a score of too few rows is NaN."""
        rows = rows_of(window)
        features = {
            name: self._held(name, values) if name.endswith("_temperature") else values for name, values in rows.features.items()
        }
        residuals = self.baseline.residuals(features, rows.targets)
        working: Flags = np.any([~np.isnan(values) for values in residuals.values()], axis=0)
        left = np.cumsum(working[::-1])[::-1]
        judged: Flags = working & np.asarray(left <= JUDGED_ROWS, bool)
        recent = {name: values[judged] for name, values in residuals.items()}
        stretches = zip(self.baseline.targets, self.baseline.spreads, strict=True)
        spreads = {name: max(spread.stretch, FLOORS[name]) for name, spread in stretches}
        scores = self.baseline.scores(recent, least_rows=_LEAST_ROWS, floors=FLOORS)
        means = {name: score * spreads[name] for name, score in scores.items()}
        return Strayed(rows, residuals, spreads, scores, means, judged)

    def _held(self, feature: str, values: FloatArray) -> FloatArray:
        index = self.baseline.features.index(feature)
        low, high = self.baseline.lowest[index], self.baseline.highest[index]
        with np.errstate(invalid="ignore"):
            is_near = (values >= low - _BEYOND_KELVIN) & (values <= high + _BEYOND_KELVIN)
        return np.where(is_near, np.clip(values, low, high), np.nan)

    def to_model(self) -> dict[str, Any]:
        return self.baseline.to_model()

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(LoadBaseline.from_model(model))
