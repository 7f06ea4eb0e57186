"""How often a part is asked for, and how evenly: the four classes by which a method of forecasting is chosen."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

INTERVAL_CUT = 1.32
SIZE_CUT = 0.49


class DemandClass(StrEnum):
    """The classes of Syntetos, Boylan and Croston."""

    SMOOTH = "smooth"
    ERRATIC = "erratic"
    """Often, in amounts that differ much."""
    INTERMITTENT = "intermittent"
    """Now and then, in like amounts."""
    LUMPY = "lumpy"
    """Now and then, in amounts that differ much."""
    NONE = "none"
    """Never in this history."""


class Pattern(NamedTuple):
    """How parts are asked for; arrays of shape (...) for histories of shape (..., n)."""

    interval_months: FloatArray
    """Mean time between demands (ADI): periods by those with a demand; infinite without one."""
    size_variation: FloatArray
    """Squared coefficient of variation of the amounts (CV²); NaN without a demand."""

    @property
    def classes(self) -> npt.NDArray[np.object_]:
        """Give the `DemandClass` of each part."""
        seldom, uneven = self.interval_months >= INTERVAL_CUT, self.size_variation >= SIZE_CUT
        found = np.where(
            seldom,
            np.where(uneven, DemandClass.LUMPY, DemandClass.INTERMITTENT),
            np.where(uneven, DemandClass.ERRATIC, DemandClass.SMOOTH),
        )
        return np.where(np.isinf(self.interval_months), DemandClass.NONE, found).astype(object)


def pattern_of(demand: FloatArray) -> Pattern:
    """Measure how parts are asked for.

    Parameters
    ----------
    demand : ndarray, shape (..., n)
        Of each period; NaN before a part was on sale, and such periods count nowhere.

    Raises
    ------
    ValueError
        If a demand is negative: returns are no demand.

    References
    ----------
    Syntetos, Boylan and Croston (2005), "On the categorization of demand patterns", Journal of the Operational Research Society
    56: ADI 1.32, CV² 0.49. The variance is that of the amounts themselves, with their number as the divisor.
    """
    check(demand)
    asked = demand > 0
    count, periods = asked.sum(axis=-1), (~np.isnan(demand)).sum(axis=-1)
    amounts = np.where(asked, demand, 0.0)
    some = np.maximum(count, 1)
    mean = amounts.sum(axis=-1) / some
    variance = np.where(asked, (demand - mean[..., None]) ** 2, 0.0).sum(axis=-1) / some
    return Pattern(
        np.divide(periods, count, out=np.full(count.shape, np.inf), where=count > 0),
        np.divide(variance, mean**2, out=np.full(count.shape, np.nan), where=count > 0),
    )


def check(demand: FloatArray) -> None:
    """Refuse histories that no method can read.

    Raises
    ------
    ValueError
        If a demand is negative or infinite, or there is no period.
    """
    if demand.shape[-1] == 0:
        raise ValueError("a history has at least one period")
    if (demand < 0).any() or np.isinf(demand).any():
        raise ValueError("demand is 0 or more; returns are no demand")
