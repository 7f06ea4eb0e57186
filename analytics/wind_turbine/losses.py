"""Energy that a turbine could have delivered and did not, by cause, so that possible less lost is what was delivered."""

from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from analytics.wind_turbine.availability import ENVIRONMENT, FULL, PARTIAL, SET_POINTS, Cause, read_categories
from analytics.window import Flags, FloatArray

CAUSES: tuple[Cause, ...] = get_args(Cause)


class Losses(NamedTuple):
    """Energies over the steps at which wind and power are known."""

    possible_kwh: float
    delivered_kwh: float
    """Less what the turbine drew while it stood."""
    lost_kwh: dict[Cause, float]
    """Of each cause; negative where it delivered more than expected."""
    shortfall_kw: FloatArray
    """Expected less delivered power, shape (n,); NaN where not known."""
    known_share: float


def lost_energy(
    *,
    expected_kw: npt.ArrayLike,
    power_kw: npt.ArrayLike,
    codes: npt.ArrayLike,
    set_point_kw: npt.ArrayLike,
    is_iced: Flags,
    alignment_share: npt.ArrayLike,
    step_seconds: float,
) -> Losses:
    """Split the shortfall of each step among causes.

    Parameters
    ----------
    expected_kw, power_kw : array_like, shape (n,)
        What the wind would have given a healthy turbine, and what was fed in.
    codes : array_like, shape (n,)
        Categories of IEC 61400-26-1; NaN counts as ``other``.
    set_point_kw : array_like, shape (n,)
        What dispatch allows. In category *service set-points* what lies above it is curtailed and the rest is performance; all of
        it is curtailed where the set-point is not known.
    is_iced : ndarray of bool, shape (n,)
        Turns partial performance and weather into icing.
    alignment_share : array_like, shape (n,)
        Share of the expected power lost by standing beside the wind; NaN where not known, then it is part of ``performance``.

    References
    ----------
    IEC TS 61400-26-2: lost production is potential less actual production, in each category of 26-1.
    """
    expected, power, code, set_point, beside = (
        np.asarray(one, float) for one in (expected_kw, power_kw, codes, set_point_kw, alignment_share)
    )
    shortfall: FloatArray = expected - power
    known = ~np.isnan(shortfall)
    lost = np.where(known, shortfall, 0.0)
    hours = step_seconds / 3600
    split: dict[Cause, FloatArray] = {cause: np.zeros(len(lost)) for cause in CAUSES}
    cause_of = {category.code: category.cause for category in read_categories()}
    for number, cause in cause_of.items():
        split[cause] += np.where(code == number, lost, 0.0)
    split["other"] += np.where(np.isin(code, list(cause_of)), 0.0, lost)

    by_ice = is_iced & ((code == PARTIAL) | (code == ENVIRONMENT))
    _move(split, cause_of[PARTIAL], "icing", np.where(by_ice & (code == PARTIAL), lost, 0.0))
    _move(split, cause_of[ENVIRONMENT], "icing", np.where(by_ice & (code == ENVIRONMENT), lost, 0.0))
    within_limit = np.minimum(expected, set_point) - power
    _move(split, cause_of[SET_POINTS], "performance", np.where((code == SET_POINTS) & known, np.nan_to_num(within_limit), 0.0))
    by_yaw = np.where((code == FULL) & known, np.nan_to_num(expected * beside), 0.0)
    _move(split, cause_of[FULL], "yaw", by_yaw)
    return Losses(
        possible_kwh=float(np.sum(expected[known])) * hours,
        delivered_kwh=float(np.sum(power[known])) * hours,
        lost_kwh={cause: float(of.sum()) * hours for cause, of in split.items()},
        shortfall_kw=shortfall,
        known_share=float(known.mean()) if len(known) else 0.0,
    )


def _move(split: dict[Cause, FloatArray], source: Cause, target: Cause, part: FloatArray) -> None:
    split[source] = split[source] - part
    split[target] = split[target] + part
