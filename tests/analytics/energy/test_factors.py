"""Standard coal and carbon dioxide."""

import pytest

from analytics.energy.factors import factor_of, read_factors
from device_profiles.kind import kind_names, load_kind
from telemetry.units import conversion


@pytest.mark.parametrize(
    ("carrier", "unit", "kgce"),
    [
        ("electricity", "kWh", 0.1229),
        ("electricity", "MWh", 122.9),
        ("natural_gas", "m³", 1.33),
        ("coal", "kg", 0.7143),
        ("coke", "t", 971.4),
        ("diesel", "kg", 1.4571),
        ("diesel", "t", 1457.1),
        ("diesel", "L", 1.224),
    ],
)
def test_factors_are_those_of_gb_t_2589(carrier: str, unit: str, kgce: float) -> None:
    found = factor_of(carrier, unit)
    assert found is not None
    assert found.kgce_per_unit == pytest.approx(kgce, rel=1e-4)
    assert "2589" in found.kgce_source.zh


def test_gas_makes_21_6_tonnes_of_carbon_dioxide_per_10_000_cubic_metres() -> None:
    found = factor_of("natural_gas", "m³")
    assert found is not None
    assert found.kg_co2_per_unit == pytest.approx(2.16, abs=0.005)


def test_what_the_table_does_not_have_has_no_factor() -> None:
    assert factor_of("sun", "kWh") is None
    assert factor_of("electricity", "m³") is None


def test_each_fuel_stands_in_the_table_once_per_unit() -> None:
    keys = [(factor.carrier, factor.unit) for factor in read_factors()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", kind_names())
def test_each_kind_has_an_energy_balance_whose_units_fit_its_signals(name: str) -> None:
    kind = load_kind(name)
    assert kind.energy is not None
    for flow in (*kind.energy.inputs, *kind.energy.outputs):
        unit = kind.signals[flow.counter or flow.rate].unit
        assert conversion(unit if flow.counter else f"({unit})*h", flow.unit).factor > 0
        if flow.counter:
            assert kind.signals[flow.counter].role == "counter"
