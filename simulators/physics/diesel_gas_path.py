"""Air, fuel and exhaust of a turbocharged diesel engine of six cylinders and 23.15 litres, at one moment.

A mean-value engine (Heywood, Internal Combustion Engine Fundamentals, chapters 5 and 6): speed-density air flow through filter,
compressor and charge air cooler; fuel from the power that is needed and the indicated efficiency of each cylinder, which falls
with its equivalence ratio; exhaust of each cylinder from its own energy balance; a turbine after Stodola's cone law.

Limits: compressor and turbine of fixed efficiency, no map, surge or wastegate; air and fuel of a cylinder do not pulsate.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag

CYLINDERS, RATED_RPM = 6, 1500.0
SWEPT_M3_PER_S = 0.02315 * RATED_RPM / 120  # a four-stroke draws its displacement every second revolution
KELVIN = 273.15
AIR_EXPONENT = 0.2857  # (gamma - 1) / gamma at 1.40
_AIR_CP, _EXHAUST_CP, _AIR_R, _EXHAUST_EXPONENT = 1.005, 1.12, 0.287, 0.248  # the last of gamma 1.33
_STOICHIOMETRIC = 14.5
_SWALLOWING = 0.1  # Stodola's constant of the turbine, kg/s K^0.5 / kPa
_FILTER_KPA, _COOLER_KPA = 1.25, 5.0  # drop at 1 (kg/s)², clean

_PROBE_SECONDS, _IRON_SECONDS = 14.0, 1500.0  # a standing engine cools with its iron


class Breathing(NamedTuple):
    """What the engine breathes through: efficiencies, and pressure drops as a multiple of those of clean parts."""

    volumetric: Array
    compressor: Array
    turbine: Array
    cooler: Array
    filter_drop: Array
    cooler_drop: Array


class Fire(NamedTuple):
    """Fuel of each cylinder in kg/s, its heat, and what of it becomes work and what the walls take."""

    asked: Array
    """What the governor asks of each injector; a dead one does not give it."""
    fuel: Array
    heat_kw: Array
    indicated_kw: Array
    wall_kw: Array


class GasPath(NamedTuple):
    """Air, fuel and exhaust at one moment; kg/s, kW, kPa, °C, for the set or for each cylinder."""

    air: Array
    fuel: Array
    indicated_kw: Array
    wall_kw: Array
    filter_drop_kpa: Array
    boost_kpa: Array
    charge_c: Array
    cylinder_c: Array
    before_turbine_c: Array
    after_turbine_c: Array
    charge_cooler_kw: Array
    exhaust_kw: Array
    settled_ratio: Array
    """To which the compressor's pressure ratio tends."""

    @property
    def equivalence(self) -> Array:
        """Fuel over what the cylinder's air could burn."""
        return np.asarray(_STOICHIOMETRIC * self.fuel / (np.maximum(self.air, 0.01) / CYLINDERS)[:, None])


class ExhaustProbes:
    """Thermometers in the exhaust of each cylinder, before and behind the turbine, which answer with a lag."""

    def __init__(self, *, gain: Array, ambient_c: Array) -> None:
        self._gain = gain
        self.cylinder_c = np.repeat(ambient_c[:, None], CYLINDERS, axis=1)
        self.before_turbine_c, self.after_turbine_c = ambient_c, ambient_c

    def follow(self, seconds: float, gas: GasPath, *, turns: npt.NDArray[np.bool_], ambient_c: Array) -> None:
        slowly = np.where(turns, _PROBE_SECONDS, _IRON_SECONDS)
        near_c = 0.92 * gas.cylinder_c + 0.08 * gas.before_turbine_c[:, None]
        met_c = np.where(turns[:, None], near_c, ambient_c[:, None])
        shown_c = ambient_c[:, None] + (met_c - ambient_c[:, None]) * self._gain
        before_c, after_c = (np.where(turns, c, ambient_c) for c in (gas.before_turbine_c, gas.after_turbine_c))
        self.cylinder_c = lag(self.cylinder_c, shown_c, seconds, slowly[:, None])
        self.before_turbine_c = lag(self.before_turbine_c, before_c, seconds, slowly)
        self.after_turbine_c = lag(self.after_turbine_c, after_c, seconds, slowly)


def indicated_efficiency(best: Array, equivalence: Array) -> Array:
    """Work over heat of each cylinder; less when it burns richer, as burning lasts longer and gas is hotter."""
    return np.asarray(best[:, None] * (1 - 0.15 * equivalence**2))


def burn(needed_kw: Array, *, share: Array, efficiency: Array, heating_value: Array, load_share: Array) -> Fire:
    """Give as much fuel in all as the governor needs, in shares to the cylinders; at low load the walls take more of it."""
    asked = needed_kw / ((share * efficiency).sum(axis=1) * heating_value)
    fuel = asked[:, None] * share
    heat_kw = fuel * heating_value[:, None]
    wall_kw = heat_kw * (0.155 + 0.02 * (1 - load_share))[:, None]
    return Fire(asked, fuel, heat_kw, fuel * efficiency * heating_value[:, None], wall_kw)


def gas_path(breathing: Breathing, fire: Fire, *, ratio: Array, turns: Array, ambient_c: Array, ambient_kpa: Array) -> GasPath:
    """Give the flows that belong to a compressor's pressure ratio and an engine's speed, as a share of the rated one."""
    last_air = SWEPT_M3_PER_S * turns * ratio
    filter_drop = _FILTER_KPA * last_air**2 * breathing.filter_drop
    head_k = (ambient_c + KELVIN) * (ratio**AIR_EXPONENT - 1) / breathing.compressor
    charge_c = ambient_c + head_k - breathing.cooler * (head_k - 3 * (head_k > 3))
    boost_kpa = ratio * (ambient_kpa - filter_drop) - _COOLER_KPA * breathing.cooler_drop * last_air**2
    air = breathing.volumetric * boost_kpa / (_AIR_R * (charge_c + KELVIN)) * SWEPT_M3_PER_S * turns

    exhaust = np.maximum(air[:, None] / CYLINDERS + fire.fuel, 1e-4)
    brought_kw = (air * _AIR_CP * (charge_c - ambient_c) / CYLINDERS)[:, None]
    left_kw = fire.heat_kw - fire.indicated_kw - fire.wall_kw + brought_kw
    cylinder_c = ambient_c[:, None] + left_kw / (exhaust * _EXHAUST_CP)
    flow = exhaust.sum(axis=1)
    before_c = ambient_c + left_kw.sum(axis=1) / (flow * _EXHAUST_CP)
    turbine_kw = _turbine_kw(flow, before_c, ambient_kpa, breathing.turbine)
    specific = turbine_kw / np.maximum(air * _AIR_CP * (ambient_c + KELVIN), 1.0)
    return GasPath(
        air=air,
        fuel=fire.fuel,
        indicated_kw=fire.indicated_kw,
        wall_kw=fire.wall_kw.sum(axis=1),
        filter_drop_kpa=filter_drop,
        boost_kpa=boost_kpa,
        charge_c=charge_c,
        cylinder_c=cylinder_c,
        before_turbine_c=before_c,
        after_turbine_c=before_c - turbine_kw / (flow * _EXHAUST_CP),
        charge_cooler_kw=air * _AIR_CP * (ambient_c + head_k - charge_c),
        exhaust_kw=left_kw.sum(axis=1) - turbine_kw,
        settled_ratio=(1 + breathing.compressor * specific) ** (1 / AIR_EXPONENT),
    )


def _turbine_kw(flow: Array, before_c: Array, outlet_kpa: Array, efficiency: Array) -> Array:
    inlet_k = before_c + KELVIN
    swallowed = flow * np.sqrt(inlet_k) / (_SWALLOWING * outlet_kpa)
    expansion = np.sqrt(1 + swallowed**2)
    return np.asarray(efficiency * flow * _EXHAUST_CP * inlet_k * (1 - expansion**-_EXHAUST_EXPONENT))
