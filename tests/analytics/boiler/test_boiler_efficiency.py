"""The day's efficiency of a plain boiler whose heat is known."""

from typing import Any

import numpy as np
import pytest

from analytics.boiler.boiler_efficiency import SPEC, Parameters, evaluate
from analytics.catalogue import get_analytic
from analytics.engine.evaluation import evaluate as run
from analytics.result import Figure, NotEvaluated, Why
from analytics.window import FloatArray, Window

FEEDWATER_KJ, STEAM_KJ, BOILING_KJ = 440.9, 2780.7, 781.2
"""Steam tables: water at 105 °C, dry steam and boiling water at 1.1 MPa."""


def day(*, step_seconds: float = 60.0, rated: dict[str, float] | None = None, **changes: FloatArray | float) -> Window:
    """A day at 5 t/h with 0.1 t/h of blowdown and 360 m³/h of fuel."""
    n = round(86_400 / step_seconds)
    plain: dict[str, FloatArray | float] = {
        "state": 3.0,
        "fuel_flow": 360.0,
        "fuel_lower_heating_value": 35_818.0,
        "fuel_higher_heating_value": 39_735.0,
        "steam_flow": 5.0,
        "steam_pressure": 0.999,
        "steam_temperature": 183.9,
        "feedwater_temperature": 105.0,
        "flue_gas_temperature_stack": 130.0,
        "flue_gas_oxygen_stack": 3.5,
        "flue_gas_carbon_monoxide": 0.0,
        "ambient_temperature": 20.0,
        "flue_gas_oxygen": 3.5,
        "blowdown_flow": 0.1,
        "feedwater_conductivity": 100.0,
        "boiler_water_conductivity": 3000.0,
        "auxiliary_power": 20.0,
    }
    values = {name: np.broadcast_to(value, n).astype(float) for name, value in {**plain, **changes}.items()}
    return Window(
        kind="boiler",
        start_us=0,
        step_seconds=step_seconds,
        values=values,
        rated={"steam_flow": 10.0} if rated is None else rated,
    )


def figures(window: Window, **parameters: Any) -> dict[str, Figure]:
    return {figure.name: figure for figure in evaluate(window, Parameters(**parameters)).figures}


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_day_worked_by_hand(step_seconds: float) -> None:
    found = figures(day(step_seconds=step_seconds))
    assert set(found) == {output.name for output in SPEC.outputs}
    values = {name: figure.value for name, figure in found.items()}
    # 5 t/h · (2780.7 - 440.9) + 0.1 · (781.2 - 440.9) = 11 733 MJ/h of 360 · 35.818 = 12 894.5 MJ/h
    useful = 5 * (STEAM_KJ - FEEDWATER_KJ) + 0.1 * (BOILING_KJ - FEEDWATER_KJ)
    assert values["efficiency_direct"] == pytest.approx(100 * useful / (360 * 35.818), abs=0.02)
    # 4.219 + .928 (test_efficiency) + air's water 0.013 · 14.43 kg · 1.88 · 110 / 35 818 = .108 + radiation
    # 0.0113 · 7^0.7 MW = 44.1 kW of 3581.8 kW = 1.232
    assert values["efficiency_indirect"] == pytest.approx(100 - 4.219 - 0.928 - 0.108 - 1.232, abs=0.02)
    assert values["stack_loss_siegert"] == pytest.approx(5.14, abs=0.01)
    direct, indirect = values["efficiency_direct"], values["efficiency_indirect"]
    assert direct is not None
    assert indirect is not None
    assert values["efficiency_gap"] == pytest.approx(direct - indirect)
    assert values["excess_air"] == pytest.approx(17.96, abs=0.02)
    assert values["evaporation_ratio"] == pytest.approx(5000 / 360)
    assert values["specific_fuel"] == pytest.approx(72.0)
    assert values["specific_auxiliary_energy"] == pytest.approx(4.0)
    assert values["blowdown_rate"] == pytest.approx(2.0)
    # 72 m³ · 35.818 MJ · 55.5 kg/GJ
    assert values["specific_carbon_dioxide"] == pytest.approx(143.13, abs=0.01)


def test_uncertainty_follows_from_the_meters() -> None:
    found = figures(day(), steam_flow_accuracy_percent=3, fuel_flow_accuracy_percent=4, heating_value_accuracy_percent=0)
    direct, gap, indirect = (found[name] for name in ("efficiency_direct", "efficiency_gap", "efficiency_indirect"))
    assert direct.value is not None
    assert direct.uncertainty == pytest.approx(0.05 * direct.value)
    assert indirect.uncertainty is not None
    assert gap.uncertainty == pytest.approx(np.hypot(0.05 * direct.value, indirect.uncertainty))
    # 2 K · 0.0467 %/K and 0.2 · 0.237 %/% (110 K), radiation 30 % of 1.232 %
    assert indirect.uncertainty == pytest.approx(np.linalg.norm([0.0934, 0.0474, 0.3696]), abs=1e-3)


def test_a_meter_of_steam_that_reads_ten_percent_low_opens_a_gap_beyond_its_uncertainty() -> None:
    gaps = [figures(day(steam_flow=steam))["efficiency_gap"] for steam in (5.13, 4.6)]
    assert [abs(gap.value or 0) > (gap.uncertainty or 0) for gap in gaps] == [False, True]


def test_both_heating_values_tell_of_the_same_heat() -> None:
    found = figures(day())
    lower, higher = found["efficiency_indirect"].value, found["efficiency_indirect_higher"].value
    assert lower is not None
    assert higher is not None
    assert lower * 35_818 == pytest.approx(higher * 39_735, rel=1e-3)


def test_hours_at_rest_do_not_count() -> None:
    half = np.arange(1440) < 720
    resting = day(state=np.where(half, 3.0, 0.0), fuel_flow=np.where(half, 360.0, 0.0), steam_flow=np.where(half, 5.0, 0.0))
    assert figures(resting)["efficiency_direct"].value == pytest.approx(figures(day())["efficiency_direct"].value)


def test_blowdown_comes_from_the_salts_where_it_is_not_metered() -> None:
    # 100 / (5100 - 100) is the 2 % that the meter shows.
    found = figures(day(blowdown_flow=np.nan, boiler_water_conductivity=5100.0))
    assert found["blowdown_rate"].value == pytest.approx(2.0)
    assert found["efficiency_direct"].value == pytest.approx(figures(day())["efficiency_direct"].value)


def test_without_meter_and_salts_there_is_no_direct_efficiency() -> None:
    found = figures(day(blowdown_flow=np.nan, feedwater_conductivity=np.nan))
    for name in ("efficiency_direct", "efficiency_gap", "blowdown_rate"):
        assert found[name].value is None
        assert "blowdown_flow" in found[name].reason
    assert found["efficiency_indirect"].value is not None


def test_without_a_nameplate_there_is_no_radiation_and_no_indirect_efficiency() -> None:
    found = figures(day(rated={}))
    assert found["efficiency_indirect"].reason == "no_nameplate: steam_flow"
    assert found["stack_loss_siegert"].value is not None
    assert found["efficiency_direct"].value is not None
    assert figures(day(rated={"steam_flow": 0.0}))["efficiency_indirect"].reason.startswith("bad_input")


@pytest.mark.parametrize("changes", [{"flue_gas_temperature_stack": 50.0}, {"flue_gas_oxygen_stack": 17.0}])
def test_condensing_and_very_lean_gas_are_outside_of_the_indirect_method(changes: dict[str, Any]) -> None:
    found = figures(day(**changes))
    assert found["efficiency_indirect"].reason.startswith("outside_validity")
    assert found["stack_loss_siegert"].value is None
    assert found["efficiency_direct"].value is not None


def test_a_higher_heating_value_that_is_no_natural_gas_is_not_used() -> None:
    found = figures(day(fuel_higher_heating_value=36_000.0))
    assert found["efficiency_indirect_higher"].reason.startswith("outside_validity")
    assert figures(day(fuel_higher_heating_value=np.nan))["efficiency_indirect_higher"].reason.startswith("missing_input")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": 0.0}, Why.NOT_RUNNING),
        ({"state": 4.0}, Why.NOT_RUNNING),
        ({"fuel_flow": 0.0}, Why.NOT_RUNNING),
        ({"steam_pressure": np.nan}, Why.NOT_RUNNING),
        ({"fuel_lower_heating_value": 50_000.0}, Why.BAD_INPUT),
    ],
)
def test_a_day_that_cannot_be_balanced_is_declined(changes: dict[str, Any], why: Why) -> None:
    with pytest.raises(NotEvaluated) as declined:
        evaluate(day(**changes), Parameters())
    assert declined.value.why == why


def test_a_missing_signal_is_named_and_gaps_do_no_harm() -> None:
    analytic = get_analytic("boiler_efficiency")
    outcome = run(analytic, day(steam_flow=np.nan), Parameters())
    assert (outcome.verdict, outcome.reason) == ("not_evaluated", "missing_input: steam_flow")
    gaps = np.where(np.random.default_rng(1).uniform(size=1440) < 0.1, np.nan, 5.0)
    assert figures(day(steam_flow=gaps))["specific_fuel"].value == pytest.approx(72.0)
