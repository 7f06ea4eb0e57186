"""Resistance of a displacement ship in deep water: still water, and head seas.

Still water: Holtrop and Mennen, An approximate power prediction method, International Shipbuilding Progress 29 (1982), 166-170
(the form factor of 1982, not that of the re-analysis of 1984). Waves: STAWAVE-1 of ISO 15016:2015, D.2. Friction: ITTC-1957.

Limits: calm-water regressions hold for prismatic coefficients up to about 0.87 and Froude numbers below the main hump; no
shallow water, ahead only. STAWAVE-1 is for head seas up to 45 degrees; what lies beyond is the caller's to judge.
"""

import numpy as np

from simulators.dice import Array

GRAVITY = 9.81
SEA_WATER_KG_PER_M3 = 1025.0
SEA_WATER_VISCOSITY_M2_PER_S = 1.18831e-6  # at 15 degrees Celsius, as in the paper's example


class Hull:
    """The hulls of n ships as they float; every dimension is an array ``(n,)`` or a number, in metres."""

    def __init__(
        self,
        *,
        length: Array | float,
        beam: Array | float,
        draught: Array | float,
        displacement_m3: Array | float,
        buoyancy_centre_percent: Array | float,
        midship_coefficient: Array | float,
        waterplane_coefficient: Array | float,
        transom_m2: Array | float = 0.0,
        bulb_m2: Array | float = 0.0,
        bulb_height: Array | float = 0.0,
        appendages_m2: Array | float = 0.0,
        appendage_factor: float = 1.5,
        stern_coefficient: float = 0.0,
        wetted_m2: Array | float | None = None,
    ) -> None:
        self.length, self.beam, self.draught, self.displacement_m3 = (
            np.asarray(number, dtype=float) for number in (length, beam, draught, displacement_m3)
        )
        self._transom_m2, self._bulb_m2 = np.asarray(transom_m2, dtype=float), np.asarray(bulb_m2, dtype=float)
        self._bulb_height = bulb_height
        self._appendages_m2, self._appendage_factor = appendages_m2, appendage_factor
        self.prismatic = self.displacement_m3 / (self.length * self.beam * self.draught * midship_coefficient)
        block = self.prismatic * midship_coefficient
        self._waterplane = waterplane_coefficient
        if wetted_m2 is None:
            form = 0.453 + 0.4425 * block - 0.2862 * midship_coefficient - 0.003467 * self.beam / self.draught
            form = form + 0.3696 * waterplane_coefficient
            girth = 2 * self.draught + self.beam
            wetted_m2 = self.length * girth * np.sqrt(midship_coefficient) * form + 2.38 * self._bulb_m2 / block
        self.wetted_m2 = np.asarray(wetted_m2, dtype=float)
        self._find_form_factor(buoyancy_centre_percent, stern_coefficient)
        self._find_wave_coefficients(buoyancy_centre_percent, midship_coefficient)
        shallowness = np.minimum(self.draught / self.length, 0.04)
        roughness = 0.003 * np.sqrt(self.length / 7.5) * block**4 * self._bulb_effect * (0.04 - shallowness)
        self._allowance = 0.006 * (self.length + 100) ** -0.16 - 0.00205 + roughness

    def _find_form_factor(self, buoyancy_centre_percent: Array | float, stern_coefficient: float) -> None:
        prismatic, slenderness = self.prismatic, self.draught / self.length
        self.run_length = self.length * (1 - prismatic + 0.06 * prismatic * buoyancy_centre_percent / (4 * prismatic - 1))
        c12 = np.select(
            [slenderness > 0.05, slenderness > 0.02],
            [slenderness**0.2228446, 48.20 * np.maximum(slenderness - 0.02, 0) ** 2.078 + 0.479948],
            0.479948,
        )
        fullness = (0.95 - prismatic) ** -0.521448 * (1 - prismatic + 0.0225 * buoyancy_centre_percent) ** 0.6906
        self.form_factor = (1 + 0.003 * stern_coefficient) * (0.93 + c12 * (self.beam / self.run_length) ** 0.92497 * fullness)

    def _find_wave_coefficients(self, buoyancy_centre_percent: Array | float, midship_coefficient: Array | float) -> None:
        length, beam, draught, prismatic = self.length, self.beam, self.draught, self.prismatic
        ratio, volume = beam / length, self.displacement_m3
        c7 = np.select([ratio < 0.11, ratio < 0.25], [0.229577 * ratio ** (1 / 3), ratio], 0.5 - 0.0625 / ratio)
        entrance = -((length / beam) ** 0.80856) * (1 - self._waterplane) ** 0.30484
        entrance = entrance * (1 - prismatic - 0.0225 * buoyancy_centre_percent) ** 0.6367
        entrance = entrance * (self.run_length / beam) ** 0.34574 * (100 * volume / length**3) ** 0.16302
        half_angle = 1 + 89 * np.exp(entrance)
        c1 = 2223105 * c7**3.78613 * (draught / beam) ** 1.07961 * (90 - half_angle) ** -1.37565
        bulb_depth = 0.31 * np.sqrt(self._bulb_m2) + draught - self._bulb_height
        self._bulb_effect = np.exp(-1.89 * np.sqrt(0.56 * self._bulb_m2**1.5 / (beam * draught * bulb_depth)))
        c5 = 1 - 0.8 * self._transom_m2 / (beam * draught * midship_coefficient)
        self._wave_factor = c1 * self._bulb_effect * c5 * volume * SEA_WATER_KG_PER_M3 * GRAVITY / 1000
        self._wave_length = 1.446 * prismatic - np.where(length / beam < 12, 0.03 * length / beam, 0.36)
        c16 = np.where(
            prismatic < 0.80,
            8.07981 * prismatic - 13.8673 * prismatic**2 + 6.984388 * prismatic**3,
            1.73014 - 0.7067 * prismatic,
        )
        self._m1 = 0.0140407 * length / draught - 1.75254 * volume ** (1 / 3) / length - 4.79323 * ratio - c16
        slimness = length**3 / volume
        c15 = np.select([slimness < 512, slimness < 1727], [-1.69385, -1.69385 + (length / volume ** (1 / 3) - 8.0) / 2.36], 0.0)
        self._m2 = c15 * prismatic**2

    def friction_kn(self, speed: Array, coefficient: Array | float) -> Array:
        """Give the drag of the wetted surface, at a speed in m/s, that belongs to a coefficient of friction."""
        return np.asarray(0.5e-3 * SEA_WATER_KG_PER_M3 * speed**2 * self.wetted_m2 * coefficient)

    def calm_water_parts_kn(self, speed: Array) -> dict[str, Array]:
        """Give the parts of the resistance in still, deep water, at a speed in m/s."""
        moving = np.maximum(speed, 0.1)
        reynolds = moving * self.length / SEA_WATER_VISCOSITY_M2_PER_S
        coefficient = 0.075 / (np.log10(reynolds) - 2) ** 2
        froude = moving / np.sqrt(GRAVITY * self.length)
        m2 = self._m2 * np.exp(-0.1 * froude**-2)
        exponent = self._m1 * froude**-0.9 + m2 * np.cos(self._wave_length * froude**-2)
        appended = self._appendages_m2 / self.wetted_m2
        return {
            "friction": self.friction_kn(speed, coefficient * self.form_factor),
            "appendages": self.friction_kn(speed, coefficient * appended * self._appendage_factor),
            "waves": self._wave_factor * np.exp(exponent),
            "bulb": self._bulb_kn(moving),
            "transom": self._transom_kn(moving),
            "allowance": self.friction_kn(speed, self._allowance * (1 + appended)),
        }

    def calm_water_kn(self, speed: Array) -> Array:
        return np.asarray(sum(self.calm_water_parts_kn(speed).values()))

    def _bulb_kn(self, speed: Array) -> Array:
        area, draught = self._bulb_m2, self.draught
        emergence = 0.56 * np.sqrt(area) / np.maximum(draught - 1.5 * self._bulb_height, 0.1)
        depth = np.maximum(draught - self._bulb_height - 0.25 * np.sqrt(area), 0.0)
        froude = speed / np.sqrt(GRAVITY * depth + 0.15 * speed**2)
        shape = np.exp(-3 / np.maximum(emergence, 0.01) ** 2) * area**1.5
        return np.asarray(0.11e-3 * shape * froude**3 * SEA_WATER_KG_PER_M3 * GRAVITY / (1 + froude**2))

    def _transom_kn(self, speed: Array) -> Array:
        height = np.maximum(2 * GRAVITY * self._transom_m2 / (self.beam * (1 + self._waterplane)), 1e-6)
        c6 = 0.2 * np.maximum(1 - 0.2 * speed / np.sqrt(height), 0.0)
        return np.asarray(0.5e-3 * SEA_WATER_KG_PER_M3 * speed**2 * self._transom_m2 * c6)

    def head_sea_kn(self, significant_height_m: Array, bow_length_m: Array | float) -> Array:
        """Give what waves from ahead add; ``bow_length_m`` is the waterline from the bow to 95 % of the beam."""
        spread = self.beam * np.sqrt(self.beam / bow_length_m)
        return np.asarray(SEA_WATER_KG_PER_M3 * GRAVITY * significant_height_m**2 * spread / 16_000)
