"""How warm a fan-cooled motor gets: winding and frame as two nodes, and the bearings, with a fan on the shaft.

The frame gives its heat to air whose flow goes with the speed (heat transfer as the flow to the power 0.8); the winding stands
above the frame by its own losses. Bearings stand between frame and air, warmed by friction, and by fresh grease for some hours.
Limits: two nodes, so no hot spots; the room's air does not warm.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag

_WINDING_SECONDS, _FRAME_SECONDS, _BEARING_SECONDS, _GREASE_SECONDS = 400.0, 2800.0, 1500.0, 4 * 3600.0
_AIR_KJ_PER_KG_K = 1.006


class MotorHeat:
    """Temperatures of n motors; the bearings' have the shape ``(n, bearings)``."""

    def __init__(
        self, *, frame_kw_per_k: Array, winding_kw_per_k: Array, air_kg_per_second: Array, bearing_k: Array, air_c: Array
    ) -> None:
        self._frame_kw_per_k, self._winding_kw_per_k = frame_kw_per_k, winding_kw_per_k
        self._air_kg_per_second, self._bearing_k = air_kg_per_second, bearing_k
        self.frame_c, self.winding_c = air_c, air_c
        self.bearing_c = np.repeat(air_c[:, None], bearing_k.shape[1], axis=1)
        self._grease_k = np.zeros_like(bearing_k)
        self._air_c, self._air_share = air_c, np.ones_like(air_c)

    def warm(
        self,
        seconds: float,
        *,
        winding_kw: Array,
        rest_kw: Array,
        air_c: Array,
        speed: Array,
        air_share: Array,
        friction_factor: Array,
        friction_k: Array,
    ) -> None:
        """Move on; speed and cooling air are shares of the rated, friction is multiplied and added to for each bearing."""
        self._air_c = air_c
        self._air_share = (0.08 + 0.92 * np.minimum(speed, 1.05)) * air_share
        settled_c = air_c + (winding_kw + rest_kw) / (self._frame_kw_per_k * self._air_share**0.8)
        self.frame_c = lag(self.frame_c, settled_c, seconds, _FRAME_SECONDS / np.maximum(self._air_share, 0.15) ** 0.8)
        self.winding_c = lag(self.winding_c, self.frame_c + winding_kw / self._winding_kw_per_k, seconds, _WINDING_SECONDS)
        friction_k = self._bearing_k * speed[:, None] * friction_factor + friction_k
        friction_k = np.where(speed[:, None] > 0.1, friction_k + self._grease_k, 0.0)
        around_c = (air_c + 0.35 * (self.frame_c - air_c))[:, None]
        self.bearing_c = lag(self.bearing_c, around_c + friction_k, seconds, _BEARING_SECONDS)

    def work_in_grease(self, seconds: float, is_greased: npt.NDArray[np.bool_]) -> None:
        """Fresh grease is worked in for some hours, and the bearing is warmer for so long: no fault."""
        self._grease_k = np.where(is_greased[:, None], 7.0, lag(self._grease_k, 0.0, seconds, _GREASE_SECONDS))

    @property
    def air_out_c(self) -> Array:
        """Temperature of the cooling air behind the frame."""
        carried_kw = self._frame_kw_per_k * self._air_share**0.8 * (self.frame_c - self._air_c)
        return self._air_c + carried_kw / (_AIR_KJ_PER_KG_K * self._air_kg_per_second * self._air_share)

    def winding_sensors_c(self, phase_kw: Array, places: Array) -> Array:
        """Two sensors in each phase, warmer than the frame by its share of the copper losses; ``places`` scatters them."""
        total_kw = phase_kw.sum(axis=1)[:, None]
        share = np.where(total_kw > 0, 3 * phase_kw / np.maximum(total_kw, 1e-6), 1.0)
        rise_k = (self.winding_c - self.frame_c)[:, None] * share
        return self.frame_c[:, None] + np.repeat(rise_k, 2, axis=1) * places
