"""Figures of a machine made of known numbers: 20 m³/min at 123 kW, idling at 43, at 0.7 MPa."""

import numpy as np
import pytest

from analytics.air_compressor import duty, load, performance, replacement, retirement, station
from analytics.air_compressor.efficiency_limits import GradeRow, GradeTable, least_efficiency
from analytics.result import Figure, NotEvaluated, Result
from analytics.window import FloatArray
from tests.analytics.air_compressor.conftest import CYCLE_SECONDS, Make

Values = dict[str, FloatArray]


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def value(result: Result, name: str) -> float:
    found = by_name(result)[name].value
    assert found is not None
    return found


def test_specific_power_and_efficiency(make: Make) -> None:
    result = performance.evaluate(make(1), performance.PerformanceParameters())
    assert value(result, "specific_power") == pytest.approx(123 / 20, rel=2e-3)
    assert by_name(result)["specific_power"].uncertainty == pytest.approx(0.04 * 6.15, rel=1e-2)
    # 4.733 / 6.15 at 100 kPa inlet, 0.7 MPa
    assert value(result, "isentropic_efficiency") == pytest.approx(100 * 4.733 / 6.15, abs=0.2)
    assert value(result, "standard_specific_power") == pytest.approx(6.15, rel=3e-3)
    # Inlet 20 °C on average at 50 %: 1.2 % of it is vapour
    assert value(result, "standard_flow") == pytest.approx(20 * (1 - 0.0118), rel=5e-3)


def test_energy_grows_from_its_base_with_the_air(make: Make) -> None:
    # 43 kW always, and 80 kW more while 20 m³/min flow: 80 / (20 · 60) kWh/m³
    result = performance.evaluate(make(1), performance.PerformanceParameters())
    assert value(result, "base_power") == pytest.approx(43, rel=0.02)
    assert value(result, "marginal_energy") == pytest.approx(80 / 1200, rel=0.02)
    mean_flow = (12 * 14 + 5 * 10) / 24
    assert value(result, "specific_energy") == pytest.approx((43 + 4 * mean_flow) / mean_flow / 60, rel=0.02)


def test_a_machine_of_impossible_figures_is_refused(make: Make) -> None:
    def litres(values: Values) -> None:
        values["free_air_delivery"] = values["free_air_delivery"] * 1000

    with pytest.raises(NotEvaluated, match="bad_input"):
        performance.evaluate(make(1, change=litres), performance.PerformanceParameters())
    with pytest.raises(NotEvaluated, match="not_running"):
        performance.evaluate(make(1, demand=lambda hours: 0 * hours), performance.PerformanceParameters())


def test_figures_that_miss_their_signals_say_so(make: Make) -> None:
    def few(values: Values) -> None:
        for name in ("inlet_pressure", "energy_total", "motor_power"):
            del values[name]

    found = by_name(performance.evaluate(make(1, change=few), performance.PerformanceParameters()))
    assert {name for name, figure in found.items() if figure.value is None} == {
        "standard_specific_power",
        "isentropic_efficiency",
        "standard_flow",
        "specific_energy",
        "base_power",
        "marginal_energy",
        "heat_recovery_share",
    }


def test_load_and_unload_analysis(make: Make) -> None:
    window = make(1, demand=lambda hours: np.full(len(hours), 8.0))
    result = load.evaluate(window, load.LoadParameters(needed_network_mpa=0.6))
    assert value(result, "load_factor") == pytest.approx(40, abs=0.5)
    assert value(result, "unloaded_share") == pytest.approx(60, abs=0.5)
    assert value(result, "stopped_share") == 0
    assert value(result, "load_cycles") == pytest.approx(3600 / CYCLE_SECONDS, rel=0.02)
    assert value(result, "motor_starts") == 0
    assert value(result, "unloaded_power_share") == pytest.approx(100 / 3, rel=0.01)
    assert value(result, "unloaded_energy") == pytest.approx(40 * 0.6 * 24, rel=0.01)
    # 5th percentile near 0.684 MPa: 0.084 MPa at 65 % a MPa
    assert value(result, "lower_pressure_saving") == pytest.approx(65 * 0.084, abs=0.2)


def test_counters_survive_a_reset() -> None:
    assert duty.counted(np.array([5.0, 8.0, np.nan, 1.0, 4.0])) == 7  # 3, then 1 since the reset, then 3
    assert np.isnan(duty.counted(np.array([np.nan, 3.0])))
    assert duty.per_hour(np.array([0.0, np.nan, 6.0]), 600.0) == pytest.approx(18)


def test_a_state_that_is_unknown_is_not_judged(make: Make) -> None:
    def lost(values: Values) -> None:
        values["state"] = np.where(np.arange(len(values["state"])) % 10 < 8, np.nan, values["state"])

    with pytest.raises(NotEvaluated, match="20 %"):
        load.evaluate(make(1, change=lost), load.LoadParameters())


def test_retire_only_if_the_whole_band_is_above_the_limit() -> None:
    assert replacement.judge(7.5, limit=7.0, band_percent=4).verdict == "retire"  # 7.2 to 7.8
    assert replacement.judge(7.2, limit=7.0, band_percent=4).verdict == "unclear"  # 6.9 to 7.5
    assert replacement.judge(6.7, limit=7.0, band_percent=4).verdict == "keep"  # 6.4 to 6.97


def test_saving_of_a_new_machine() -> None:
    # (8.0 - 6.5) kW/(m³/min) · 6e6 m³ / 60 = 150 000 kWh; 0.7 CNY: 105 000 CNY a year; ten years at 6 %: factor 7.3601
    terms = {"air_m3_per_year": 6e6, "price_per_kwh": 0.7, "investment": 300_000, "life_years": 10, "discount_percent": 6}
    found = replacement.saving(specific_power=8.0, new_specific_power=6.5, **terms)
    assert found.kwh_per_year == pytest.approx(150_000)
    assert found.payback_years == pytest.approx(300 / 105)
    assert found.present_value == pytest.approx(105_000 * 7.3601 - 300_000, abs=10)
    assert np.isinf(replacement.saving(specific_power=6.0, new_specific_power=6.5, **terms).payback_years)


def test_without_entered_grades_the_curve_is_shown_as_doubtful_and_retires_nothing(make: Make) -> None:
    def poor(values: Values) -> None:
        values["active_power"] = values["active_power"] * 1.5

    parameters = retirement.RetirementParameters(new_specific_power_kw_min_per_m3=6.0, investment_cny=400_000)
    result = retirement.evaluate(make(1, change=poor), parameters)
    limit = by_name(result)["specific_power_limit"]
    efficiency = least_efficiency(flow_cfm=20 * 35.3147, control="fixed")
    assert limit.value == pytest.approx(4.733 / efficiency, rel=2e-3)
    assert limit.validity == "doubtful"
    assert value(result, "margin_to_limit") < -30
    assert not result.findings
    flow_a_year = (12 * 14 + 5 * 10) / 24 * 525_600
    assert value(result, "replacement_saving") == pytest.approx((6.15 * 1.5 - 6.0) * flow_a_year / 60, rel=0.03)


def test_retirement_needs_an_hour_near_full_flow_and_a_known_drive(make: Make) -> None:
    with pytest.raises(NotEvaluated, match="near full load"):
        retirement.evaluate(make(0.02, demand=lambda hours: np.full(len(hours), 5.0)), retirement.RetirementParameters())
    result = retirement.evaluate(make(1, change=lambda values: values.pop("dc_link_voltage")), retirement.RetirementParameters())
    assert "control is not set" in by_name(result)["specific_power_limit"].reason


def test_two_half_loaded_machines_become_one(make: Make) -> None:
    windows = {name: make(1, demand=lambda hours: np.full(len(hours), 8.0), seed=seed) for seed, name in enumerate("ab")}
    results = station.evaluate(windows, station.DispatchParameters(reserve_percent=10, start_minutes=0))
    # Both idle for 60 % of the time; one alone delivers all 16 of its 20: one idle machine of 43 kW less, of 150
    saving = value(results["a"], "station_saving")
    assert saving == pytest.approx(100 * 43 / 150, abs=1)
    assert sorted(value(result, "planned_hours") for result in results.values()) == [0, 24]
    assert all(value(result, "present_hours") == 24 for result in results.values())


def test_a_station_of_one_machine_has_nothing_to_decide(make: Make) -> None:
    idle = make(1, demand=lambda hours: 0 * hours)
    with pytest.raises(NotEvaluated, match="two are needed"):
        station.evaluate({"a": make(1), "b": idle}, station.DispatchParameters())


@pytest.mark.parametrize(
    ("times", "verified", "retires"), [(1.5, True, True), (1.5, False, False), (1.16, True, False), (1.0, True, False)]
)
def test_an_entered_and_verified_limit_retires_only_what_is_surely_above_it(
    *, times: float, verified: bool, retires: bool, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 6.15 kW/(m³/min) times so much, within 4 %, against 7.0 at 0.7 MPa; 1.16 gives 7.13, whose band reaches below
    row = GradeRow(
        control="fixed", cooling="air", motor_kw=110, gauge_mpa=0.7, grade_1=5.9, grade_2=6.3, grade_3=7.0,
        source="this test", clause="none", verified=verified,
    )  # fmt: skip
    monkeypatch.setattr(retirement, "read_grades", lambda: GradeTable(weights=(), grades=(row,)))

    def poor(values: Values) -> None:
        values["active_power"] = values["active_power"] * times

    window = make(1, change=poor, rated={"rated_power": 110, "rated_pressure": 0.7})
    result = retirement.evaluate(window, retirement.RetirementParameters())
    assert value(result, "specific_power_limit") == pytest.approx(7.0, rel=5e-3)
    assert [found.code for found in result.findings] == ["retirement_advised"] * retires
