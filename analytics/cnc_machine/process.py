"""Faults that show in the process: tools, spindle, axes, and the parts themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import lfilter

from analytics import evidence
from analytics.baselines.load_baseline import LoadBaseline
from analytics.baselines.steady import runs_since
from analytics.cnc_machine.cuts import AXES, Compared, CutReference
from analytics.cnc_machine.cutting import SPENT_RATIO, wear_from_power_mm
from analytics.cnc_machine.parts import Drift, bad_share, thermal_drift
from analytics.cnc_machine.signs import Sign, how_sure
from analytics.cnc_machine.states import carried
from analytics.result import NotEvaluated
from analytics.spec import label
from analytics.window import FloatArray, Window

RECENT_SECONDS = 8 * 3600.0
"""So much is judged of what shows in every cut; a day of what shows in one tool, and the whole window of how parts drift."""
_DAY_SECONDS = 86_400.0
_QUALITY_SECONDS = 12 * 3600.0
_WARMTH_SECONDS = 900.0
"""Time constant with which a spindle follows its friction (engineering default)."""

VIBRATION_MM_PER_S = 0.5
"""Rise of the mean vibration in cuts from which something is worn or sings (engineering default)."""
_IDLE_SHARE = 0.4
"""A bearing is heard in the air too; chatter is not."""
_WARMER_K, _FRICTION_LOG = 2.5, 0.08
WEAR_LOG, _WEAR_SHARE, _WEAR_OPERATIONS, _WEAR_ERRORS = 0.10, 0.75, 6, 4.0
BREAK_LOG = -0.25
AXIS_LOAD_PERCENT, _AXIS_TIMES, _AXIS_K = 8.0, 3.0, 3.0
DRIFT_MM_PER_K, _DRIFT_ERRORS, _WITHIN_ERRORS = 0.001, 3.0, 2.5
BAD_SHARE, _LEAST_PARTS, _ALL_BAD = 0.15, 20, 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReference:
    """What the process is like while healthy; None or NaN of what the machine does not tell."""

    cuts: CutReference
    warmth: LoadBaseline | None
    """Of the spindle over the coolant, by its speed of the last quarter of an hour."""
    axis_kelvin: FloatArray
    """Of each axis over the mean of the others, shape (3,)."""
    drift_mm_per_k: float
    bad_share: float

    @classmethod
    def learn(cls, history: Window) -> "ProcessReference":
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If no cut came often enough.
        """
        cuts = CutReference.learn(history)
        rpm, warmth = _warmth(history)
        try:
            baseline = LoadBaseline.fit({"rpm": rpm}, {"warmth": warmth}, stretch_steps=history.steps(RECENT_SECONDS))
        except NotEvaluated:  # it has no such sensor, or hardly ran
            baseline = None
        drift = thermal_drift(history)
        return cls(
            cuts=cuts,
            warmth=baseline,
            axis_kelvin=_axis_kelvin(history, 0),
            drift_mm_per_k=float("nan") if drift is None else drift.slope_mm_per_k,
            bad_share=bad_share(history)[0],
        )

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "cuts": self.cuts.to_model(),
            "warmth": None if self.warmth is None else self.warmth.to_model(),
            "axis_kelvin": [_plain(value) for value in self.axis_kelvin.tolist()],
            "drift_mm_per_k": _plain(self.drift_mm_per_k),
            "bad_share": _plain(self.bad_share),
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> "ProcessReference":
        numbers = np.array([model["drift_mm_per_k"], model["bad_share"]], np.float64).tolist()
        return cls(
            cuts=CutReference.from_model(model["cuts"]),
            warmth=None if model["warmth"] is None else LoadBaseline.from_model(model["warmth"]),
            axis_kelvin=np.array(model["axis_kelvin"], np.float64),
            drift_mm_per_k=numbers[0],
            bad_share=numbers[1],
        )


class Process(NamedTuple):
    """A window's process beside its reference."""

    day: Compared
    """Newest rows of each operation in a day."""
    recent: Compared
    """The same of the last hours."""
    recent_row: int
    idle_rise_mm_per_s: float
    warmer_kelvin: float
    axis_rises_percent: FloatArray
    axis_kelvin: FloatArray
    drift: Drift | None
    bad_share: float
    bad_share_lowest: float
    parts: float


def observe(window: Window, reference: ProcessReference) -> Process:
    """Hold a window against the reference."""
    first = max(0, len(window) - window.steps(RECENT_SECONDS))
    recent = reference.cuts.compare(window, from_row=first)
    share, lowest, parts = bad_share(window, from_row=max(0, len(window) - window.steps(_QUALITY_SECONDS)))
    return Process(
        day=reference.cuts.compare(window, from_row=max(0, len(window) - window.steps(_DAY_SECONDS))),
        recent=recent,
        recent_row=first,
        idle_rise_mm_per_s=reference.cuts.idle_rise_mm_per_s(window, from_row=first),
        warmer_kelvin=_warmer_kelvin(window, reference, first),
        axis_rises_percent=np.array([_mean(recent.of(f"load_{axis}")) for axis in AXES]),
        axis_kelvin=_axis_kelvin(window, first) - reference.axis_kelvin,
        drift=thermal_drift(window),
        bad_share=share,
        bad_share_lowest=lowest,
        parts=parts,
    )


def spindle_sign(window: Window, process: Process) -> Sign | None:
    """Tell a bearing from chatter where the spindle vibrates more in its cuts.

    A bearing is heard whenever the spindle turns, rubs and warms it; chatter is of the cut.
    """
    rise = _mean(process.recent.of("vibration"))
    if not rise > VIBRATION_MM_PER_S or len(process.recent.of("vibration")) < 2:
        return None
    votes = {
        "idle_rise_of_rise": process.idle_rise_mm_per_s / rise / _IDLE_SHARE,
        "warmer": process.warmer_kelvin / _WARMER_K,
        "friction": _mean(process.recent.of("log_power")) / _FRICTION_LOG,
    }
    known = [vote for vote in votes.values() if not np.isnan(vote)]
    is_bearing = sum(vote > 1 for vote in known) >= max(1, min(2, len(known)))
    numbers = _known(
        ("vibration_rise_in_cuts", rise, "mm/s"),
        ("vibration_rise_in_the_air", process.idle_rise_mm_per_s, "mm/s"),
        ("spindle_warmer", process.warmer_kelvin, "K"),
        ("power_of_cuts", 100 * _mean(process.recent.of("log_power")), "%"),
    )
    shown = evidence.series(
        label("主轴振动速度", "Spindle vibration velocity"),
        "mm/s",
        window.times_us,
        {"vibration_velocity_spindle": np.where(window.state_is("active"), window["vibration_velocity_spindle"], np.nan)},
    )
    code = "spindle_bearing" if is_bearing else "chatter"
    return Sign(code, process.recent_row, how_sure(rise, VIBRATION_MM_PER_S, least=0.7), numbers, piece=shown)


def axis_signs(window: Window, process: Process) -> list[Sign]:
    """Find an axis that takes more than the others beside what it took: dry guideways, a ball screw that binds."""
    signs = []
    for index, axis in enumerate(AXES):
        rise, others = process.axis_rises_percent[index], np.delete(process.axis_rises_percent, index)
        others = others[~np.isnan(others)]
        if not rise > max(AXIS_LOAD_PERCENT, _AXIS_TIMES * float(others.max(initial=0.0))):
            continue
        warmer = float(process.axis_kelvin[index])
        sure = how_sure(float(rise), AXIS_LOAD_PERCENT, least=0.7) + (0.05 if warmer > _AXIS_K else 0.0)
        load = np.where(window.state_is("active"), window[f"axis_load_{axis}"], np.nan)
        shown = evidence.series(label("轴负载", "Load of the axis"), "%", window.times_us, {f"axis_load_{axis}": load})
        numbers = _known(("load_rise_in_cuts", float(rise), "%"), ("motor_warmer_than_others", warmer, "K"))
        signs.append(Sign("axis_overload", process.recent_row, min(sure, 0.95), numbers, part=axis, piece=shown))
    return signs


def tool_signs(process: Process) -> list[Sign]:
    """Find a tool that cuts nothing any more, or tools that all take more than they did."""
    power = process.day.differences[0]
    known = np.flatnonzero(~np.isnan(power))
    if not len(known):
        return []
    lowest = int(known[power[known].argmin()])
    # Tools of one number in several programs fall together; the rest must not.
    rest = power[known][process.day.tool[known] != process.day.tool[lowest]]
    if power[lowest] < BREAK_LOG and (not len(rest) or float(np.median(rest)) > BREAK_LOG / 2):
        ratio = float(np.exp(power[lowest]))
        numbers: tuple[tuple[str, float, str], ...] = (
            ("tool_number", float(process.day.tool[lowest]), "1"),
            ("power_of_reference", 100 * ratio, "%"),
            ("limit", 100 * float(np.exp(BREAK_LOG)), "%"),
        )
        sure = how_sure(float(-power[lowest]), -BREAK_LOG, least=0.8)
        return [Sign("tool_break", int(process.day.first_row[lowest]), sure, numbers, piece=power_by_tool(process.day))]
    values = power[known]
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("inf")
    mean = float(values.mean())
    enough = len(values) >= _WEAR_OPERATIONS and float((values > 0).mean()) >= _WEAR_SHARE
    if not (enough and mean > WEAR_LOG and mean > _WEAR_ERRORS * error):
        return []
    ratio = float(np.exp(mean))
    numbers = (
        ("power_of_reference", 100 * ratio, "%"),
        ("half_width", 196 * error * ratio, "%"),
        ("limit", 100 * float(np.exp(WEAR_LOG)), "%"),
        ("operations", float(len(values)), "1"),
        ("flank_wear_added", wear_from_power_mm(ratio), "mm"),
    )
    first = int(process.day.first_row[known].min())
    severity = "high" if ratio >= SPENT_RATIO else ""
    sure, shown = how_sure(mean, WEAR_LOG, least=0.65), power_by_tool(process.day)
    return [Sign("tool_wear", first, sure, numbers, piece=shown, severity=severity)]


def part_sign(window: Window, process: Process, reference: ProcessReference) -> Sign | None:
    """Find parts that are off: with the spindle's temperature, all of them, or many."""
    drift = process.drift
    if drift is not None and not np.isnan(reference.drift_mm_per_k):
        usual_slope = reference.drift_mm_per_k
        more, sign = abs(drift.slope_mm_per_k) - abs(usual_slope), np.sign(drift.slope_mm_per_k)
        within = sign * (drift.within_mm_per_k - usual_slope)
        if more > max(DRIFT_MM_PER_K, _DRIFT_ERRORS * drift.standard_error) and within > _WITHIN_ERRORS * drift.within_error:
            numbers: tuple[tuple[str, float, str], ...] = (
                ("growth", 1000 * drift.slope_mm_per_k, "µm/K"),
                ("usual", 1000 * usual_slope, "µm/K"),
                ("half_width", 1960 * drift.standard_error, "µm/K"),
            )
            sure = how_sure(more, DRIFT_MM_PER_K, least=0.75)
            return Sign("thermal_drift", 0, sure, numbers, piece=_drift_curve(drift))
    usual = float(np.nan_to_num(reference.bad_share))
    if not (process.parts >= _LEAST_PARTS and process.bad_share_lowest > max(BAD_SHARE, 5 * usual)):
        return None
    numbers = (
        ("bad_share", 100 * process.bad_share, "%"),
        ("lowest", 100 * process.bad_share_lowest, "%"),
        ("usual", 100 * usual, "%"),
        ("parts", process.parts, "1"),
    )
    shown = evidence.series(label("测量偏差", "Probe result"), "mm", window.times_us, {"probe_result": window["probe_result"]})
    first = max(0, len(window) - window.steps(_QUALITY_SECONDS))
    # What makes every part bad is no run of bad luck: an edge is missing, though its job may not be on just now.
    if process.bad_share_lowest > _ALL_BAD:
        return Sign("tool_break", first, 0.6, numbers, piece=shown)
    return Sign("bad_parts_run", first, how_sure(process.bad_share, BAD_SHARE, least=0.7), numbers, piece=shown)


def power_by_tool(compared: Compared) -> dict[str, Any]:
    """Show the power of each operation's cuts over its reference."""
    known = np.flatnonzero(~np.isnan(compared.differences[0]))
    return evidence.bars(
        label("各刀具切削功率与基准之比", "Power of cuts over the reference, by tool"),
        "%",
        [f"T{compared.tool[index]}" for index in known],
        {"ratio": 100 * np.exp(compared.differences[0][known])},
        stacked=False,
    )


def _drift_curve(drift: Drift) -> dict[str, Any]:
    ends = np.array([drift.temperature_celsius.min(), drift.temperature_celsius.max()])
    line = drift.deviation_mm.mean() + drift.slope_mm_per_k * (ends - drift.temperature_celsius.mean())
    return evidence.curve(
        label("测量偏差随主轴温度", "Probe result over spindle temperature"),
        x=(label("主轴温度", "Spindle temperature"), "°C"),
        y=(label("测量偏差", "Probe result"), "mm"),
        lines={"fit": (ends, line)},
        points=(drift.temperature_celsius, drift.deviation_mm),
    )


def _warmth(window: Window) -> tuple[FloatArray, FloatArray]:
    """Give the speed that the spindle has felt and how much warmer than the coolant it is; NaN until the start is forgotten."""
    rpm = carried(window["spindle_speed"])
    keep = float(np.exp(-window.step_seconds / _WARMTH_SECONDS))
    felt: FloatArray = lfilter([1 - keep], [1.0, -keep], np.nan_to_num(rpm))
    settled = runs_since(~np.isnan(rpm)) > window.steps(3 * _WARMTH_SECONDS)
    running = settled & (felt > 100.0)
    warmth = window["spindle_temperature"] - window["coolant_temperature"]
    return np.where(running, felt, np.nan), np.where(running, warmth, np.nan)


def _warmer_kelvin(window: Window, reference: ProcessReference, first: int) -> float:
    if reference.warmth is None:
        return float("nan")
    rpm, warmth = _warmth(window)
    return _mean(reference.warmth.residuals({"rpm": rpm}, {"warmth": warmth})["warmth"][first:])


def _axis_kelvin(window: Window, first: int) -> FloatArray:
    """Give how much warmer each axis' motor is than the mean of the others, NaN where one is not measured, shape (3,)."""
    active = np.flatnonzero(window.state_is("active"))
    active = active[active >= first]
    rows = np.array([window[f"axis_temperature_{axis}"][active] for axis in AXES])
    return np.array([_mean(row - (rows.sum(axis=0) - row) / (len(AXES) - 1)) for row in rows])


def _known(*numbers: tuple[str, float, str]) -> tuple[tuple[str, float, str], ...]:
    return tuple(one for one in numbers if not np.isnan(one[1]))


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
