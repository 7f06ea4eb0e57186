"""How sure free slots are: what the plan leaves free against what the machine has shown that it delivers in a week."""

from collections.abc import Sequence
from statistics import NormalDist

from analytics.scheduling.capacity import Slot

_NORMAL_95 = 1.96


def confidences(
    slots: Sequence[Slot],
    *,
    busy_hours: float,
    deliverable_hours: float,
    uncertainty_hours: float,
    until_minute: int,
) -> list[float | None]:
    """Give the probability that a machine delivers its plan and all its free slots up to and with each one.

    Parameters
    ----------
    slots : sequence of Slot
        Of one machine, in the order of time.
    busy_hours : float
        Of the plan, over the span that the figure is about.
    deliverable_hours, uncertainty_hours : float
        Hours of execution of that span, and the half width of their 95 % interval, as `cnc_machine.free_capacity` draws them.
    until_minute : int
        Where that span ends; nothing is said of a slot that ends later.

    Notes
    -----
    The hours are taken as normal. Programs run for less than a machine is open: loading, set-ups and failures take their share,
    so that the last of many free hours is less sure than the first.
    """
    hours = NormalDist(deliverable_hours, max(uncertainty_hours / _NORMAL_95, 1e-6))
    found: list[float | None] = []
    promised = busy_hours
    for slot in slots:
        promised += slot.open_minutes / 60
        found.append(None if slot.end_minute > until_minute else 1 - hours.cdf(promised))
    return found
