"""Where a tracked machine is on its rectangular site, and where its receiver says it is.

It travels in straight lines between places on the site; a thief carries it away and, when found out, back. Places are metres in
a local plane, along and across the site, and a degree of latitude is 111.13 km (WGS 84, mean). The shown position stands still
without a fix, and jumps when it is jammed.

Limits: a site is convex and flat but for one slope; machines turn on the spot; sites lie around Jinan.
"""

import numpy as np

from simulators.dice import Array, Dice, Flags

HAUL_KMH = 45.0
_THEFT_M = 9000.0
_M_PER_DEGREE = 111_132.0
_LONG_WAY_M, _FIRST_GEAR_KMH, _SECOND_GEAR_KMH = 40.0, 3.2, 5.0
_JUMP_M, _JUMP_SECONDS = 800, 1200.0


class BuildingSites:
    """n sites with a machine on each."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.centre_deg = np.stack([dice.uniform(36.55, 36.8), dice.uniform(116.9, 117.25)], axis=1)
        self.half_sides_m = np.stack([dice.uniform(60, 150), dice.uniform(40, 90)], axis=1)
        self.turned = dice.uniform(0, np.pi)
        """Angle from east to the long side of the site."""
        self._altitude_m = dice.uniform(30, 140)
        self._slope = dice.uniforms(2, -0.06, 0.06)
        self._theft_course = dice.uniform(0, 2 * np.pi)
        self._along_m = dice.uniforms(2, -0.8, 0.8) * self.half_sides_m
        self._target_m = self._along_m
        self.heading_deg = dice.uniform(0, 360)
        self._unevenness_deg = self._draw_unevenness_deg()
        self.moved_kmh = self._carried_m = np.zeros(dice.n)
        self._shown_m = self._place_m()

    @property
    def is_there(self) -> Flags:
        """Which machines are where they wanted to go."""
        return np.asarray(np.all(self._along_m == self._target_m, axis=1))

    @property
    def gear(self) -> Array:
        """The gear that a machine travels in: long ways are made in the second."""
        way_m = self._target_m - self._along_m
        return np.where(np.hypot(way_m[:, 0], way_m[:, 1]) > _LONG_WAY_M, 2.0, 1.0)

    def is_carried(self, is_stolen: Flags) -> Flags:
        """Tell which machines lie on a low loader."""
        return np.asarray(self._carried_m != _THEFT_M * is_stolen)

    def travel(self, seconds: float, *, travels: Flags, sets_out: Flags, speed_share: Array) -> None:
        """Go on towards the place that was chosen when it set out."""
        target_m, unevenness_deg = self._dice.uniforms(2, -0.9, 0.9) * self.half_sides_m, self._draw_unevenness_deg()
        kept_m = np.where(travels[:, None], self._target_m, self._along_m)
        self._target_m = np.where(sets_out[:, None], target_m, kept_m)
        self._unevenness_deg = np.where(sets_out[:, None], unevenness_deg, self._unevenness_deg)
        way_m = self._target_m - self._along_m
        left_m = np.hypot(way_m[:, 0], way_m[:, 1])
        full_kmh = np.where(self.gear == 2, _SECOND_GEAR_KMH, _FIRST_GEAR_KMH) * speed_share
        driven_m = np.minimum(left_m, full_kmh / 3.6 * seconds)
        step_m = way_m * (driven_m / np.maximum(left_m, 1e-9))[:, None]
        self._along_m = np.where((driven_m >= left_m)[:, None], self._target_m, self._along_m + step_m)
        self.moved_kmh = driven_m / seconds * 3.6
        course_deg = 90 - np.degrees(np.arctan2(way_m[:, 1], way_m[:, 0]) + self.turned)
        self.heading_deg = np.where(left_m > 0, course_deg % 360, self.heading_deg)

    def carry(self, seconds: float, is_stolen: Flags) -> None:
        most_m = HAUL_KMH / 3.6 * seconds
        self._carried_m = self._carried_m + np.clip(_THEFT_M * is_stolen - self._carried_m, -most_m, most_m)

    def show(self, seconds: float, *, has_fix: Flags, is_jammed: Flags) -> None:
        """Let the receiver find itself where it is, or stay with what it knew."""
        jumps = self._dice.happens(seconds, mean_seconds=_JUMP_SECONDS) & is_jammed
        jump_m = self._dice.uniforms(2, -_JUMP_M, _JUMP_M)
        frozen_m = self._shown_m + np.where(jumps[:, None], jump_m, 0.0)
        self._shown_m = np.where(has_fix[:, None], self._place_m(), frozen_m)

    @property
    def shown_deg(self) -> tuple[Array, Array]:
        """Latitude and longitude that the receiver tells."""
        latitude, longitude = self.centre_deg.T
        east_m, north_m = self._shown_m.T
        return latitude + north_m / _M_PER_DEGREE, longitude + east_m / (_M_PER_DEGREE * np.cos(np.radians(latitude)))

    @property
    def altitude_m(self) -> Array:
        return np.asarray(self._altitude_m + np.sum(self._slope * self._along_m, axis=1))

    @property
    def tilts_deg(self) -> tuple[Array, Array]:
        """Pitch and roll: the site's slope, seen along the machine and across it, and the ground under its tracks."""
        facing = np.radians(90 - self.heading_deg) - self.turned
        cos, sin = np.cos(facing), np.sin(facing)
        along, across = np.degrees(np.arctan(self._slope)).T
        return along * cos + across * sin + self._unevenness_deg[:, 0], along * sin - across * cos + self._unevenness_deg[:, 1]

    def _draw_unevenness_deg(self) -> Array:
        return 2.0 * np.clip(self._dice.normals(2), -2, 2)

    def _place_m(self) -> Array:
        """Metres east and north of the site's centre."""
        cos, sin = np.cos(self.turned), np.sin(self.turned)
        along, across = self._along_m.T
        east = along * cos - across * sin + self._carried_m * np.sin(self._theft_course)
        north = along * sin + across * cos + self._carried_m * np.cos(self._theft_course)
        return np.stack([east, north], axis=1)
