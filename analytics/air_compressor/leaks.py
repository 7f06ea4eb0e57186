"""How much air a network loses, by tests that need no flow meter, and how large a receiver must be."""

from typing import NamedTuple

import numpy as np

from analytics.thermodynamics.air import ATMOSPHERE_KPA


class Leakage(NamedTuple):
    """What a test with all users off gives."""

    share: float
    """Of the compressor's delivery, 0 to 1."""
    flow: float
    """In the unit of the capacity."""
    power_kw: float


def leak_share(*, loaded_seconds: float, unloaded_seconds: float) -> float:
    """Share of a compressor's delivery that leaks: ``T / (T + t)`` with T loaded and t not loaded, all users off.

    Parameters
    ----------
    loaded_seconds : float
        Only time in which air is delivered; a machine that idles and stops between is unloaded in both. [s]
    unloaded_seconds : float
        [s]

    Raises
    ------
    ValueError
        If there is no time at all, or a negative one.

    References
    ----------
    US Department of Energy, Compressed Air Tip Sheet 3 (DOE/GO-102004-1926).
    """
    total = loaded_seconds + unloaded_seconds
    if min(loaded_seconds, unloaded_seconds) < 0 or total <= 0:
        raise ValueError(f"{loaded_seconds} s loaded and {unloaded_seconds} s unloaded are no test")
    return loaded_seconds / total


def leakage(*, loaded_seconds: float, unloaded_seconds: float, capacity: float, capacity_per_kw: float) -> Leakage:
    """Leak flow and the power that feeds it.

    Parameters
    ----------
    capacity : float
        What the machine delivers while loaded, in any unit of flow.
    capacity_per_kw : float
        What it delivers for a kilowatt, in the same unit.
    """
    share = leak_share(loaded_seconds=loaded_seconds, unloaded_seconds=unloaded_seconds)
    return Leakage(share, share * capacity, share * capacity / capacity_per_kw)


def bleed_down_flow(
    *, volume_m3: float, from_mpa: float, to_mpa: float, seconds: float, atmosphere_kpa: float = ATMOSPHERE_KPA
) -> float:
    """Leak flow by how fast a closed network loses pressure, at the pressure it had at first. [m³/min at the inlet]

    Parameters
    ----------
    volume_m3 : float
        Of receivers and pipes. [m³]
    from_mpa, to_mpa : float
        Gauge pressures at the beginning and the end. [MPa]
    seconds : float
        Time between. [s]

    Raises
    ------
    ValueError
        If the pressure does not fall.

    Notes
    -----
    A leak is in proportion to the absolute pressure, so the pressure falls exponentially and the flow at the beginning is
    ``V p1 ln(p1/p2) / (t p_atm)``. The handbooks' ``V (p1 - p2) / (t p_atm)`` is the mean over the test; their factor of 1.25
    for a fall to half the pressure (US Department of Energy, Sourcebook, 2003) stands for the same thing.
    """
    if not (from_mpa > to_mpa >= 0 and seconds > 0 and volume_m3 > 0):
        raise ValueError(f"no fall of pressure: {from_mpa} to {to_mpa} MPa in {seconds} s")
    first, last = (gauge * 1000 + atmosphere_kpa for gauge in (from_mpa, to_mpa))
    return float(volume_m3 * first / atmosphere_kpa * np.log(first / last) / seconds * 60)


def mean_bleed_down_flow(
    *, volume_m3: float, from_mpa: float, to_mpa: float, seconds: float, atmosphere_kpa: float = ATMOSPHERE_KPA
) -> float:
    """Mean leak flow during a bleed-down test: ``V (p1 - p2) / (t p_atm)``. [m³/min at the inlet]"""
    if not (from_mpa > to_mpa >= 0 and seconds > 0 and volume_m3 > 0):
        raise ValueError(f"no fall of pressure: {from_mpa} to {to_mpa} MPa in {seconds} s")
    return volume_m3 * (from_mpa - to_mpa) * 1000 / atmosphere_kpa / seconds * 60


def leak_at(flow: float, *, from_mpa: float, to_mpa: float, atmosphere_kpa: float = ATMOSPHERE_KPA) -> float:
    """Give the same leak at another gauge pressure: it is choked, so in proportion to the absolute pressure."""
    return flow * (to_mpa * 1000 + atmosphere_kpa) / (from_mpa * 1000 + atmosphere_kpa)


def storage_m3(*, flow_m3_per_min: float, seconds: float, fall_mpa: float, atmosphere_kpa: float = ATMOSPHERE_KPA) -> float:
    """Receiver that gives a flow for a time while the pressure falls so far: ``q t p0 / Δp``. [m³]

    Parameters
    ----------
    flow_m3_per_min : float
        What is drawn beyond what comes in, at inlet conditions. [m³/min]
    """
    if fall_mpa <= 0:
        raise ValueError(f"the pressure falls by {fall_mpa} MPa")
    return flow_m3_per_min * seconds / 60 * atmosphere_kpa / (1000 * fall_mpa)
