"""Too smooth: curves through few points, sines, and the same with noise laid on top, where a machine would move by the minute."""

from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.evidence import series, table
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, load_kind
from registry.authenticity.measured import Measured, label_of
from registry.authenticity.quiet import limit, quiet_signals
from registry.authenticity.suspicion import Method, Suspicion, named
from registry.authenticity.thresholds import DEFAULTS, UNKNOWN_KIND, Thresholds

_LEAST_CHANGES = 100
_SPELL_SECONDS = 1800.0
_SHOWN_ROWS = 300


def detect(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Find signals without any noise, and machines that are nothing but slow curves with noise."""
    measured = Measured.of(window)
    if measured.at_work.sum() * window.step_seconds < thresholds.least_work_hours * 3600:
        return []
    spells = measured.spells(window.steps(_SPELL_SECONDS))
    turns = turning_share(np.where(spells, measured.values, np.nan))
    judged = ~np.isnan(turns)
    smooth = (turns < thresholds.smooth_turns).sum()
    if judged.sum() >= thresholds.least_signals and smooth >= thresholds.smooth_share * judged.sum():
        return [_without_noise(window, measured, turns, thresholds)]
    quiet = quiet_signals(window, measured, thresholds)
    if quiet.judged < thresholds.least_signals:
        return []
    plain = np.flatnonzero(quiet.is_plain)
    score = len(plain) / quiet.judged
    threshold = limit(thresholds.usual.get(window.kind, UNKNOWN_KIND).plain, thresholds)
    if score < threshold or quiet.is_quiet.sum() > len(plain) / 2:  # noise about one value is another method's
        return []
    return [_with_noise(window, measured, plain, score, threshold)]


def turning_share(values: FloatArray) -> FloatArray:
    """Share of the steps of each signal that go against the step before, of steps that change anything.

    ``values`` of shape (signals, n). Two of three for white noise, whatever its size, rounded or not; next to none for a curve.
    NaN below a hundred changes.
    """
    found = np.full(len(values), np.nan)
    for index, column in enumerate(values):
        steps = np.diff(column)
        gaps = np.cumsum(np.isnan(steps))
        kept = np.flatnonzero(~np.isnan(steps) & (steps != 0))
        # Steps on both sides of a gap have nothing to do with each other.
        follows = gaps[kept[1:]] == gaps[kept[:-1]]
        if follows.sum() > _LEAST_CHANGES:
            signs = np.sign(steps[kept])
            found[index] = (signs[1:] != signs[:-1])[follows].mean()
    return found


def _without_noise(window: Window, measured: Measured, turns: FloatArray, thresholds: Thresholds) -> Suspicion:
    which = np.flatnonzero(turns < thresholds.smooth_turns)
    labels = named([label_of(window.kind, measured.names[index]) for index in which])
    judged = int((~np.isnan(turns)).sum())
    return Suspicion(
        method=Method.TOO_SMOOTH,
        score=len(which) / judged,
        threshold=thresholds.smooth_share,
        start_us=window.start_us,
        end_us=window.end_us,
        explanation=Label(
            zh=f"{judged} 个变动的测点中有 {len(which)} 个（{labels.zh}）没有任何测量噪声，像由公式或少数几个点连成的曲线；"
            "真实传感器每三步约有两步掉头。",
            en=f"{len(which)} of {judged} moving signals ({labels.en}) have no noise at all, like curves from a formula "
            f"or through a few "
            "points; a real sensor turns back in about two of three steps.",
        ),
        evidence=(
            _closely(window, measured, int(which[0])),
            table(
                Label(zh="掉头的步占比", en="Share of steps that turn back"),
                ("测点 / signal", "占比 / share"),
                [(measured.names[index], float(turns[index])) for index in which[:20]],
            ),
        ),
    )


def _with_noise(window: Window, measured: Measured, which: npt.NDArray[np.intp], score: float, threshold: float) -> Suspicion:
    labels = named([label_of(window.kind, measured.names[index]) for index in which])
    return Suspicion(
        method=Method.TOO_SMOOTH,
        score=score,
        threshold=threshold,
        start_us=window.start_us,
        end_us=window.end_us,
        explanation=Label(
            zh=f"{score:.0%} 的测点（{labels.zh}）只是缓慢曲线加随机噪声，没有任何分钟级的工况变化；同类真实设备低于 "
            f"{threshold:.0%}。",
            en=f"{score:.0%} of the signals ({labels.en}) are slow curves with random noise, without any movement of "
            f"minutes; of honest "
            f"machines of the kind fewer than {threshold:.0%} are.",
        ),
        evidence=(_closely(window, measured, int(which[0])),),
    )


def _closely(window: Window, measured: Measured, index: int) -> dict[str, Any]:
    """Draw a few hours at full resolution: a week of means would hide what is missing."""
    name = measured.names[index]
    signal = load_kind(window.kind).signals[name]
    first = int(measured.at_work.argmax())
    rows = slice(first, first + _SHOWN_ROWS)
    return series(signal.label, signal.unit, window.times_us[rows], {name: window[name][rows]})
