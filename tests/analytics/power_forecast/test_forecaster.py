"""Forecasts of plants whose truth is known: they beat the floor, know no future, and survive what is missing."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.power_forecast import forecaster, intervals, regressors, scores
from analytics.power_forecast.features import known_until
from analytics.power_forecast.forecaster import LEAST_DAYS
from analytics.power_forecast.frame import STEPS_A_DAY, Frame, Indices
from analytics.result import NotEvaluated, Why

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEST = np.arange(42 * STEPS_A_DAY, 50 * STEPS_A_DAY)
"""Days that no model here has seen."""


def ahead(model: dict[str, Any], frame: Frame, rows: Indices = TEST) -> forecaster.Forecast:
    known = known_until(frame, SHANGHAI, issue_hour=model["issue_hour"])[rows]
    return forecaster.predict(model, frame, rows, known, zone=SHANGHAI)


@pytest.fixture
def no_boosting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)


def test_a_forecast_is_within_the_plant_and_its_quantiles_ascend(wind: Frame, day_ahead: dict[str, Any]) -> None:
    found = ahead(day_ahead, wind)
    np.testing.assert_array_equal(found.times_us, wind.times_us[TEST])
    assert found.quantiles_kw.shape == (len(intervals.LEVELS), len(TEST))
    assert (np.diff(found.quantiles_kw, axis=0) >= 0).all()
    for power in (found.mean_kw, found.floor_kw, found.quantiles_kw):
        assert power.min() >= 0
        assert power.max() <= wind.capacity_kw


def test_an_hour_and_four_ahead_beat_persistence_and_the_floor(wind: Frame, ultra_short: dict[str, Any]) -> None:
    for lead in (4, 16):
        found = forecaster.predict(ultra_short, wind, TEST, TEST - lead + 1, zone=SHANGHAI)
        actual = wind.power_kw[TEST]
        assert scores.skill(actual, found.mean_kw, wind.power_kw[TEST - lead]) > 0.1
        assert scores.skill(actual, found.mean_kw, found.floor_kw) > 0.1


def test_intervals_of_an_hour_are_narrower_than_those_of_four(wind: Frame, ultra_short: dict[str, Any]) -> None:
    widths = []
    for lead in (1, 4, 16):
        found = forecaster.predict(ultra_short, wind, TEST, TEST - lead + 1, zone=SHANGHAI)
        widths.append(scores.mean_width(found.quantiles_kw[0], found.quantiles_kw[-1], wind.capacity_kw))
    assert widths == sorted(widths)


def test_power_after_the_issue_changes_no_forecast(wind: Frame, day_ahead: dict[str, Any], ultra_short: dict[str, Any]) -> None:
    issue = 45 * STEPS_A_DAY + 36
    late = np.arange(len(wind)) >= issue
    changed = replace(wind, power_kw=np.where(late, 0.0, wind.power_kw), measured=np.where(late, np.nan, wind.measured))
    tomorrow = np.arange(46 * STEPS_A_DAY, 47 * STEPS_A_DAY)
    for one, other in zip(ahead(day_ahead, wind, tomorrow), ahead(day_ahead, changed, tomorrow), strict=True):
        np.testing.assert_array_equal(one, other)
    soon, known = np.arange(issue, issue + 16), np.full(16, issue)
    first, second = (forecaster.predict(ultra_short, one, soon, known, zone=SHANGHAI) for one in (wind, changed))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_survives_json(wind: Frame, day_ahead: dict[str, Any]) -> None:
    again = json.loads(json.dumps(day_ahead, allow_nan=False))
    for one, other in zip(ahead(day_ahead, wind), ahead(again, wind), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_twice_gives_the_same_model(wind: Frame, day_ahead: dict[str, Any]) -> None:
    assert forecaster.train(wind.until(40 * STEPS_A_DAY), horizon="day_ahead", zone=SHANGHAI) == day_ahead


def test_where_weather_is_missing_there_is_no_forecast_and_the_rest_is_forecast(wind: Frame, day_ahead: dict[str, Any]) -> None:
    gap = TEST[96:192]
    weather = dict(wind.weather) | {"wind_speed": wind.weather["wind_speed"].copy()}
    weather["wind_speed"][gap] = np.nan
    found = ahead(day_ahead, replace(wind, weather=weather))
    missing = np.isin(TEST, gap)
    assert np.isnan(found.mean_kw[missing]).all()
    assert np.isnan(found.quantiles_kw[:, missing]).all()
    assert not np.isnan(found.mean_kw[~missing]).any()
    assert not np.isnan(found.quantiles_kw[:, ~missing]).any()


def test_without_any_power_of_late_the_weather_still_forecasts(
    wind: Frame, day_ahead: dict[str, Any], ultra_short: dict[str, Any]
) -> None:
    """Within 15 % of the capacity of the floor at the root mean square: nothing tells that the weather model is off."""
    dark = np.arange(len(wind)) >= 30 * STEPS_A_DAY
    blind = replace(wind, power_kw=np.where(dark, np.nan, wind.power_kw), measured=np.where(dark, np.nan, wind.measured))
    for found in (ahead(day_ahead, blind), forecaster.predict(ultra_short, blind, TEST, TEST - 3, zone=SHANGHAI)):
        assert not np.isnan(found.mean_kw).any()
        assert scores.normalised_rmse(found.floor_kw, found.mean_kw, wind.capacity_kw) < 0.15


def test_gaps_in_the_past_are_left_out_of_it(wind: Frame, no_boosting: None) -> None:
    rng = np.random.default_rng(5)
    rows = 40 * STEPS_A_DAY
    power = np.where(rng.random(len(wind)) < 0.1, np.nan, wind.power_kw)
    weather = {name: np.where(rng.random(len(wind)) < 0.05, np.nan, column) for name, column in wind.weather.items()}
    frame = replace(wind, power_kw=power, weather=weather)
    model = forecaster.train(frame.until(rows), horizon="day_ahead", zone=SHANGHAI)
    assert np.isfinite(model["learner"]["weights"]).all()
    np.testing.assert_array_equal(np.isnan(ahead(model, frame).mean_kw), np.isnan(weather["wind_speed"][TEST]))


def test_it_declines_below_thirty_days_and_names_them(wind: Frame) -> None:
    for horizon in ("day_ahead", "ultra_short"):
        with pytest.raises(NotEvaluated, match="30 d are needed") as caught:
            forecaster.train(wind.until((LEAST_DAYS - 1) * STEPS_A_DAY), horizon=horizon, zone=SHANGHAI)
        assert caught.value.why is Why.MISSING_INPUT
    unknown = replace(wind, weather={"wind_speed": np.full(len(wind), np.nan)})
    with pytest.raises(NotEvaluated, match="0 d"):
        forecaster.train(unknown, horizon="day_ahead", zone=SHANGHAI)


def test_without_lightgbm_ridge_regression_learns_and_beats_persistence(wind: Frame, no_boosting: None) -> None:
    model = forecaster.train(wind.until(40 * STEPS_A_DAY), horizon="ultra_short", zone=SHANGHAI)
    assert model["learner"]["form"] == "ridge"
    model = json.loads(json.dumps(model, allow_nan=False))
    found = forecaster.predict(model, wind, TEST, TEST - 15, zone=SHANGHAI)
    assert scores.skill(wind.power_kw[TEST], found.mean_kw, wind.power_kw[TEST - 16]) > 0.1


def test_a_boosted_model_says_what_to_install_where_lightgbm_is_absent(
    wind: Frame, day_ahead: dict[str, Any], no_boosting: None
) -> None:
    with pytest.raises(NotEvaluated, match=r"pip install 'shangyun\[forecast\]'") as caught:
        ahead(day_ahead, wind)
    assert caught.value.why is Why.NO_LIBRARY


def test_ridge_finds_a_line_and_takes_no_notice_of_a_column_that_never_changed(no_boosting: None) -> None:
    """y = 3 x1 - 2 x2 + 5; the third column is 1000 throughout and 1001 afterwards, the fourth was never known."""
    rng = np.random.default_rng(7)
    features = np.column_stack([rng.standard_normal((20_000, 2)), np.full(20_000, 1000.0), np.full(20_000, np.nan)])
    model = regressors.fit(features, 3 * features[:, 0] - 2 * features[:, 1] + 5)
    found = regressors.predict(model, np.array([[1, 1, 1001.0, 8.0], [0, 0, 1000.0, np.nan], [np.nan, 0, 1000.0, 1.0]]))
    np.testing.assert_allclose(found, [6, 5, 5], atol=0.1)


def test_the_sun_is_forecast_from_irradiance_and_gives_nothing_at_night(sun: Frame) -> None:
    """A year of clear sky: 300 days to learn, and two weeks of the rest within 3 % of the capacity of what came."""
    split = 300 * STEPS_A_DAY
    model = forecaster.train(sun.until(split), horizon="day_ahead", zone=SHANGHAI)
    rows = np.arange(split, split + 14 * STEPS_A_DAY)
    found = ahead(model, sun, rows)
    night = sun.weather["irradiance"][rows] == 0
    assert 0.4 < night.mean() < 0.7
    assert scores.normalised_rmse(sun.power_kw[rows], found.mean_kw, sun.capacity_kw) < 0.03
    assert found.mean_kw[night].max() < 0.01 * sun.capacity_kw
    assert found.quantiles_kw[-1, night].max() < 0.03 * sun.capacity_kw
    assert np.abs(intervals.coverage_error(sun.power_kw[rows], found.quantiles_kw)).max() < 0.1


def test_the_same_site_elsewhere_has_the_days_of_its_own_zone(wind_of: Callable[..., Frame], no_boosting: None) -> None:
    frame = wind_of(4, days=34)
    models = [forecaster.train(frame, horizon="day_ahead", zone=ZoneInfo(name)) for name in ("Asia/Shanghai", "America/Denver")]
    assert models[0]["learner"] != models[1]["learner"]
