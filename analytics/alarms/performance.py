"""How well the alarms serve their operators: the figures of ISA-18.2 (section 16) and EEMUA 191, for one operator's position.

An alarm counts when it calls for the operator: not while it is shelved, suppressed by design or out of service. The standards
evaluate at least thirty days.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.alarms.flood import WHOLE_PLANT, Flood, FloodTerms, find_floods
from device_profiles.kind import Label
from store.alarm_performance import count_journal_of_period, stale_conditions
from store.alarms import PRIORITIES, ConditionFilter, ListedCondition, View, count_conditions, get_conditions
from store.database import Database

STALE_AFTER = timedelta(hours=24)
_TEN_MINUTES_SECONDS = 600.0
_HOUR_SECONDS = 3600.0


class Verdict(StrEnum):
    GOOD = "good"
    """The target is met."""
    ACCEPTABLE = "acceptable"
    """Not the target, but within the limit."""
    EXCEEDED = "exceeded"
    NONE = "none"
    """The standards name no number, or there is nothing to judge."""


class Measure(NamedTuple):
    """What is measured, and what the standards say about it."""

    name: str
    label: Label
    unit: str
    """``1/h``, ``1/d``, ``%``, ``s``, or ``1`` for a number."""
    target: float | None = None
    limit: float | None = None
    sense: Literal["at_most", "below", "at_least"] = "at_most"
    """How target and limit are meant."""

    def judge(self, value: float | None) -> Verdict:
        if value is None or self.target is None:
            return Verdict.NONE
        if self._keeps(value, self.target):
            return Verdict.GOOD
        return Verdict.ACCEPTABLE if self.limit is not None and self._keeps(value, self.limit) else Verdict.EXCEEDED

    def _keeps(self, value: float, bound: float) -> bool:
        match self.sense:
            case "at_most":
                return value <= bound
            case "below":
                return value < bound
            case "at_least":
                return value >= bound


class Figure(NamedTuple):
    measure: Measure
    value: float | None
    """None where there is nothing to measure."""

    @property
    def verdict(self) -> Verdict:
        return self.measure.judge(self.value)


@dataclass(frozen=True, slots=True)
class Counted:
    listed: ListedCondition
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """The figures of a period, with what is behind them."""

    begin: datetime
    end: datetime
    figures: tuple[Figure, ...]
    calls: int
    calls_by_priority: dict[str, int]
    calls_by_hour: list[tuple[datetime, int]]
    """Every hour of the period from its begin, those without a call too."""
    most_frequent: list[Counted]
    chattering: list[Counted]
    stale: list[ListedCondition]
    """Standing for more than a day now, oldest first."""
    floods: list[Flood]


MEASURES = (
    Measure("calls_per_hour", Label(zh="每小时报警数", en="Alarms per hour"), "1/h", 6, 12),
    Measure("calls_per_day", Label(zh="每天报警数", en="Alarms per day"), "1/d", 150, 300),
    Measure("calls_per_ten_minutes", Label(zh="每 10 分钟报警数", en="Alarms per 10 minutes"), "1", 1, 2),
    Measure("most_in_ten_minutes", Label(zh="任意 10 分钟内最多报警数", en="Most alarms in any 10 minutes"), "1", 10, 10),
    Measure(
        "busy_ten_minutes", Label(zh="超过 10 个报警的 10 分钟占比", en="10-minute periods with more than 10"), "%", 1, 1, "below"
    ),
    Measure("busy_hours", Label(zh="超过 30 个报警的小时占比", en="Hours with more than 30"), "%", 1, 1, "below"),
    Measure("flood_time", Label(zh="报警泛滥时间占比", en="Time in flood"), "%", 1, 1, "below"),
    Measure("top_ten", Label(zh="最频繁的 10 个报警占比", en="Share of the ten most frequent"), "%", 1, 5),
    Measure("chattering", Label(zh="抖动报警数", en="Chattering alarms"), "1", 0, 0),
    Measure("stale", Label(zh="持续超过 24 小时的报警数", en="Standing for more than 24 h"), "1", 5, 5, "below"),
    Measure("share_critical", Label(zh="紧急报警占比", en="Share of critical alarms"), "%", 1, 1),
    Measure("share_high", Label(zh="高优先级报警占比", en="Share of high priority"), "%", 5, 5),
    Measure("share_medium", Label(zh="中优先级报警占比", en="Share of medium priority"), "%", 15, 15),
    Measure("share_low", Label(zh="低优先级报警占比", en="Share of low priority"), "%", 80, 80, "at_least"),
    Measure("acknowledged_median", Label(zh="确认用时中位数", en="Time to acknowledge, median"), "s"),
    Measure("acknowledged_p90", Label(zh="确认用时 90 % 分位", en="Time to acknowledge, 90 %"), "s"),
    Measure("shelved", Label(zh="当前搁置数", en="Shelved now"), "1"),
    Measure("suppressed", Label(zh="当前设计抑制数", en="Suppressed by design now"), "1"),
    Measure("out_of_service", Label(zh="当前停用数", en="Out of service now"), "1"),
)
"""In the order in which they are shown. The shares of priorities are those of four priorities."""


def measure_performance(
    database: Database,
    *,
    begin: datetime,
    now: datetime,
    gateways: Collection[str] | None = None,
    terms: FloodTerms = WHOLE_PLANT,
) -> Performance:
    """Measure the alarms from ``begin`` until ``now``.

    Parameters
    ----------
    begin, now
        The period; ``begin`` is before ``now``. What stands, is shelved or out of service is told as of now.
    gateways
        Those of one operator's position; all where it is left out.
    terms
        When a flood begins and ends.

    Returns
    -------
    Performance
        A figure for each of `MEASURES`, in their order.
    """
    counts = count_journal_of_period(database, begin, now, gateways=gateways)
    stale_ids = stale_conditions(database, now - STALE_AFTER, gateways=gateways)
    seconds = np.array([(time - begin).total_seconds() for time in counts.call_times])
    floods = find_floods(counts.call_times, now, terms)
    values: dict[str, float | None] = {
        **load_figures(seconds, (now - begin).total_seconds()),
        "flood_time": _percent(_flood_seconds(floods, now), (now - begin).total_seconds()),
        "top_ten": _percent(sum(count for _, count in counts.most_frequent), len(seconds)),
        "chattering": len(counts.chattering),
        "stale": len(stale_ids),
        **{f"share_{name}": _percent(counts.calls_by_priority.get(name, 0), len(seconds)) for name in PRIORITIES},
        **_hidden(database, gateways),
    }
    if counts.acknowledged_after_seconds is not None:
        values["acknowledged_median"], values["acknowledged_p90"] = counts.acknowledged_after_seconds
    named = [condition_id for condition_id, _ in (*counts.most_frequent, *counts.chattering)]
    listed = {one.condition.id: one for one in get_conditions(database, {*named, *stale_ids})}
    return Performance(
        begin=begin,
        end=now,
        figures=tuple(Figure(measure, values.get(measure.name)) for measure in MEASURES),
        calls=len(seconds),
        calls_by_priority={name: counts.calls_by_priority.get(name, 0) for name in PRIORITIES},
        calls_by_hour=_by_hour(seconds, begin, now),
        most_frequent=[Counted(listed[condition_id], count) for condition_id, count in counts.most_frequent],
        chattering=[Counted(listed[condition_id], count) for condition_id, count in counts.chattering],
        stale=[listed[condition_id] for condition_id in stale_ids],
        floods=floods,
    )


def load_figures(call_seconds: npt.NDArray[np.float64], period_seconds: float) -> dict[str, float | None]:
    """Tell how much an operator had to look at.

    Parameters
    ----------
    call_seconds
        Sorted times of the calls, from the begin of the period.
    period_seconds
        Length of the period; its last ten minutes and its last hour may be shorter.

    Returns
    -------
    dict
        Mean rates, shares of ten minutes and of hours with too many [%], and the most calls in any ten minutes, which are
        counted in (time - 600 s, time].
    """
    calls = len(call_seconds)
    first_counted = np.searchsorted(call_seconds, call_seconds - _TEN_MINUTES_SECONDS, side="right")
    in_ten_minutes = np.arange(1, calls + 1) - first_counted
    tens = _counts(call_seconds, period_seconds, _TEN_MINUTES_SECONDS)
    hours = _counts(call_seconds, period_seconds, _HOUR_SECONDS)
    return {
        "calls_per_hour": calls / period_seconds * _HOUR_SECONDS,
        "calls_per_day": calls / period_seconds * 24 * _HOUR_SECONDS,
        "calls_per_ten_minutes": calls / period_seconds * _TEN_MINUTES_SECONDS,
        "most_in_ten_minutes": float(in_ten_minutes.max(initial=0)),
        "busy_ten_minutes": _percent(float(np.count_nonzero(tens > 10)), len(tens)),
        "busy_hours": _percent(float(np.count_nonzero(hours > 30)), len(hours)),
    }


def _counts(call_seconds: npt.NDArray[np.float64], period_seconds: float, step_seconds: float) -> npt.NDArray[np.int64]:
    steps = max(1, int(np.ceil(period_seconds / step_seconds)))
    return np.bincount((call_seconds // step_seconds).astype(np.int64), minlength=steps)


def _by_hour(call_seconds: npt.NDArray[np.float64], begin: datetime, end: datetime) -> list[tuple[datetime, int]]:
    counts = _counts(call_seconds, (end - begin).total_seconds(), _HOUR_SECONDS)
    return [(begin + timedelta(hours=hour), int(count)) for hour, count in enumerate(counts)]


def _flood_seconds(floods: Sequence[Flood], end: datetime) -> float:
    return sum(((flood.ended_at or end) - flood.began_at).total_seconds() for flood in floods)


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def _hidden(database: Database, gateways: Collection[str] | None) -> dict[str, float]:
    views: tuple[View, ...] = ("shelved", "suppressed", "out_of_service")
    return {view: count_conditions(database, ConditionFilter(view=view, gateways=gateways)) for view in views}
