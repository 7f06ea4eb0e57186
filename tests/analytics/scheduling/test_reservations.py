import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from analytics.scheduling.reservations import (
    MachineTime,
    Reservation,
    ReservationDeed,
    ReservationState,
    SaleRefused,
    change,
    hold,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def held(*others: Reservation, start: float = 2, end: float = 4, machine: str = "M1", now: datetime = NOW) -> Reservation:
    return hold(
        others,
        (MachineTime(machine, NOW + start * HOUR, NOW + end * HOUR),),
        name=f"R{len(others)}",
        order="O1",
        buyer="buyer",
        price=Decimal(100),
        now=now,
        time_to_live=timedelta(minutes=30),
    )


def test_a_sale_goes_from_hold_to_settlement() -> None:
    one = held()
    for deed, state in (
        (ReservationDeed.CONFIRM, ReservationState.CONFIRMED),
        (ReservationDeed.DELIVER, ReservationState.DELIVERED),
        (ReservationDeed.SETTLE, ReservationState.SETTLED),
    ):
        one = change(one, deed, now=NOW)
        assert one.state is state


def test_a_machine_minute_is_not_sold_twice() -> None:
    first = held()
    with pytest.raises(SaleRefused, match="is gone"):
        held(first, start=3, end=5)
    with pytest.raises(SaleRefused, match="is gone"):
        held(change(first, ReservationDeed.CONFIRM, now=NOW), start=1, end=9, now=NOW + 0.9 * HOUR)
    held(first, start=4, end=5)
    held(first, machine="M2")


def test_a_hold_that_nobody_confirms_frees_its_time_by_itself() -> None:
    first, later = held(), NOW + timedelta(minutes=30)
    second = held(first, now=later)
    assert second.state is ReservationState.HELD
    with pytest.raises(SaleRefused, match="expired"):
        change(first, ReservationDeed.CONFIRM, now=later)
    assert change(first, ReservationDeed.EXPIRE, now=later).state is ReservationState.EXPIRED
    with pytest.raises(SaleRefused, match="not expired yet"):
        change(first, ReservationDeed.EXPIRE, now=NOW)


def test_what_is_cancelled_or_failed_can_be_sold_again() -> None:
    confirmed = change(held(), ReservationDeed.CONFIRM, now=NOW)
    for deed in (ReservationDeed.CANCEL, ReservationDeed.FAIL):
        held(change(confirmed, deed, now=NOW))
    with pytest.raises(SaleRefused, match="work has begun"):
        change(confirmed, ReservationDeed.CANCEL, now=NOW + 2 * HOUR)


def test_time_that_has_begun_or_is_empty_is_not_sold() -> None:
    with pytest.raises(SaleRefused, match="begun or is empty"):
        held(start=-1)
    with pytest.raises(SaleRefused, match="begun or is empty"):
        held(start=4, end=4)


def test_deeds_out_of_order_are_refused_in_both_languages() -> None:
    allowed = 0
    for state in ReservationState:
        for deed in ReservationDeed:
            one = held()
            object.__setattr__(one, "state", state)
            try:
                change(one, deed, now=NOW + (HOUR if deed is ReservationDeed.EXPIRE else timedelta(0)))
                allowed += 1
            except SaleRefused as refused:
                assert refused.reason.zh
                assert str(refused) == refused.reason.en
    assert allowed == 8


def test_whatever_is_asked_for_no_two_live_sales_ever_overlap() -> None:
    rng = random.Random(7)
    book: dict[str, Reservation] = {}
    now = NOW
    for step in range(400):
        now += timedelta(minutes=rng.randint(0, 10))
        start = now + timedelta(minutes=rng.randint(0, 300))
        wanted = MachineTime(f"M{rng.randint(0, 2)}", start, start + timedelta(minutes=rng.randint(1, 120)))
        try:
            one = hold(
                book.values(), (wanted,), name=str(step), order="", buyer="", price=Decimal(1), now=now, time_to_live=HOUR / 2
            )
            book[one.name] = one
        except SaleRefused:
            pass
        if book:
            chosen = rng.choice(list(book.values()))
            with suppress(SaleRefused):
                book[chosen.name] = change(chosen, rng.choice(list(ReservationDeed)), now=now)
        live = sorted(time for one in book.values() if one.takes_capacity(now) for time in one.times)
        assert all(before.machine != after.machine or before.end <= after.start for before, after in pairwise(live))
