"""How high the sun stands, to a fraction of a degree: enough to tell night from day."""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

_DAY_US = 86_400_000_000
_J2000_US = 946_728_000_000_000


def elevation_deg(times_us: npt.NDArray[np.int64], *, latitude_deg: float, longitude_deg: float) -> FloatArray:
    """Give the elevation of the sun's centre without refraction, shape of the times. [deg]

    References
    ----------
    The Astronomical Almanac's low-precision formulas (0.01° between 1950 and 2050).
    """
    days = (times_us - _J2000_US) / _DAY_US
    mean_anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(mean_anomaly) + 0.020 * np.sin(2 * mean_anomaly))
    obliquity = np.radians(23.439 - 4e-7 * days)
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    sidereal = np.radians(280.46062 + 360.98564737 * days + longitude_deg)
    hour_angle = sidereal - right_ascension
    latitude = np.radians(latitude_deg)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    elevation: FloatArray = np.degrees(np.arcsin(height))
    return elevation
