"""The sun's place and the light of a cloudless sky, by pvlib; and where the sky was clear."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

_WINDOW_SECONDS = 600.0


class Site(NamedTuple):
    """Where modules are, and how they look at the sky."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    tilt_deg: float
    azimuth_deg: float
    """Clockwise from north; 180 looks south."""


class ClearSky(NamedTuple):
    """Arrays of shape (n,)."""

    elevation_deg: FloatArray
    azimuth_deg: FloatArray
    horizontal_w_m2: FloatArray
    plane_w_m2: FloatArray


def clear_sky(site: Site, times_us: npt.NDArray[np.int64], *, linke_turbidity: float | None = None) -> ClearSky:
    """Give the sun's place and the light of a cloudless sky, on the level and in the modules' plane.

    Parameters
    ----------
    times_us : ndarray, shape (n,)
        Instants since 1970, UTC. [µs]
    linke_turbidity : float, optional
        Where it is left out, that of the month and place in pvlib's maps.

    Raises
    ------
    NotEvaluated
        If pvlib is not installed.

    References
    ----------
    Solar position algorithm, I. Reda and A. Andreas, NREL/TP-560-34302; P. Ineichen and R. Perez, Solar Energy 73(3), 2002;
    Hay and Davies on the plane, albedo 0.2.
    """
    pvlib, pandas = _libraries()
    times = pandas.to_datetime(times_us, unit="us", utc=True)
    place = pvlib.location.Location(site.latitude_deg, site.longitude_deg, altitude=site.altitude_m)
    given = {} if linke_turbidity is None else {"linke_turbidity": linke_turbidity}
    with _without_deprecations():
        sun = place.get_solarposition(times)
        sky = place.get_clearsky(times, model="ineichen", solar_position=sun, **given)
        plane = pvlib.irradiance.get_total_irradiance(
            site.tilt_deg,
            site.azimuth_deg,
            sun["apparent_zenith"],
            sun["azimuth"],
            sky["dni"],
            sky["ghi"],
            sky["dhi"],
            dni_extra=pvlib.irradiance.get_extra_radiation(times),
            albedo=0.2,
            model="haydavies",
        )
    columns = (sun["apparent_elevation"], sun["azimuth"], sky["ghi"], plane["poa_global"])
    return ClearSky(*(np.asarray(column, np.float64) for column in columns))


def is_clear(
    measured_w_m2: FloatArray, cloudless_w_m2: FloatArray, times_us: npt.NDArray[np.int64], *, step_seconds: float
) -> Flags:
    """Tell where the sky was clear: mean, maximum, line length, spread of slopes and largest step of ten minutes are alike.

    Parameters
    ----------
    measured_w_m2, cloudless_w_m2 : ndarray, shape (n,)
        Horizontal irradiance; it may be of the plane, with less certainty. [W/m²]
    step_seconds : float
        From 60 to 200: the method needs three values and more in its ten minutes.

    Raises
    ------
    NotEvaluated
        If pvlib is not installed, or the step does not suit.

    References
    ----------
    M. J. Reno and C. W. Hansen, Renewable Energy 90, 2016.
    """
    pvlib, pandas = _libraries()
    if not 60 <= step_seconds <= _WINDOW_SECONDS / 3:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"a step of {step_seconds:g} s")
    times = pandas.to_datetime(times_us, unit="us", utc=True)
    minutes = round(_WINDOW_SECONDS / step_seconds) * step_seconds / 60
    filled = pandas.Series(np.nan_to_num(measured_w_m2), index=times)
    with _without_deprecations():
        found: Any = pvlib.clearsky.detect_clearsky(filled, pandas.Series(cloudless_w_m2, index=times), window_length=minutes)
    flags: Flags = np.asarray(found, bool) & ~np.isnan(measured_w_m2) & (cloudless_w_m2 > 20)
    return flags


@contextmanager
def _without_deprecations() -> Iterator[None]:
    """Keep to ourselves what pvlib asks of pandas and newer ones will call by another name: users cannot mend it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _libraries() -> tuple[Any, Any]:
    try:
        import pandas  # noqa: ICN001, PLC0415 - optional, and slow to import
        import pvlib  # noqa: PLC0415
        import pvlib.clearsky  # noqa: PLC0415
        import pvlib.irradiance  # noqa: PLC0415
        import pvlib.location  # noqa: PLC0415
    except ImportError:
        raise NotEvaluated(Why.NO_LIBRARY, "pip install 'shangyun[pv]'") from None
    return pvlib, pandas
