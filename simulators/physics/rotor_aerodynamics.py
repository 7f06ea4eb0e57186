"""What a wind turbine's rotor takes from the air: power in it, power coefficient, and the pitch that takes a wanted share.

``P = 0.5 rho A v³ c_p(tip speed ratio, pitch)`` with the surface of S. Heier, "Grid Integration of Wind Energy", and its usual
constants: at most 0.480, at a ratio of 8.10 with the blades at 0°.

Limits: the surface is generic (above rated wind the blades turn several degrees further than those of a given machine, and a
little in the weakest winds, where this surface wants it); no stall, no dynamic inflow, blades are rigid.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

BEST_TIP_SPEED_RATIO = 8.10
_STANDSTILL = 0.01
"""Slower than this a rotor takes nothing, and the surface has a pole."""


def power_coefficient(tip_speed_ratio: Array, pitch_deg: Array) -> Array:
    """Give what share of the air's power the rotor takes."""
    slowness = 1 / np.maximum(tip_speed_ratio + 0.08 * pitch_deg, _STANDSTILL) - 0.035 / (pitch_deg**3 + 1)
    taken = 0.5176 * (116 * slowness - 0.4 * pitch_deg - 5) * np.exp(-21 * slowness) + 0.0068 * tip_speed_ratio
    return np.maximum(taken, 0.0)


class PitchTable:
    """The surface turned round: which pitch takes a wanted share of the air's power."""

    RATIO_STEP, LEVELS = 0.1, 60

    def __init__(self) -> None:
        pitch = np.linspace(0, 60, 1201)
        ratios: Array = self.RATIO_STEP * np.arange(5.0, 201.0)
        surface = power_coefficient(ratios[:, None], pitch)
        best = surface.argmax(axis=1)
        self._most = surface.max(axis=1)
        # Levels lie closer near the maximum, where the surface is flat.
        shares = 1 - (1 - np.linspace(0, 1, self.LEVELS + 1)) ** 2
        self._pitch = np.array(
            [
                np.interp(shares * most, row[top:][::-1], pitch[top:][::-1])
                for row, top, most in zip(surface, best, self._most, strict=True)
            ]
        )

    def pitch_deg(self, tip_speed_ratio: Array, wanted_coefficient: Array) -> Array:
        """Give the pitch; that of most power where more is wanted than there is."""
        column, right = _cell(tip_speed_ratio / self.RATIO_STEP - 5, len(self._most))
        most = (1 - right) * self._most[column] + right * self._most[column + 1]
        share = np.clip(wanted_coefficient / np.maximum(most, 1e-6), 0, 1)
        row, above = _cell((1 - np.sqrt(1 - share)) * self.LEVELS, self.LEVELS + 1)
        low = (1 - above) * self._pitch[column, row] + above * self._pitch[column, row + 1]
        high = (1 - above) * self._pitch[column + 1, row] + above * self._pitch[column + 1, row + 1]
        pitch: Array = (1 - right) * low + right * high
        return pitch


def _cell(place: Array, count: int) -> tuple[npt.NDArray[np.intp], Array]:
    """Give the grid point below a place, and how far it lies towards the next."""
    place = np.clip(place, 0, count - 1.001)
    below = place.astype(np.intp)
    return below, place - below


class Rotor:
    """A rotor of one size whose generator turns between two speeds."""

    def __init__(self, *, radius_m: float, slowest_rad_s: float, rated_rad_s: float) -> None:
        self._radius_m, self._slowest_rad_s, self._rated_rad_s = radius_m, slowest_rad_s, rated_rad_s
        self.pitch_deg = PitchTable().pitch_deg

    def air_kw(self, density: Array | float, mps: Array) -> Array:
        """Give the power of the air, of a density in kg/m³, that goes through the disc."""
        air_kw: Array = 0.0005 * density * np.pi * self._radius_m**2 * mps**3
        return air_kw

    def tip_speed_ratio(self, rad_s: Array, mps: Array) -> Array:
        ratio: Array = rad_s * self._radius_m / mps
        return ratio

    def best_rad_s(self, mps: Array) -> Array:
        """Give the speed at which it takes most, as far as it may turn so slowly or so fast."""
        best_rad_s: Array = np.clip(BEST_TIP_SPEED_RATIO * mps / self._radius_m, self._slowest_rad_s, self._rated_rad_s)
        return best_rad_s

    def most_kw(self, density: float, mps: Array) -> Array:
        """Give what it takes at that speed with its best pitch."""
        ratio = self.tip_speed_ratio(self.best_rad_s(mps), mps)
        pitch_deg = self.pitch_deg(ratio, np.ones_like(mps))
        return self.air_kw(density, mps) * power_coefficient(ratio, pitch_deg)
