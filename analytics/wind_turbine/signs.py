"""From a turbine's readings to the names of its faults: heat, vibration, levels; and what a verdict is."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics import evidence
from analytics.wind_turbine.healthy import INDICATORS
from analytics.wind_turbine.residuals import Reading
from analytics.wind_turbine.residuals_oil import block_times_us
from analytics.window import FloatArray, Window

Row = tuple[str, float, str]
_ALONE = 1.5
"""How far beyond its limit a sign must be where its witness is not measured."""
_HALF = 0.5
_CURRENT_WITNESS = 1.5


class Verdict(NamedTuple):
    """One fault that is named."""

    code: str
    part: str
    strength: float
    """How often its limit; 1 at the limit."""
    since_us: int
    rows: tuple[Row, ...]
    """The numbers that say so."""
    piece: Mapping[str, Any]
    """A picture that shows it."""

    @property
    def confidence(self) -> float:
        """Half at the limit, nearly sure at several times of it."""
        return round(min(1 - 0.5 * float(np.exp(-(max(self.strength, 1.0) - 1.0))), 0.99), 3)


def of_indicators(window: Window, readings: Mapping[str, Reading]) -> list[Verdict]:
    """Name what readings of heat, vibration and levels show."""
    found = [
        _together(window, readings, "gearbox_bearing_wear", "gearbox_bearing", "gearbox_vibration"),
        _together(window, readings, "generator_bearing", "generator_bearing", "generator_vibration"),
        _falls(window, readings, "oil_cooler_fouling", ("oil_cooler",)),
        _windings(window, readings),
        _hydraulics(window, readings),
        _falls(window, readings, "pitch_battery_weak", tuple(f"battery_{blade}" for blade in "123"), names_part=True),
        _pitch(window, readings),
    ]
    return [one for one in found if one is not None]


def since_us(times_us: npt.NDArray[np.int64], course: FloatArray, value: float) -> int:
    """Give when a course went half of its way to a value for good; its begin where it was there all along."""
    known = np.flatnonzero(~np.isnan(course))
    before = known[course[known] * np.sign(value) < abs(value) / 2]
    after = known[known > before[-1]] if len(before) else known
    return int(times_us[after[0] if len(after) else known[-1]])


def score(readings: Mapping[str, Reading], name: str) -> float:
    """Give a reading in limits; NaN where it is not measured or cannot be told."""
    return readings[name].score if name in readings else float("nan")


def verdict(
    window: Window,
    readings: Mapping[str, Reading],
    code: str,
    shown: str,
    beside: Iterable[str] = (),
    *,
    strength: float,
    part: str = "",
) -> Verdict:
    """Make a verdict of indicators; ``shown`` is the one whose course is the picture."""
    reading = readings[shown]
    rows: list[Row] = []
    for name in (shown, *beside):
        if name in readings and not np.isnan(readings[name].value):
            one = INDICATORS[name]
            scale, unit = (100.0, "%") if one.unit == "1" else (1.0, one.unit)
            rows += [
                (f"Δ {one.label.zh} / {one.label.en}", scale * readings[name].value, unit),
                ("    界限 / limit ±", scale * readings[name].limit, unit),
            ]
    return Verdict(
        code,
        part,
        strength,
        since_us(times(window, shown), reading.course, reading.value),
        tuple(rows),
        _curve(window, shown, reading),
    )


def times(window: Window, name: str) -> npt.NDArray[np.int64]:
    """Give the instants of an indicator's course."""
    of_blocks: npt.NDArray[np.int64] = block_times_us(window) if name == "oil_cooler" else window.times_us
    return of_blocks


def _curve(window: Window, name: str, reading: Reading) -> dict[str, Any]:
    one = INDICATORS[name]
    scale, unit = (100.0, "%") if one.unit == "1" else (1.0, one.unit)
    limit = scale * reading.limit
    return evidence.series(one.label, unit, times(window, name), {name: scale * reading.course}, band=(-limit, limit))


def _together(window: Window, readings: Mapping[str, Reading], code: str, heat: str, vibration: str) -> Verdict | None:
    """A bearing that wears gets warm and shakes; one of both alone may be a sensor, unless the other is not measured."""
    warm, shakes = score(readings, heat), score(readings, vibration)
    if np.isnan(shakes):
        strength = warm / _ALONE
    elif np.isnan(warm):
        strength = shakes / _ALONE
    else:
        strength = min(warm / _HALF, shakes) if warm < 1 else (warm + shakes) / 2 if shakes >= 1 else 0.0
    if not strength >= 1:
        return None
    shown, other = (vibration, heat) if np.isnan(warm) else (heat, vibration)
    return verdict(window, readings, code, shown, (other,), strength=strength)


def _falls(
    window: Window, readings: Mapping[str, Reading], code: str, names: tuple[str, ...], *, names_part: bool = False
) -> Verdict | None:
    known = [name for name in names if score(readings, name) <= -1]
    if not known:
        return None
    lowest = min(known, key=lambda name: score(readings, name))
    part = lowest.rpartition("_")[2] if names_part else ""
    others = [name for name in names if name != lowest]
    return verdict(window, readings, code, lowest, others, strength=-score(readings, lowest), part=part)


def _windings(window: Window, readings: Mapping[str, Reading]) -> Verdict | None:
    """One winding beside the others, helped by its current; or all of them."""
    of_phase = dict(zip(("winding_u", "winding_v", "winding_w"), ("current_a", "current_b", "current_c"), strict=True))
    known = [name for name in of_phase if not np.isnan(score(readings, name))]
    if known:
        hottest = max(known, key=lambda name: score(readings, name))
        beside, current = score(readings, hottest), score(readings, of_phase[hottest])
        strength = max(beside, min(beside / _HALF, -current / _CURRENT_WITNESS)) if current == current else beside  # noqa: PLR0124 - NaN
        if strength >= 1:
            part = hottest.rpartition("_")[2]
            return verdict(
                window, readings, "winding_overheat", hottest, (of_phase[hottest], "windings"), strength=strength, part=part
            )
    all_of_them = score(readings, "windings")
    return verdict(window, readings, "generator_cooling", "windings", known, strength=all_of_them) if all_of_them >= 1 else None


def _hydraulics(window: Window, readings: Mapping[str, Reading]) -> Verdict | None:
    """Oil is lost, and the pressure with it, or the pump has more to do."""
    level = -score(readings, "hydraulic_level")
    witness = np.nanmax([-score(readings, "hydraulic_pressure"), score(readings, "pump_starts"), -np.inf])
    if not (level >= 1 and witness >= 1):
        return None
    strength = float(level + witness) / 2
    return verdict(
        window, readings, "hydraulic_leak", "hydraulic_level", ("hydraulic_pressure", "pump_starts"), strength=strength
    )


def _pitch(window: Window, readings: Mapping[str, Reading]) -> Verdict | None:
    names = [name for name in ("pitch_1", "pitch_2", "pitch_3") if abs(score(readings, name)) >= 1]
    if not names:
        return None
    furthest = max(names, key=lambda name: abs(score(readings, name)))
    part = furthest.rpartition("_")[2]
    return verdict(window, readings, "pitch_asymmetry", furthest, ("tower",), strength=abs(score(readings, furthest)), part=part)
