"""Wind, waves, current, temperatures and pressure at sea, around ships that are far apart.

Wind is a mean of latitude and season with a lognormal factor that wanders over most of a day, from the trades' direction with
wide turns. Waves lag six hours behind a settled sea, 0.0165 times the square of the wind in m/s, which is three quarters of the
fully developed one of Pierson and Moskowitz (1964), beside a swell. Water is warm at the equator and follows the season with the
latitude; the air's temperature lies near it.

Limits: a climate in four lines, for the western Pacific between 40° N and 40° S; no storms beyond 19 m/s, no tides, no fetch, no
correlation between ships.
"""

from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice
from simulators.machine import lag
from simulators.physics.wander import wander

_HOURS = np.array([18, 24, 48, 30, 30])  # for which the wind's strength and direction, swell, current and fronts remember
_FARTHEST = 2.5


class Sea:
    """What n ships meet, each with weather of its own."""

    def __init__(self, dice: Dice, now: datetime, latitude: Array) -> None:
        self._dice = dice
        self._chance = np.clip(dice.normals(len(_HOURS)), -_FARTHEST, _FARTHEST)
        self.wind_m_per_s: Array
        self.wind_from_deg: Array
        self.current_m_per_s: Array
        """Along the ship's course, from astern."""
        self.water_c: Array
        self.air_c: Array
        self.pressure_kpa: Array
        self._look(now, latitude)
        self.wave_m = self._settled_wave_m()
        """Significant height."""

    def step(self, now: datetime, seconds: float, latitude: Array) -> None:
        drawn = wander(self._chance, self._dice.normals(len(_HOURS)), seconds, 3600.0 * _HOURS)
        self._chance = np.clip(drawn, -_FARTHEST, _FARTHEST)
        self._look(now, latitude)
        self.wave_m = lag(self.wave_m, self._settled_wave_m(), seconds, 6 * 3600)

    def apparent_wind(self, heading_deg: Array, speed_m_per_s: Array) -> tuple[Array, Array]:
        """Give what a ship feels that sails ahead: speed, and direction in degrees from the bow over starboard."""
        from_bow = np.radians(self.wind_from_deg - heading_deg)
        ahead = self.wind_m_per_s * np.cos(from_bow) + speed_m_per_s
        across = self.wind_m_per_s * np.sin(from_bow)
        return np.hypot(ahead, across), np.degrees(np.arctan2(across, ahead)) % 360

    def _look(self, now: datetime, latitude: Array) -> None:
        strength, turn, _, flow, front = self._chance.T
        summer = np.cos(2 * np.pi * (now.timetuple().tm_yday - 232) / 365) * np.clip(latitude / 5, -1, 1)
        away = np.abs(latitude)
        mean = 6.0 + 0.05 * away - 0.04 * away * summer
        self.wind_m_per_s = np.minimum(mean * np.exp(0.32 * strength - 0.05), 19.0)
        prevailing_deg = 90 - 40 * np.clip(latitude / 10, -1, 1)  # the trades of both hemispheres
        self.wind_from_deg = (prevailing_deg + 70 * turn) % 360
        self.current_m_per_s = 0.16 * flow
        self.water_c = 29 - 0.011 * latitude**2 + np.where(latitude > 0, 0.26, 0.10) * away * summer
        sun = np.cos(2 * np.pi * (now.hour + now.minute / 60 - 14) / 24)
        self.air_c = self.water_c + 1.2 * front + 0.9 * sun
        self.pressure_kpa = 101.2 - 0.35 * strength - 0.2 * front

    def _settled_wave_m(self) -> Array:
        swell_m = np.maximum(0.9 + 0.4 * self._chance[:, 2], 0.1)
        return np.asarray(np.hypot(swell_m, 0.0165 * self.wind_m_per_s**2))
