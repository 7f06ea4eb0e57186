"""Resistance of a displacement ship in deep, still water by Holtrop and Mennen's regression of 1982.

Formulas, and the example that the tests check: J. Holtrop and G. G. J. Mennen, An approximate power prediction method,
International Shipbuilding Progress 29 (1982), 166-170. The re-analysis of 1984 has another form factor and is not used. It holds
for prismatic coefficients of about 0.55 to 0.85 and lengths of 3.9 to 15 beams (from memory of the authors' table).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

GRAVITY_M_PER_S2 = 9.81
SEA_WATER_KG_PER_M3 = 1025.0
SEA_WATER_M2_PER_S = 1.18831e-6
"""Kinematic viscosity at 15 °C, as the paper's example has it."""
_WAVE_DECAY = -0.9


@dataclass(frozen=True, kw_only=True)
class Hull:
    """A ship as she floats.

    Raises
    ------
    ValueError
        If the dimensions are not those of a ship: not positive, a prismatic coefficient outside 0.4 to 0.9, or a centre of
        buoyancy too far from the middle for it.
    """

    length_m: float
    """Of the waterline."""
    breadth_m: float
    draught_m: float
    displacement_m3: float
    buoyancy_centre_percent: float
    """Of the length, forward of its middle."""
    midship_coefficient: float
    waterplane_coefficient: float
    wetted_m2: float | None = None
    """Hull alone; estimated by the paper's regression where it is not known."""
    appendages_m2: float = 0.0
    appendage_factor: float = 1.5
    """1 + k2 of the appendages together; 1.5 is a rudder behind a skeg."""
    transom_m2: float = 0.0
    """Immersed at rest."""
    bulb_m2: float = 0.0
    """Transverse section of the bulb at the forward perpendicular."""
    bulb_height_m: float = 0.0
    """Its centre above the keel."""
    stern_coefficient: float = 0.0
    """-25 gondola, -10 V sections, 0 normal, 10 U sections."""

    @classmethod
    def of_main_dimensions(cls, *, length_m: float, breadth_m: float, draught_m: float, block_coefficient: float) -> Self:
        """Guess the rest of a full, slow ship: for how resistance rises with speed, hardly for how much it is.

        References
        ----------
        Midship section after Kerlen 1970, ``1.006 - 0.0056 C_B^-3.56``; waterplane after Schneekluth, ``(1 + 2 C_B) / 3``; centre
        of buoyancy after Guldhammer and Harvald 1974, ``19.4 C_P - 13.5`` percent.
        """
        midship = 1.006 - 0.0056 * block_coefficient**-3.56
        return cls(
            length_m=length_m,
            breadth_m=breadth_m,
            draught_m=draught_m,
            displacement_m3=block_coefficient * length_m * breadth_m * draught_m,
            buoyancy_centre_percent=19.4 * block_coefficient / midship - 13.5,
            midship_coefficient=midship,
            waterplane_coefficient=(1 + 2 * block_coefficient) / 3,
        )

    def __post_init__(self) -> None:
        sizes = (self.length_m, self.breadth_m, self.draught_m, self.displacement_m3)
        if not all(size > 0 for size in sizes) or not 0 < self.waterplane_coefficient < 1:
            raise ValueError(f"a hull of {sizes}")
        if not 0.4 < self.prismatic_coefficient < 0.9:
            raise ValueError(f"a prismatic coefficient of {self.prismatic_coefficient:.3g}")
        if not 0.0225 * abs(self.buoyancy_centre_percent) < 1 - self.prismatic_coefficient:
            raise ValueError(f"a centre of buoyancy {self.buoyancy_centre_percent:.3g} % from the middle")

    @cached_property
    def block_coefficient(self) -> float:
        return self.displacement_m3 / (self.length_m * self.breadth_m * self.draught_m)

    @cached_property
    def prismatic_coefficient(self) -> float:
        return self.block_coefficient / self.midship_coefficient

    @cached_property
    def wetted_surface_m2(self) -> float:
        if self.wetted_m2 is not None:
            return self.wetted_m2
        block, middle = self.block_coefficient, self.midship_coefficient
        form = 0.453 + 0.4425 * block - 0.2862 * middle - 0.003467 * self.breadth_m / self.draught_m
        form += 0.3696 * self.waterplane_coefficient
        girth_m = 2 * self.draught_m + self.breadth_m
        return float(self.length_m * girth_m * middle**0.5 * form + 2.38 * self.bulb_m2 / block)

    @cached_property
    def run_length_m(self) -> float:
        """L_R: length of the after body that narrows."""
        cp = self.prismatic_coefficient
        return self.length_m * (1 - cp + 0.06 * cp * self.buoyancy_centre_percent / (4 * cp - 1))

    @cached_property
    def c12(self) -> float:
        slenderness = self.draught_m / self.length_m
        if slenderness > 0.05:
            return float(slenderness**0.2228446)
        return float(48.20 * max(slenderness - 0.02, 0.0) ** 2.078 + 0.479948)

    @cached_property
    def form_factor(self) -> float:
        """1 + k1."""
        cp, centre = self.prismatic_coefficient, self.buoyancy_centre_percent
        slope = (self.breadth_m / self.run_length_m) ** 0.92497
        fullness = (0.95 - cp) ** -0.521448 * (1 - cp + 0.0225 * centre) ** 0.6906
        return float((1 + 0.003 * self.stern_coefficient) * (0.93 + self.c12 * slope * fullness))

    @cached_property
    def bulb_reduction(self) -> float:
        """c2: what a bulb leaves of the waves."""
        depth_m = 0.31 * self.bulb_m2**0.5 + self.draught_m - self.bulb_height_m
        c3 = 0.56 * self.bulb_m2**1.5 / (self.breadth_m * self.draught_m * depth_m)
        return float(np.exp(-1.89 * c3**0.5))

    @cached_property
    def entrance_deg(self) -> float:
        """Half angle of the waterline at the bow."""
        power = (self.length_m / self.breadth_m) ** 0.80856 * (1 - self.waterplane_coefficient) ** 0.30484
        power *= (1 - self.prismatic_coefficient - 0.0225 * self.buoyancy_centre_percent) ** 0.6367
        power *= (self.run_length_m / self.breadth_m) ** 0.34574
        power *= (100 * self.displacement_m3 / self.length_m**3) ** 0.16302
        return float(1 + 89 * np.exp(-power))

    @cached_property
    def correlation_allowance(self) -> float:
        """C_A: roughness and what models do not show."""
        c4 = min(self.draught_m / self.length_m, 0.04)
        bow = 0.003 * (self.length_m / 7.5) ** 0.5 * self.block_coefficient**4 * self.bulb_reduction * (0.04 - c4)
        return float(0.006 * (self.length_m + 100) ** -0.16 - 0.00205 + bow)


class Resistance(NamedTuple):
    """Parts in kN, each of the shape of the speed."""

    friction: FloatArray
    """Of the bare hull as a flat plate; times the form factor it is the viscous part."""
    appendages: FloatArray
    waves: FloatArray
    bulb: FloatArray
    transom: FloatArray
    allowance: FloatArray
    total: FloatArray


def resistance_kn(
    hull: Hull,
    speed_m_per_s: npt.ArrayLike,
    *,
    water_kg_per_m3: float = SEA_WATER_KG_PER_M3,
    viscosity_m2_per_s: float = SEA_WATER_M2_PER_S,
) -> Resistance:
    """Give the resistance in deep, still water; NaN for speeds that are not positive.

    Parameters
    ----------
    speed_m_per_s : array_like
        Through the water.

    References
    ----------
    Holtrop and Mennen 1982; friction by the line of ITTC 1957.
    """
    given = np.asarray(speed_m_per_s, float)
    speed = np.where(given > 0, given, np.nan)
    pressure_kpa = 0.5e-3 * water_kg_per_m3 * speed**2
    friction = 0.075 / (np.log10(speed * hull.length_m / viscosity_m2_per_s) - 2) ** 2
    plate = pressure_kpa * hull.wetted_surface_m2 * friction
    appendages = pressure_kpa * hull.appendages_m2 * hull.appendage_factor * friction
    weight_kn_per_m3 = water_kg_per_m3 * GRAVITY_M_PER_S2 / 1000
    waves = hull.displacement_m3 * weight_kn_per_m3 * _wave_share(hull, speed / np.sqrt(GRAVITY_M_PER_S2 * hull.length_m))
    bulb = weight_kn_per_m3 * _bulb_m3(hull, speed)
    transom = pressure_kpa * hull.transom_m2 * _transom_coefficient(hull, speed)
    allowance = pressure_kpa * (hull.wetted_surface_m2 + hull.appendages_m2) * hull.correlation_allowance
    total: FloatArray = plate * hull.form_factor + appendages + waves + bulb + transom + allowance
    return Resistance(plate, appendages, waves, bulb, transom, allowance, total)


def _wave_share(hull: Hull, froude: FloatArray) -> FloatArray:
    """Resistance of waves as a share of the weight."""
    ratio, cp = hull.breadth_m / hull.length_m, hull.prismatic_coefficient
    c1 = 2223105 * _c7(ratio) ** 3.78613 * (hull.draught_m / hull.breadth_m) ** 1.07961 * (90 - hull.entrance_deg) ** -1.37565
    c5 = 1 - 0.8 * hull.transom_m2 / (hull.breadth_m * hull.draught_m * hull.midship_coefficient)
    c16 = 8.07981 * cp - 13.8673 * cp**2 + 6.984388 * cp**3 if cp < 0.8 else 1.73014 - 0.7067 * cp
    cube_root_m = hull.displacement_m3 ** (1 / 3)
    m1 = 0.0140407 * hull.length_m / hull.draught_m - 1.75254 * cube_root_m / hull.length_m - 4.79323 * ratio - c16
    wave_length = 1.446 * cp - (0.03 / ratio if ratio > 1 / 12 else 0.36)
    m2 = _c15(hull.length_m / cube_root_m) * cp**2 * np.exp(-0.1 * froude**-2)
    share: FloatArray = np.exp(m1 * froude**_WAVE_DECAY + m2 * np.cos(wave_length * froude**-2))
    found: FloatArray = c1 * hull.bulb_reduction * c5 * share
    return found


def _c7(breadth_share: float) -> float:
    if breadth_share < 0.11:
        return float(0.229577 * breadth_share ** (1 / 3))
    return breadth_share if breadth_share < 0.25 else 0.5 - 0.0625 / breadth_share


def _c15(slenderness: float) -> float:
    """By the length over the cube root of the displaced volume."""
    if slenderness**3 < 512:
        return -1.69385
    return 0.0 if slenderness**3 > 1727 else -1.69385 + (slenderness - 8.0) / 2.36


def _bulb_m3(hull: Hull, speed: FloatArray) -> FloatArray:
    """Pressure on a bulb near the surface, as a volume of water."""
    emerged_m = hull.draught_m - 1.5 * hull.bulb_height_m
    if not hull.bulb_m2 > 0 or not emerged_m > 0:
        return np.where(np.isnan(speed), np.nan, 0.0)
    emergence = 0.56 * hull.bulb_m2**0.5 / emerged_m
    depth_m = max(hull.draught_m - hull.bulb_height_m - 0.25 * hull.bulb_m2**0.5, 0.0)
    froude = speed / np.sqrt(GRAVITY_M_PER_S2 * depth_m + 0.15 * speed**2)
    volume: FloatArray = 0.11 * np.exp(-3 / emergence**2) * froude**3 * hull.bulb_m2**1.5 / (1 + froude**2)
    return volume


def _transom_coefficient(hull: Hull, speed: FloatArray) -> FloatArray:
    """c6: none where the water leaves the transom dry."""
    if not hull.transom_m2 > 0:
        return np.where(np.isnan(speed), np.nan, 0.0)
    width_m = hull.breadth_m * (1 + hull.waterplane_coefficient)
    froude = speed / np.sqrt(2 * GRAVITY_M_PER_S2 * hull.transom_m2 / width_m)
    coefficient: FloatArray = 0.2 * np.maximum(1 - 0.2 * froude, 0.0)
    return coefficient
