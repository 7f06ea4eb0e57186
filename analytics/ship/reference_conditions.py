"""Blocks of a voyage that may be compared: valid, in the reference conditions of ISO 19030-2, with wind and waves taken out."""

from typing import NamedTuple

import numpy as np
from pydantic import Field

from analytics.result import NotEvaluated, Why
from analytics.ship.hull_performance import MOST_ERRORS, blocks_of, corrected_power_kw
from analytics.ship.waves_and_wind import KNOT_M_PER_S, least_depth_m, stawave1_kn, true_wind, wind_resistance_kn
from analytics.spec import Input
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

INPUTS = (
    Input("state", "1"),
    Input("speed_through_water", "kn"),
    Input("speed_over_ground", "kn"),
    Input("shaft_power", "kW"),
    Input("shaft_speed", "rpm"),
    Input("draught_mid", "m"),
    Input("wind_speed_relative", "m/s"),
    Input("wind_direction_relative", "deg"),
    Input("rudder_angle", "deg", required=False),
    Input("water_depth", "m", required=False),
    Input("sea_temperature", "°C", required=False),
    Input("wave_height", "m", required=False),
)
NAMEPLATE = (("breadth", "m"), ("transverse_area", "m²"), ("bow_length", "m"))
_BLOCK_SECONDS = 600.0
_DAY_SECONDS = 86_400.0
_COLDEST_CELSIUS, _MOST_WIND_M_PER_S, _MOST_RUDDER_DEG = 2.0, 7.9, 5.0
"""Reference conditions: no ice, up to Beaufort 4, no manoeuvres."""
_MOST_TURN_OF_WIND_DEG = 45.0


class PropulsionParameters(Settings):
    """What the ship's papers do not say; typical values, those of her own tests are better."""

    wind_drag_coefficient: float = Field(default=0.8, gt=0.2, lt=1.5)
    """From ahead, of the transverse area; about that of tankers and bulk carriers."""
    quasi_propulsive_efficiency: float = Field(default=0.7, gt=0.3, lt=1)
    """Effective over delivered power; turns resistance of wind and waves into power."""
    overload_factor: float = Field(default=-0.2, ge=-1, le=0)
    """Relative change of that efficiency for a relative change of the resistance, of a load variation test."""


class Observed(NamedTuple):
    """Blocks that may be compared, shape (blocks,)."""

    days: FloatArray
    """Since 1970."""
    speed_kn: FloatArray
    """Through the water."""
    power_kw: FloatArray
    """Without wind and waves."""
    draught_m: FloatArray
    trim_m: FloatArray
    """NaN where it is not measured."""
    block_hours: float


def observe(window: Window, parameters: PropulsionParameters) -> Observed:
    """Form blocks, leave out what is not valid or not in reference conditions, and take wind and head waves out.

    Raises
    ------
    NotEvaluated
        If breadth or transverse area are not filled in.
    """
    breadth_m, area_m2 = window.rating("breadth"), window.rating("transverse_area")
    if not (breadth_m > 0 and area_m2 > 0):
        raise NotEvaluated(Why.BAD_INPUT, f"breadth {breadth_m:g} m, transverse_area {area_m2:g} m²")
    size = max(1, round(_BLOCK_SECONDS / window.step_seconds))
    mean, valid = _blocks(window, size)
    ground = mean["speed_over_ground"] * KNOT_M_PER_S
    relative = np.hypot(mean["ahead"], mean["across"])
    from_bow = np.degrees(np.arctan2(mean["across"], mean["ahead"]))
    wind = true_wind(relative_m_per_s=relative, from_bow_deg=from_bow, speed_m_per_s=ground)
    depth_m = least_depth_m(
        breadth_m=breadth_m, draught_m=mean["draught_mid"], speed_m_per_s=mean["speed_through_water"] * KNOT_M_PER_S
    )
    with np.errstate(invalid="ignore"):
        valid &= (mean["at_sea"] == 1) & (wind.speed_m_per_s <= _MOST_WIND_M_PER_S) & (mean["shaft_power"] > 0)
        valid &= (mean["draught_mid"] > 0) & (mean["speed_through_water"] > 0)
        # What is not measured cannot leave the reference conditions.
        valid &= ~(mean["sea_temperature"] <= _COLDEST_CELSIUS) & ~(mean["water_depth"] < depth_m)
        valid &= ~(np.abs(mean["rudder_angle"]) > _MOST_RUDDER_DEG)
    added = wind_resistance_kn(
        relative_m_per_s=relative,
        from_bow_deg=from_bow,
        speed_m_per_s=ground,
        transverse_m2=area_m2,
        drag_coefficient=parameters.wind_drag_coefficient,
    )
    bow_length_m = window.rated.get("bow_length", 0.0)
    if bow_length_m > 0 and not np.isnan(mean["wave_height"]).all():
        # Waves are taken to run with the wind.
        added = added + stawave1_kn(
            mean["wave_height"], from_bow_deg=wind.from_bow_deg, breadth_m=breadth_m, bow_length_m=bow_length_m
        )
    power_kw = corrected_power_kw(
        power_kw=mean["shaft_power"],
        added_resistance_kn=added,
        speed_over_ground_m_per_s=ground,
        efficiency=parameters.quasi_propulsive_efficiency,
        overload_factor=parameters.overload_factor,
    )
    valid &= ~np.isnan(power_kw)
    seconds = size * window.step_seconds
    days = np.asarray((window.start_us / 1e6 + seconds * np.arange(len(valid))) / _DAY_SECONDS, np.float64)
    return Observed(
        days=days[valid],
        speed_kn=mean["speed_through_water"][valid],
        power_kw=power_kw[valid],
        draught_m=mean["draught_mid"][valid],
        trim_m=mean["trim"][valid],
        block_hours=seconds / 3600,
    )


def _blocks(window: Window, size: int) -> tuple[dict[str, FloatArray], Flags]:
    angle = np.radians(window["wind_direction_relative"])
    at_sea = np.where(np.isnan(window["state"]), np.nan, window.state_is("at_sea"))
    names = ("shaft_power", "draught_mid", "trim", "water_depth", "sea_temperature", "wave_height")
    samples = {name: window[name] for name in (*MOST_ERRORS, *names)} | {
        "ahead": window["wind_speed_relative"] * np.cos(angle),
        "across": window["wind_speed_relative"] * np.sin(angle),
        "at_sea": at_sea,
    }
    optional = {name for name in MOST_ERRORS if np.isnan(samples[name]).all()}
    if size >= 2:
        blocks = blocks_of({name: of for name, of in samples.items() if name not in optional}, size=size)
        return blocks.means | {name: np.full(len(blocks.is_valid), np.nan) for name in optional}, blocks.is_valid
    # A step is a block already; what happened within it is not known, but it changed little from the one before.
    valid = np.ones(len(window), bool)
    for name in set(MOST_ERRORS) - optional:
        with np.errstate(invalid="ignore"):
            valid &= np.abs(np.diff(samples[name], prepend=np.nan)) <= MOST_ERRORS[name]
    # The mean of directions around the bow, 359° and 1°, is none: it shows by jumping about.
    turned = np.abs((np.diff(window["wind_direction_relative"], prepend=np.nan) + 180) % 360 - 180)
    with np.errstate(invalid="ignore"):
        valid &= turned <= _MOST_TURN_OF_WIND_DEG
    return samples, valid
