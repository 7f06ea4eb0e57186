"""Digits of no sensor: numbers that a person typed, a short list that comes again, or numbers drawn evenly from a range."""

from typing import Any, NamedTuple

import numpy as np

from analytics.evidence import bars, series
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, load_kind
from registry.authenticity.measured import Measured, label_of
from registry.authenticity.quiet import limit, quiet_signals
from registry.authenticity.suspicion import Method, Suspicion, named
from registry.authenticity.thresholds import DEFAULTS, UNKNOWN_KIND, Thresholds

_STEPS = tuple(step for power in (100.0, 10.0, 1.0, 0.1, 0.01, 0.001) for step in (power, power / 2))
"""What devices round to: a power of ten, or half of one, which reads like a habit of ending in 0 and 5 and is none."""
_LEAST_LEVELS = 20
"""Values that move by less than so many steps have no last digit to judge."""
_SINGLE = 2e-7
"""Relative error of a float32, in which values are kept."""
_SHOWN_ROWS = 300


class Digits(NamedTuple):
    """What the values of one signal are made of."""

    step: float
    """They are multiples of it; 0 where there is none."""
    shares: FloatArray
    """Of the last digits 0 to 9, in units of the step."""
    excess: float
    """Sum of (share - 0.1)² / 0.1; 0 where last digits cannot be judged."""
    fill: float
    """Distinct values against the steps of the range that they lie in; 1 where there is no step."""
    reuse: float
    """Changes for each distinct value."""


def detect(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Judge last digits, lists and even draws of each signal at work; a few odd signals are a device's habit, many are not."""
    measured = Measured.of(window)
    if measured.at_work.sum() * window.step_seconds < thresholds.least_work_hours * 3600:
        return []
    return _typed(window, measured, thresholds) or _drawn(window, measured, thresholds)


def digits_of(values: FloatArray, thresholds: Thresholds = DEFAULTS) -> Digits | None:
    """Look at one series without gaps; None where it changes too seldom.

    Only values that differ from the one before are counted: a sensor that rests repeats its number, and a person does too.
    """
    changed = values[np.flatnonzero(np.diff(values, prepend=np.nan) != 0)]
    if len(changed) < thresholds.digit_values:
        return None
    distinct = np.unique(changed)
    reuse = len(changed) / len(distinct)
    step = _step_of(distinct)
    low, high = np.quantile(changed, [0.05, 0.95])
    if not step:
        return Digits(0.0, np.full(10, 0.1), 0.0, 1.0, reuse)
    levels = (high - low) / step + 1
    inside = ((distinct >= low) & (distinct <= high)).sum()
    shares = np.bincount(np.rint(np.abs(changed) / step).astype(np.int64) % 10, minlength=10) / len(changed)
    excess = float((np.square(shares - 0.1) / 0.1).sum()) if levels >= _LEAST_LEVELS else 0.0
    return Digits(step, shares, excess, float(inside / levels), reuse)


def _step_of(distinct: FloatArray) -> float:
    size = max(float(np.abs(distinct).max()), np.finfo(float).tiny)
    for step in _STEPS:
        if size / step > 1e6:
            return 0.0
        off = np.abs(distinct / step - np.rint(distinct / step))
        if off.max() <= max(1e-6, 2 * _SINGLE * size / step):
            return step
    return 0.0


def _is_odd(of: Digits, thresholds: Thresholds) -> bool:
    levels_skipped = of.fill < thresholds.list_fill and of.reuse >= thresholds.list_reuse
    # Without a step a list shows by coming again: measured numbers of many digits never do.
    is_list = levels_skipped or (of.step == 0 and of.reuse >= thresholds.list_reuse)
    return is_list or of.excess >= thresholds.digit_excess


def _typed(window: Window, measured: Measured, thresholds: Thresholds) -> list[Suspicion]:
    work = measured.work
    found = {}
    for index in range(len(measured.names)):
        column = work[index]
        judged = digits_of(column[~np.isnan(column)], thresholds)
        if judged is not None:
            found[index] = judged
    odd = [index for index, of in found.items() if _is_odd(of, thresholds)]
    if len(found) < thresholds.least_signals or len(odd) / len(found) < thresholds.digits_share:
        return []
    worst = max(odd, key=lambda index: (found[index].excess, found[index].reuse))
    of, name = found[worst], measured.names[worst]
    labels = named([label_of(window.kind, measured.names[index]) for index in odd])
    pieces = [
        bars(
            Label(zh=f"末位数字分布：{label_of(window.kind, name).zh}", en=f"Last digits: {label_of(window.kind, name).en}"),
            "1",
            [str(digit) for digit in range(10)],
            {name: of.shares},
        ),
        _closely(window, measured, worst),
    ]
    return [
        Suspicion(
            method=Method.DIGITS,
            score=len(odd) / len(found),
            threshold=thresholds.digits_share,
            start_us=window.start_us,
            end_us=window.end_us,
            explanation=Label(
                zh=f"{len(found)} 个测点中有 {len(odd)} 个（{labels.zh}）的数字不像传感器读数：末位偏爱某些数字，"
                f"或总在少数几个数之间重复"
                f"（最明显的测点每个数值平均重复 {of.reuse:.0f} 次）。",
                en=f"The numbers of {len(odd)} of {len(found)} signals ({labels.en}) are not a sensor's: some last "
                f"digits are preferred, or a "
                f"short list comes again and again (each number of the worst signal {of.reuse:.0f} times).",
            ),
            evidence=tuple(pieces),
        )
    ]


def _drawn(window: Window, measured: Measured, thresholds: Thresholds) -> list[Suspicion]:
    """Find values without memory: drawn evenly from a range, or about one value but too far off for a sensor's noise."""
    quiet = quiet_signals(window, measured, thresholds)
    if quiet.judged < thresholds.least_signals:
        return []
    usual = thresholds.usual.get(window.kind, UNKNOWN_KIND).quiet
    even, drawn = np.flatnonzero(quiet.is_even), np.flatnonzero(quiet.is_quiet)
    if len(even) / quiet.judged >= thresholds.digits_share:
        which, threshold = even, thresholds.digits_share
    elif len(drawn) / quiet.judged >= limit(usual, thresholds):
        which, threshold = drawn, limit(usual, thresholds)
    else:
        return []
    score = len(which) / quiet.judged
    name = measured.names[which[0]]
    column = measured.work[which[0]]
    counts, edges = np.histogram(column[~np.isnan(column)], bins=20)
    labels = named([label_of(window.kind, measured.names[index]) for index in which])
    return [
        Suspicion(
            method=Method.DIGITS,
            score=score,
            threshold=threshold,
            start_us=window.start_us,
            end_us=window.end_us,
            explanation=Label(
                zh=f"{score:.0%} 的测点（{labels.zh}）像随机数：每分钟的数值与前一分钟毫无关系，整个时段没有趋势；"
                f"真实设备低于 {threshold:.0%}。",
                en=f"{score:.0%} of the signals ({labels.en}) are like random numbers: no minute has to do with the one "
                f"before, and nothing "
                f"changes over time; of honest machines fewer than {threshold:.0%} are.",
            ),
            evidence=(
                bars(
                    Label(zh=f"数值分布：{label_of(window.kind, name).zh}", en=f"Values: {label_of(window.kind, name).en}"),
                    "1",
                    [f"{edge:.4g}" for edge in edges[:-1]],
                    {name: counts / max(counts.sum(), 1)},
                ),
                _closely(window, measured, int(which[0])),
            ),
        )
    ]


def _closely(window: Window, measured: Measured, index: int) -> dict[str, Any]:
    name = measured.names[index]
    signal = load_kind(window.kind).signals[name]
    first = int(measured.at_work.argmax())
    rows = slice(first, first + _SHOWN_ROWS)
    return series(signal.label, signal.unit, window.times_us[rows], {name: window[name][rows]})
