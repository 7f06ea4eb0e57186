"""Assessments worked by hand, the shipped rules, and mistakes in them."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from analytics.power_forecast.assessment import Assessed, assess
from analytics.power_forecast.grid_rules import read_rule_sets, rule_set_of
from analytics.result import NotEvaluated
from telemetry.errors import ConfigError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEA = rule_set_of("nea_2011", "day_ahead")
NORTH = rule_set_of("north_china_2019", "day_ahead")
SOLAR = rule_set_of("nbt_32011_2013", "day_ahead")
WIND = rule_set_of("nbt_31046_2013", "day_ahead")


def quarters(first: str, count: int, *, zone: ZoneInfo = SHANGHAI) -> npt.NDArray[np.int64]:
    start = datetime.fromisoformat(first).replace(tzinfo=zone)
    return (int(start.timestamp()) + 900 * np.arange(count, dtype=np.int64)) * 1_000_000


def of(found: list[Assessed], measure: str, span: str) -> Assessed:
    (one,) = (one for one in found if one.rule.measure == measure and one.span == span)
    return one


def test_accuracy_pass_rate_and_reporting_rate_by_hand() -> None:
    """Capacity 100, off by 30, 40, 0 and 25 on one day.

    RMSE √((900 + 1600 + 0 + 625)/4)/100 = 0.279508, r1 = 72.0492 %. Two of four are off by 25 % or less: r2 = 50 %. A fifth
    point was not forecast: r3 = 80 %, and r1 and r2 take no notice.
    """
    actual = np.array([50, 60, 20, 40, 10.0])
    forecast = np.array([80, 20, 20, 65, np.nan])
    found = assess(NEA, quarters("2026-03-05", 5), actual, forecast, 100, zone=SHANGHAI)
    assert [(one.rule.measure, one.span) for one in found] == [
        (measure, span) for measure in ("accuracy", "pass_rate", "reporting_rate") for span in ("2026-03-05", "2026-03")
    ]
    accuracy = of(found, "accuracy", "2026-03")
    assert accuracy.value_percent == pytest.approx(72.0492, abs=1e-4)
    assert (accuracy.holds, accuracy.points, accuracy.exempt) == (False, 4, 0)
    assert of(found, "pass_rate", "2026-03").value_percent == 50
    reporting = of(found, "reporting_rate", "2026-03")
    assert reporting.value_percent == pytest.approx(80)
    assert (reporting.holds, reporting.points) == (False, 5)
    assert of(found, "accuracy", "2026-03-05").holds is None


def test_a_month_is_the_mean_of_its_days_or_runs_over_all_points_as_the_rules_have_it() -> None:
    """One day is off by 10 throughout, the next by 30: the mean of 90 and 70 is 80 %.

    Over all points RMSE = √((100 + 900)/2) = 22.3607, 77.6393 %.
    """
    off = np.repeat([10.0, 30.0], 96)
    arguments = (quarters("2026-03-05", 192), np.full(192, 50.0), 50 + off, 100)
    assert of(assess(NEA, *arguments, zone=SHANGHAI), "accuracy", "2026-03").value_percent == pytest.approx(80)
    assert of(assess(NEA, *arguments, zone=SHANGHAI), "accuracy", "2026-03-06").value_percent == pytest.approx(70)
    by_points = of(assess(WIND, *arguments, zone=SHANGHAI), "accuracy", "2026-03")
    assert by_points.value_percent == pytest.approx(77.6393, abs=1e-4)
    assert by_points.holds is False


def test_days_and_months_are_those_of_the_plant() -> None:
    """Two hours over the end of March in Shanghai, which are one day of March in Greenwich."""
    times = quarters("2026-03-31T23:00", 8)
    found = assess(WIND, times, np.full(8, 50.0), np.full(8, 50.0), 100, zone=SHANGHAI)
    assert [one.span for one in found] == ["2026-03-31", "2026-03", "2026-04-01", "2026-04"]
    assert all(one.value_percent == 100 for one in found)
    greenwich = assess(WIND, times, np.full(8, 50.0), np.full(8, 50.0), 100, zone=ZoneInfo("UTC"))
    assert [one.span for one in greenwich] == ["2026-03-31", "2026-03"]


def test_curtailed_periods_do_not_count_and_little_power_only_where_the_rules_exempt_it() -> None:
    """Off by 60 while curtailed, by 40 at an output of 2 %, by 10 at 3 % and at 50 %: 90 % without the first two."""
    actual, forecast = np.array([20, 2, 3, 50.0]), np.array([80, 42, 13, 60.0])
    arguments = (quarters("2026-03-05", 4), actual, forecast, 100)
    curtailed = np.array([True, False, False, False])
    north = of(assess(NORTH, *arguments, zone=SHANGHAI, curtailed=curtailed), "accuracy", "2026-03")
    assert north.value_percent == pytest.approx(90)
    assert (north.holds, north.points, north.exempt) == (True, 2, 2)
    nea = of(assess(NEA, *arguments, zone=SHANGHAI, curtailed=curtailed), "accuracy", "2026-03")
    assert nea.value_percent == pytest.approx(100 - np.sqrt((1600 + 100 + 100) / 3))
    assert of(assess(NORTH, *arguments, zone=SHANGHAI), "accuracy", "2026-03").points == 3


def test_the_sun_is_judged_by_day_alone() -> None:
    """Off by 10 at noon and by nothing at night: 90 %, not 1 - √(100/4)/100 = 95 %."""
    actual, forecast = np.array([0, 0, 50, 0.0]), np.array([0, 0, 60, 0.0])
    times = quarters("2026-03-05", 4)
    daylight = np.array([False, False, True, False])
    found = of(assess(SOLAR, times, actual, forecast, 100, zone=SHANGHAI, daylight=daylight), "accuracy", "2026-03")
    assert found.value_percent == pytest.approx(90)
    assert (found.points, found.exempt) == (1, 3)
    with pytest.raises(NotEvaluated, match="daylight, by which nbt_32011_2013 counts"):
        assess(SOLAR, times, actual, forecast, 100, zone=SHANGHAI)


def test_mean_absolute_errors_where_the_rules_ask_for_them() -> None:
    """Off by 10 and 30: the mean is 20, where the root mean square is 22.4."""
    rules = rule_set_of("gbt_19964_2012", "day_ahead")
    found = assess(
        rules,
        quarters("2026-03-05", 2),
        np.full(2, 50.0),
        np.array([60, 80.0]),
        100,
        zone=SHANGHAI,
        daylight=np.full(2, fill_value=True),
    )
    assert of(found, "accuracy", "2026-03").value_percent == pytest.approx(80)


def test_the_limit_itself_holds_and_capacity_may_change() -> None:
    """Off by 25 of 100 and by 50 of 200, when more turbines were on: 75 % and a pass for each, exactly what is asked."""
    capacity = np.repeat([100.0, 200.0], 96)
    arguments = (quarters("2026-03-05", 192), np.zeros(192), 0.25 * capacity, capacity)
    found = assess(NEA, *arguments, zone=SHANGHAI)
    for measure, value in (("accuracy", 75), ("pass_rate", 100), ("reporting_rate", 100)):
        one = of(found, measure, "2026-03")
        assert one.value_percent == pytest.approx(value)
        assert one.holds is True


def test_where_nothing_counts_there_is_no_value_and_no_verdict() -> None:
    unknown = np.full(4, np.nan)
    found = assess(NEA, quarters("2026-03-05", 4), unknown, np.full(4, 1.0), 100, zone=SHANGHAI)
    accuracy = of(found, "accuracy", "2026-03")
    assert (accuracy.value_percent, accuracy.holds, accuracy.points) == (None, None, 0)
    assert of(found, "reporting_rate", "2026-03").holds is True
    silent = assess(NEA, quarters("2026-03-05", 4), np.full(4, 1.0), unknown, 100, zone=SHANGHAI)
    assert of(silent, "pass_rate", "2026-03").value_percent is None
    assert of(silent, "reporting_rate", "2026-03").value_percent == 0


def test_a_day_that_is_exempt_as_a_whole_does_not_count_in_the_mean_of_days() -> None:
    actual = np.repeat([50.0, 50.0], 96)
    curtailed = np.repeat([False, True], 96)
    found = assess(NEA, quarters("2026-03-05", 192), actual, actual + 20, 100, zone=SHANGHAI, curtailed=curtailed)
    assert of(found, "accuracy", "2026-03").value_percent == pytest.approx(80)
    assert of(found, "accuracy", "2026-03-06").value_percent is None


def test_columns_that_do_not_fit_are_refused() -> None:
    times, ones = quarters("2026-03-05", 4), np.ones(4)
    with pytest.raises(ValueError, match="as long as"):
        assess(NEA, times, ones, np.ones(3), 100, zone=SHANGHAI)
    with pytest.raises(ValueError, match="ascend"):
        assess(NEA, times[::-1], ones, ones, 100, zone=SHANGHAI)
    for capacity in (0.0, np.array([1, 1, np.nan, 1])):
        with pytest.raises(ValueError, match="not positive"):
            assess(NEA, times, ones, ones, capacity, zone=SHANGHAI)


def test_every_shipped_rule_set_names_its_source_and_says_that_nobody_has_compared_it() -> None:
    sets = read_rule_sets()
    assert {one.plant for one in sets} == {"wind", "solar"}
    for one in sets:
        assert one.source
        assert one.clause
        assert not one.verified
        assert one.daylight_only == (one.plant == "solar")


def test_the_limits_of_the_reference_stand_in_the_table() -> None:
    """Reference W.2: NEA 75, 80, 100 %; North China 85 % and at four hours 90 %; NB/T 31046 RMSE of 20 % and 15 %."""

    def limits(name: str, horizon: str) -> list[float]:
        return [rule.at_least_percent for rule in rule_set_of(name, horizon).rules]

    assert limits("nea_2011", "day_ahead") == [75, 80, 100]
    assert (limits("north_china_2019", "day_ahead")[0], limits("north_china_2019", "ultra_short")[0]) == (85, 90)
    assert (limits("nbt_31046_2013", "day_ahead"), limits("nbt_31046_2013", "ultra_short")) == ([80], [85])


def test_a_wrong_name_lists_those_of_the_horizon() -> None:
    with pytest.raises(ConfigError, match=r"'nea_2011' is no rule set for ultra_short .* known: north_china_2019"):
        rule_set_of("nea_2011", "ultra_short")


ROW = """
[[rule_sets]]
id = "x"
horizon = "day_ahead"
zh = "规则"
en = "Rules"
region = "r"
year = 2026
plant = "wind"
month_of = "days"
exempts_curtailed = true
source = "s"
clause = "c"
verified = false
rules = [RULE]
"""
ACCURACY = '{ measure = "accuracy", formula = "root_mean_square", at_least_percent = 85 }'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROW.replace("RULE", ACCURACY.replace("85", "850")), r"rules.toml:15: rule_sets\[1\].rules\[1\].at_least_percent: .*850"),
        (
            ROW.replace("RULE", ACCURACY.replace("root_mean_square", "share_within")),
            r"rules.toml:15: rule_sets\[1\].rules\[1\]: accuracy goes by root_mean_square or mean_absolute, not by share_within",
        ),
        (
            ROW.replace("RULE", '{ measure = "pass_rate", formula = "share_within", at_least_percent = 80 }'),
            r"rule_sets\[1\].rules\[1\]: within_percent belongs to share_within",
        ),
        (ROW.replace("RULE", ""), r"rule_sets\[1\].rules: needs at least 1"),
        (ROW.replace("RULE", ACCURACY).replace("month_of", "month"), r"rules.toml:10: rule_sets\[1\].month: is not a known key"),
        (ROW.replace("RULE", ACCURACY).replace('"day_ahead"', '"week"'), r"rules.toml:4: rule_sets\[1\].horizon: .*week"),
        (2 * ROW.replace("RULE", ACCURACY), "x day_ahead: more than one row"),
    ],
)
def test_mistakes_in_the_table_are_told_by_file_rule_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_rule_sets(path)


def test_a_year_is_judged_by_month() -> None:
    rng = np.random.default_rng(1)
    actual = rng.uniform(5, 100, 365 * 96)
    found = assess(NORTH, quarters("2026-01-01", 365 * 96), actual, actual + 10, 100, zone=SHANGHAI)
    months = [one for one in found if one.rule.measure == "accuracy" and len(one.span) == 7]
    assert [one.span for one in months] == [f"2026-{month:02d}" for month in range(1, 13)]
    assert [one.value_percent for one in months] == pytest.approx([90.0] * 12)
    assert [one.points for one in months][:3] == [31 * 96, 28 * 96, 31 * 96]
