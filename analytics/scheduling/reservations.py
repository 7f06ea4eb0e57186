"""What becomes of an offer that a buyer takes, and that no minute of a machine is sold twice.

::

    held       -- confirm --> confirmed         within its time to live
    held       -- expire  --> expired           after it
    held       -- cancel  --> cancelled
    confirmed  -- cancel  --> cancelled
    confirmed  -- deliver --> delivered
    confirmed  -- fail    --> failed
    delivered  -- settle  --> settled
    delivered  -- fail    --> failed

Pure functions on what a database keeps; there, a constraint against overlapping live spans of one machine says the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from device_profiles.kind import Label
from telemetry.errors import ShangyunError


class ReservationState(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    SETTLED = "settled"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class ReservationDeed(StrEnum):
    CONFIRM = "confirm"
    EXPIRE = "expire"
    CANCEL = "cancel"
    DELIVER = "deliver"
    SETTLE = "settle"
    FAIL = "fail"


class SaleRefused(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A deed that is not possible now; ``reason`` says why in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.reason = Label(zh=zh, en=en)
        super().__init__(en)


class MachineTime(NamedTuple):
    """A machine from one instant up to, and without, another."""

    machine: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One sale."""

    name: str
    order: str
    buyer: str
    times: tuple[MachineTime, ...]
    price: Decimal
    state: ReservationState
    held_until: datetime
    changed_at: datetime

    def takes_capacity(self, now: datetime) -> bool:
        """Tell whether its machine time is gone; a hold that nobody has confirmed in time is not, also before it is marked so."""
        if self.state is ReservationState.HELD:
            return now < self.held_until
        return self.state not in (ReservationState.EXPIRED, ReservationState.CANCELLED, ReservationState.FAILED)


_AFTER: Mapping[tuple[ReservationState, ReservationDeed], ReservationState] = {
    (ReservationState.HELD, ReservationDeed.CONFIRM): ReservationState.CONFIRMED,
    (ReservationState.HELD, ReservationDeed.EXPIRE): ReservationState.EXPIRED,
    (ReservationState.HELD, ReservationDeed.CANCEL): ReservationState.CANCELLED,
    (ReservationState.CONFIRMED, ReservationDeed.CANCEL): ReservationState.CANCELLED,
    (ReservationState.CONFIRMED, ReservationDeed.DELIVER): ReservationState.DELIVERED,
    (ReservationState.CONFIRMED, ReservationDeed.FAIL): ReservationState.FAILED,
    (ReservationState.DELIVERED, ReservationDeed.SETTLE): ReservationState.SETTLED,
    (ReservationState.DELIVERED, ReservationDeed.FAIL): ReservationState.FAILED,
}


def hold(
    reservations: Iterable[Reservation],
    times: tuple[MachineTime, ...],
    *,
    name: str,
    order: str,
    buyer: str,
    price: Decimal,
    now: datetime,
    time_to_live: timedelta,
) -> Reservation:
    """Give a new reservation of machine time that no other one has.

    Raises
    ------
    SaleRefused
        If a part of it is gone, or has begun.
    """
    for wanted in times:
        if not now <= wanted.start < wanted.end:
            raise SaleRefused(f"{wanted.machine} 的时段已开始或为空", f"the time on {wanted.machine} has begun or is empty")
        for other in reservations:
            if other.takes_capacity(now) and any(_overlap(wanted, taken) for taken in other.times):
                raise SaleRefused(f"{wanted.machine} 的该时段已售出", f"this time on {wanted.machine} is gone")
    return Reservation(
        name=name,
        order=order,
        buyer=buyer,
        times=times,
        price=price,
        state=ReservationState.HELD,
        held_until=now + time_to_live,
        changed_at=now,
    )


def change(before: Reservation, deed: ReservationDeed, *, now: datetime) -> Reservation:
    """Do a deed.

    Raises
    ------
    SaleRefused
        If it is not possible in this state, or comes too late or too early.
    """
    after = _AFTER.get((before.state, deed))
    if after is None:
        raise SaleRefused(f"预订状态为 {before.state}，不能 {deed}", f"a reservation that is {before.state} cannot {deed}")
    if deed is ReservationDeed.CONFIRM and now >= before.held_until:
        raise SaleRefused("预订已过期", "the reservation has expired")
    if deed is ReservationDeed.EXPIRE and now < before.held_until:
        raise SaleRefused("预订尚未过期", "the reservation has not expired yet")
    if before.state is ReservationState.CONFIRMED and deed is ReservationDeed.CANCEL and now >= first_start(before):
        raise SaleRefused("加工已开始，不能取消", "work has begun, it cannot be cancelled")
    return replace(before, state=after, changed_at=now)


def first_start(reservation: Reservation) -> datetime:
    """Give when its work begins."""
    return min(time.start for time in reservation.times)


def _overlap(one: MachineTime, other: MachineTime) -> bool:
    return one.machine == other.machine and one.start < other.end and other.start < one.end
