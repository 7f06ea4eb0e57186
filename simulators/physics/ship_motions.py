"""How a ship yaws, rolls and pitches under way, and how its rudder answers.

The period of roll is that of a radius of gyration of 0.39 of the beam, T = 2 k B / √GM (IMO, 2008 IS Code, gives the same form);
amplitudes grow with the significant height of the waves.

Limits: single sines, no course keeping: the rudder answers the yaw with a delay and turns in proportion to the rate ordered.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

_YAW_SECONDS, _PITCH_SECONDS, _GYRATION_SHARE = 75.0, 7.6, 0.39


class Motions(NamedTuple):
    """Angles in degrees."""

    yaw_deg: Array
    rate_deg_per_min: Array
    rudder_deg: Array
    roll_deg: Array
    pitch_deg: Array


class ShipMotions:
    """n ships; ``phases`` are those of yaw, roll and pitch, shape ``(n, 3)``, ``helm_deg`` what the rudder carries steadily."""

    def __init__(self, *, beam_m: float, phases: Array, helm_deg: Array) -> None:
        self._beam_m, self._phases, self._helm_deg = beam_m, phases.T, helm_deg

    def at(
        self,
        seconds: float,
        *,
        wave_m: Array,
        metacentric_m: Array,
        turn_deg_per_min: Array,
        is_under_way: npt.NDArray[np.bool_],
    ) -> Motions:
        """Tell the motions of this moment; a ship that lies still has none."""
        roll_seconds = 2 * _GYRATION_SHARE * self._beam_m / np.sqrt(metacentric_m)
        angle, (yaw, roll, pitch) = 2 * np.pi * seconds, self._phases
        yaw_phase, roll_phase, pitch_phase = (
            angle / _YAW_SECONDS + yaw,
            angle / roll_seconds + roll,
            angle / _PITCH_SECONDS + pitch,
        )
        yaw_deg = (0.25 + 0.2 * wave_m) * is_under_way
        helm_deg = (self._helm_deg - 1.6 * yaw_deg * np.cos(yaw_phase - 0.7)) * is_under_way
        return Motions(
            yaw_deg=yaw_deg * np.sin(yaw_phase),
            rate_deg_per_min=turn_deg_per_min + yaw_deg * np.cos(yaw_phase) * 2 * np.pi / _YAW_SECONDS * 60,
            rudder_deg=helm_deg + 0.6 * turn_deg_per_min,
            roll_deg=(0.25 + 0.7 * wave_m) * is_under_way * np.sin(roll_phase),
            pitch_deg=0.3 * wave_m * is_under_way * np.sin(pitch_phase),
        )
