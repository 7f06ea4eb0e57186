"""Work that compressing air takes at least, and how near to it a machine comes.

Specific quantities stand in kW for each m³/min taken in, as on data sheets; pressures are absolute.
"""

import numpy as np
import numpy.typing as npt

from analytics.thermodynamics.air import ISENTROPIC_EXPONENT, ZERO_CELSIUS_K, dry_share

FloatArray = npt.NDArray[np.float64]

_SECONDS_A_MINUTE = 60
STANDARD_KPA, STANDARD_CELSIUS = 100.0, 20.0
"""Inlet to which ISO 1217:2009 (6.2) and data sheets refer: 100 kPa, 20 °C, dry."""


def isentropic_work(*, inlet_kpa: npt.ArrayLike, discharge_kpa: npt.ArrayLike) -> FloatArray:
    """Specific work of compression without loss and without cooling. [kW/(m³/min)]

    Parameters
    ----------
    inlet_kpa, discharge_kpa : array_like
        Absolute; NaN where either is not above zero or the discharge is below the inlet. [kPa]

    References
    ----------
    ISO 1217:2009, annex H: ``p1 k/(k-1) ((p2/p1)^((k-1)/k) - 1)``.
    """
    inlet, ratio = _ratio(inlet_kpa, discharge_kpa)
    exponent = (ISENTROPIC_EXPONENT - 1) / ISENTROPIC_EXPONENT
    work: FloatArray = inlet / exponent * (ratio**exponent - 1) / _SECONDS_A_MINUTE
    return work


def isothermal_work(*, inlet_kpa: npt.ArrayLike, discharge_kpa: npt.ArrayLike) -> FloatArray:
    """Specific work of compression with perfect cooling, the least of all: ``p1 ln(p2/p1)``. [kW/(m³/min)]"""
    inlet, ratio = _ratio(inlet_kpa, discharge_kpa)
    work: FloatArray = inlet * np.log(ratio) / _SECONDS_A_MINUTE
    return work


def isentropic_efficiency(*, specific_power: npt.ArrayLike, inlet_kpa: npt.ArrayLike, discharge_kpa: npt.ArrayLike) -> FloatArray:
    """Isentropic work over the power that the package takes for it; below 0.5 poor, above 0.7 good.

    Parameters
    ----------
    specific_power : array_like
        Of the package, all auxiliaries included, at the same inlet. [kW/(m³/min)]
    """
    power = np.asarray(specific_power, float)
    work = isentropic_work(inlet_kpa=inlet_kpa, discharge_kpa=discharge_kpa)
    efficiency: FloatArray = work / np.where(power > 0, power, np.nan)
    return efficiency


def at_other_pressures(
    specific_power: npt.ArrayLike,
    *,
    inlet_kpa: npt.ArrayLike,
    discharge_kpa: npt.ArrayLike,
    to_inlet_kpa: npt.ArrayLike,
    to_discharge_kpa: npt.ArrayLike,
) -> FloatArray:
    """Specific power that the same machine would have at other pressures, at an unchanged isentropic efficiency. [kW/(m³/min)]

    Notes
    -----
    At an unchanged ratio this is the correction of ISO 1217:2009 (annex C), power in proportion to the inlet pressure. A screw's
    efficiency has its best ratio; over a bar or two the error is about 1 %.
    """
    before = isentropic_work(inlet_kpa=inlet_kpa, discharge_kpa=discharge_kpa)
    after = isentropic_work(inlet_kpa=to_inlet_kpa, discharge_kpa=to_discharge_kpa)
    corrected: FloatArray = np.asarray(specific_power, float) * after / before
    return corrected


def normal_flow(
    flow: npt.ArrayLike,
    *,
    inlet_kpa: npt.ArrayLike,
    inlet_celsius: npt.ArrayLike,
    humidity_percent: npt.ArrayLike,
    to_kpa: float = STANDARD_KPA,
    to_celsius: float = STANDARD_CELSIUS,
) -> FloatArray:
    """Volume that the dry air of an inlet flow would have at a standard state, in the unit of the flow.

    References
    ----------
    ISO 1217:2009, annex F: ``q p1/pN TN/T1`` times the share of dry air.
    """
    dry = dry_share(pressure_kpa=inlet_kpa, celsius=inlet_celsius, humidity_percent=humidity_percent)
    kelvin = np.asarray(inlet_celsius, float) + ZERO_CELSIUS_K
    normal: FloatArray = (
        np.asarray(flow, float) * dry * np.asarray(inlet_kpa, float) / to_kpa * (to_celsius + ZERO_CELSIUS_K) / kelvin
    )
    return normal


def polytropic_efficiency(
    *, inlet_kpa: npt.ArrayLike, discharge_kpa: npt.ArrayLike, inlet_celsius: npt.ArrayLike, discharge_celsius: npt.ArrayLike
) -> FloatArray:
    """Polytropic efficiency of an uncooled, oil-free stage (centrifugal): ``(k-1)/k ln(p2/p1) / ln(T2/T1)``.

    NaN where the air does not get warmer: then it was cooled on its way, and the formula does not hold.
    """
    _, ratio = _ratio(inlet_kpa, discharge_kpa)
    warmer = (np.asarray(discharge_celsius, float) + ZERO_CELSIUS_K) / (np.asarray(inlet_celsius, float) + ZERO_CELSIUS_K)
    exponent = (ISENTROPIC_EXPONENT - 1) / ISENTROPIC_EXPONENT
    efficiency: FloatArray = exponent * np.log(ratio) / np.log(np.where(warmer > 1, warmer, np.nan))
    return efficiency


def surge_margin(*, flow_coefficient: npt.ArrayLike, surge_flow_coefficient: npt.ArrayLike) -> FloatArray:
    """Distance of a centrifugal stage from its surge line, as a share of its flow; below zero it surges."""
    flow = np.asarray(flow_coefficient, float)
    margin: FloatArray = 1 - np.asarray(surge_flow_coefficient, float) / np.where(flow > 0, flow, np.nan)
    return margin


def _ratio(inlet_kpa: npt.ArrayLike, discharge_kpa: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    inlet, discharge = np.asarray(inlet_kpa, float), np.asarray(discharge_kpa, float)
    inlet = np.where(inlet > 0, inlet, np.nan)
    return inlet, np.where(discharge >= inlet, discharge, np.nan) / inlet
