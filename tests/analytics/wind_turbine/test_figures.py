"""Power curve, losses, yaw and fatigue of a plain turbine whose truth is known."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from analytics.result import Figure, NotEvaluated, Result
from analytics.wind_turbine import alignment, energy_losses, loads, performance
from analytics.wind_turbine.availability import read_categories
from analytics.wind_turbine.losses import lost_energy
from analytics.wind_turbine.yaw import offset_loss_percent
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from tests.analytics.wind_turbine.turbine import (
    FAULT,
    ICED,
    MAINTENANCE,
    NAMEPLATE,
    RATED_KW,
    START_US,
    STORM,
    Values,
    curve_kw,
    turbine_window,
)


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def value(result: Result, name: str) -> float:
    figure = by_name(result)[name]
    assert figure.value is not None, figure.reason
    return figure.value


@cache
def model() -> dict[str, Any]:
    learned = performance.train(turbine_window(30, seed=7), performance.Parameters())
    return dict(json.loads(json.dumps(learned, allow_nan=False)))


def losses(window: Window) -> Result:
    return energy_losses.evaluate(window, energy_losses.Parameters(), model())


def curve(window: Window) -> Result:
    return performance.evaluate(window, performance.Parameters(), model())


def test_figures_are_those_of_the_specs() -> None:
    day, month = turbine_window(1, step_seconds=60), turbine_window(30)
    for module, result in (
        (performance, curve(month)),
        (energy_losses, losses(day)),
        (loads, loads.evaluate(day, loads.Parameters())),
        (alignment, alignment.evaluate(turbine_window(60), alignment.Parameters())),
    ):
        assert [figure.name for figure in result.figures] == [output.name for output in module.SPEC.outputs]
        assert all(figure.value is not None for figure in result.figures)
        assert result.pictures
        json.dumps(list(result.pictures), allow_nan=False)
        assert not result.findings


def test_the_learned_curve_is_the_turbines() -> None:
    """Within 3 % of rated power from 4 to 14 m/s: half a bin's bend and a mean of cos³ at 4° (0.7 %) are in it."""
    learned = np.interp(np.arange(4.0, 14.5, 0.5), model()["speed_mps"], model()["power_kw"])
    assert np.abs(learned - curve_kw(np.arange(4.0, 14.5, 0.5))).max() < 0.03 * RATED_KW


@pytest.mark.parametrize("health", [1.0, 0.94])
@pytest.mark.parametrize("step_seconds", [600.0, 60.0])
def test_the_energy_ratio_is_what_is_left_of_the_power(health: float, step_seconds: float) -> None:
    """Within 1 %; near rated power less is lost, so that the ratio lies between health and 1."""
    window = turbine_window(30, seed=3, health=health, step_seconds=step_seconds, mean_mps=6.0)
    found = by_name(curve(window))["curve_energy_ratio"]
    assert found.value == pytest.approx(100 * health, abs=1.2)
    assert found.uncertainty is not None
    assert found.uncertainty < 1.5


def test_the_chart_leaves_its_band_with_a_worn_blade_alone() -> None:
    assert abs(value(curve(turbine_window(30, seed=4)), "curve_chart")) < 3
    assert value(curve(turbine_window(30, seed=4, health=0.94)), "curve_chart") < -3


@pytest.mark.parametrize("wrong", [1.0, 1.1])
def test_a_wrong_anemometer_shifts_the_curve(wrong: float) -> None:
    """10 % too much at some 8.5 m/s is 0.85 m/s; within 0.25."""

    def read_more(values: Values, _hours: FloatArray) -> None:
        values["wind_speed"] = values["wind_speed"] * wrong

    found = by_name(curve(turbine_window(30, seed=5, change=read_more)))["curve_speed_shift"]
    assert found.value == pytest.approx(8.5 * (wrong - 1), abs=0.25)


def test_the_annual_energy_is_that_of_the_curve() -> None:
    """The formula's own curve in a Rayleigh wind of 7 m/s, integrated finely; within 2 %."""
    speed = np.arange(0.0, 25.0, 0.01)
    density = np.pi * speed / (2 * 49) * np.exp(-np.pi / 4 * (speed / 7) ** 2)
    truth = float((curve_kw(speed) * density).sum() * 0.01 * 8.760)
    result = curve(turbine_window(30, seed=6))
    assert value(result, "annual_energy") == pytest.approx(truth, rel=0.02)
    assert abs(value(result, "annual_energy_change")) < 1.5


def test_a_curve_without_wind_or_nameplate_is_not_evaluated() -> None:
    def calm(values: Values, hours: FloatArray) -> None:
        values["state"] = np.zeros(len(hours))

    with pytest.raises(NotEvaluated, match="not_running"):
        curve(turbine_window(10, change=calm))
    bare = turbine_window(10)
    for module in (performance, energy_losses):
        with pytest.raises(NotEvaluated, match="no_nameplate"):
            module.evaluate(
                Window(kind=bare.kind, start_us=START_US, step_seconds=600, values=bare.values), module.Parameters(), model()
            )
    with pytest.raises(NotEvaluated, match="not_trained"):
        performance.train(turbine_window(2), performance.Parameters())


def test_records_in_which_a_limit_came_or_went_do_not_count() -> None:
    """A flag that changed within ten minutes is told as NaN; the power of those records is not the wind's."""

    def limit(values: Values, hours: FloatArray) -> None:
        changes = np.arange(len(hours)) % 3 == 0
        values["curtailment_active"] = np.where(changes, np.nan, values["curtailment_active"])
        values["availability_category"] = np.where(changes, np.nan, values["availability_category"])
        values["active_power"] = np.where(changes, 0.5 * values["active_power"], values["active_power"])

    assert value(curve(turbine_window(30, seed=3, change=limit)), "curve_energy_ratio") == pytest.approx(100, abs=1.2)


def test_without_a_hygrometer_the_humidity_must_be_chosen() -> None:
    def dry(values: Values, hours: FloatArray) -> None:
        values["ambient_humidity"] = np.full(len(hours), np.nan)

    window = turbine_window(20, change=dry)
    with pytest.raises(NotEvaluated, match="ambient_humidity"):
        curve(window)
    result = performance.evaluate(window, performance.Parameters(humidity_percent=50), model())
    assert value(result, "curve_energy_ratio") == pytest.approx(100, abs=1.5)


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_possible_less_lost_is_delivered(step_seconds: float) -> None:
    def trouble(values: Values, hours: FloatArray) -> None:
        _stop(values, (hours >= 3) & (hours < 5), FAULT, 11)
        _limit(values, (hours >= 8) & (hours < 12), 1500.0)

    window = turbine_window(1, seed=9, step_seconds=step_seconds, mean_mps=9, change=trouble)
    result = losses(window)
    lost = sum(value(result, f"lost_by_{cause}") for cause in energy_losses.LABELS)
    assert value(result, "possible_energy") - lost == pytest.approx(value(result, "delivered_energy"), rel=1e-9)
    delivered = float(window["active_power"].mean() * 24)
    assert value(result, "delivered_energy") == pytest.approx(delivered, rel=0.01)
    assert value(result, "capacity_factor") == pytest.approx(delivered / RATED_KW / 24 * 100, rel=0.01)
    waterfall = result.pictures[0]
    assert waterfall["total"][1] + sum(step for _, step in waterfall["steps"]) == pytest.approx(delivered, rel=0.01)


def _stop(values: Values, when: Any, state: float, category: float) -> None:
    values["state"] = np.where(when, state, values["state"])
    values["availability_category"] = np.where(when, category, values["availability_category"])
    values["active_power"] = np.where(when, -10.0, values["active_power"])
    values["available_power"] = np.where(when, 0.0, values["available_power"])


def _limit(values: Values, when: Any, limit_kw: float) -> None:
    values["power_setpoint"] = np.where(when, limit_kw, values["power_setpoint"])
    values["curtailment_active"] = np.where(when, 1.0, values["curtailment_active"])
    values["availability_category"] = np.where(when & (values["state"] == 2), 4.0, values["availability_category"])
    values["active_power"] = np.where(when, np.minimum(values["active_power"], limit_kw), values["active_power"])


@pytest.mark.parametrize(
    ("cause", "state", "category"),
    [("downtime", FAULT, 11.0), ("maintenance", MAINTENANCE, 9.0), ("environment", STORM, 6.0), ("icing", ICED, 6.0)],
)
@pytest.mark.parametrize("reports", [True, False])
def test_a_stop_is_lost_to_its_own_cause(cause: str, state: float, category: float, *, reports: bool) -> None:
    """All that the wind would have given in six hours, within 5 %; whether the category is sent or follows from the state."""

    def stop(values: Values, hours: FloatArray) -> None:
        when = (hours >= 6) & (hours < 12)
        _stop(values, when, state, category)
        if not reports:
            values["availability_category"] = np.full(len(hours), np.nan)

    window = turbine_window(1, seed=11, step_seconds=60, mean_mps=9, change=stop)
    hours = np.arange(1440) / 60
    stopped = (hours >= 6) & (hours < 12)
    plain = turbine_window(1, seed=11, step_seconds=60, mean_mps=9)
    truth = float(plain["available_power"][stopped].sum() / 60)
    result, without = losses(window), losses(plain)
    for name in energy_losses.LABELS:
        more = value(result, f"lost_by_{name}") - value(without, f"lost_by_{name}")
        expected = truth if name == cause else 0.0
        assert more == pytest.approx(expected, abs=0.05 * truth)


def test_what_lies_above_the_set_point_is_curtailed() -> None:
    """Σ max(possible - set-point, 0) over the limited hours, within 2 % of what was possible."""

    def limit(values: Values, hours: FloatArray) -> None:
        _limit(values, hours >= 12, 1000.0)

    window = turbine_window(1, seed=12, step_seconds=60, mean_mps=10, change=limit)
    over = np.maximum(window["available_power"] - 1000, 0)[720:].sum() / 60
    result = losses(window)
    assert value(result, "lost_by_curtailment") == pytest.approx(over, abs=0.02 * value(result, "possible_energy"))


def test_a_step_is_split_among_its_causes() -> None:
    """One hour each, 1000 kW expected, by hand: a trip, a limit of 600 kW of which 550 came, ice, 4 % by yaw, no category."""
    split = lost_energy(
        expected_kw=[1000, 1000, 1000, 1000, 1000, np.nan],
        power_kw=[-10, 550, 700, 900, 0, 500],
        codes=[11, 4, 3, 2, np.nan, 2],
        set_point_kw=[5000, 600, 5000, 5000, 5000, 5000],
        is_iced=np.array([False, False, True, False, False, False]),
        alignment_share=[np.nan, np.nan, np.nan, 0.04, 0.5, 0.5],
        step_seconds=3600,
    )
    lost = {cause: kwh for cause, kwh in split.lost_kwh.items() if kwh}
    assert lost == pytest.approx(
        {"downtime": 1010, "curtailment": 400, "icing": 300, "yaw": 40, "performance": 50 + 60, "other": 1000}
    )
    assert split.possible_kwh - sum(lost.values()) == pytest.approx(split.delivered_kwh)
    assert split.known_share == pytest.approx(5 / 6)


def test_every_category_of_the_kind_counts_for_something() -> None:
    states = load_kind("wind_turbine").signals["availability_category"].states
    assert {(one.code, one.name) for one in read_categories()} == {(one.code, one.name) for one in states}
    assert not any(one.verified for one in read_categories())


def test_availability_by_time_and_by_energy() -> None:
    """Six hours of outage and six of service in a windy day: 12/24 of operation, 12/18 by the maker's view."""

    def stop(values: Values, hours: FloatArray) -> None:
        values["state"], values["availability_category"] = np.full(len(hours), 2.0), np.full(len(hours), 2.0)
        _stop(values, hours < 6, FAULT, 11.0)
        _stop(values, (hours >= 6) & (hours < 12), MAINTENANCE, 9.0)
        values["wind_speed"] = np.full(len(hours), 9.0)
        running = values["state"] == 2
        values["active_power"] = np.where(running, curve_kw(np.array(9.0)), 0.0)
        values["ambient_temperature"], values["ambient_pressure"] = np.full(len(hours), 15.0), np.full(len(hours), 101.325)

    result = losses(turbine_window(1, seed=13, step_seconds=60, mean_mps=20, change=stop))
    assert value(result, "operational_availability") == pytest.approx(50, abs=0.1)
    assert value(result, "technical_availability") == pytest.approx(100 * 12 / 18, abs=0.1)
    assert value(result, "energy_availability") == pytest.approx(50, abs=1.5)
    assert value(result, "technical_energy_availability") == pytest.approx(75, abs=1.5)


def test_standing_beside_the_wind_is_lost_to_yaw() -> None:
    """15° all day, the vane knows: 1 - cos³15° = 9.9 % below rated, less the healthy turbine's 0.7 %."""

    def beside(values: Values, hours: FloatArray) -> None:
        values["yaw_error"] = np.full(len(hours), 15.0)
        values["wind_speed"] = np.full(len(hours), 8.0)
        values["active_power"] = curve_kw(np.array(8.0)) * np.cos(np.radians(15)) ** 3 * np.ones(len(hours))
        values["state"], values["availability_category"] = np.full(len(hours), 2.0), np.full(len(hours), 2.0)
        values["ambient_temperature"], values["ambient_pressure"] = np.full(len(hours), 15.0), np.full(len(hours), 101.325)

    result = losses(turbine_window(1, step_seconds=60, change=beside))
    share = value(result, "lost_by_yaw") / value(result, "possible_energy")
    assert 100 * share == pytest.approx(9.2, abs=0.3)


def test_a_day_without_readings_is_not_evaluated() -> None:
    def silent(values: Values, hours: FloatArray) -> None:
        values["active_power"] = np.where(hours > 8, np.nan, values["active_power"])

    with pytest.raises(NotEvaluated, match="missing_input"):
        losses(turbine_window(1, step_seconds=60, change=silent))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("offset", [-6.0, 0.0, 6.0])
def test_a_yaw_offset_is_found_within_a_degree(seed: int, offset: float) -> None:
    """90 days of the plain turbine, offset ±6°, within ±1° (reference W.5, a convention of this project)."""
    result = alignment.evaluate(turbine_window(90, seed=seed, offset_degrees=offset), alignment.Parameters())
    found = by_name(result)["static_yaw_offset"]
    assert found.value == pytest.approx(offset, abs=1.0)
    assert found.uncertainty is not None
    assert found.uncertainty < 1.0
    assert value(result, "yaw_exponent") == pytest.approx(3, abs=0.6)


@pytest.mark.parametrize("offset", [-6.0, 6.0])
def test_a_restless_vane_does_not_carry_the_top_away(offset: float) -> None:
    """Minutes' means with 4° of the vane's own swinging; uncorrected the top would lie 1 + (4²/10)/4² = 1.1 times as far."""

    def swing(values: Values, hours: FloatArray) -> None:
        values["yaw_error"] = values["yaw_error"] + 4 * np.random.default_rng(8).standard_normal(len(hours))

    window = turbine_window(90, seed=2, step_seconds=60, offset_degrees=offset, change=swing)
    found = by_name(alignment.evaluate(window, alignment.Parameters()))["static_yaw_offset"]
    assert found.value == pytest.approx(offset, abs=1.0)


def test_ten_degrees_beside_the_wind_cost_four_and_a_half_percent() -> None:
    """1 - cos³10° = 4.49 %."""
    assert offset_loss_percent(10.0) == pytest.approx(4.49, abs=0.005)


def test_an_offset_needs_records_and_a_top() -> None:
    with pytest.raises(NotEvaluated, match="not_running"):
        alignment.evaluate(turbine_window(5), alignment.Parameters())

    def indifferent(values: Values, hours: FloatArray) -> None:
        values["yaw_error"] = 5 * np.random.default_rng(1).standard_normal(len(hours))

    with pytest.raises(NotEvaluated, match="outside_validity"):
        alignment.evaluate(turbine_window(60, change=indifferent), alignment.Parameters())


def test_fatigue_follows_the_shaking() -> None:
    """Twice the acceleration is twice the equivalent range; a still tower with one start and stop has half cycles of torque."""
    day = turbine_window(1, step_seconds=10)

    def shake(values: Values, _hours: FloatArray) -> None:
        values["tower_acceleration_x"] = 2 * values["tower_acceleration_x"]

    plain, shaken = (loads.evaluate(one, loads.Parameters()) for one in (day, turbine_window(1, step_seconds=10, change=shake)))
    assert value(shaken, "tower_range_x") == pytest.approx(2 * value(plain, "tower_range_x"))
    assert value(shaken, "tower_range_y") == value(plain, "tower_range_y")


def test_one_start_and_stop_is_one_cycle_of_torque() -> None:
    """P = 1000 kW at 10 rpm is 954.93 kN·m; one whole range in 24 h, at 60 cycles an hour over 1440 equivalent ones."""

    def once(values: Values, hours: FloatArray) -> None:
        runs = (hours >= 6) & (hours < 18)
        values["state"] = np.where(runs, 2.0, 0.0)
        values["active_power"] = np.where(runs, 1000.0, -10.0)
        values["rotor_speed"] = np.full(len(hours), 10.0)

    result = loads.evaluate(turbine_window(1, step_seconds=60, change=once), loads.Parameters(drive_train_exponent=6))
    assert value(result, "torque_range") == pytest.approx(954.93 / 1440 ** (1 / 6), rel=1e-4)
    assert value(result, "torque_cycles") == pytest.approx(1 / 24)
    assert value(result, "stops") == 1


def test_fatigue_says_what_it_lacks() -> None:
    def blind(values: Values, hours: FloatArray) -> None:
        values["rotor_speed"] = values["state"] = np.full(len(hours), np.nan)

    figures = by_name(loads.evaluate(turbine_window(1, step_seconds=60, change=blind), loads.Parameters()))
    assert "rotor_speed" in figures["torque_range"].reason
    assert "state" in figures["stops"].reason

    def negative(values: Values, _hours: FloatArray) -> None:
        values["tower_acceleration_y"] = -values["tower_acceleration_y"]

    with pytest.raises(NotEvaluated, match="bad_input"):
        loads.evaluate(turbine_window(1, step_seconds=60, change=negative), loads.Parameters())

    def mute(values: Values, hours: FloatArray) -> None:
        values["tower_acceleration_y"] = np.full(len(hours), np.nan)

    with pytest.raises(NotEvaluated, match="missing_input"):
        loads.evaluate(turbine_window(1, step_seconds=60, change=mute), loads.Parameters())


def test_the_nameplate_of_the_plain_turbine_is_complete() -> None:
    for module in (performance, energy_losses):
        assert {name for name, _ in module.SPEC.rated} <= set(NAMEPLATE)
