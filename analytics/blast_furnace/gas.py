"""Gas of a blast furnace on its way from tuyeres to top: how much, how hot, how well used, how hard to push.

Volumes are at standard conditions (0 °C, 101.325 kPa). All functions take arrays or numbers that fit each other; NaN in gives NaN
out, and what cannot be divided is NaN.
"""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

MOLAR_M3_PER_KMOL = 22.414
ATMOSPHERE_KPA = 101.325
AIR_OXYGEN_SHARE = 0.21
AIR_NITROGEN_SHARE = 0.79
"""Argon counts as nitrogen, as gas analysers of furnaces count it."""
_WATER_KG_PER_KMOL = 18.015


def bosh_gas_m3_per_min(
    *,
    blast_m3_per_min: npt.ArrayLike,
    oxygen_m3_per_min: npt.ArrayLike,
    humidity_g_per_m3: npt.ArrayLike,
    coal_kg_per_min: npt.ArrayLike,
    coal_hydrogen_share: float,
) -> FloatArray:
    """Gas that rises from the tuyeres: nitrogen of the blast, carbon monoxide of all its oxygen, hydrogen of steam and coal.

    Parameters
    ----------
    blast_m3_per_min, oxygen_m3_per_min : array_like
        Blast without the enriching oxygen, and that oxygen.
    humidity_g_per_m3 : array_like
        Steam in the enriched blast.
    coal_hydrogen_share : float
        Mass share of hydrogen in the injected coal, 0 to 1.

    References
    ----------
    GB 50427 (definition of the bosh-gas index): ``1.21 V + 2 V_O2 + 44.8 w (V + V_O2) / 18000 + 22.4 M H / 2``. A furnace of
    2500 m³ gives 1.209, 1.997 and 44.37 by regression on its own records.
    """
    blast, oxygen = np.asarray(blast_m3_per_min, float), np.asarray(oxygen_m3_per_min, float)
    steam = 44.8 * np.asarray(humidity_g_per_m3, float) * (blast + oxygen) / 18_000
    hydrogen = 22.4 * np.asarray(coal_kg_per_min, float) * coal_hydrogen_share / 2
    volume: FloatArray = 1.21 * blast + 2 * oxygen + steam + hydrogen
    return volume


def flame_temperature_celsius(
    *,
    blast_celsius: npt.ArrayLike,
    humidity_g_per_m3: npt.ArrayLike,
    enrichment_percent: npt.ArrayLike,
    coal_g_per_m3: npt.ArrayLike,
    offset_kelvin: float = 0.0,
) -> FloatArray:
    """Theoretical temperature before the tuyeres (RAFT).

    Parameters
    ----------
    coal_g_per_m3 : array_like
        Injected coal per volume of enriched blast.
    offset_kelvin : float
        What the furnace's own calibration adds: about +41 K on a furnace of 2500 m³ (scatter 7 K).

    References
    ----------
    Linear form in use at American furnaces (AISI): ``1489 + 0.82 T - 5.705 w + 52.778 O2 - 1.81 PCI``.
    """
    temperature: FloatArray = (
        1489
        + offset_kelvin
        + 0.82 * np.asarray(blast_celsius, float)
        - 5.705 * np.asarray(humidity_g_per_m3, float)
        + 52.778 * np.asarray(enrichment_percent, float)
        - 1.81 * np.asarray(coal_g_per_m3, float)
    )
    return temperature


def permeability_index(*, blast_m3_per_h: npt.ArrayLike, drop_kpa: npt.ArrayLike) -> FloatArray:
    """Blast per pressure drop, in 100 times 10⁴ m³/h per kPa; NaN without a drop.

    References
    ----------
    Index K of a furnace of 2500 m³, which this form meets within 0.3 %.
    """
    return _ratio(np.asarray(blast_m3_per_h, float) / 100, drop_kpa)


def gas_resistance(*, hot_blast_kpa: npt.ArrayLike, top_kpa: npt.ArrayLike, bosh_gas_m3_per_min: npt.ArrayLike) -> FloatArray:
    """How hard the burden resists, whatever flow and top pressure are: ``(P_b² - P_t²) / V^1.7``, pressures absolute.

    Parameters
    ----------
    hot_blast_kpa, top_kpa : array_like
        Above atmosphere. [kPa]

    Returns
    -------
    ndarray
        In 1e-3 kPa² (m³/min)^-1.7, about 40 at a furnace of 2500 m³; NaN without gas.

    References
    ----------
    Ergun's equation for a compressible gas through a bed, with the exponent 1.7 of Japanese practice (resistance index K).
    """
    blast = np.asarray(hot_blast_kpa, float) + ATMOSPHERE_KPA
    top = np.asarray(top_kpa, float) + ATMOSPHERE_KPA
    volume = np.asarray(bosh_gas_m3_per_min, float)
    return _ratio(1e3 * (blast**2 - top**2), np.where(volume > 0, volume, np.nan) ** 1.7)


def utilisation_percent(*, monoxide_percent: npt.ArrayLike, dioxide_percent: npt.ArrayLike) -> FloatArray:
    """Share of the carbon monoxide that has reduced ore, ``CO2 / (CO + CO2)``; NaN without either."""
    dioxide = np.asarray(dioxide_percent, float)
    return _ratio(100 * dioxide, dioxide + np.asarray(monoxide_percent, float))


def top_gas_m3_per_h(
    *, blast_m3_per_h: npt.ArrayLike, nitrogen_percent: npt.ArrayLike, other_nitrogen_m3_per_h: npt.ArrayLike = 0.0
) -> FloatArray:
    """Dry top gas by its nitrogen, which comes from the blast and is not changed on the way.

    Parameters
    ----------
    blast_m3_per_h : array_like
        Dry, without the enriching oxygen.
    nitrogen_percent : array_like
        Of the dry top gas.
    other_nitrogen_m3_per_h : array_like
        Nitrogen from elsewhere: of coal, of carrier gas, of impure oxygen.
    """
    nitrogen = AIR_NITROGEN_SHARE * np.asarray(blast_m3_per_h, float) + np.asarray(other_nitrogen_m3_per_h, float)
    return _ratio(100 * nitrogen, nitrogen_percent)


def heating_value_kj_per_m3(*, monoxide_percent: npt.ArrayLike, hydrogen_percent: npt.ArrayLike) -> FloatArray:
    """Lower heating value of the dry gas.

    References
    ----------
    Heats of combustion at 25 °C (NIST): carbon monoxide 283.0, hydrogen 241.8 kJ/mol, on 22.414 L/mol: 12 626 and 10 788 kJ/m³.
    """
    heating: FloatArray = 126.26 * np.asarray(monoxide_percent, float) + 107.88 * np.asarray(hydrogen_percent, float)
    return heating


def dry_blast_m3_per_h(*, blast_m3_per_h: npt.ArrayLike, humidity_g_per_m3: npt.ArrayLike) -> FloatArray:
    """Blast without its steam."""
    steam = np.asarray(humidity_g_per_m3, float) / 1000 * MOLAR_M3_PER_KMOL / _WATER_KG_PER_KMOL
    dry: FloatArray = np.asarray(blast_m3_per_h, float) * (1 - steam)
    return dry


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> FloatArray:
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    found: FloatArray = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return found
