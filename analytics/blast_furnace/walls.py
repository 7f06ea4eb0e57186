"""Walls of a blast furnace: heat into the staves, and what is left of the hearth's lining."""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

IRON_FREEZES_CELSIUS = 1150.0
"""Solidus of carbon-saturated iron: as far as this isotherm iron can penetrate, so the lining counts up to it."""
_WATER_KJ_PER_M3_K = 4160.0
"""At 40 °C (IAPWS-95), within 0.3 % from 20 to 60 °C."""


def stave_heat_kw(*, water_m3_per_h: npt.ArrayLike, in_celsius: npt.ArrayLike, out_celsius: npt.ArrayLike) -> FloatArray:
    """Heat that the water takes away. [kW]

    Parameters
    ----------
    water_m3_per_h : array_like
        NaN in gives NaN out, as for the temperatures.
    """
    warming = np.subtract(out_celsius, in_celsius, dtype=float)
    heat: FloatArray = np.asarray(water_m3_per_h, float) * _WATER_KJ_PER_M3_K / 3600 * warming
    return heat


def heat_flux_kw_per_m2(heat_kw: npt.ArrayLike, *, area_m2: float) -> FloatArray:
    """Heat per cooled surface. [kW/m²]

    Raises
    ------
    ValueError
        If the area is not positive.
    """
    if not area_m2 > 0:
        raise ValueError(f"a cooled area of {area_m2} m²")
    flux: FloatArray = np.asarray(heat_kw, float) / area_m2
    return flux


def conducted_kw_per_m2(
    *, inner_celsius: npt.ArrayLike, outer_celsius: npt.ArrayLike, distance_mm: float, conductivity_w_per_m_k: float
) -> FloatArray:
    """Heat through the wall by two couples, ``λ (T1 - T2) / Δx``. [kW/m²]

    References
    ----------
    Fourier's law of one dimension.
    """
    if not distance_mm > 0:
        raise ValueError(f"two couples {distance_mm} mm apart")
    flux: FloatArray = conductivity_w_per_m_k * np.subtract(inner_celsius, outer_celsius, dtype=float) / distance_mm
    return flux


def remaining_lining_mm(
    *,
    inner_celsius: npt.ArrayLike,
    outer_celsius: npt.ArrayLike,
    inner_depth_mm: float = 350.0,
    outer_depth_mm: float = 100.0,
    conductivity_ratio: float = 1.0,
) -> FloatArray:
    """Thickness of the wall up to the isotherm of 1150 °C, by two couples in it.

    Parameters
    ----------
    inner_depth_mm, outer_depth_mm : float
        Distances of the couples from the cold face.
    conductivity_ratio : float
        Of the lining inside the inner couple to that between the couples.

    Returns
    -------
    ndarray
        From the cold face; NaN where the inner couple is not the hotter one by a kelvin, for then no heat flows outwards that
        could be measured.  [mm]

    Notes
    -----
    The heat through both layers is the same, so ``s = x_inner + r (1150 - T_inner) Δx / (T_inner - T_outer)``: conductivity
    itself falls out. It holds for a quiet wall: heat takes hours through a metre of carbon.

    References
    ----------
    Fourier's law of one dimension; isotherm by the iron-carbon diagram.
    """
    if not inner_depth_mm > outer_depth_mm:
        raise ValueError(f"the inner couple lies at {inner_depth_mm} mm, the outer at {outer_depth_mm} mm")
    inner, outer = np.broadcast_arrays(np.asarray(inner_celsius, float), np.asarray(outer_celsius, float))
    difference = inner - outer
    layer = conductivity_ratio * (IRON_FREEZES_CELSIUS - inner) * (inner_depth_mm - outer_depth_mm)
    beyond: FloatArray = np.divide(layer, difference, out=np.full(inner.shape, np.nan), where=difference >= 1)
    return inner_depth_mm + beyond
