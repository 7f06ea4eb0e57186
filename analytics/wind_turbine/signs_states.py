"""Faults that states, set-points and counters tell: a blade that stands still, a trip, a limit, a counter that began anew."""

from typing import NamedTuple

import numpy as np

from analytics import evidence
from analytics.spec import label
from analytics.wind_turbine.healthy import Healthy
from analytics.wind_turbine.signs import Row, Verdict
from analytics.window import Flags, Window
from device_profiles.kind import SignalType, load_kind

_STILL_DEGREES = 0.3
_MOVED_DEGREES, _ELSEWHERE_DEGREES = 5.0, 10.0
LIMITED_SHARE = 0.95
LIMITED_SPAN_SECONDS, LIMITED_SECONDS = 12 * 3600.0, 9 * 3600.0
"""Dispatch limits a turbine for some hours; longer than this it is kept limited."""
TRIP_SECONDS = 3 * 3600.0
"""So long without any other cause a stop is the converter's; a grid that failed is back by then, or shows in its voltage."""
_BEFORE_SECONDS = 1800.0
_RESET_SHARE = 0.001


class _Stretch(NamedTuple):
    """The last steps of a window through which something held, ``[first, last]``."""

    first: int
    last: int


def stuck_blade(window: Window) -> Verdict | None:
    """A blade that stands still while the others turn, or stands elsewhere while they are feathered."""
    angles = window.family("pitch_angle_{blade}")
    known = np.flatnonzero(~np.isnan(angles).any(axis=0))
    if len(known) < window.steps(3600.0):
        return None
    angles = angles[:, known]
    for number, blade in enumerate(angles):
        still = _last_stretch(np.abs(blade - blade[-1]) <= _STILL_DEGREES)
        if still is None or still.last - still.first < window.steps(1800.0):
            continue
        others = np.delete(angles, number, axis=0)
        during = others.mean(axis=0)[still.first :]
        apart = float(np.abs(others[0] - others[1])[still.first :].max())
        moved, elsewhere = float(np.ptp(during)), float(abs(blade[-1] - during[-1]))
        if apart > _MOVED_DEGREES or not (moved >= _MOVED_DEGREES or elsewhere >= _ELSEWHERE_DEGREES):
            continue
        rows: tuple[Row, ...] = (
            ("该叶桨距角 / angle of this blade", float(blade[-1]), "deg"),
            ("另两叶桨距角 / angle of the others", float(during[-1]), "deg"),
            ("其间另两叶变化 / turned by the others meanwhile", moved, "deg"),
        )
        picture = evidence.series(
            label("各叶桨距角", "Pitch angles"),
            "deg",
            window.times_us[known],
            {f"blade_{place}": row for place, row in enumerate(angles, start=1)},
        )
        strength = max(moved / _MOVED_DEGREES, elsewhere / _ELSEWHERE_DEGREES) + 1
        return Verdict("pitch_stuck", str(number + 1), strength, int(window.times_us[known[still.first]]), rows, picture)
    return None


def tripped(window: Window, *, converter_codes: tuple[int, ...]) -> Verdict | None:
    """A stop by fault that nothing but the converter explains, or whose code says so."""
    state = window["state"]
    known = np.flatnonzero(~np.isnan(state))
    faulty = window.state_is("fault")[known]
    stop = _last_stretch(faulty)
    if stop is None:
        return None
    first, last = int(known[stop.first]), int(known[stop.last])
    seconds = (last - first + 1) * window.step_seconds
    codes = window["fault_code"][first : last + 1]
    codes = codes[~np.isnan(codes) & (codes > 0)]
    code = float(codes[-1]) if len(codes) else float("nan")
    is_told = not np.isnan(code) and int(code) in converter_codes
    if not is_told and (bool(converter_codes and len(codes)) or seconds < TRIP_SECONDS or _has_other_cause(window, first, last)):
        return None
    rows: list[Row] = [
        ("故障停机时间 / stopped by fault", seconds / 3600, "h"),
        ("故障代码 / fault code", code, "1"),
        ("停机时电网频率 / grid frequency", float(window["frequency"][last]), "Hz"),
        ("直流母线电压 / DC link voltage", float(window["dc_link_voltage"][last]), "V"),
    ]
    picture = evidence.series(
        label("功率和可用功率", "Power and available power"),
        "kW",
        window.times_us,
        {name: window[name] for name in ("active_power", "available_power")},
    )
    strength = 3.0 if is_told else 1 + min(seconds / TRIP_SECONDS, 6.0) / 4
    told = tuple(row for row in rows if not np.isnan(row[1]))
    return Verdict("converter_trip", "", strength, int(window.times_us[first]), told, picture)


def curtailed(window: Window, healthy: Healthy) -> Verdict | None:
    """A set-point below the usual one for most of half a day."""
    usual = healthy.usual_setpoint_kw
    recent = window["power_setpoint"][-window.steps(LIMITED_SPAN_SECONDS) :]
    if np.isnan(usual) or np.isnan(recent).all():
        return None
    with np.errstate(invalid="ignore"):
        limited = recent < LIMITED_SHARE * usual
    if limited.sum() * window.step_seconds < LIMITED_SECONDS or not limited[np.flatnonzero(~np.isnan(recent))[-1]]:
        return None
    low = float(np.median(recent[limited]))
    setpoint = window["power_setpoint"]
    known = np.flatnonzero(~np.isnan(setpoint))
    begun = _last_stretch(setpoint[known] < LIMITED_SHARE * usual)
    rows: tuple[Row, ...] = (
        ("功率设定值 / set-point", low, "kW"),
        ("平时设定值 / usual set-point", usual, "kW"),
        ("近 12 小时内限功率时间 / limited, of the last 12 h", float(limited.sum()) * window.step_seconds / 3600, "h"),
    )
    picture = evidence.series(
        label("功率和设定值", "Power and set-point"),
        "kW",
        window.times_us,
        {name: window[name] for name in ("active_power", "power_setpoint", "available_power")},
    )
    since = window.times_us[known[begun.first]] if begun is not None else window.start_us
    return Verdict("curtailment", "", 1.5 + (1 - low / usual), int(since), rows, picture)


def counted_anew(window: Window, healthy: Healthy) -> Verdict | None:
    """The export counter stands below what it had reached while learning."""
    counter = window["energy_export"]
    known = np.flatnonzero(~np.isnan(counter))
    if np.isnan(healthy.export_kwh) or not len(known):
        return None
    now = float(counter[known[-1]])
    if now >= healthy.export_kwh * (1 - _RESET_SHARE):
        return None
    falls = np.flatnonzero(np.diff(counter[known]) < -_RESET_SHARE * healthy.export_kwh)
    since = int(window.times_us[known[falls[-1] + 1]]) if len(falls) else window.start_us
    rows: tuple[Row, ...] = (
        ("学习期末读数 / reading at the end of learning", healthy.export_kwh, "kWh"),
        ("当前读数 / reading now", now, "kWh"),
    )
    text = label("累计上网电量", "Energy exported")
    return Verdict(
        "counter_reset", "", 4.0, since, rows, evidence.series(text, "kWh", window.times_us, {"energy_export": counter})
    )


def _last_stretch(holds: Flags) -> _Stretch | None:
    if not len(holds) or not holds[-1]:
        return None
    breaks = np.flatnonzero(~holds)
    return _Stretch(int(breaks[-1]) + 1 if len(breaks) else 0, len(holds) - 1)


def _has_other_cause(window: Window, first: int, last: int) -> bool:
    """Tell whether something was beyond a limit of the kind in the half hour before a stop, or the grid is now."""
    before = slice(max(first - window.steps(_BEFORE_SECONDS), 0), first)
    ran = window.state_is("running")[before]
    for name, signal in load_kind(window.kind).signals.items():
        if signal.type is not SignalType.REAL or not signal.alarms:
            continue
        is_grid = name.startswith("voltage_") or name == "frequency"
        values = np.append(window[name][before][ran], window[name][last] if is_grid else np.nan)
        values = values[~np.isnan(values)]
        for alarm in signal.alarms:
            if (values > alarm.value).any() if alarm.limit.startswith("high") else (values < alarm.value).any():
                return True
    return False
