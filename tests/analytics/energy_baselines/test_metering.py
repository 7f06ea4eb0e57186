"""Amounts of intervals from counters that are reset and interrupted, and the drivers of every kind."""

from pathlib import Path

import numpy as np
import pytest

from analytics.energy_baselines.drivers import Driver, Factor, drivers_of, read_drivers
from analytics.energy_baselines.metering import Grid, energy_used_kwh, grown, kwh_per_unit, metered
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window
from device_profiles.kind import Role, kind_names, load_kind
from telemetry.errors import ConfigError
from telemetry.units import is_unit


def window(kind: str, step_seconds: float, **values: FloatArray) -> Window:
    return Window(kind=kind, start_us=1_788_192_000_000_000, step_seconds=step_seconds, values=values)


@pytest.mark.parametrize("step_seconds", [10.0, 60.0, 900.0, 3600.0])
def test_the_growth_of_a_counter_is_the_same_at_any_step(step_seconds: float) -> None:
    """A counter that grows by 6 an hour, then by 12: its hours, counted back from the window's end."""
    hours = np.arange(0, 5 + step_seconds / 7200, step_seconds / 3600)
    counter = 1000 + np.interp(hours, [0, 3, 5], [0, 18, 42])
    grid = Grid.of(window("motor", step_seconds, energy_total=counter), 3600)
    assert grown(counter, grid).complete == pytest.approx([6, 6, 6, 12, 12])


def test_a_reset_makes_its_interval_incomplete_and_no_other() -> None:
    counter = np.array([100.0, 104, 108, 2, 6, 10])
    grid = Grid.of(window("motor", 3600, energy_total=counter), 3600)
    found = grown(counter, grid)
    assert found.complete == pytest.approx([4, 4, np.nan, 4, 4], nan_ok=True)


def test_a_gap_keeps_its_energy_but_its_intervals_are_not_compared() -> None:
    counter = np.array([100.0, 104, np.nan, np.nan, 116, 120])
    grid = Grid.of(window("motor", 3600, energy_total=counter), 3600)
    found = grown(counter, grid)
    assert np.nansum(found.amount) == pytest.approx(20)
    assert np.isnan(found.complete).tolist() == [False, True, True, True, False]


def test_a_rate_is_multiplied_with_time_and_three_quarters_of_an_hour_stand_for_it() -> None:
    power = np.array([9.0, *[8.0] * 4, 8.0, 8.0, np.nan, 8.0, np.nan, np.nan, np.nan, 8.0])
    of = window("boiler", 900, auxiliary_power=power)
    flow = next(flow for flow in load_kind("boiler").energy.inputs if flow.rate)  # type: ignore[union-attr]
    found = metered(of, flow, Grid.of(of, 3600))
    assert found.amount == pytest.approx([8, 8, np.nan], nan_ok=True)
    assert found.coverage == pytest.approx([1, 0.75, 0.25])


def test_fuels_count_by_their_coal_equivalent_and_electricity_as_such() -> None:
    """GB/T 2589-2020: 1.33 kgce for a cubic metre of gas, 29,307.6 kJ each: 10.83 kWh."""
    gas, electricity = load_kind("boiler").energy.inputs  # type: ignore[union-attr]
    assert kwh_per_unit(gas) == pytest.approx(1.33 * 29_307.6 / 3600)
    assert kwh_per_unit(electricity) == 1
    with pytest.raises(NotEvaluated, match="no coal equivalent"):
        kwh_per_unit(gas.model_copy(update={"carrier": "steam", "unit": "t"}))


def test_energy_of_several_meters_is_their_sum_and_unknown_where_one_is() -> None:
    of = window("boiler", 3600, fuel_total=np.linspace(0, 50, 6), auxiliary_power=np.array([5.0, 5, 5, np.nan, 5, 5]))
    found = energy_used_kwh(of, Grid.of(of, 3600))
    whole = 10 * 1.33 * 29_307.6 / 3600 + 5
    assert found.complete == pytest.approx([whole, whole, np.nan, whole, whole], nan_ok=True)


def test_a_meter_that_is_silent_is_named_and_steps_that_do_not_fit_are_declined() -> None:
    of = window("motor", 3600, state=np.ones(5))
    with pytest.raises(NotEvaluated, match="energy_total") as declined:
        energy_used_kwh(of, Grid.of(of, 3600))
    assert declined.value.why is Why.MISSING_INPUT
    for step_seconds in (7200.0, 2400.0):
        with pytest.raises(NotEvaluated, match="in intervals of"):
            Grid.of(window("motor", step_seconds, energy_total=np.ones(5)), 3600)


@pytest.mark.parametrize("kind", kind_names())
def test_the_drivers_of_each_kind_are_signals_of_it(kind: str) -> None:
    known = load_kind(kind)
    assert known.energy is not None
    outputs = {flow.counter or flow.rate: flow.unit for flow in known.energy.outputs}
    drivers = drivers_of(kind).drivers
    assert len({driver.name for driver in drivers}) == len(drivers) > 0
    for driver in drivers:
        assert is_unit(driver.unit), driver.name
        assert driver.label(kind).zh
        if driver.output:
            assert driver.unit == outputs[driver.output]
        elif driver.growth:
            assert known.signals[driver.growth].role is Role.COUNTER
            assert driver.unit == known.signals[driver.growth].unit
        else:
            assert all(known.signals[one.signal].is_numeric for one in driver.factors)
    for flow in known.energy.inputs:
        assert kwh_per_unit(flow) > 0


def test_factors_are_means_multiplied() -> None:
    driver = Driver(name="work", unit="1", factors=(Factor(signal="torque"), Factor(signal="speed", power=2)))
    of = window("motor", 1800, torque=np.array([0.0, 1, 3, 2, 2]), speed=np.array([0.0, 4, 6, 3, np.nan]))
    assert driver.values(of, Grid.of(of, 3600)) == pytest.approx([2 * 25, np.nan], nan_ok=True)
    assert driver.label("motor").en == "Shaft torque × Speed^2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[motor]\ninterval_hours = 5\ndrivers = [{ name = "x", unit = "1", growth = "y" }]\n', "divides 24"),
        ("[motor]\ninterval_hours = 1\ndrivers = []\n", "at least 1"),
        ('[motor]\ninterval_hours = 1\ndrivers = [{ name = "x", unit = "1" }]\n', "one of 'output'"),
        ('[motor]\ninterval_hours = 1\ndrivers = [{ name = "x", unit = "1", grows = "y" }]\n', "grows"),
    ],
)
def test_mistakes_in_the_table_are_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "drivers.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_drivers(path)


def test_a_kind_without_drivers_is_declined() -> None:
    with pytest.raises(NotEvaluated, match="lathe"):
        drivers_of("lathe")
