"""Oxygen trim: the knee found again, the slopes of the loss, bounds that are kept, and a finding only where it is clear."""

from typing import Any

import numpy as np
import pytest

from analytics.boiler.boiler_oxygen_trim import SPEC, Parameters, evaluate
from analytics.boiler.trim import Band, Bounds, advise, fan_share, fit_knee, read_curve, usual_oxygen_percent
from analytics.result import NotEvaluated, Result, Why
from analytics.window import FloatArray, Window

WIDE = Bounds(lowest_oxygen_percent=1.0, monoxide_ppm=100.0, nox_mg_per_m3=200.0)
ACCURACIES: dict[str, float] = {"gas_temperature_accuracy_celsius": 2.0, "oxygen_accuracy_percent": 0.2}


def band(*, oxygen: float = 4.0, spread: float = 0.15, a: float = 7.0, b: float = 2.0, seed: int = 1, **changes: Any) -> Band:
    """A band whose carbon monoxide is exp(a - b O2) + 8 within 5 %."""
    dice = np.random.default_rng(seed)
    x = dice.normal(oxygen, spread, 3000)
    made: dict[str, FloatArray] = {
        "oxygen_percent": x,
        "monoxide_ppm": (np.exp(a - b * x) + 8) * dice.normal(1, 0.05, 3000),
        "nox_mg_per_m3": np.full(3000, np.nan),
        "gas_celsius": np.full(3000, 150.0),
        "air_celsius": np.full(3000, 20.0),
        "fuel_kw": np.full(3000, 5000.0),
    }
    return Band(**{**made, **changes})


@pytest.mark.parametrize("lowest", [2.0, 2.5, 3.0])
def test_the_knee_is_found_again(lowest: float) -> None:
    dice = np.random.default_rng(2)
    oxygen = dice.uniform(lowest, 5, 4000)
    knee = fit_knee(oxygen, (np.exp(7 - 2 * oxygen) + 8) * np.exp(dice.normal(0, 0.08, 4000)))
    assert knee is not None
    assert knee.b == pytest.approx(2.0, rel=0.1)
    assert knee.floor_ppm == pytest.approx(8.0, rel=0.03)
    assert float(knee.ppm(2.5)) == pytest.approx(np.exp(2) + 8, rel=0.05)


def test_without_a_knee_in_the_history_there_is_none() -> None:
    dice = np.random.default_rng(3)
    flat = 8 * np.exp(dice.normal(0, 0.08, 3000))
    assert fit_knee(dice.uniform(3, 5, 3000), flat) is None
    assert fit_knee(dice.normal(3, 0.01, 3000), flat) is None
    assert fit_knee(np.full(3000, np.nan), flat) is None
    oxygen = dice.uniform(3, 5, 3000)
    assert fit_knee(oxygen, np.exp(oxygen)) is None  # rising with oxygen


def test_a_step_saves_what_siegerts_slope_says() -> None:
    # Slope 130 K · 0.66 / (21 - 3.5)² = 0.280 % of the fuel a point of oxygen; half a step on, at 3.4 %, 0.277 · 0.2.
    found = advise(band(oxygen=3.5, a=0.0), WIDE, fan_kw=0.0, electricity_worth=1.0, **ACCURACIES)
    assert found.next_percent - found.oxygen_percent == pytest.approx(-0.2)
    assert found.saving_percent == pytest.approx(0.0554, abs=5e-4)
    assert 0 < found.uncertainty_percent < found.saving_percent / 5


def test_the_fan_adds_to_the_saving() -> None:
    # 50 kW of 5000 kW: 1 % · 3 · 0.2 / 17.5 = 0.034 %
    without = advise(band(a=0.0, oxygen=3.5), WIDE, fan_kw=0.0, electricity_worth=1.0, **ACCURACIES)
    found = advise(band(a=0.0, oxygen=3.5), WIDE, fan_kw=50.0, electricity_worth=1.0, **ACCURACIES)
    assert found.saving_percent - without.saving_percent == pytest.approx(0.034, abs=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_no_step_is_larger_than_a_fifth_of_a_point_and_all_bounds_are_kept(seed: int) -> None:
    dice = np.random.default_rng(seed)
    bounds = Bounds(float(dice.uniform(2, 4)), float(dice.uniform(20, 150)), 200.0)
    found = advise(
        band(oxygen=float(dice.uniform(2, 6)), spread=0.25, a=float(dice.uniform(6, 9)), seed=seed),
        bounds, fan_kw=20.0, electricity_worth=2.0, **ACCURACIES,
    )  # fmt: skip
    step = found.next_percent - found.oxygen_percent
    assert abs(step) <= 0.2 + 1e-9
    assert found.saving_percent >= 0
    if step < 0:
        assert found.next_percent >= bounds.lowest_oxygen_percent


def test_a_burner_at_its_knee_is_not_advised_to_go_lower() -> None:
    # exp(9 - 2 · 2.3) + 8 = 90 ppm at 2.3 %: a step down would be beyond 100 ppm.
    found = advise(band(oxygen=2.3, spread=0.3, a=9.0), WIDE, fan_kw=0.0, electricity_worth=1.0, **ACCURACIES)
    assert found.next_percent > found.oxygen_percent - 0.05


def test_below_what_was_seen_it_goes_only_with_a_knee() -> None:
    narrow = band(oxygen=4.0, spread=0.03, a=0.0)
    found = advise(narrow, WIDE, fan_kw=0.0, electricity_worth=1.0, **ACCURACIES)
    assert found.next_percent >= float(np.quantile(narrow.oxygen_percent, 0.02)) - 1e-9


def test_too_little_oxygen_is_told_to_rise() -> None:
    bounds = WIDE._replace(lowest_oxygen_percent=3.0)
    found = advise(band(oxygen=2.0), bounds, fan_kw=0.0, electricity_worth=1.0, **ACCURACIES)
    assert found.next_percent == pytest.approx(found.oxygen_percent + 0.2)
    assert found.saving_percent == 0


def test_nitrogen_oxides_that_rise_as_oxygen_falls_bound_it() -> None:
    plain = band(oxygen=4.0, a=0.0)
    falling = plain._replace(nox_mg_per_m3=195 - 40 * (plain.oxygen_percent - 4.0))
    found = advise(falling, WIDE, fan_kw=0.0, electricity_worth=1.0, **ACCURACIES)
    # 195 + 40 · 0.125 = 200
    assert found.oxygen_percent - found.next_percent <= 0.125 + 0.01


def test_the_fans_share_of_the_auxiliaries_is_found_again() -> None:
    dice = np.random.default_rng(4)
    steam = dice.uniform(2, 10, 500)
    air = 900 * steam * dice.uniform(0.95, 1.1, 500)
    power = 3e-11 * air**3 + 0.8 * steam + 4 + dice.normal(0, 0.05, 500)
    assert fan_share(auxiliary_kw=power, air_m3_per_h=air, steam_t_per_h=steam) == pytest.approx(3e-11, rel=0.03)
    with pytest.raises(NotEvaluated, match="auxiliary_power"):
        fan_share(auxiliary_kw=np.full(500, np.nan), air_m3_per_h=air, steam_t_per_h=steam)


def test_the_curve_is_interpolated_and_nobody_has_verified_it() -> None:
    low, high = usual_oxygen_percent([10, 25, 47.5, 70, 100])
    assert low == pytest.approx([4, 4, 3.25, 2.5, 2.5])
    assert high == pytest.approx([6, 6, 4.75, 3.5, 3.5])
    assert not any(point.verified for point in read_curve())


def week(*, oxygen: float | FloatArray, step_seconds: float = 60.0, seed: int = 1, **changes: Any) -> Window:
    dice = np.random.default_rng(seed)
    n = round(7 * 86_400 / step_seconds)
    load = 75 + 15 * np.sin(2 * np.pi * np.arange(n) * step_seconds / 86_400)
    x = oxygen + dice.normal(0, 0.1, n)
    air = 90 * load * (21 / (21 - x)) / 1.2
    values = {
        "state": np.full(n, 3.0),
        "burner_load": load,
        "fuel_flow": 8.0 * load,
        "fuel_lower_heating_value": np.full(n, 36_000.0),
        "flue_gas_oxygen": x,
        "flue_gas_carbon_monoxide": 8 * dice.normal(1, 0.05, n),
        "flue_gas_temperature_stack": np.full(n, 150.0),
        "ambient_temperature": np.full(n, 20.0),
        "combustion_air_flow": air,
        "steam_flow": 0.1 * load,
        "auxiliary_power": 3e-11 * air**3 + 0.08 * load + 4,
        "emission_nox": np.full(n, 30.0),
        **changes,
    }
    return Window(kind="boiler", start_us=0, step_seconds=step_seconds, values=values)


def figures(result: Result) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in result.figures}


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_burner_with_usual_oxygen_gets_figures_and_no_finding(step_seconds: float) -> None:
    found = evaluate(week(oxygen=3.3, step_seconds=step_seconds), Parameters())
    assert set(figures(found)) == {output.name for output in SPEC.outputs}
    assert figures(found)["oxygen_recommended"] == pytest.approx(3.1, abs=0.03)
    assert figures(found)["oxygen_saving"] == pytest.approx(0.06, abs=0.02)
    assert not found.findings


def test_oxygen_that_has_long_been_high_is_found_with_its_effect() -> None:
    (found,) = evaluate(week(oxygen=6.5), Parameters(fuel_price_per_m3=3.5)).findings
    assert found.code == "oxygen_trim_advised"
    assert 0.5 <= found.confidence <= 0.55
    # 3 points above the usual at 70 % and more: about 130 K · 0.66 (1 / 14.5 - 1 / 17.5) = 1.01 % of 600 m³/h for 8760 h.
    assert found.effect["energy"][0] == pytest.approx(0.0101 * 600 * 10 * 8760, rel=0.1)
    assert found.effect["money"][0] == pytest.approx(0.0101 * 600 * 8760 * 3.5, rel=0.1)
    assert [piece["form"] for piece in found.evidence] == ["table", "table", "series"]


def test_oxygen_that_has_been_high_for_a_day_is_none() -> None:
    oxygen = np.where(np.arange(7 * 1440) < 6 * 1440, 3.3, 6.5)
    assert not evaluate(week(oxygen=oxygen), Parameters()).findings


def test_without_prices_there_is_no_money() -> None:
    (found,) = evaluate(week(oxygen=6.5), Parameters()).findings
    assert set(found.effect) == {"energy"}


@pytest.mark.parametrize("changes", [{"state": 0.0}, {"burner_load": np.nan}, {"flue_gas_oxygen": np.nan}])
def test_without_steady_operation_it_declines(changes: dict[str, float]) -> None:
    filled: dict[str, Any] = {name: np.full(7 * 1440, value) for name, value in changes.items()}
    with pytest.raises(NotEvaluated) as declined:
        evaluate(week(oxygen=3.3, **filled), Parameters())
    assert declined.value.why == Why.NOT_STEADY
