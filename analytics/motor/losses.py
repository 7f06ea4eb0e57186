"""Where a motor's losses go, and its efficiency over the load that follows from them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

STAYING_SHARE, LEAST_STAYING_SHARE, MOST_STAYING_SHARE = 0.4, 0.3, 0.5
"""Of the losses at rated load: what stays at no load, where no test tells it (iron, friction and windage)."""


class EfficiencyCurve(NamedTuple):
    """Losses ``P0 + β² Pk`` at the share β of the rated output."""

    rated_kw: float
    staying_kw: float
    """P0."""
    load_kw: float
    """Pk, at rated load."""

    def efficiency_percent(self, load: npt.ArrayLike) -> FloatArray:
        """Give the efficiency at shares of the rated output; NaN at no load or below. [%]"""
        share = np.asarray(load, float)
        output = share * self.rated_kw
        total = output + self.losses_kw(share)
        efficiency: FloatArray = np.divide(100 * output, total, out=np.full(output.shape, np.nan), where=output > 0)
        return efficiency

    def losses_kw(self, load: npt.ArrayLike) -> FloatArray:
        losses: FloatArray = self.staying_kw + np.asarray(load, float) ** 2 * self.load_kw
        return losses

    def load_of_input(self, input_kw: npt.ArrayLike) -> FloatArray:
        """Give the load whose output and losses add up to an input power; NaN where that does not cover the staying losses."""
        surplus = np.asarray(input_kw, float) - self.staying_kw
        root = np.sqrt(self.rated_kw**2 + 4 * self.load_kw * np.where(surplus >= 0, surplus, np.nan))
        load: FloatArray = 2 * surplus / (self.rated_kw + root)
        return load

    @property
    def best_load(self) -> float:
        """Where the efficiency is highest: ``√(P0 / Pk)``."""
        return float(np.sqrt(self.staying_kw / self.load_kw))


def efficiency_curve(
    *, rated_kw: float, rated_efficiency_percent: float, staying_share: float = STAYING_SHARE
) -> EfficiencyCurve:
    """Split the rated losses into what stays and what grows with the square of the load.

    Parameters
    ----------
    staying_share : float
        P0 over the losses at rated load, 0.3 to 0.5 for common motors; from a no-load test where there is one.

    Raises
    ------
    ValueError
        If the efficiency or the share is not between 0 and 1.

    References
    ----------
    IEC 60034-2-1:2014, 6.1: losses independent of the load, and those with the square of the current.
    """
    if not (rated_kw > 0 and 0 < rated_efficiency_percent < 100 and 0 < staying_share < 1):
        raise ValueError(f"no curve of {rated_kw:g} kW, {rated_efficiency_percent:g} % and a staying share of {staying_share:g}")
    losses = rated_kw * (100 / rated_efficiency_percent - 1)
    return EfficiencyCurve(rated_kw, staying_share * losses, (1 - staying_share) * losses)


class LossSplit(NamedTuple):
    """Losses by their place. [kW]"""

    stator_kw: FloatArray
    rotor_kw: FloatArray
    iron_kw: FloatArray
    friction_kw: FloatArray
    additional_kw: FloatArray

    @property
    def total_kw(self) -> FloatArray:
        total: FloatArray = self.stator_kw + self.rotor_kw + self.iron_kw + self.friction_kw + self.additional_kw
        return total


def split_losses(
    *,
    input_kw: npt.ArrayLike,
    current_a: npt.ArrayLike,
    slip: npt.ArrayLike,
    line_resistance_ohm: float,
    iron_kw: npt.ArrayLike,
    friction_kw: npt.ArrayLike,
    rated_kw: float,
) -> LossSplit:
    """Segregate the losses of an induction motor.

    Parameters
    ----------
    current_a : array_like
        Of a line. [A]
    slip : array_like
        Share of the synchronous speed.
    line_resistance_ohm : float
        Between two terminals, at the temperature of the winding. [Ω]
    iron_kw, friction_kw : array_like
        From a no-load test.

    References
    ----------
    IEC 60034-2-1:2014, 6.1.3: stator ``1.5 R I²``, rotor ``s (P1 - P_s - P_fe)``, additional losses by the rated output, from
    2.5 % of the input at 1 kW to 0.5 % at 10 MW, falling with the logarithm (assigned value, method 2-1-1C).
    """
    power, current = np.asarray(input_kw, float), np.asarray(current_a, float)
    stator = 1.5 * line_resistance_ohm * current**2 / 1000
    iron = np.asarray(iron_kw, float)
    rotor = np.asarray(slip, float) * (power - stator - iron)
    share = np.clip(0.025 - 0.005 * np.log10(max(rated_kw, 1.0)), 0.005, 0.025)
    parts = np.broadcast_arrays(stator, rotor, iron, np.asarray(friction_kw, float), share * power)
    return LossSplit(*(np.asarray(part, np.float64) for part in parts))
