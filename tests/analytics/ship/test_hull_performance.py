"""ISO 19030: blocks and Chauvenet by hand, and a growth that the simulator's physics puts on, found again."""

import functools
from typing import Any

import numpy as np
import pytest

from analytics.result import Figure, NotEvaluated, Result
from analytics.ship import ship_hull_performance, ship_trim_advice
from analytics.ship.hull_performance import (
    blocks_of,
    corrected_power_kw,
    daily_means,
    indicator,
    is_kept,
    speed_deviation_percent,
    trend,
)
from analytics.window import FloatArray, Window
from simulators.physics.bulk_carrier import BulkCarriers
from simulators.physics.propeller import Propeller
from tests.analytics.ship.voyage import PLATE, clean, sail, speed_m_per_s

DAY_US = 86_400_000_000
LEARNING_DAYS = 45
GROWTH_PER_DAY = 0.65e-3 / 225
PARAMETERS = ship_hull_performance.Parameters()


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def grows(day: FloatArray) -> FloatArray:
    """Clean while the reference is learned, then 0.65e-3 in 225 days."""
    return GROWTH_PER_DAY * np.maximum(day - LEARNING_DAYS, 0)


def until_cleaned(day: FloatArray) -> FloatArray:
    return np.where((day >= LEARNING_DAYS) & (day < 152), 0.5e-3, 0.0)


def cut(window: Window, first_day: float, last_day: float) -> Window:
    return window.between(window.start_us + round(first_day * DAY_US), window.start_us + round(last_day * DAY_US))


@functools.cache
def true_deviation_percent(growth: float, *, laden: bool) -> float:
    """V_d in still air: speed at equal power of the grown hull against the clean one, by the simulator's physics."""
    count = 41
    turns, nothing = np.linspace(1.5, 2.0, count), np.zeros(count)
    hulls = BulkCarriers(laden_draught_m=np.full(count, 12.1), resistance_share=np.ones(count), roughness=nothing)
    hulls.load(np.full(count, float(laden)))
    propeller = Propeller(diameter_m=5.8, wake=np.full(count, 0.4), thrust_deduction=0.22, rotative_efficiency=1.02)
    curves = []
    for more in (0.0, growth):
        calm = {"growth": nothing + more, "wind_m_per_s": nothing, "wind_from_bow_deg": nothing, "wave_m": nothing}
        speed = speed_m_per_s(hulls, propeller, turns, **calm)
        curves.append((speed, turns * propeller.torque_knm(turns, speed)))
    (clean_speed, clean_power), (grown_speed, grown_power) = curves
    speed_now = 6.2
    power = np.interp(speed_now, grown_speed, grown_power)
    return float(100 * (speed_now / np.interp(power, clean_power, clean_speed) - 1))


def test_the_rate_of_growth_is_found_within_a_fifth() -> None:
    """Reference S.5: recover an injected fouling rate within ±20 %: ten of twelve ships, their mean within ±10 %."""
    at_end, in_the_last_month = (
        np.mean([true_deviation_percent(GROWTH_PER_DAY * days, laden=laden) for laden in (False, True)]) for days in (180, 165)
    )
    true_rate = float(at_end / 180 * 365.25 / 12)
    rates, covered, newest = [], 0, []
    for seed in range(1, 13):
        history = sail(LEARNING_DAYS + 180, growth=grows, seed=seed)
        model = ship_hull_performance.train(cut(history, 0, LEARNING_DAYS), PARAMETERS)
        figures = by_name(ship_hull_performance.evaluate(cut(history, LEARNING_DAYS, 225), PARAMETERS, model))
        rate = figures["speed_deviation_trend"]
        assert rate.value is not None
        assert rate.uncertainty is not None
        rates.append(rate.value)
        covered += abs(rate.value - true_rate) <= rate.uncertainty
        newest.append(figures["speed_deviation"].value or np.nan)
    assert np.sum(np.abs(np.array(rates) / true_rate - 1) <= 0.2) >= 10
    assert np.mean(rates) == pytest.approx(true_rate, rel=0.1)
    assert covered >= 10
    assert np.median(newest) == pytest.approx(in_the_last_month, rel=0.15)


def test_a_clean_ship_shows_no_trend() -> None:
    history = sail(LEARNING_DAYS + 180, growth=clean, seed=2)
    model = ship_hull_performance.train(cut(history, 0, LEARNING_DAYS), PARAMETERS)
    figures = by_name(ship_hull_performance.evaluate(cut(history, LEARNING_DAYS, 225), PARAMETERS, model))
    assert figures["speed_deviation_trend"].value == pytest.approx(0, abs=0.15)
    assert figures["speed_deviation"].value == pytest.approx(0, abs=1.5)


def test_a_cleaning_shows_what_it_brought() -> None:
    """Grown to 0.5e-3 for 120 days, cleaned on the 2nd of June 2026 (day 152), clean since."""
    history = sail(225, growth=until_cleaned, seed=3)
    model = ship_hull_performance.train(cut(history, 0, LEARNING_DAYS), PARAMETERS)
    parameters = ship_hull_performance.Parameters.model_validate({"maintained_on": "2026-06-02", "evaluation_days": 60})
    effect = by_name(ship_hull_performance.evaluate(cut(history, LEARNING_DAYS, 225), parameters, model))["maintenance_effect"]
    true_effect = -np.mean([true_deviation_percent(0.5e-3, laden=laden) for laden in (False, True)])
    assert effect.value == pytest.approx(true_effect, rel=0.25)


def test_blocks_of_finer_steps_say_the_same() -> None:
    """Ten-minute blocks of two-minute steps against steps of an hour; the same voyage, another weather."""
    fine = sail(20, growth=clean, seed=4, step_seconds=120.0)
    model = ship_hull_performance.train(fine, PARAMETERS)
    figures = by_name(ship_hull_performance.evaluate(fine, PARAMETERS, model))
    assert figures["speed_deviation"].value == pytest.approx(0, abs=0.3)
    assert figures["hull_valid_hours"].value == pytest.approx(20 * 24 * 0.8 * 0.6, rel=0.4)


def test_a_loading_that_was_never_learned_is_declined() -> None:
    history = sail(60, growth=clean, seed=1)
    laden = history["draught_mid"] > 10
    values = {name: np.where(laden, of, np.nan) for name, of in history.values.items()}
    model = ship_hull_performance.train(Window(**{**vars_of(history), "values": values}), PARAMETERS)
    values = {name: np.where(laden, np.nan, of) for name, of in history.values.items()}
    with pytest.raises(NotEvaluated, match="outside_validity"):
        ship_hull_performance.evaluate(Window(**{**vars_of(history), "values": values}), PARAMETERS, model)


def test_without_breadth_or_sea_there_is_no_reference() -> None:
    history = sail(3, growth=clean)
    with pytest.raises(NotEvaluated, match="breadth"):
        ship_hull_performance.train(Window(**{**vars_of(history), "rated": {}}), PARAMETERS)
    with pytest.raises(NotEvaluated, match="bad_input"):
        ship_hull_performance.train(Window(**{**vars_of(history), "rated": PLATE | {"breadth": 0.0}}), PARAMETERS)
    values = dict(history.values) | {"state": np.zeros(len(history))}
    with pytest.raises(NotEvaluated, match="not_trained"):
        ship_hull_performance.train(Window(**{**vars_of(history), "values": values}), PARAMETERS)


def test_chauvenet_rejects_what_is_too_far_and_nothing_else() -> None:
    """Ten values: erfc(z/√2)·10 < 0.5 from 1.96 deviations on. Of 0×9 and 1 the one lies 2.85 deviations off."""
    rows = np.array([[0.0] * 9 + [1], [0, 1] * 5, [2] * 10, [0] * 8 + [1, np.nan]])
    kept = is_kept(rows)
    assert kept[0].tolist() == [True] * 9 + [False]
    assert kept[1:3].all()
    assert kept[3].tolist() == [True] * 8 + [False, False]


def test_a_block_is_valid_where_its_means_are_certain() -> None:
    """Standard error of 40 samples of deviation s: s/√40; at most 3 rpm, 0.5 kn, 1°."""
    dice = np.random.default_rng(1)
    steady, wild = dice.normal(100, 10, 40), dice.normal(100, 30, 40)
    signals = {
        "shaft_speed": np.concatenate([steady, wild, steady]),
        "speed_through_water": np.full(120, 12.0),
        "rudder_angle": np.concatenate([np.zeros(80), dice.normal(0, 10, 40)]),
        "shaft_power": np.concatenate([np.full(119, 5000.0), [9000]]),
    }
    blocks = blocks_of(signals, size=40)
    assert blocks.is_valid.tolist() == [True, False, False]
    assert blocks.means["shaft_power"][0] == 5000


def test_deviation_and_correction_by_hand() -> None:
    assert speed_deviation_percent(speed_kn=11.4, expected_kn=12.0) == pytest.approx(-5)
    plain = corrected_power_kw(
        power_kw=6000, added_resistance_kn=50, speed_over_ground_m_per_s=6, efficiency=0.7, overload_factor=0.0
    )
    assert plain == pytest.approx(6000 - 50 * 6 / 0.7)
    loaded = corrected_power_kw(
        power_kw=6000, added_resistance_kn=50, speed_over_ground_m_per_s=6, efficiency=0.7, overload_factor=-0.2
    )
    # P (1 - η/η0) with η/η0 = 1 - 0.2 · 50 / (6000 · 0.7 / 6).
    assert loaded == pytest.approx(6000 - 50 * 6 / 0.7 - 6000 * 0.2 * 50 / 700)


def test_a_trend_is_not_taken_from_levels_of_loadings() -> None:
    """Ballast 3 % above laden, no trend in either: joined without levels of their own they would show one."""
    days = np.repeat(np.arange(100.0), 6) + np.tile(np.arange(6) / 24, 100)
    which = np.where(days < 60, 0, 1)
    values = 3.0 * which + 0.2 * np.random.default_rng(1).standard_normal(600)
    found = trend(days, values, which)
    assert found is not None
    assert abs(found.slope) < 0.1
    rising = trend(days, values - days * 12 / 365.25, which)
    assert rising is not None
    assert rising.slope == pytest.approx(-1, abs=0.1)
    assert trend(days[:60], values[:60], which[:60]) is None
    assert trend(days, values, np.full(600, -1)) is None


def test_days_of_one_weather_count_for_less() -> None:
    days = np.repeat(np.arange(60.0), 4)
    own, shared = np.random.default_rng(2).standard_normal(60), np.repeat(np.random.default_rng(2).standard_normal(6), 10)
    alone, together = indicator(days, np.repeat(own, 4)), indicator(days, np.repeat(shared, 4))
    assert alone is not None
    assert together is not None
    assert together.half_width > 2 * alone.half_width
    assert len(daily_means(days[:2], own[:2])[0]) == 0
    assert indicator(days[:4], own[:4]) is None


def test_advice_on_trim_needs_a_trim_that_was_varied() -> None:
    """The simulated ship has one trim for each loading; a real one that was varied shows the gain."""
    history = sail(60, growth=clean, seed=5)
    with pytest.raises(NotEvaluated, match="varied by"):
        ship_trim_advice.evaluate(history, ship_trim_advice.Parameters())
    dice = np.random.default_rng(1)
    trim = np.repeat(1.0 + 0.7 * dice.standard_normal(60), 24)
    power = history["shaft_power"] * (1 + 0.04 * (trim - 0.3) ** 2)
    values = dict(history.values) | {"trim": trim, "shaft_power": power}
    result = ship_trim_advice.evaluate(Window(**{**vars_of(history), "values": values}), ship_trim_advice.Parameters())
    figures = by_name(result)
    assert figures["advised_trim"].value == pytest.approx(0.3, abs=0.4)
    now = figures["present_trim"].value
    assert now is not None
    saving = figures["trim_saving"]
    assert saving.value is not None
    assert saving.uncertainty is not None
    assert saving.value == pytest.approx(100 * np.log(1 + 0.04 * (now - 0.3) ** 2), abs=saving.uncertainty + 0.5)


def vars_of(window: Window) -> dict[str, Any]:
    return {name: getattr(window, name) for name in ("kind", "start_us", "step_seconds", "values", "rated")}
