"""A farm's order, its ramps and what it leaves in the wind."""

import json
from pathlib import Path

import numpy as np
import pytest

from analytics.result import Figure, NotEvaluated, Result
from analytics.wind_turbine import dispatch
from analytics.wind_turbine.farm_dispatch import (
    left_in_the_wind_kw,
    ramp_limits_kw,
    read_ramp_limits,
    rises_kw,
    shared_order_kw,
)
from analytics.window import FloatArray, Window
from telemetry.errors import ConfigError
from tests.analytics.wind_turbine.turbine import RATED_KW, START_US, Values, turbine_window


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def test_an_order_is_shared_in_proportion() -> None:
    assert shared_order_kw(3000, available_kw=[4000, 2000]) == pytest.approx([2000, 1000])
    assert shared_order_kw(9000, available_kw=[4000, 2000]) == pytest.approx([4000, 2000])
    assert shared_order_kw(0, available_kw=[4000, 2000]) == pytest.approx([0, 0])


def test_minima_are_kept_and_the_weakest_stop_first() -> None:
    assert shared_order_kw(1500, available_kw=[4000, 1000], minimum_kw=500) == pytest.approx([1000, 500])
    # 800 kW are less than two minima of 500 kW: the weaker one stops.
    assert shared_order_kw(800, available_kw=[4000, 1000], minimum_kw=500) == pytest.approx([800, 0])
    # What has less than its minimum runs with all it has.
    assert shared_order_kw(3000, available_kw=[4000, 300], minimum_kw=500) == pytest.approx([2700, 300])


def test_shares_add_up_and_keep_their_bounds_whatever_is_ordered() -> None:
    """Σ p = min(order, Σ available) to 1e-6 kW, 0 ≤ p ≤ available, over 500 random farms."""
    dice = np.random.default_rng(1)
    for _ in range(500):
        available = dice.uniform(0, 5000, dice.integers(1, 40)) * (dice.random() < 0.9)
        minimum = dice.uniform(0, 800)
        order = dice.uniform(0, 1.2) * available.sum()
        present = np.minimum(available, dice.uniform(0, 5000, len(available)))
        for band in (0.0, 100.0):
            shared = shared_order_kw(order, available_kw=available, minimum_kw=minimum, present_kw=present, dead_band_kw=band)
            assert shared.sum() == pytest.approx(min(order, available.sum()), abs=1e-6)
            assert (shared >= 0).all()
            assert (shared <= available + 1e-9).all()


def test_within_the_dead_band_a_set_point_stays() -> None:
    """Proportional would be 1000, 1000, 2000; the first lies 20 kW off and stays, the others make up for it 1 : 2."""
    shared = shared_order_kw(4000, available_kw=[2000, 2000, 4000], present_kw=[1020, 1500, 1500], dead_band_kw=50)
    assert shared == pytest.approx([1020, 2980 / 3, 2 * 2980 / 3])


@pytest.mark.parametrize(("order", "available"), [(-1.0, [1.0]), (float("nan"), [1.0]), (1.0, [-1.0]), (1.0, [float("nan")])])
def test_an_order_that_cannot_be_is_refused(order: float, available: list[float]) -> None:
    with pytest.raises(ValueError, match="not negative"):
        shared_order_kw(order, available_kw=available)


@pytest.mark.parametrize(
    ("capacity_mw", "one_mw", "ten_mw"), [(20, 3, 10), (49.5, 4.95, 16.5), (149, 14.9, 149 / 3), (300, 15, 50)]
)
def test_ramp_limits_by_capacity(capacity_mw: float, one_mw: float, ten_mw: float) -> None:
    """GB/T 19963 as the reference tells it: 3 and 10 MW, a tenth and a third, 15 and 50 MW."""
    one, ten = ramp_limits_kw(1000 * capacity_mw)
    assert (one, ten) == pytest.approx((1000 * one_mw, 1000 * ten_mw), rel=1e-5)
    assert not any(row.verified for row in read_ramp_limits())


def test_a_ramp_limit_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    twice = "one_minute_mw = 3\none_minute_share = 0.1\nten_minutes_mw = 1\n"
    file.write_text(f'[[limits]]\n{twice}source = "s"\nclause = "c"\nverified = false\n')
    with pytest.raises(ConfigError, match="one of them"):
        read_ramp_limits(file)
    with pytest.raises(ValueError, match="a farm of"):
        ramp_limits_kw(0)


def test_rises_look_back_over_their_span() -> None:
    power = np.array([0.0, 0, 0, 600, 600, 0, 300, np.nan, 300])
    rises = rises_kw(power, span_seconds=120, step_seconds=60)
    assert np.isnan(rises[[0, 1, 7, 8]]).all()
    assert rises[2:7].tolist() == [0, 600, 600, 0, 300]
    with pytest.raises(ValueError, match="no change"):
        rises_kw(power, span_seconds=60, step_seconds=600)


def test_only_an_order_below_the_wind_leaves_something() -> None:
    left = left_in_the_wind_kw(
        available_kw=[2000, 2000, 2000, np.nan], power_kw=[500, 1900, -10, 0], set_point_kw=[500, 5000, 0, 500]
    )
    assert left[:3].tolist() == [1500, 0, 2000]
    assert np.isnan(left[3])


def farm(*, step_seconds: float = 60.0, limit_kw: float = 1000.0) -> dict[str, Window]:
    """Three turbines in one wind of 8 m/s and more; from noon on all may give ``limit_kw``."""

    def follow(values: Values, hours: FloatArray) -> None:
        values["state"] = np.full(len(hours), 2.0)
        values["available_power"] = np.full(len(hours), 2000.0)
        values["power_setpoint"] = np.where(hours < 12, RATED_KW, limit_kw)
        values["active_power"] = np.minimum(values["available_power"], values["power_setpoint"])

    return {name: turbine_window(1, step_seconds=step_seconds, change=follow) for name in ("A1", "A2", "A3")}


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_the_farm_knows_what_its_order_costs(step_seconds: float) -> None:
    """Three turbines with 2000 kW in the wind give 1000 for twelve hours: 12 MWh each."""
    results = dispatch.evaluate(farm(step_seconds=step_seconds), dispatch.Parameters())
    assert set(results) == {"A1", "A2", "A3"}
    figures = by_name(results["A2"])
    assert set(figures) == {output.name for output in dispatch.SPEC.outputs}
    assert figures["curtailed_energy"].value == pytest.approx(12_000, rel=0.01)
    assert figures["farm_curtailed_energy"].value == pytest.approx(36_000, rel=0.01)
    assert figures["farm_available_power"].value == pytest.approx(6000)
    assert figures["farm_power"].value == pytest.approx(3000)
    assert figures["farm_tracking_error"].value == pytest.approx(0, abs=1e-9)
    assert figures["farm_rise_ten_minutes"].value == 0
    assert figures["advised_set_point"].value == pytest.approx(1000)
    json.dumps(list(results["A1"].pictures), allow_nan=False)


def test_a_rise_beyond_the_limit_shows() -> None:
    """15 MW may rise by 3 MW in a minute; all three start at once with 6 MW."""
    windows = farm()
    for window in windows.values():
        window.values["active_power"][:600] = 0.0
    figures = by_name(dispatch.evaluate(windows, dispatch.Parameters())["A1"])
    assert figures["farm_rise_one_minute"].value == pytest.approx(6000)
    # One sample of those that look back over a minute.
    assert figures["farm_rises_one_minute_over"].value == pytest.approx(100 / 1439, rel=1e-3)
    assert figures["farm_rises_ten_minutes_over"].value == 0
    loose = by_name(dispatch.evaluate(windows, dispatch.Parameters(one_minute_limit_kw=7000))["A1"])
    assert loose["farm_rises_one_minute_over"].value == 0


def test_the_stronger_turbine_should_give_more() -> None:
    windows = farm()
    windows["A1"].values["available_power"][:] = 4000.0
    results = dispatch.evaluate(windows, dispatch.Parameters())
    advised = [by_name(results[name])["advised_set_point"].value for name in windows]
    assert advised == pytest.approx([1500, 750, 750])


def test_nobody_is_moved_while_nobody_is_held_back() -> None:
    results = dispatch.evaluate(farm(limit_kw=RATED_KW), dispatch.Parameters())
    figures = by_name(results["A1"])
    assert figures["advised_set_point"].value == figures["present_set_point"].value == RATED_KW
    assert "not_running" in figures["farm_tracking_error"].reason


def test_a_silent_turbine_is_left_out_and_the_farm_is_doubtful() -> None:
    windows = farm()
    windows["A3"].values["state"][:] = np.nan
    results = dispatch.evaluate(windows, dispatch.Parameters())
    assert all(figure.value is None for figure in results["A3"].figures)
    assert by_name(results["A1"])["farm_power"].validity == "doubtful"
    del windows["A1"]
    with pytest.raises(NotEvaluated, match="two are needed"):
        dispatch.evaluate(windows, dispatch.Parameters())


def test_a_farm_without_nameplates_is_not_evaluated() -> None:
    windows = {
        name: Window(kind="wind_turbine", start_us=START_US, step_seconds=60, values=window.values)
        for name, window in farm().items()
    }
    with pytest.raises(NotEvaluated, match="no_nameplate"):
        dispatch.evaluate(windows, dispatch.Parameters())
