"""The figures of a scripted day, worked by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.alarms.acts import ProcessChange, act, record_changes
from analytics.alarms.flood import Flood
from analytics.alarms.performance import MEASURES, Verdict, load_figures, measure_performance
from analytics.alarms.states import Deed
from device_profiles.kind import Label
from store.alarm_journal import list_floods
from store.alarms import ConditionFilter, ConditionKey, list_conditions
from store.database import Database

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TITLE = Label(zh="过高", en="High")
PRIORITIES = {"r.critical": "critical", "r.high": "high", "r.medium": "medium", "r.low": "low"}


@dataclass(frozen=True)
class Rule:
    priority: str
    title: Label = TITLE
    latch: bool = False


RULES = {name: Rule(priority) for name, priority in PRIORITIES.items()}


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def change(machine: int, rule: str, seconds: float, *, is_active: bool) -> ProcessChange:
    return ProcessChange(ConditionKey(machine, f"r.{rule}"), after(seconds), is_active=is_active)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as database:
        with database.connection() as connection:
            connection.execute(
                b"INSERT INTO reading.equipment (gateway, name, kind)"
                b" SELECT CASE WHEN n <= 1190 THEN 'gw-a' ELSE 'gw-b' END, 'm-' || n, 'motor' FROM generate_series(1, 1200) n"
            )
        yield database


def script(database: Database) -> None:
    """Write a day: ten alarms a second for two minutes from noon, one that comes five times, and one that stands from before."""

    def happen(changes: list[ProcessChange]) -> None:
        record_changes(database, changes, RULES, now=changes[-1].time)

    happen([change(1, "critical", -100_000, is_active=True)])
    # 1,200 in two minutes, two in three of them low.
    flood = [change(n + 1, "low" if n % 3 else "high", n / 10, is_active=True) for n in range(1200)]
    for begin in range(0, 1200, 10):
        happen(flood[begin : begin + 10])
    # Every twelve seconds from the hour on it comes, and goes five seconds later: ten changes, of which eight are third or later.
    for n in range(5):
        happen([change(5, "medium", 3600 + 12 * n, is_active=True), change(5, "medium", 3605 + 12 * n, is_active=False)])


def acknowledge(database: Database, machine: int, seconds: float) -> None:
    (found,) = list_conditions(database, ConditionFilter(equipment_ids=[machine], rules=["r.low", "r.high"]))
    act(database, [found.condition.id], Deed.ACKNOWLEDGE, actor="Wang", now=after(seconds))


def test_the_figures_of_a_scripted_day_are_those_worked_by_hand(opened: Database) -> None:
    script(opened)
    for machine, waited in ((1, 30), (2, 60), (3, 90)):
        acknowledge(opened, machine, (machine - 1) / 10 + waited)
    (shelved,) = list_conditions(opened, ConditionFilter(equipment_ids=[7]))
    act(opened, [shelved.condition.id], Deed.SHELVE, actor="Li", note="known", until=after(20_000), now=after(6000))

    told = measure_performance(opened, begin=NOON, now=after(86_400))
    values = {figure.measure.name: figure.value for figure in told.figures}

    assert [figure.measure for figure in told.figures] == list(MEASURES)
    assert told.calls == 1205
    assert values == pytest.approx(
        {
            "calls_per_hour": 1205 / 24,
            "calls_per_day": 1205,
            "calls_per_ten_minutes": 1205 / 144,
            "most_in_ten_minutes": 1200,
            "busy_ten_minutes": 100 / 144,  # the first of 144
            "busy_hours": 100 / 24,
            "flood_time": 100 * 718.5 / 86_400,  # from the eleventh at 1.0 s until the fifth last, of 119.5 s, is ten minutes old
            "top_ten": 100 * 14 / 1205,  # five, and nine that came once
            "chattering": 1,
            "stale": 1,
            "share_critical": 0,
            "share_high": 100 * 400 / 1205,
            "share_medium": 100 * 5 / 1205,
            "share_low": 100 * 800 / 1205,
            "acknowledged_median": 60,
            "acknowledged_p90": 84,  # linear between 60 and 90: at 0.9 * 2 = 1.8
            "shelved": 1,
            "suppressed": 0,
            "out_of_service": 0,
        }
    )
    assert told.floods == [Flood(after(1), after(719.5))]
    marked = [(row.began_at, row.ended_at, row.annunciations) for row in list_floods(opened, NOON, after(86_400))]
    assert marked == [(after(1), after(719.5), 1200)]
    assert [(told.most_frequent[0].listed.equipment, told.most_frequent[0].count)] == [("m-5", 5)]
    assert [(counted.listed.condition.rule, counted.count) for counted in told.chattering] == [("r.medium", 8)]
    assert told.calls_by_hour[:3] == [(NOON, 1200), (after(3600), 5), (after(7200), 0)]
    assert len(told.calls_by_hour) == 24
    assert [one.condition.rule for one in told.stale] == ["r.critical"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_figures_are_those_of_the_gateways_that_one_sees(opened: Database) -> None:
    script(opened)
    told = measure_performance(opened, begin=NOON, now=after(86_400), gateways=["gw-b"])
    assert told.calls == 10
    assert told.floods == []
    assert measure_performance(opened, begin=NOON, now=after(86_400), gateways=[]).calls == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_plant_without_alarms_has_figures_and_is_judged_well_where_that_means_something(opened: Database) -> None:
    told = measure_performance(opened, begin=NOON, now=after(3600))
    verdicts = {figure.measure.name: figure.verdict for figure in told.figures}
    assert verdicts["calls_per_hour"] is verdicts["flood_time"] is verdicts["chattering"] is Verdict.GOOD
    assert verdicts["share_low"] is verdicts["top_ten"] is verdicts["acknowledged_median"] is Verdict.NONE


def test_ten_minutes_are_counted_wherever_they_begin() -> None:
    # Six before and six after a border: no fixed ten minutes have more than ten, and twelve come in 100 s.
    seconds = np.array([*range(590, 596), *range(684, 690)], float)
    figures = load_figures(seconds, 3600)
    assert (figures["busy_ten_minutes"], figures["most_in_ten_minutes"]) == (0, 12)
    # At exactly ten minutes the first no longer counts.
    assert load_figures(np.array([0.0, 600.0]), 3600)["most_in_ten_minutes"] == 1


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("calls_per_hour", 6, Verdict.GOOD),
        ("calls_per_hour", 12, Verdict.ACCEPTABLE),
        ("calls_per_hour", 12.1, Verdict.EXCEEDED),
        ("flood_time", 0.99, Verdict.GOOD),
        ("flood_time", 1.0, Verdict.EXCEEDED),
        ("top_ten", 4, Verdict.ACCEPTABLE),
        ("stale", 4, Verdict.GOOD),
        ("stale", 5, Verdict.EXCEEDED),
        ("share_low", 80, Verdict.GOOD),
        ("share_low", 79, Verdict.EXCEEDED),
        ("shelved", 3, Verdict.NONE),
    ],
)
def test_a_figure_is_judged_by_target_and_limit(name: str, value: float, verdict: Verdict) -> None:
    (measure,) = (measure for measure in MEASURES if measure.name == name)
    assert measure.judge(value) is verdict
