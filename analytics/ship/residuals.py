"""What shows a ship's health, hour by hour: figures that a healthy ship holds against load, speed, sea and weather.

Hull and propeller are two equations of one shaft. The propeller's torque coefficient follows the advance ratio alone, whatever
the hull, the draught and the weather ask for; the power at a speed follows the hull. A fouled hull moves the second only, a
damaged propeller both, a biased log both against each other, and a torque meter shows itself against the engine's load and at
standstill. Percentages are hundredths of a natural logarithm: they add.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.baselines.load_baseline import stretch_means
from analytics.diesel_engine.cylinders import middle_of_known
from analytics.spec import label
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label, load_kind

HOUR_SECONDS = 3600.0
EXHAUST = "exhaust_temperature_cylinder_{cylinder}"
MAXIMUM = "maximum_pressure_cylinder_{cylinder}"
COMPRESSION = "compression_pressure_cylinder_{cylinder}"
GENERATOR = "generator_power_{generator}"
CYLINDERS = tuple(next(iter(part.values())) for part in load_kind("ship").members[EXHAUST].values())

_KNOT_M_PER_S = 1852 / 3600
_USUAL_RISE_K = 250.0
"""Of exhaust above scavenge air; differences between cylinders grow with it, and are told for this one."""
_HEAT_MJ_PER_KG = {0: 40.2, 1: 42.7}
"""Lower heating values of heavy fuel and marine diesel oil, IMO MEPC.364(79)."""
_LEAST_RPM, _STANDS_BELOW_RPM = 30.0, 1.0
_STEADY_SHARE = 0.01
"""Standard deviation of the shaft's speed within the hour, as a share of it."""
_DEEP_IN_DRAUGHTS = 4.5
"""In shallower water the bottom slows the ship; near ISO 19030-2's 3 √(B T) for usual ratios of beam to draught."""
_LIVE_VOLTS = 100.0
_LEAST_SHARE = 0.5


class Term(NamedTuple):
    """A feature with what physics says of its coefficient before the ship has said anything."""

    feature: str
    usual: float
    give: float
    """Standard deviation of the coefficient over ships of any make."""


class Target(NamedTuple):
    """A figure and how it is expected."""

    label: Label
    unit: str
    floor: float
    """Smaller standard deviations of the mean of some hours do not count: what sensors and formula cannot tell apart."""
    terms: tuple[Term, ...] = ()
    rows: int = 6
    """So many of the newest hours are judged."""


_STATES = ("in_port", "manoeuvring", "at_sea", "at_anchor")
_LOAD, _BEND = "load", "load_squared"
TARGETS: dict[str, Target] = {
    # Torque over n² against V/n. The slope is that of the Wageningen B series between advance ratios of 0.3 and 0.5.
    "propeller": Target(
        label("螺旋桨扭矩系数（同进速比）", "Propeller torque coefficient (at equal advance)"),
        "%",
        0.12,
        (Term("advance", -55.0, 15.0), Term("advance_squared", -60.0, 12.0)),
        rows=12,
    ),
    # The exponent of the speed is not learned: at a constant shaft speed the ship is slow because the power is high, and the
    # slope of such points is the propeller's. That of the draught lies between wetted surface (0.36) and Admiralty (0.7).
    "hull": Target(
        label("同航速功率（修正风浪吃水）", "Power at equal speed (wind, waves, draught corrected)"),
        "%",
        1.5,
        (Term("speed", 320.0, 2.0), Term("draught", 60.0, 6.0), Term("waves", 4.0, 3.0), Term("wind", 4.0, 4.0)),
        rows=12,
    ),
    "torque": Target(label("轴功率对主机负荷", "Shaft power against engine load"), "%", 0.4, (Term(_LOAD, 0.0, 4.0),), rows=12),
    "standstill": Target(label("停车时扭矩", "Torque at standstill"), "kN·m", 2.0),
    "current": Target(label("对水与对地航速之差", "Speed through water less over ground"), "kn", 0.25, rows=12),
    # Specific consumption has its minimum at 70 to 80 % load.
    "fuel": Target(
        label("油耗（同负荷）", "Fuel flow (at equal load)"), "%", 0.8, (Term(_LOAD, -10.0, 10.0), Term(_BEND, 20.0, 30.0))
    ),
    "rack": Target(
        label("齿条（同扭矩）", "Fuel rack (at equal torque)"), "%", 1.0, (Term("turning", 80.0, 30.0), Term(_BEND, 0.0, 30.0))
    ),
    "scavenge": Target(
        label("扫气压力（同负荷）", "Scavenge pressure (at equal load)"),
        "%",
        0.8,
        (Term(_LOAD, 125.0, 15.0), Term(_BEND, 0.0, 15.0), Term("air", 0.0, 1.0)),
    ),
    "turbine_speed": Target(
        label("增压器转速（同负荷）", "Turbocharger speed (at equal load)"),
        "%",
        0.5,
        (Term(_LOAD, 45.0, 10.0), Term(_BEND, -10.0, 10.0), Term("air", 0.8, 0.8)),
    ),
    "exhaust": Target(
        label("排气温度（同负荷）", "Exhaust temperature (at equal load)"),
        "K",
        2.0,
        (Term(_LOAD, 0.0, 40.0), Term(_BEND, 40.0, 40.0), Term("sea", 12.0, 4.0)),
    ),
    "jacket": Target(
        label("缸套水出口温度", "Jacket water temperature"), "K", 0.8, (Term(_LOAD, 0.0, 3.0), Term("sea", 0.0, 0.5))
    ),
    "lube": Target(label("滑油压力", "Lube oil pressure"), "%", 1.0, (Term(_LOAD, 0.0, 4.0),)),
    "demand": Target(
        label("全船用电（同航行状态）", "Electric demand (in equal state)"),
        "%",
        2.5,
        (Term("in_port", 0.0, 60.0), Term("manoeuvring", 0.0, 60.0), Term("at_anchor", 0.0, 60.0), Term("warm_air", 7.0, 5.0)),
        rows=3,
    ),
    **{
        f"{name}_{cylinder}": Target(text, unit, floor)
        for cylinder in CYLINDERS
        for name, text, unit, floor in (
            ("exhaust", label(f"{cylinder} 缸排气温度与各缸之差", f"Exhaust, cylinder {cylinder} against the others"), "K", 3.0),
            (
                "rise",
                label(f"{cylinder} 缸燃烧升压与各缸之差", f"Pressure rise, cylinder {cylinder} against the others"),
                "%",
                2.0,
            ),
            (
                "compression",
                label(f"{cylinder} 缸压缩压力与各缸之差", f"Compression, cylinder {cylinder} against the others"),
                "%",
                1.0,
            ),
        )
    },
}


class Hours(NamedTuple):
    """A window's whole hours, counted back from its end. Arrays of shape (hours,); NaN where nothing can be said."""

    starts_us: FloatArray
    features: Mapping[str, FloatArray]
    targets: Mapping[str, FloatArray]
    settled: Flags
    """At sea at one shaft speed, and for more than an hour already."""
    shaft_torque_knm: FloatArray
    """Where it is settled."""


def observe(window: Window) -> Hours:
    """Work out all features and targets of a window."""
    mean = _Means(window)
    throughout = {name: mean.throughout(name) for name in _STATES}
    alike = np.any(list(throughout.values()), axis=0)
    settled = _settled(window, mean, throughout["at_sea"])
    engine = np.where(settled, mean("load_percent"), np.nan)
    turns, speed = np.where(settled, mean("shaft_speed"), np.nan), np.where(settled, mean("speed_through_water"), np.nan)
    torque, draught = mean("shaft_torque"), mean("draught_mid")
    load = _log(engine / 60)
    advance = _log(speed / turns / 0.112)
    features = {
        _LOAD: load,
        _BEND: load**2,
        "turning": load - _log(turns / 107),
        "advance": advance,
        "advance_squared": advance**2,
        "sea": (mean("sea_temperature") - 20) / 10,
        "air": (mean("ambient_temperature") - 20) / 10,
        "warm_air": np.maximum(mean("ambient_temperature") - 20, 0) / 10,
        **_resistances(window, mean, speed, draught),
        **{name: np.where(alike, throughout[name], np.nan) for name in _STATES if name != "at_sea"},
    }
    shallow = mean("water_depth") < _DEEP_IN_DRAUGHTS * draught
    power = torque * turns * np.pi / 30
    stands = alike & ~throughout["at_sea"] & (mean("shaft_speed") < _STANDS_BELOW_RPM)
    targets = {
        "propeller": _percent(torque / turns**2),
        "hull": np.where(shallow, np.nan, _percent(power)),
        "torque": _percent(power / engine),
        "standstill": np.where(stands, torque, np.nan),
        "current": speed - mean("speed_over_ground"),
        **_engine(mean, engine, settled),
        "demand": np.where(alike, _percent(_demand_kw(mean)), np.nan),
        **_cylinders(mean, settled),
    }
    return Hours(mean.starts_us, features, targets, settled, np.where(settled, torque, np.nan))


class _Means:
    """Hourly means of signals."""

    def __init__(self, window: Window) -> None:
        self._window, self.size = window, window.steps(HOUR_SECONDS)
        self.count = len(window) // self.size
        first = len(window) - self.count * self.size
        self.starts_us = np.asarray(window.times_us[first :: self.size][: self.count], np.float64)

    def __call__(self, signal: str) -> FloatArray:
        return self.of(self._window[signal])

    def throughout(self, state: str) -> Flags:
        """Tell which hours were spent in a state, as far as it is known."""
        held = np.where(np.isnan(self._window["state"]), np.nan, self._window.state_is(state))
        return np.asarray(self.of(held) == 1)

    def of(self, values: FloatArray) -> FloatArray:
        return stretch_means(values[len(values) - self.count * self.size :], self.size, at_least_share=_LEAST_SHARE)


def _settled(window: Window, mean: _Means, at_sea: Flags) -> Flags:
    """Tell which hours are at sea throughout as the hour before was, at one shaft speed, with a live switchboard."""
    turns = mean("shaft_speed")
    spread = np.sqrt(np.maximum(mean.of(window["shaft_speed"] ** 2) - turns**2, 0))
    before = np.concatenate([[False], at_sea[:-1]]) if len(at_sea) else at_sea
    is_dark = mean("bus_voltage") < _LIVE_VOLTS
    settled: Flags = at_sea & before & (turns > _LEAST_RPM) & (spread < _STEADY_SHARE * turns) & ~is_dark
    return settled


def _resistances(window: Window, mean: _Means, speed: FloatArray, draught: FloatArray) -> dict[str, FloatArray]:
    """Give speed, draught, waves and wind as shares of the resistance in still water.

    Waves count by the square of their height (STAWAVE-1, ISO 15016), whole from 45° at either bow, which is as far as it holds,
    and not at all from 45° at either quarter; they are taken to run with the wind. Wind counts by the apparent wind less that of
    the ship's own speed.
    """
    relative, from_bow = window["wind_speed_relative"], np.radians(window["wind_direction_relative"])
    ahead, across = mean.of(relative * np.cos(from_bow)), mean.of(relative * np.sin(from_bow))
    true_ahead = ahead - mean("speed_over_ground") * _KNOT_M_PER_S
    strength = np.hypot(true_ahead, across)
    facing = np.divide(true_ahead, strength, out=np.zeros_like(strength), where=strength > 0)
    meets = np.clip(0.5 + facing / np.sqrt(2), 0, 1)
    still = np.where((speed > 0) & (draught > 0), (speed / 12) ** 2 * (np.maximum(draught, 0.1) / 10) ** 0.55, np.nan)
    blown = mean.of(relative**2 * np.cos(from_bow)) - (speed * _KNOT_M_PER_S) ** 2
    return {
        "speed": _log(speed / 12),
        "draught": _log(draught / 10),
        "waves": mean("wave_height") ** 2 * meets / still,
        "wind": blown / 100 / still,
    }


def _engine(mean: _Means, engine: FloatArray, settled: Flags) -> dict[str, FloatArray]:
    kind = mean("fuel_type")
    heat = np.select([kind == code for code in _HEAT_MJ_PER_KG], list(_HEAT_MJ_PER_KG.values()), np.nan)
    burned = mean("fuel_mass_flow_in") - mean("fuel_mass_flow_out")
    # A meter that is bypassed leaves nothing, and its noise may leave less: that is far below whatever is expected.
    burned = np.where(np.isnan(burned), np.nan, np.maximum(burned, 1.0))
    exhaust = middle_of_known(np.array([mean(EXHAUST.format(cylinder=one)) for one in CYLINDERS]), axis=0)
    return {
        "fuel": _percent(burned * heat / engine),
        **{
            name: np.where(settled, values, np.nan)
            for name, values in (
                ("rack", _percent(mean("rack_position"))),
                ("scavenge", _percent(mean("scavenge_air_pressure"))),
                ("turbine_speed", _percent(mean("turbine_speed"))),
                ("exhaust", exhaust),
                ("jacket", mean("jacket_water_out_temperature")),
                ("lube", _percent(mean("lube_oil_pressure"))),
            )
        },
    }


def _demand_kw(mean: _Means) -> FloatArray:
    """Give what generators and shaft generator deliver beside the reefers; unknown while the switchboard is dead."""
    sets = sum((mean(name) for name in load_kind("ship").members[GENERATOR]), np.zeros(mean.count))
    live = np.where(mean("bus_voltage") < _LIVE_VOLTS, np.nan, sets)
    return live + np.nan_to_num(mean("shaft_generator_power")) - np.nan_to_num(mean("reefer_power"))


def _cylinders(mean: _Means, settled: Flags) -> dict[str, FloatArray]:
    """Compare each cylinder with the middle one: exhaust in K at a usual rise, pressures in percent."""
    exhaust, maximum, compression = (
        np.where(settled, np.array([mean(family.format(cylinder=one)) for one in CYLINDERS]), np.nan)
        for family in (EXHAUST, MAXIMUM, COMPRESSION)
    )
    rise = maximum - compression
    above = middle_of_known(exhaust, axis=0) - mean("scavenge_air_temperature")
    away = {
        "exhaust": (exhaust - middle_of_known(exhaust, axis=0)) * _USUAL_RISE_K / np.where(above > 0, above, np.nan),
        "rise": _percent(rise / middle_of_known(rise, axis=0)),
        "compression": _percent(compression / middle_of_known(compression, axis=0)),
    }
    return {f"{name}_{one}": row for name, rows in away.items() for one, row in zip(CYLINDERS, rows, strict=True)}


def _log(values: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.log(np.where(values > 0, values, np.nan)), np.float64)


def _percent(values: FloatArray) -> FloatArray:
    """Hundredths of the natural logarithm; NaN of what is not positive."""
    return 100 * _log(values)
