"""Ways over the globe, taken as a sphere: how far, in which direction, and where one comes to.

Distances and bearings are those of spherical trigonometry (haversine) on a radius of 6371.0 km.

Limits: no ellipsoid (up to 0.5 % of a distance); a short way is laid off with 60 miles to a degree, as on a chart.
"""

import numpy as np

from simulators.dice import Array

EARTH_RADIUS_NMI = 3440.065


def great_circle(latitude: Array, longitude: Array, to_latitude: Array, to_longitude: Array) -> tuple[Array, Array]:
    """Give the shortest way in nautical miles and its first bearing in degrees."""
    north, to_north = np.radians(latitude), np.radians(to_latitude)
    east = np.radians(to_longitude - longitude)
    half = np.sin((to_north - north) / 2) ** 2 + np.cos(north) * np.cos(to_north) * np.sin(east / 2) ** 2
    across = np.sin(east) * np.cos(to_north)
    ahead = np.cos(north) * np.sin(to_north) - np.sin(north) * np.cos(to_north) * np.cos(east)
    return 2 * EARTH_RADIUS_NMI * np.arcsin(np.sqrt(half)), np.degrees(np.arctan2(across, ahead)) % 360


def moved(latitude: Array, longitude: Array, *, track_deg: Array, nmi: Array) -> tuple[Array, Array]:
    """Give the place a short way off in a direction."""
    track = np.radians(track_deg)
    north = latitude + nmi / 60 * np.cos(track)
    return north, longitude + nmi / 60 * np.sin(track) / np.cos(np.radians(north))


def signed_deg(angle_deg: Array) -> Array:
    """Give an angle between -180 and 180."""
    return (angle_deg + 180) % 360 - 180
