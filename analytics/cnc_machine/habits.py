"""How a machine is used while healthy, and the faults that show in its use: standing, alarms, overrides, loading, counters."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics import evidence
from analytics.baselines.steady import runs_since
from analytics.cnc_machine.parts import bad_share, parts_of
from analytics.cnc_machine.signs import Sign, how_sure
from analytics.cnc_machine.states import carried
from analytics.spec import label
from analytics.window import Flags, FloatArray, Window

_NO_POWER_SHARE = 0.05
"""Of the power that the machine draws while it stands ready."""
_OFF_SECONDS, _STOPPED_SECONDS = 3600.0, 1800.0
_FLOOD_SECONDS, _FLOOD_SHARE, _FLOOD_CHANGES_PER_HOUR = 4 * 3600.0, 0.5, 10.0
_OVERRIDE_SECONDS, _OVERRIDE_PERCENT, _OVERRIDE_SHARE = 6 * 3600.0, 10.0, 0.9
_LOADING_SECONDS, _LOADING_RATIO, _LEAST_PARTS = 12 * 3600.0, 1.3, 10
_LEVEL_SECONDS, _FALL_SECONDS, _FALL_PERCENT = 1800.0, 2 * 3600.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What was usual in the days that were learned from; NaN of what the machine does not tell."""

    longest_off_seconds: float
    longest_stop_seconds: float
    idle_power_kw: float
    alarm_share: float
    """Of the time the controller's condition is not normal."""
    feed_override_percent: float
    longest_loading_seconds: float
    """Highest of the means over half days; nights and Sundays are among them."""
    lowest_coolant_percent: float
    steepest_fall_percent: float
    """Of the coolant in two hours."""
    parts_total: float
    """Highest part count."""
    falls_of_counter: float
    bad_share: float

    @classmethod
    def learn(cls, history: Window) -> "Habits":
        stretch = history.steps(_LOADING_SECONDS)
        loading = [
            _loading_seconds(
                history.between(int(history.times_us[at]), int(history.times_us[at]) + round(1e6 * _LOADING_SECONDS))
            )
            for at in range(0, len(history) - stretch + 1, stretch)
        ]
        known = [one for one in loading if not np.isnan(one)]
        idle_kw = _median(history["machine_power"][history.state_is("reset")])
        condition = history["controller_condition"]
        level = _coolant_levels(history)
        return cls(
            longest_off_seconds=_longest(_is_off(history, idle_power_kw=idle_kw), history),
            longest_stop_seconds=_longest(carried(history["execution"]) == 1, history),
            idle_power_kw=idle_kw,
            alarm_share=_mean((condition > 0).astype(float)[~np.isnan(condition)]),
            feed_override_percent=_median(history["feed_override"][history.state_is("active")]),
            longest_loading_seconds=max(known, default=float("nan")),
            lowest_coolant_percent=_least(level),
            steepest_fall_percent=_steepest(level),
            parts_total=_most(history["part_count_total"]),
            falls_of_counter=float(len(_falls(history["part_count_total"]))),
            bad_share=bad_share(history)[0],
        )

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {name: None if np.isnan(value := getattr(self, name)) else value for name in self.__slots__}

    @classmethod
    def from_model(cls, model: dict[str, Any]) -> "Habits":
        return cls(**{name: float("nan") if value is None else value for name, value in model.items()})


def standing(window: Window, habits: Habits) -> Sign | None:
    """Find a machine that is off, or whose program stands, for longer than it ever did."""
    off = _is_off(window, idle_power_kw=habits.idle_power_kw)
    limit = max(_OFF_SECONDS, 2 * habits.longest_off_seconds)
    lasts = float(runs_since(off)[-1] * window.step_seconds)
    power = window["machine_power"]
    shown = evidence.series(label("整机功率", "Machine power"), "kW", window.times_us, {"machine_power": power})
    if lasts >= limit:
        idle = ("idle_power", habits.idle_power_kw, "kW")
        numbers = _known((("stands", lasts / 3600, "h"), ("limit", limit / 3600, "h"), idle))
        return Sign("offline", len(window) - int(runs_since(off)[-1]), 0.95, numbers, piece=shown)
    stopped = carried(window["execution"]) == 1
    count = int(runs_since(stopped)[-1])
    limit = max(_STOPPED_SECONDS, 3 * habits.longest_stop_seconds)
    if count * window.step_seconds < limit:
        return None
    during = slice(len(window) - count, None)
    # An emergency stop or a fault of the control stops the machine, not the program.
    if (window["emergency_stop"][during] == 1).mean() > 0.5 or (window["controller_condition"][during] == 2).mean() > 0.5:
        return None
    numbers = (("interrupted", count * window.step_seconds / 3600, "h"), ("limit", limit / 3600, "h"))
    return Sign("program_stop", len(window) - count, 0.9, numbers, piece=shown)


def alarm_flood(window: Window, habits: Habits) -> Sign | None:
    """Find a control that shows one alarm after the other."""
    first = max(0, len(window) - window.steps(_FLOOD_SECONDS))
    condition = window["controller_condition"][first:]
    known = condition[~np.isnan(condition)]
    if len(known) < window.steps(_FLOOD_SECONDS / 4):
        return None
    share = float((known > 0).mean())
    hours = (len(window) - first) * window.step_seconds / 3600
    changes = float(((known[1:] != known[:-1]) & (known[1:] > 0)).sum() / hours)
    if not (share >= _FLOOD_SHARE and habits.alarm_share < 0.5 * share and changes >= _FLOOD_CHANGES_PER_HOUR):
        return None
    numbers = (("alarm_share", 100 * share, "%"), ("usual_share", 100 * habits.alarm_share, "%"), ("changes", changes, "1/h"))
    shown = evidence.series(
        label("数控系统状况（0 正常，1 警告，2 故障）", "Controller condition (0 normal, 1 warning, 2 fault)"),
        "1",
        window.times_us,
        {"controller_condition": window["controller_condition"]},
        band=(0.0, 0.0),
    )
    return Sign("alarm_flood", first, how_sure(changes, _FLOOD_CHANGES_PER_HOUR, least=0.8), numbers, piece=shown)


def override_down(window: Window, habits: Habits) -> Sign | None:
    """Find a feed override that is turned down and stays there."""
    active = np.flatnonzero(window.state_is("active") & ~np.isnan(window["feed_override"]))
    rows = active[active >= len(window) - window.steps(_OVERRIDE_SECONDS)]
    if len(rows) < window.steps(_OVERRIDE_SECONDS / 6):
        return None
    override = window["feed_override"][rows]
    usual, now = habits.feed_override_percent, float(np.median(override))
    share = float((override <= usual - _OVERRIDE_PERCENT / 2).mean())
    if not (now <= usual - _OVERRIDE_PERCENT and share >= _OVERRIDE_SHARE):
        return None
    numbers = (("feed_override", now, "%"), ("usual", usual, "%"), ("time_lost_of_cuts", 100 * (1 - now / usual), "%"))
    shown = evidence.series(
        label("进给倍率", "Feed override"), "%", window.times_us, {"feed_override": window["feed_override"]}, band=(usual, usual)
    )
    return Sign("feed_override_80", int(rows[0]), how_sure(usual - now, _OVERRIDE_PERCENT, least=0.8), numbers, piece=shown)


def long_loading(window: Window, habits: Habits) -> Sign | None:
    """Find gaps between parts that are longer than even at night."""
    first = max(0, len(window) - window.steps(_LOADING_SECONDS))
    now = _loading_seconds(window.between(int(window.times_us[first]), window.end_us))
    limit = _LOADING_RATIO * habits.longest_loading_seconds
    if not now > limit:
        return None
    parts = parts_of(window)
    known = ~np.isnan(parts.gap_seconds)
    numbers = (("mean_gap", now, "s"), ("longest_usual", habits.longest_loading_seconds, "s"), ("limit", limit, "s"))
    shown = evidence.series(
        label("两件之间的空闲时间", "Gap between parts"),
        "s",
        window.times_us[parts.row[known]],
        {"gap": parts.gap_seconds[known]},
        band=(0.0, limit),
    )
    return Sign("long_load", first, how_sure(now, limit, least=0.75), numbers, piece=shown)


def coolant_low(window: Window, habits: Habits, *, least_percent: float) -> Sign | None:
    """Find a tank that is nearly empty, or that empties faster than chips carry coolant out."""
    levels = _coolant_levels(window)
    level = float(levels[-1]) if len(levels) else float("nan")
    recent = levels[-max(2, round(_FALL_SECONDS / _LEVEL_SECONDS) + 1) :]
    fall = float(recent[0] - recent[-1]) if len(recent) >= 3 else float("nan")
    limit = 3 * max(habits.steepest_fall_percent, 0.0) + _FALL_PERCENT
    if not (level < least_percent or fall > limit):
        return None
    raw = window["coolant_level"]
    count = int(runs_since(carried(raw) < habits.lowest_coolant_percent - 2)[-1]) or window.steps(_FALL_SECONDS)
    numbers = (("level", level, "%"), ("least", least_percent, "%"), ("fall_2h", fall, "%"), ("usual_fall_2h", limit, "%"))
    shown = evidence.series(
        label("冷却液液位", "Coolant level"), "%", window.times_us, {"coolant_level": raw}, band=(least_percent, 100.0)
    )
    sure = 0.92 if level < least_percent else how_sure(fall, limit, least=0.7)
    return Sign("coolant_low", max(0, len(window) - count), sure, _known(numbers), piece=shown)


def counter_reset(window: Window, habits: Habits) -> Sign | None:
    """Find part counters that began anew; not on a control that does so with every job."""
    if habits.falls_of_counter > 0:
        return None
    total = window["part_count_total"]
    known = total[~np.isnan(total)]
    falls = _falls(total)
    if not len(falls) and not (len(known) and known[-1] < habits.parts_total):
        return None
    numbers = (("parts_total", float(known[-1]), "1"), ("highest_before", habits.parts_total, "1"))
    shown = evidence.series(label("加工件数", "Parts made"), "1", window.times_us, {"part_count_total": total})
    return Sign("counter_reset", int(falls[-1]) if len(falls) else 0, 0.75, _known(numbers), piece=shown)


def _is_off(window: Window, *, idle_power_kw: float) -> Flags:
    """Tell where the machine says that it is not available, or draws no power."""
    with np.errstate(invalid="ignore"):
        unpowered = window["machine_power"] < _NO_POWER_SHARE * idle_power_kw
    off: Flags = (carried(window["availability"]) == 0) | unpowered
    return off


def _longest(flags: Flags, window: Window) -> float:
    return float(runs_since(flags).max(initial=0) * window.step_seconds)


def _loading_seconds(window: Window) -> float:
    """Give the mean gap between two parts; breaks and set-ups, which are far longer, are none."""
    gaps = parts_of(window).gap_seconds
    gaps = gaps[~np.isnan(gaps)]
    if len(gaps) < _LEAST_PARTS:
        return float("nan")
    return float(gaps[gaps <= 4 * np.median(gaps) + 60].mean())


def _coolant_levels(window: Window) -> FloatArray:
    """Give the median level of each half hour up to the end; those without any are left out."""
    size = window.steps(_LEVEL_SECONDS)
    level = window["coolant_level"]
    blocks = level[len(level) % size :].reshape(-1, size)
    return np.array([_median(row) for row in blocks if not np.isnan(row).all()])


def _steepest(levels: FloatArray) -> float:
    steps = round(_FALL_SECONDS / _LEVEL_SECONDS)
    return float((levels[:-steps] - levels[steps:]).max()) if len(levels) > steps else float("nan")


def _falls(counter: FloatArray) -> FloatArray:
    """Give the rows in which a counter has fallen."""
    steps = np.diff(carried(counter))
    return (np.flatnonzero(steps < -0.5) + 1).astype(np.float64)


def _known(numbers: tuple[tuple[str, float, str], ...]) -> tuple[tuple[str, float, str], ...]:
    return tuple(one for one in numbers if not np.isnan(one[1]))


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _least(values: FloatArray) -> float:
    return float(values.min()) if len(values) else float("nan")


def _most(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else float("nan")
