"""At which frequencies a damaged rolling bearing knocks, and how long a healthy one should last."""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("bearings.toml")


class BearingGeometry(NamedTuple):
    """What the lines of a bearing hang on."""

    balls: int
    """Rolling elements of one row."""
    ball_diameter_mm: float
    pitch_diameter_mm: float
    """Of the circle on which the balls' centres run."""
    contact_angle_degrees: float


class BearingOrders(NamedTuple):
    """Lines of a bearing as multiples of the shaft's frequency."""

    outer: float
    """BPFO: balls passing a point of the outer ring, which stands."""
    inner: float
    """BPFI: balls passing a point of the inner ring, which turns."""
    ball: float
    """2 BSF: a point of a ball strikes both rings once a spin."""
    cage: float
    """FTF: the cage turning."""


class KnownBearing(Settings):
    """A row of the table."""

    name: str
    balls: int = Field(gt=0)
    ball_diameter_mm: float = Field(gt=0)
    pitch_diameter_mm: float = Field(gt=0)
    contact_angle_degrees: float = Field(ge=0, lt=90)
    source: str
    clause: str
    verified: bool

    @property
    def geometry(self) -> BearingGeometry:
        return BearingGeometry(self.balls, self.ball_diameter_mm, self.pitch_diameter_mm, self.contact_angle_degrees)


class BearingTable(Settings):
    """The whole file."""

    bearings: tuple[KnownBearing, ...]


@cache
def read_bearings(path: Path = TABLE) -> dict[str, KnownBearing]:
    """Read the table, by name.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return {bearing.name: bearing for bearing in fit(TomlFile(path), BearingTable).bearings}


def bearing_orders(geometry: BearingGeometry) -> BearingOrders:
    """Give the lines of a bearing whose outer ring stands and whose balls roll without slip.

    Raises
    ------
    ValueError
        If there is no such bearing: no balls, balls larger than the circle they run on, or an angle of 90° or more.

    Notes
    -----
    With the ratio ``g = d cos(a) / D`` and ``n`` balls: BPFO ``n/2 (1 - g)``, BPFI ``n/2 (1 + g)``, 2 BSF ``D/d (1 - g²)``, FTF
    ``1/2 (1 - g)``. Balls slip: real lines lie within one or two percent of these.

    References
    ----------
    R. B. Randall and J. Antoni, "Rolling element bearing diagnostics - A tutorial", Mech. Syst. Signal Process. 25 (2011),
    section 2, doi:10.1016/j.ymssp.2010.07.017.
    """
    balls, ball_mm, pitch_mm, angle = geometry
    if not (balls > 0 and 0 < ball_mm < pitch_mm and 0 <= angle < 90):
        raise ValueError(f"no bearing has {balls} balls of {ball_mm:g} mm on a circle of {pitch_mm:g} mm at {angle:g} degrees")
    ratio = ball_mm * math.cos(math.radians(angle)) / pitch_mm
    return BearingOrders(
        outer=balls / 2 * (1 - ratio),
        inner=balls / 2 * (1 + ratio),
        ball=pitch_mm / ball_mm * (1 - ratio**2),
        cage=(1 - ratio) / 2,
    )


def rating_life_hours(
    *, dynamic_rating_kn: float, equivalent_load_kn: float, speed_rpm: float, rolling_element: str = "ball"
) -> float:
    """Basic rating life, which nine of ten bearings reach. [h]

    Parameters
    ----------
    dynamic_rating_kn, equivalent_load_kn : float
        Basic dynamic load rating C and equivalent dynamic load P. [kN]
    rolling_element : str
        ``ball`` or ``roller``.

    Raises
    ------
    ValueError
        If a number is not positive, or the load is above half the rating, where the formula does not hold.

    References
    ----------
    ISO 281:2007, 5.4: ``L10 = (C / P)^p`` million turns, p = 3 for balls and 10/3 for rollers; valid to ``P <= 0.5 C``.
    """
    if not (dynamic_rating_kn > 0 and 0 < equivalent_load_kn <= 0.5 * dynamic_rating_kn and speed_rpm > 0):
        raise ValueError(f"no rating life for {equivalent_load_kn:g} kN on {dynamic_rating_kn:g} kN at {speed_rpm:g} rpm")
    exponent = {"ball": 3.0, "roller": 10 / 3}[rolling_element]
    return float((dynamic_rating_kn / equivalent_load_kn) ** exponent * 1e6 / (60 * speed_rpm))
