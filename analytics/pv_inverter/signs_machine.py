"""Names what is wrong with the inverter or with all of its modules: what it says itself, balances, and laws of the healthy week.

Less current at the same light has many causes, told apart by what goes with it. Dirt comes by the day and goes with rain; snow
takes most of the light at once; worn modules lose current and, by their series resistance, voltage, and stay as they are.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics.baselines.steady import runs_since
from analytics.pv_inverter.healthy import Residuals, day_ends, from_instant
from analytics.pv_inverter.residuals import Blocks, block_means
from analytics.window import Flags, FloatArray, Window

RECENT_BLOCKS = 36
"""Six hours of work."""
LEAST_BLOCKS = 6
_HOLDS_SECONDS = 900.0
GROUND_FAULT, OVER_TEMPERATURE = 1 << 0, 1 << 7
"""Event bits of SunSpec's inverter models 101 to 113 (Evt1)."""
POWER_ORDER = 7.0
"""Of `derate_mode`."""
LEAST_INSULATION_KOHM = 1000.0
_INSULATION_SHARE = 0.3
"""Of the least of the healthy week, wet mornings included."""
LEAST_EFFICIENCY_LOSS = 0.01
LEAST_HEAT_K, LEAST_HEAT_SHARE = 3.0, 0.4
LEAST_COMBINER_K = 2.0
_LEAST_SPREADS = 5.0
_POWER_SHARE = 0.35
"""Of the highest power of the healthy week."""
_GOES_WITH_LOAD = 0.5
"""Correlation; a sensor that reads too much does so at any load."""
SOILING_PER_DAY = 0.004
"""Twice the heaviest of the usual 0.1 to 0.2 % a day."""
_SOILING_JUMP = 0.004
_SOILING_HOURS, _LEAST_SOILING_HOURS = 24, 6
SNOW_SHARE = 0.45
"""Of the current: no dirt takes as much within days."""
_SNOW_C = 3.0
LEAST_LIGHT_LOSS = 0.03
LEAST_VOLTAGE_LOSS = 0.004
_WORKS_A = 2.0
"""Series resistance shows at current."""
LEAST_CLOCK_HOURS = 0.5
_LEAST_COUNTER_KWH = 1.0
_SET_POINT_PERCENT = 2.0


class MachineVerdict(NamedTuple):
    """A fault of the machine as a whole."""

    code: str
    strength: float
    """Its size in thresholds, at least 1."""
    numbers: tuple[tuple[str, float, str], ...]
    """What it was told by: name, value, unit."""
    shown: str
    """The curve that shows it: a signal, or a residual of `Residuals`."""
    since_us: int
    severity: str = ""


def machine_verdicts(window: Window, blocks: Blocks, away: Residuals, model: Mapping[str, Any]) -> Iterator[MachineVerdict]:
    """Name what the machine says of itself, then what its figures say."""
    yield from _stopped(window)
    for judged in (_insulation, _set_point, _clock, _counter):
        if verdict := judged(window, model):
            yield verdict
    if verdict := soiling(window):
        yield verdict
    snow = _snow(blocks, away)
    if snow:
        yield snow
        return  # what little power is left tells nothing more
    poor = _efficiency(blocks, away, model)
    # What is lost more heats more, and beyond the losses that the law of heat was learned at.
    for verdict in (poor or _cooling(blocks, away, model), _combiner(blocks, away, model), _degradation(blocks, away)):
        if verdict:
            yield verdict


def _stopped(window: Window) -> Iterator[MachineVerdict]:
    """Tell a trip from a stop by heat or by an earth fault, which have names of their own."""
    state = window.state_is("fault")
    lasts = runs_since(state)
    if not len(lasts) or lasts[-1] * window.step_seconds < _HOLDS_SECONDS:
        return
    since = len(window) - int(lasts[-1])
    events = window["alarm_1"][since:]
    words = events[~np.isnan(events)].astype(np.int64)
    known = ((words & (GROUND_FAULT | OVER_TEMPERATURE)) != 0).any()
    if not known:
        hours = float(lasts[-1] * window.step_seconds / 3600)
        yield MachineVerdict("inverter_trip", 4.0, (("故障停机 / in fault", hours, "h"),), "state", int(window.times_us[since]))


def _insulation(window: Window, model: Mapping[str, Any]) -> MachineVerdict | None:
    values = window["insulation_resistance"]
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return None
    usual = model["insulation_resistance"]
    limit = LEAST_INSULATION_KOHM if usual is None else min(LEAST_INSULATION_KOHM, _INSULATION_SHARE * usual)
    now = float(values[known[-1]])
    if now >= limit:
        return None
    low = known[values[known] < limit]
    above = known[values[known] >= limit]
    since = low[low > above[-1]][0] if len(above) else low[0]
    numbers = (("R_iso", now, "kΩ"), ("界限 / limit", limit, "kΩ"))
    return MachineVerdict("insulation_drop", limit / max(now, 1.0), numbers, "insulation_resistance", int(window.times_us[since]))


def _set_point(window: Window, model: Mapping[str, Any]) -> MachineVerdict | None:
    """Tell an order below the usual one; where the order is not sent, the inverter's own reason for derating."""
    order, usual = window["power_setpoint"], model["power_setpoint"]
    if usual is not None and not np.isnan(order).all():
        low, shown = order < usual - _SET_POINT_PERCENT, "power_setpoint"
    else:
        low, shown = window["derate_mode"] == POWER_ORDER, "derate_mode"
    lasts = runs_since(low)
    if lasts[-1] * window.step_seconds < _HOLDS_SECONDS:
        return None
    since = len(window) - int(lasts[-1])
    now = float(np.nanmean(window[shown][since:]))
    numbers = ((shown, now, "%" if shown == "power_setpoint" else "1"),)
    return MachineVerdict("curtailment", 4.0, numbers, shown, int(window.times_us[since]))


def _clock(window: Window, model: Mapping[str, Any]) -> MachineVerdict | None:
    ends = day_ends(window)
    if model["day_ends"] is None or not len(ends):
        return None
    hours = np.array([from_instant(int(end), model["day_ends"]) for end in ends])
    if abs(hours[-1]) < LEAST_CLOCK_HOURS:
        return None
    odd = np.flatnonzero(np.abs(hours) < LEAST_CLOCK_HOURS)
    since = ends[odd[-1] + 1 if len(odd) else 0]
    numbers = (("日电量清零时间偏移 / the day's energy restarts later by", float(hours[-1]), "h"),)
    return MachineVerdict("clock_shift", abs(hours[-1]) / LEAST_CLOCK_HOURS, numbers, "energy_day", int(since))


def _counter(window: Window, model: Mapping[str, Any]) -> MachineVerdict | None:
    """Tell a total that is less than it was while learning; it stands until the machine is learned anew."""
    total, before = window["energy_total"], model["energy_total"]
    known = np.flatnonzero(~np.isnan(total))
    if before is None or not len(known) or total[known[-1]] > before - _LEAST_COUNTER_KWH:
        return None
    falls = known[1:][np.diff(total[known]) < -_LEAST_COUNTER_KWH]
    since = falls[-1] if len(falls) else 0
    numbers = (("学习期末 / while learning", float(before), "kWh"), ("现在 / now", float(total[known[-1]]), "kWh"))
    return MachineVerdict("counter_reset", 4.0, numbers, "energy_total", int(window.times_us[since]))


def soiling(window: Window) -> MachineVerdict | None:
    """Tell dirt that settles faster than usual, by the longest stretch between two rains of the newest day."""
    size = window.steps(3600.0)
    hourly = block_means(window["soiling_ratio"], size)[-_SOILING_HOURS:]
    rate = soiling_per_day(hourly)
    if rate is None or rate < SOILING_PER_DAY:
        return None
    now = float(hourly[~np.isnan(hourly)][-1])
    numbers = (("积灰速度 / soiling a day", 100 * rate, "%"), ("清洁度 / soiling ratio", now, "1"))
    since = max(len(window) - _SOILING_HOURS * size, 0)
    return MachineVerdict("soiling", rate / SOILING_PER_DAY, numbers, "soiling_ratio", int(window.times_us[since]))


def soiling_per_day(hourly: FloatArray) -> float | None:
    """Give how fast the soiling ratio falls, from hourly means; None where no stretch without cleaning is long enough."""
    jumps = np.flatnonzero(np.diff(hourly) > _SOILING_JUMP)
    # The hour of a jump is half clean.
    stretches = np.split(np.arange(len(hourly)), np.unique([*jumps, *(jumps + 1)]))
    longest = max(stretches, key=len)
    longest = longest[~np.isnan(hourly[longest])]
    if len(longest) < _LEAST_SOILING_HOURS:
        return None
    return float(-24 * np.polyfit(longest, hourly[longest], 1)[0])


def _snow(blocks: Blocks, away: Residuals) -> MachineVerdict | None:
    lit = np.flatnonzero(~np.isnan(away.light))
    newest = lit[-LEAST_BLOCKS:]
    if len(newest) < LEAST_BLOCKS or not np.median(away.light[newest]) < -SNOW_SHARE:
        return None
    # Trackers that show no voltage in daylight have no modules to be covered.
    if not np.nanmedian(np.nan_to_num(blocks.peer_voltage_v[newest])) > 0:
        return None
    lost = float(-np.median(away.light[newest]))
    air_c = blocks.means["ambient_temperature"][newest]
    coldest = float(np.nanmin(air_c)) if not np.isnan(air_c).all() else float("nan")
    numbers = (("I / I₀(G) − 1", -lost, "1"), *((("T_a", coldest, "°C"),) if np.isfinite(coldest) else ()))
    strength = lost / SNOW_SHARE * (2 if coldest < _SNOW_C else 1)
    beyond = away.light < -SNOW_SHARE
    return MachineVerdict("snow", strength, numbers, "light", since_us(blocks, lit, beyond))


def _efficiency(blocks: Blocks, away: Residuals, model: Mapping[str, Any]) -> MachineVerdict | None:
    lost, rows = _newest(-away.efficiency)
    if lost is None or lost < max(LEAST_EFFICIENCY_LOSS, _LEAST_SPREADS * (model["efficiency_spread"] or 0.0)):
        return None
    numbers = (("η − η₀(P)", -100 * lost, "%"), ("η₀(P) 的离散 / spread", 100 * (model["efficiency_spread"] or 0.0), "%"))
    beyond = -away.efficiency > LEAST_EFFICIENCY_LOSS / 2
    since = since_us(blocks, rows, beyond)
    return MachineVerdict("inverter_efficiency_drop", lost / LEAST_EFFICIENCY_LOSS, numbers, "efficiency", since)


def _cooling(blocks: Blocks, away: Residuals, model: Mapping[str, Any]) -> MachineVerdict | None:
    warmer, rows = _newest(_at_power(away.heat_k, blocks, model))
    share = float(np.nanmedian(away.heat_share[rows[-RECENT_BLOCKS:]])) if warmer is not None else 0.0
    if warmer is None or warmer < _limit(LEAST_HEAT_K, model["heat_spread"]) or share < LEAST_HEAT_SHARE:
        return None
    if not _goes_with(away.heat_k, blocks.means["dc_power"], rows[-RECENT_BLOCKS:]):
        return None
    numbers = (("ΔT − ΔT₀(P_loss)", warmer, "K"), ("ΔT / ΔT₀ − 1", share, "1"))
    strength = min(warmer / LEAST_HEAT_K, share / LEAST_HEAT_SHARE)
    return MachineVerdict("cooling_blocked", strength, numbers, "heat_k", since_us(blocks, rows, away.heat_k > LEAST_HEAT_K / 2))


def _combiner(blocks: Blocks, away: Residuals, model: Mapping[str, Any]) -> MachineVerdict | None:
    warmer, rows = _newest(_at_power(away.combiner_k, blocks, model))
    if warmer is None or warmer < _limit(LEAST_COMBINER_K, model["combiner_spread"]):
        return None
    if not _goes_with(away.combiner_k, blocks.means["dc_power"], rows[-RECENT_BLOCKS:]):
        return None
    numbers = (("ΔT − ΔT₀(P²)", warmer, "K"),)
    since = since_us(blocks, rows, away.combiner_k > LEAST_COMBINER_K / 2)
    return MachineVerdict("loose_terminal", warmer / LEAST_COMBINER_K, numbers, "combiner_k", since)


def _degradation(blocks: Blocks, away: Residuals) -> MachineVerdict | None:
    works = blocks.peer_current_a >= _WORKS_A
    current, rows = _newest(np.where(works, -away.light, np.nan))
    voltage, _ = _newest(np.where(works, -away.voltage, np.nan))
    if current is None or voltage is None or current < LEAST_LIGHT_LOSS or voltage < LEAST_VOLTAGE_LOSS:
        return None
    numbers = (("I / I₀(G) − 1", -current, "1"), ("U / U₀(T, I) − 1", -voltage, "1"))
    strength = min(current / LEAST_LIGHT_LOSS, voltage / LEAST_VOLTAGE_LOSS)
    return MachineVerdict("degradation", strength, numbers, "light", since_us(blocks, rows, away.light < -LEAST_LIGHT_LOSS / 2))


def _newest(values: FloatArray) -> "tuple[float | None, np.ndarray[tuple[int], np.dtype[np.int64]]]":
    """Give the median of the newest six hours that are known, and which blocks are known at all; None of too few."""
    rows = np.flatnonzero(~np.isnan(values))
    newest = rows[-RECENT_BLOCKS:]
    return (float(np.median(values[newest])) if len(newest) >= LEAST_BLOCKS else None), rows


def _at_power(values: FloatArray, blocks: Blocks, model: Mapping[str, Any]) -> FloatArray:
    """Keep blocks with power enough to heat anything, where there are some: a dull day tells nothing of a loose terminal."""
    with_power = np.where(blocks.means["dc_power"] > _POWER_SHARE * (model["highest_kw"] or 0.0), values, np.nan)
    return with_power if (~np.isnan(with_power)).sum() >= LEAST_BLOCKS else values


def _limit(least: float, spread: float | None) -> float:
    return max(least, _LEAST_SPREADS * (spread or 0.0))


def _goes_with(values: FloatArray, load: FloatArray, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> bool:
    """Tell whether a difference grows with the load; where the load hardly varied there is no doubt raised."""
    x, y = load[rows], values[rows]
    if np.std(x) < 0.1 * np.mean(x) or np.std(y) == 0:
        return True
    return bool(np.corrcoef(x, y)[0, 1] > _GOES_WITH_LOAD)


def since_us(blocks: Blocks, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", beyond: Flags) -> int:
    """Give the first of the known blocks from which on most have shown it."""
    shows = beyond[rows]
    within = np.flatnonzero(~shows & np.concatenate([~shows[1:], [True]]))  # a single one is chance
    first = rows[min(within[-1] + 1, len(rows) - 1)] if len(within) else rows[0]
    return int(blocks.times_us[first])
