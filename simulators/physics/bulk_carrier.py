"""Hulls of bulk carriers of 57,000 t deadweight, laden or in ballast, and what holds them back: water, growth, wind and waves.

Still water and head seas are those of `hull`. Growth and roughness add to the coefficient of friction; wind acts on 800 m² above
the ballast line with a drag coefficient of 0.8. Waves count whole up to 45° from the bow, as STAWAVE-1 has it; from there they
fade, to nothing well abaft the beam.

Limits: the figures are those of the class (Lpp 185 m, 32.26 m beam), of no one ship; bunkers burned do not lift it; no shallow
water, no drift angle, no rudder drag.
"""

import numpy as np

from simulators.dice import Array
from simulators.physics.hull import SEA_WATER_KG_PER_M3, Hull

BEAM_M, BALLAST_DRAUGHT_M = 32.26, 6.3
_LENGTH_M, _LENGTH_BETWEEN_PERPENDICULARS_M, _BOW_LENGTH_M = 187.0, 185.0, 25.0
_SPEEDS_M_PER_S = np.linspace(0, 10, 51)
_ADDED_MASS = 1.05


class BulkCarriers:
    """n hulls; ``resistance_share`` is each one's in still water against the usual, ``roughness`` adds to its friction."""

    def __init__(self, *, laden_draught_m: Array, resistance_share: Array, roughness: Array) -> None:
        self._laden_draught_m, self._resistance_share, self._roughness = laden_draught_m, resistance_share, roughness
        self._ships = np.arange(len(roughness))
        self.hull: Hull

    def draught_m(self, cargo: Array) -> Array:
        """Give the mean draught with a share of the cargo."""
        return BALLAST_DRAUGHT_M + (self._laden_draught_m - BALLAST_DRAUGHT_M) * cargo

    def load(self, cargo: Array) -> None:
        """Float with a share of the cargo from now on; the bulb works only when it is well under water."""
        draught = self.draught_m(cargo)
        block = 0.80 + 0.0055 * draught
        self.hull = Hull(
            length=_LENGTH_M,
            beam=BEAM_M,
            draught=draught,
            displacement_m3=_LENGTH_BETWEEN_PERPENDICULARS_M * BEAM_M * draught * block,
            buoyancy_centre_percent=2.9 - 0.7 * cargo,
            midship_coefficient=0.995,
            waterplane_coefficient=0.85 + 0.075 * cargo,
            transom_m2=8.0,
            bulb_m2=30.0 * np.clip((draught - 7) / 3, 0, 1),
            bulb_height=5.0,
            stern_coefficient=-10.0,
        )
        self._calm_kn = self.hull.calm_water_kn(_SPEEDS_M_PER_S[:, None]) * self._resistance_share

    @staticmethod
    def metacentric_m(cargo: Array) -> Array:
        """Give the height that rights the ship: ballast makes it stiff."""
        return 8.0 - 4.0 * cargo

    @property
    def mass_t(self) -> Array:
        """With the water that moves along."""
        return np.asarray(_ADDED_MASS * SEA_WATER_KG_PER_M3 / 1000 * self.hull.displacement_m3)

    def resistance_kn(
        self, speed: Array, *, growth: Array, wind_m_per_s: Array, wind_from_bow_deg: Array, wave_m: Array
    ) -> Array:
        """Give the whole resistance at a speed in m/s; ``growth`` is what adds to the coefficient of friction today."""
        facing = np.cos(np.radians(wind_from_bow_deg))
        meets = np.minimum(np.maximum(0.5 + 0.75 * facing, 0.0), 1.0)
        waves = self.hull.head_sea_kn(wave_m, _BOW_LENGTH_M) * meets
        rough = self.hull.friction_kn(speed, self._roughness + growth)
        return np.asarray(self._calm_water_kn(speed) + rough + self._blown_kn(speed, wind_m_per_s, facing) + waves)

    def _calm_water_kn(self, speed: Array) -> Array:
        """Look the resistance up between the speeds for which it was found when the ship was loaded."""
        place = np.minimum(speed / _SPEEDS_M_PER_S[1], len(_SPEEDS_M_PER_S) - 1.001)
        below = place.astype(int)
        low, high = self._calm_kn[below, self._ships], self._calm_kn[below + 1, self._ships]
        return np.asarray(low + (high - low) * (place - below))

    def _blown_kn(self, speed: Array, wind_m_per_s: Array, facing: Array) -> Array:
        ahead = wind_m_per_s * facing + speed
        wind = np.hypot(ahead, wind_m_per_s * (1 - facing**2) ** 0.5)
        return np.asarray(0.48e-3 * (800 - 20 * self.hull.draught) * ahead * wind)  # air of 1.2 kg/m³
