"""What to mend first: what each fault costs a day, and what mending it brings."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from analytics.spec import label
from device_profiles.kind import Label

SPARES: Mapping[str, Label] = {
    "string_open": label("组串熔断器、MC4 接头", "String fuse, MC4 connector"),
    "string_low": label("组件、旁路二极管、MC4 接头", "Module, bypass diode, MC4 connector"),
    "outage": label("按故障码备件", "Parts by the fault code"),
    "derating": label("风扇、滤网", "Fan, filter"),
    "soiling": label("清洗班组与水", "Cleaning crew and water"),
}


class Loss(NamedTuple):
    """Something that costs energy."""

    machine: str
    code: str
    part: str
    kwh_per_day: float
    recovery: float = 1.0
    """Share that mending brings back."""
    cost: float = float("nan")
    """Of mending it, in the price's money, where it is known."""


class Job(NamedTuple):
    """One row of the work list."""

    rank: int
    loss: Loss
    regained_kwh_per_day: float
    money_per_day: float
    payback_days: float
    """NaN where the cost is not known."""


def ranked(losses: Iterable[Loss], *, price_per_kwh: float) -> list[Job]:
    """Rank jobs by the money that they bring a day, the most first.

    Parameters
    ----------
    losses : iterable of Loss
        Losses of zero or less are left out.
    price_per_kwh : float
        Of the energy delivered.

    Raises
    ------
    ValueError
        If the price is not above zero.
    """
    if not price_per_kwh > 0:
        raise ValueError(f"a price of {price_per_kwh}")
    kept = sorted(
        (one for one in losses if one.kwh_per_day * one.recovery > 0),
        key=lambda one: (-one.kwh_per_day * one.recovery, one.machine, one.code, one.part),
    )
    jobs = []
    for rank, loss in enumerate(kept, start=1):
        regained = loss.kwh_per_day * loss.recovery
        money = regained * price_per_kwh
        jobs.append(Job(rank, loss, regained, money, loss.cost / money))
    return jobs
