"""Clock: time that was stretched or shifted, told by counters that know how long an hour is and by the time stamps themselves."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.evidence import bars, table
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, Role, load_kind
from registry.authenticity.expressions import evaluate, growth_by_hour
from registry.authenticity.physics import Relation, relations
from registry.authenticity.suspicion import Method, Suspicion, told_time
from registry.authenticity.thresholds import DEFAULTS, Thresholds

_LEAST_HOURS = 12
_STRETCHED = (0.2, 5.0)
"""Counters of which nobody knows whether they count in other units; time is stretched by less."""
_STEADY, _UNWAVERING = 0.01, 0.03
_NEAR = (0.4, 2.5)
_HOURS = {"h": 1.0, "s": 3600.0}
_MINUTE_US = 60_000_000


class Pace(NamedTuple):
    """How fast a counter goes against the elapsed time of its rows: 1 is right."""

    name: str
    ratio: float
    spread: float
    """Half of the range between quartiles."""
    hours: int
    is_limit: bool
    """A counter of hours: it may stand still, but not run ahead."""


def detect(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Compare counters with the elapsed time: energy with power times time, hours of running with hours.

    Two counters that agree on the same wrong pace, or one of hours that runs ahead of the clock, tell of time; one alone tells of
    a meter.
    """
    paces = [pace for pace in _paces(window) if pace.hours >= _LEAST_HOURS]
    ahead = [pace for pace in paces if pace.is_limit and pace.ratio > 1 + thresholds.clock_ratio]
    # A counter of hours of a machine that never rests goes by the hour; of one that does, it tells of rests.
    amounts = [pace for pace in paces if not pace.is_limit or pace.spread < _STEADY]
    off = [
        pace
        for pace in amounts
        if abs(np.log(pace.ratio)) > np.log1p(thresholds.clock_ratio)
        and _STRETCHED[0] < pace.ratio < _STRETCHED[1]
        and pace.spread < thresholds.clock_spread
    ]
    agree = len(off) > len(amounts) / 2 and _spread([pace.ratio for pace in off]) < thresholds.clock_spread
    # One counter alone may be a meter in another unit: it is believed where the kind has no other, and it never wavers.
    agree = agree and (
        len(off) >= 2 or (len(amounts) == 1 and off[0].spread < _UNWAVERING and _NEAR[0] < off[0].ratio < _NEAR[1])
    )
    if not ahead and not agree:
        return []
    told = off if agree else ahead
    ratio = float(np.median([pace.ratio for pace in told]))
    score = float(np.exp(abs(np.log(ratio))) - 1)
    return [
        Suspicion(
            method=Method.CLOCK,
            score=score,
            threshold=thresholds.clock_ratio,
            start_us=window.start_us,
            end_us=window.end_us,
            explanation=Label(
                zh=f"{len(told)} 个累计量（{'、'.join(pace.name for pace in told[:3])}）一致表明，数据里的一小时实际是 "
                f"{ratio:.2f} 小时："
                "时间戳被拉长或压缩。",
                en=f"{len(told)} counters ({', '.join(pace.name for pace in told[:3])}) agree that an hour of the data "
                f"was {ratio:.2f} h in "
                "truth: time stamps were stretched or compressed.",
            ),
            evidence=(
                table(
                    Label(zh="累计量与时间", en="Counters against time"),
                    ("累计量 / counter", "速度 / pace", "离散 / spread", "小时 / hours"),
                    [(pace.name, pace.ratio, pace.spread, pace.hours) for pace in paces],
                ),
            ),
        )
    ]


def detect_stamps(
    times_us: npt.NDArray[np.int64],
    *,
    arrived_us: npt.NDArray[np.int64] | None = None,
    now_us: int | None = None,
    thresholds: Thresholds = DEFAULTS,
) -> list[Suspicion]:
    """Judge the time stamps of a machine's rows, in the order in which they came.

    Parameters
    ----------
    times_us : ndarray, shape (n,)
        What the rows say.
    arrived_us : ndarray, shape (n,), optional
        When they came; a gateway that was offline delivers late, and is live again afterwards.
    now_us : int, optional
        Used where arrivals are not known: nothing can be of later than now.
    """
    if len(times_us) < 2:
        return []
    found: list[tuple[str, str, float, float]] = []
    ahead_us = thresholds.clock_future_minutes * _MINUTE_US
    if arrived_us is not None:
        lag = (arrived_us - times_us) / _MINUTE_US
        ahead, soonest = float((lag < -thresholds.clock_future_minutes).mean()), float(np.quantile(lag, 0.05))
        if ahead > 0.01:
            found.append(
                (f"{ahead:.0%} 的时间戳早于到达前就写成了未来", f"{ahead:.0%} of the time stamps lie in the future", ahead, 0.01)
            )
        if soonest > thresholds.clock_past_minutes:
            found.append(
                (
                    f"没有一段是实时的：最快的数据也晚到 {soonest:.0f} 分钟",
                    f"nothing ever is live: the soonest rows come {soonest:.0f} min late",
                    soonest,
                    thresholds.clock_past_minutes,
                )
            )
    elif now_us is not None and times_us.max() > now_us + ahead_us:
        minutes = float((times_us.max() - now_us) / _MINUTE_US)
        found.append(
            (
                f"最新时间戳比现在早到 {minutes:.0f} 分钟（属于未来）",
                f"the newest time stamp lies {minutes:.0f} min in the future",
                minutes,
                thresholds.clock_future_minutes,
            )
        )
    found += _of_steps(times_us, thresholds)
    if not found:
        return []
    score, threshold = found[0][2:]
    steps = np.diff(np.sort(times_us)) / 1e6
    counts, edges = np.histogram(np.minimum(steps, np.quantile(steps, 0.99) + 1), bins=20)
    return [
        Suspicion(
            method=Method.CLOCK,
            score=score,
            threshold=threshold,
            start_us=int(times_us.min()),
            end_us=int(times_us.max()),
            explanation=Label(
                zh=f"自 {told_time(int(times_us.min()))} 起的时间戳不可信：{'；'.join(one[0] for one in found)}。",
                en=f"Time stamps since {told_time(int(times_us.min()))} cannot be: {'; '.join(one[1] for one in found)}.",
            ),
            evidence=(
                bars(
                    Label(zh="相邻数据的间隔", en="Steps between rows"),
                    "1",
                    [f"{edge:.3g} s" for edge in edges[:-1]],
                    {"份额 / share": counts / max(counts.sum(), 1)},
                ),
            ),
        )
    ]


def _of_steps(times_us: npt.NDArray[np.int64], thresholds: Thresholds) -> list[tuple[str, str, float, float]]:
    found = []
    repeated = 1 - len(np.unique(times_us)) / len(times_us)
    if repeated >= thresholds.clock_repeated_share:
        found.append(
            (
                f"{repeated:.0%} 的数据重复使用同一时间戳",
                f"{repeated:.0%} of the rows have the time stamp of another",
                repeated,
                thresholds.clock_repeated_share,
            )
        )
    steps = np.diff(np.sort(times_us))
    usual = int(np.median(steps))
    same = float((steps == usual).mean())
    # A device that stamps whole tenths of a second rounds; a program that adds a step to a start keeps the start's fraction.
    if same >= thresholds.clock_generated_share and times_us[0] % 1000 and usual:
        found.append(
            (
                f"{same:.0%} 的间隔精确到微秒都相同，像程序生成",
                f"{same:.0%} of the steps are the same to the microsecond, as a program makes them",
                same,
                thresholds.clock_generated_share,
            )
        )
    return found


def _paces(window: Window) -> list[Pace]:
    paces = []
    for relation in relations(window.kind):
        if relation.text.startswith("per_hour(") and " / " in relation.text and "hourly(" in relation.text:
            paces += _pace_of_amount(window, relation)
    hour = window.steps(3600)
    whole = len(window) // hour * hour
    for name, signal in load_kind(window.kind).signals.items():
        if signal.role is Role.COUNTER and signal.unit in _HOURS and name in window and whole:
            grown = growth_by_hour(window[name][:whole].reshape(-1, hour)) / _HOURS[signal.unit]
            grown = grown[np.isfinite(grown) & (grown > 0.1)]
            paces += _pace(name, grown, is_limit=True)
    return paces


def _pace_of_amount(window: Window, relation: Relation) -> list[Pace]:
    value = np.array(evaluate(relation.value, window))
    if relation.where is not None:
        value[evaluate(relation.where, window) != 1] = np.nan
    hourly = value[:: window.steps(3600)]
    return _pace(relation.name, hourly[np.isfinite(hourly) & (hourly > 0)], is_limit=False)


def _pace(name: str, hours: FloatArray, *, is_limit: bool) -> list[Pace]:
    if not len(hours):
        return []
    low, middle, high = np.quantile(hours, [0.25, 0.5, 0.75])
    return [Pace(name, float(middle), float((high - low) / 2 / middle), len(hours), is_limit)]


def _spread(ratios: list[float]) -> float:
    return float(np.log(max(ratios) / min(ratios)))
