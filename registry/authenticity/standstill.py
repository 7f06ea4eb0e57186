"""Flatlined: a machine that says it is at work, and whose signals do not move; with or without noise laid on top."""

from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.detection.sensor_checks import standstill
from analytics.evidence import series, table
from analytics.window import Window
from device_profiles.kind import Label, load_kind
from registry.authenticity.measured import Measured, label_of
from registry.authenticity.quiet import Quiet, limit, quiet_signals
from registry.authenticity.suspicion import Method, Suspicion, named, told_time
from registry.authenticity.thresholds import DEFAULTS, UNKNOWN_KIND, Thresholds

_DAY_SECONDS, _HOUR_SECONDS = 86_400, 3600


def detect(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Find signals that stand still together while the machine is at work, or that are noise around one value all week.

    A machine that says it is off may stand still; one broken sensor may, too. One that sends no state is judged only where every
    value stands still for days.
    """
    measured = Measured.of(window)
    if len(measured.names) < thresholds.least_signals:
        return []
    found = _exactly(window, measured, thresholds)
    return found or _with_noise(window, measured, quiet_signals(window, measured, thresholds), thresholds)


def _exactly(window: Window, measured: Measured, thresholds: Thresholds) -> list[Suspicion]:
    lasts = standstill(measured.values)
    if measured.is_state_known:
        # What reads nothing may read nothing for ever: a pump that is not fitted, a wind that does not blow.
        still = (lasts >= window.steps(thresholds.still_hours * _HOUR_SECONDS)) & measured.at_work & (measured.values != 0)
        share, threshold = still.mean(axis=0), thresholds.still_share
    else:
        still = lasts >= window.steps(thresholds.dead_days * _DAY_SECONDS)
        share, threshold = still.mean(axis=0), 1.0
    worst = int(share.argmax())
    if share[worst] < threshold or still[:, worst].sum() < thresholds.least_signals:
        return []
    rows = np.flatnonzero(share >= threshold)
    which = np.flatnonzero(still[:, worst])
    since = int(rows[0] - lasts[which, rows[0]].max())
    labels = named([label_of(window.kind, measured.names[index]) for index in which])
    start_us, end_us = int(window.times_us[max(since, 0)]), int(window.times_us[rows[-1]]) + _step_us(window)
    hours = len(rows) * window.step_seconds / _HOUR_SECONDS
    return [
        Suspicion(
            method=Method.FLATLINED,
            score=float(share[worst]),
            threshold=threshold,
            start_us=start_us,
            end_us=end_us,
            explanation=Label(
                zh=f"自 {told_time(start_us)} 起，设备显示在运行，但 {len(measured.names)} 个测点中有 {len(which)} "
                f"个（{labels.zh}）"
                f"数值完全不变，累计 {hours:.0f} 小时；真实传感器几分钟就会变动。",
                en=f"Since {told_time(start_us)} the machine says that it works, while {len(which)} of "
                f"{len(measured.names)} signals "
                f"({labels.en}) have not moved at all, for {hours:.0f} h; a real sensor moves within minutes.",
            ),
            evidence=(_curves(window, measured, which),),
        )
    ]


def _with_noise(window: Window, measured: Measured, quiet: Quiet, thresholds: Thresholds) -> list[Suspicion]:
    """Judge signals that only shiver about one value: those of small spread are a flat line with noise."""
    flat = quiet.is_quiet & quiet.is_narrow
    if quiet.judged < thresholds.least_signals:
        return []
    score = float(flat.sum() / quiet.judged)
    threshold = limit(thresholds.usual.get(window.kind, UNKNOWN_KIND).quiet, thresholds)
    if score < threshold:
        return []
    which = np.flatnonzero(flat)
    labels = named([label_of(window.kind, measured.names[index]) for index in which])
    return [
        Suspicion(
            method=Method.FLATLINED,
            score=score,
            threshold=threshold,
            start_us=window.start_us,
            end_us=window.end_us,
            explanation=Label(
                zh=f"{quiet.judged} 个测点中有 {len(which)} 个（{labels.zh}）整个时段只在一个定值附近抖动，没有任何工况变化；"
                f"同类真实设备最多 {threshold:.0%}。",
                en=f"{len(which)} of {quiet.judged} signals ({labels.en}) only shiver about one value throughout, "
                f"without any change of "
                f"duty; of honest machines of the kind fewer than {threshold:.0%} do.",
            ),
            evidence=(
                _curves(window, measured, which),
                table(
                    Label(zh="只有噪声的测点", en="Signals that are noise only"),
                    ("测点 / signal", "总离散/噪声 / spread by noise"),
                    [(measured.names[index], float(quiet.spread[index])) for index in which[:20]],
                ),
            ),
        )
    ]


def _curves(window: Window, measured: Measured, which: npt.NDArray[np.intp]) -> dict[str, Any]:
    """Draw one of the signals that stand beside one that moves, if there is any of the same unit."""
    name = measured.names[which[0]]
    signal = load_kind(window.kind).signals[name]
    return series(signal.label, signal.unit, window.times_us, {name: window[name]})


def _step_us(window: Window) -> int:
    return round(window.step_seconds * 1_000_000)
