"""Output of a blast furnace and what a tonne costs in fuel and energy, by the definitions of GB 50427."""

import numpy as np

from analytics.energy.factors import factor_of
from analytics.window import FloatArray


def productivity_t_per_m3_d(*, metal_t_per_day: float, volume_m3: float) -> float:
    """Daily output per effective volume (from the zero of the stock line to the tap hole).

    References
    ----------
    GB 50427, definitions; a furnace of 2000 m³ or more is designed for at most 2.5.
    """
    return metal_t_per_day / _positive(volume_m3, "effective volume")


def hearth_coefficient_t_per_m2_d(*, metal_t_per_day: float, hearth_area_m2: float) -> float:
    """Daily output per area of the hearth; compares furnaces of different size better than the volume does."""
    return metal_t_per_day / _positive(hearth_area_m2, "area of the hearth")


def rate_kg_per_t(*, consumed_t: float, metal_t: float) -> float:
    """Give a fuel per tonne of hot metal; the fuel rate is the plain sum of coke and coal, without a replacement ratio. [kg/t]"""
    return 1000 * consumed_t / _positive(metal_t, "amount of hot metal")


def annual_output_t(*, volume_m3: float, productivity: float, operation_rate: float, days: float = 365.0) -> float:
    """Output of a year; GB 50427 designs with an operation rate of 0.97."""
    return volume_m3 * productivity * operation_rate * days


def energy_kgce_per_t(
    *, coke_t: float, coal_t: float, stove_gas_gj: float, recovered_gas_gj: float, recovered_kwh: float, metal_t: float
) -> float:
    """Energy consumed less energy given back, in standard coal for a tonne of hot metal.

    Parameters
    ----------
    stove_gas_gj, recovered_gas_gj : float
        Lower heating value of the gas that the stoves burn, and of all gas that is not flared.
    recovered_kwh : float
        Of the top-gas turbine.

    References
    ----------
    GB 21256, method of the process energy; the factors are those of ``analytics/energy/factors.toml``. Electricity and steam of
    the blower are not in it.
    """
    coke, coal, electricity = factor_of("coke", "t"), factor_of("coal", "t"), factor_of("electricity", "kWh")
    assert coke is not None
    assert coal is not None
    assert electricity is not None
    gas = (stove_gas_gj - recovered_gas_gj) / 29.307e-3
    used = coke_t * coke.kgce_per_unit + coal_t * coal.kgce_per_unit + gas - recovered_kwh * electricity.kgce_per_unit
    return used / _positive(metal_t, "amount of hot metal")


def _positive(value: float, what: str) -> float:
    if not value > 0:
        raise ValueError(f"the {what} is {value}")
    return value


def stove_efficiency(
    *, blast_m3: float, cold_celsius: float, hot_celsius: float, gas_m3: float, heating_kj_per_m3: float
) -> float:
    """Heat that the blast takes up per heat of the gas that the stoves burn, 0 to 1; over whole cycles of the stoves.

    References
    ----------
    Definition of the thermal efficiency of hot stoves; heat of air 1.40 kJ/m³K (mean of 200 to 1200 °C).
    """
    heat = blast_m3 * 1.40 * (hot_celsius - cold_celsius)
    return heat / (_positive(gas_m3, "gas of the stoves") * _positive(heating_kj_per_m3, "heating value"))


def amount_of_counter(values: FloatArray) -> float:
    """Growth of a counter over a window; a fall is a reset, and what it hides is lost. NaN where fewer than two are known."""
    known = values[~np.isnan(values)]
    growth = np.diff(known)
    return float(growth[growth > 0].sum()) if len(known) > 1 else float("nan")
