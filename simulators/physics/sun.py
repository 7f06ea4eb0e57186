"""Where the sun stands and how much light it throws on a tilted plane; functions of time and place without a state.

The chain is the usual one of photovoltaics:

* sun position: the Astronomical Almanac's low-precision formulae (J. J. Michalsky, Solar Energy 40(3), 1988), with Bennett's
  refraction (G. G. Bennett, Journal of Navigation 35(2), 1982);
* clear sky: P. Ineichen and R. Perez, Solar Energy 73(3), 2002, at sea level, with F. Kasten and A. T. Young's air mass (1989);
* beam and diffuse light: D. G. Erbs, S. A. Klein and J. A. Duffie, Solar Energy 28(4), 1982;
* onto the plane: J. E. Hay and J. A. Davies, 1980, with light from the ground, and ASHRAE's loss of the glass for slanting beams.

Limits: no horizon of hills or houses, no spectral effects, no altitude; below three degrees all light counts as diffuse. The
position holds within 0.1 degree from 1950 to 2050.
"""

import math
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from simulators.dice import Array

SOLAR_CONSTANT_W_M2 = 1361.0
GROUND_ALBEDO = 0.2
GLASS_B0 = 0.05
"""ASHRAE's parameter of the loss at slanting incidence."""
_LOWEST_BEAM_COSINE = math.cos(math.radians(87))
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


class Sun(NamedTuple):
    """The sun as seen from a place."""

    azimuth_deg: float
    """From north over east."""
    elevation_deg: float
    """Of the centre, with refraction."""
    extraterrestrial_w_m2: float
    """Light outside the atmosphere on a plane that faces the sun."""

    @property
    def cos_zenith(self) -> float:
        return math.sin(math.radians(self.elevation_deg))


class PlaneLight(NamedTuple):
    """Light on a tilted plane."""

    total_w_m2: Array
    """What a pyranometer in the plane shows."""
    useful_w_m2: Array
    """What passes the glass."""
    diffuse_share: Array
    """Of the useful light that which a shadow leaves."""


def sun_at(at: datetime, *, latitude_deg: float, longitude_deg: float) -> Sun:
    """Find the sun at a moment."""
    days = (at - _J2000).total_seconds() / 86_400
    anomaly = math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(280.460 + 0.9856474 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 4e-7 * days)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    utc = at.astimezone(UTC)
    hours = utc.hour + utc.minute / 60 + (utc.second + utc.microsecond / 1e6) / 3600
    midnight_days = days - hours / 24
    sidereal_deg = 15 * (6.697375 + 0.0657098242 * midnight_days + 1.00273791 * hours) + longitude_deg
    hour_angle = math.radians(sidereal_deg) - right_ascension
    latitude = math.radians(latitude_deg)
    sine = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    azimuth = math.atan2(
        -math.sin(hour_angle), math.tan(declination) * math.cos(latitude) - math.sin(latitude) * math.cos(hour_angle)
    )
    elevation_deg = math.degrees(math.asin(max(-1.0, min(sine, 1.0))))
    distance = 1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2 * anomaly)
    return Sun(math.degrees(azimuth) % 360, elevation_deg + _refraction_deg(elevation_deg), SOLAR_CONSTANT_W_M2 / distance**2)


def clear_sky_w_m2(sun: Sun, linke_turbidity: Array) -> Array:
    """Give the light on level ground under a cloudless sky; the turbidity is 2 in clean cold air and 5 to 7 in haze."""
    cosine = sun.cos_zenith
    if cosine <= 0:
        return np.zeros_like(linke_turbidity)
    air_mass = 1 / (cosine + 0.50572 * (sun.elevation_deg + 6.07995) ** -1.6364)
    through: Array = np.exp(-0.0387 * air_mass * linke_turbidity)
    return 0.868 * sun.extraterrestrial_w_m2 * cosine * through


def on_plane(sun: Sun, ghi_w_m2: Array, *, tilt_deg: Array, azimuth_deg: Array) -> PlaneLight:
    """Give the light on a plane when ``ghi_w_m2`` falls on level ground."""
    cosine = sun.cos_zenith
    if cosine <= 0:
        dark = np.zeros_like(ghi_w_m2)
        return PlaneLight(dark, dark, np.ones_like(ghi_w_m2))
    diffuse = ghi_w_m2 * _diffuse_share(ghi_w_m2 / (sun.extraterrestrial_w_m2 * cosine))
    if cosine < _LOWEST_BEAM_COSINE:
        diffuse = ghi_w_m2
    beam = (ghi_w_m2 - diffuse) / cosine
    tilt = np.radians(tilt_deg)
    cos_tilt, turned = np.cos(tilt), np.cos(np.radians(sun.azimuth_deg - azimuth_deg))
    incidence = np.maximum(cosine * cos_tilt + math.sqrt(1 - cosine * cosine) * np.sin(tilt) * turned, 0.0)
    direct = beam * incidence
    around_sun = beam / sun.extraterrestrial_w_m2
    sky = diffuse * (around_sun * incidence / max(cosine, 0.01745) + (1 - around_sun) * (1 + cos_tilt) / 2)
    scattered = sky + ghi_w_m2 * GROUND_ALBEDO * (1 - cos_tilt) / 2
    glass = np.clip(1 - GLASS_B0 * (1 / np.maximum(incidence, 0.01) - 1), 0.0, 1.0)
    useful = direct * glass + scattered
    return PlaneLight(direct + scattered, useful, scattered / np.maximum(useful, 1e-9))


def _diffuse_share(clearness: Array) -> Array:
    """Erbs: the share of diffuse light by the share of the extraterrestrial light that arrives."""
    k = clearness
    middle = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    return np.where(k <= 0.22, 1 - 0.09 * k, np.where(k <= 0.8, middle, 0.165))


def _refraction_deg(elevation_deg: float) -> float:
    """Bennett: air lifts the sun, by half a degree at the horizon."""
    if elevation_deg < -1:
        return 0.0
    return 1 / 60 / math.tan(math.radians(elevation_deg + 7.31 / (elevation_deg + 4.4)))
