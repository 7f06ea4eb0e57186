"""New leaks are told from busier days, and nothing is said of days that are like none before."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from analytics.air_compressor import leakage
from analytics.air_compressor.leakage import LeakageParameters
from analytics.result import NotEvaluated
from analytics.window import FloatArray
from tests.analytics.air_compressor.conftest import CAPACITY, Make, shifts

DAY = leakage.SPEC.window / timedelta(days=1)
Demand = Callable[[FloatArray], FloatArray]


def with_sunday(hours: FloatArray) -> FloatArray:
    """Add a day of rest, at 2 m³/min, to the shifts."""
    return np.where(np.floor(hours / 24) % 7 == 6, 2.0, shifts(hours))


def more(demand: Demand, leak: float, scale: float = 1.0) -> Demand:
    return lambda hours: leak + scale * demand(hours)


@pytest.fixture(scope="module")
def learned(make: Make) -> Mapping[str, Any]:
    return leakage.train(make(7, demand=with_sunday, step_seconds=60), LeakageParameters())


def _figures(make: Make, learned: Mapping[str, Any], demand: Demand, start_days: float, **parameters: Any) -> Any:
    window = make(DAY, demand=demand, step_seconds=60, start_days=start_days, seed=3)
    return leakage.evaluate(window, LeakageParameters(**parameters), learned)


@pytest.mark.parametrize("start_days", [8, 9.3, 12, 13])
@pytest.mark.parametrize("leak", [2.5, 4.0])
def test_a_leak_is_found_on_a_working_day_and_on_a_day_of_rest(
    leak: float, start_days: float, make: Make, learned: Mapping[str, Any]
) -> None:
    result = _figures(make, learned, more(with_sunday, leak), start_days)
    assert [found.code for found in result.findings] == ["network_leak"]
    added = next(figure.value for figure in result.figures if figure.name == "added_flow")
    assert added == pytest.approx(leak, abs=0.6)


@pytest.mark.parametrize("start_days", [8, 10.6, 12.5, 13])
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.1])
def test_a_busier_or_calmer_day_is_no_leak(scale: float, start_days: float, make: Make, learned: Mapping[str, Any]) -> None:
    assert not _figures(make, learned, more(with_sunday, 0.0, scale), start_days).findings


def test_a_day_like_none_before_is_not_judged(make: Make, learned: Mapping[str, Any]) -> None:
    with pytest.raises(NotEvaluated, match="no healthy day"):
        _figures(make, learned, lambda hours: np.where(hours % 6 < 3, 16.0, 1.0), 8)


def test_the_cost_of_a_leak_follows_from_the_specific_power(make: Make, learned: Mapping[str, Any]) -> None:
    (found,) = _figures(make, learned, more(with_sunday, 3.0), 8).findings
    energy, unit = found.effect["energy"]
    assert unit == "kWh"
    # About 8 kW/(m³/min) with idling: 3 · 8 · 8760
    assert energy == pytest.approx(3 * 8 * 8760, rel=0.25)
    assert found.effect["money"][0] == pytest.approx(0.7 * energy)


def test_the_test_of_the_idle_plant_counts_loaded_time_alone(make: Make, learned: Mapping[str, Any]) -> None:
    # On the day of rest 2 of 20 m³/min: a tenth of the time loaded
    result = _figures(make, learned, with_sunday, 13, idle_from_hour=10, idle_to_hour=16, utc_offset_hours=8)
    by_name = {figure.name: figure.value for figure in result.figures}
    assert by_name["leak_share"] == pytest.approx(100 * 2 / CAPACITY, abs=0.5)
    assert by_name["leak_flow"] == pytest.approx(2, abs=0.1)


def test_without_hours_of_the_idle_plant_only_the_upper_bound_is_told(make: Make, learned: Mapping[str, Any]) -> None:
    result = _figures(make, learned, with_sunday, 8)
    by_name = {figure.name: figure for figure in result.figures}
    assert by_name["leak_share"].value is None
    assert "not set" in by_name["leak_share"].reason
    assert by_name["least_hourly_flow"].value == pytest.approx(5, abs=0.6)


def test_too_little_history_and_gaps_are_said(make: Make, learned: Mapping[str, Any]) -> None:
    with pytest.raises(NotEvaluated, match="not_trained"):
        leakage.train(make(2, step_seconds=60), LeakageParameters())

    def gap(values: dict[str, FloatArray]) -> None:
        for name in ("free_air_delivery", "free_air_total"):
            values[name] = np.where(np.arange(len(values[name])) < 600, np.nan, values[name])

    with pytest.raises(NotEvaluated, match="full hours"):
        leakage.evaluate(make(DAY, step_seconds=60, change=gap), LeakageParameters(), learned)
