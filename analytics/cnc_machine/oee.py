"""Overall equipment effectiveness and what stands beside it, after ISO 22400-2 as OPC 40501-1 uses it."""

from typing import NamedTuple

import numpy as np

from analytics.cnc_machine.states import ItemState, Spans
from analytics.window import FloatArray


class Oee(NamedTuple):
    """The three factors, as shares."""

    availability: float
    """Actual production time over planned busy time, APT / PBT."""
    effectiveness: float
    """Planned run time an item by the produced quantity over the actual production time, PRI · PQ / APT."""
    quality: float
    """Good over produced quantity, GQ / PQ."""

    @property
    def product(self) -> float:
        return self.availability * self.effectiveness * self.quality


def oee(*, planned_seconds: float, run_seconds: float, ideal_seconds_a_part: float, parts: float, good_parts: float) -> Oee:
    """Give the factors of overall equipment effectiveness.

    Parameters
    ----------
    planned_seconds : float
        Planned busy time PBT: without planned breaks and maintenance.
    run_seconds : float
        Actual production time APT.
    ideal_seconds_a_part : float
        Planned run time an item, PRI.

    Raises
    ------
    ValueError
        If a time or the number of parts is not positive, or more parts are good than were made.

    References
    ----------
    ISO 22400-2:2014, 6 (availability, effectiveness, quality ratio, OEE index); OPC 40501-1 v1.02, C.2.4.
    """
    if not (planned_seconds > 0 and run_seconds > 0 and ideal_seconds_a_part > 0 and parts > 0):
        raise ValueError("times and parts must be positive")
    if not 0 <= good_parts <= parts:
        raise ValueError(f"{good_parts:g} of {parts:g} parts are good")
    return Oee(run_seconds / planned_seconds, ideal_seconds_a_part * parts / run_seconds, good_parts / parts)


class Reliability(NamedTuple):
    """How often a machine fails and for how long, in hours; NaN without a failure."""

    failures: int
    hours_between_failures: float
    hours_to_restore: float


def reliability(found: Spans) -> Reliability:
    """Give MTBF (operating time over failures) and MTTR (time out of service over failures), ISO 22400-2."""
    failed = found.state == ItemState.OUT_OF_SERVICE
    count = int(failed.sum())
    if not count:
        return Reliability(0, float("nan"), float("nan"))
    executing = float(found.seconds[found.state == ItemState.EXECUTING].sum())
    return Reliability(count, executing / count / 3600, float(found.seconds[failed].sum()) / count / 3600)


def override_loss_seconds(*, executing_seconds: FloatArray, override_percent: FloatArray) -> float:
    """Give the time lost by an override: Σ t · (1 - o / 100), negative where it was turned up.

    Parameters
    ----------
    executing_seconds, override_percent : ndarray, shape (n,)
        Time that moves under the override, and the override; NaN rows count for nothing. With the programmed time t · o / 100
        as the measure, it is the reference's Σ (100 / o - 1).
    """
    known = ~(np.isnan(executing_seconds) | np.isnan(override_percent))
    return float((executing_seconds[known] * (1 - override_percent[known] / 100)).sum())


def setup_ratio(*, setup_seconds: float, busy_seconds: float) -> float:
    """Give the share of the busy time that goes into setting up (actual unit setup time / processing time), ISO 22400-2."""
    if not busy_seconds > 0:
        raise ValueError("the machine was never busy")
    return setup_seconds / busy_seconds
