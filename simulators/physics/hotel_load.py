"""What a ship needs of electricity beside its propulsion, and of steam: pumps, lights, cooling, reefers, heating.

The electric demand depends on what the ship does, rises with warm air, and wanders by some tens of kW; the exhaust gas boiler
makes all the steam above 45 % of the main engine's load, an oil-fired one what is missing below.

Limits: figures are engineering defaults of bulk carriers; no cranes, no ballast pumps of their own, no bow thruster.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.physics.wander import wander

_FULL_STEAM_KG_PER_H = 95.0


class HotelLoad:
    """n ships; ``share`` is each one's demand against the usual, ``reefers`` how many containers are plugged in."""

    def __init__(self, usual_kw: Mapping[int, float], *, share: Array, reefers: Array) -> None:
        self._usual_kw = np.array([usual_kw[state] for state in range(len(usual_kw))])
        self._share, self.reefers, self._chance = share, reefers, np.zeros_like(share)

    def step(self, seconds: float, normal: Array) -> None:
        self._chance = wander(self._chance, normal, seconds, 900)

    def wanted_kw(self, state: npt.NDArray[np.int_], air_c: Array) -> Array:
        cooling_kw = 4.0 * np.clip(air_c - 22, 0, 10)
        usual_kw = (self._usual_kw[state] + cooling_kw + self.reefer_kw(air_c)) * self._share
        return np.asarray(usual_kw + 22 * np.clip(self._chance, -3, 3))

    def reefer_kw(self, air_c: Array) -> Array:
        return np.asarray(self.reefers * (2.2 + 0.08 * np.maximum(air_c, 0)))


def boiler_kg_per_h(engine_load: Array) -> Array:
    """Give the oil-fired boiler's fuel at a share of the main engine's rating."""
    return np.asarray(np.clip((0.45 - engine_load) / 0.2, 0, 1) * _FULL_STEAM_KG_PER_H)
