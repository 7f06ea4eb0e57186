"""What becomes of a sale: held, confirmed, delivered, settled on what the machine itself says."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from analytics.scheduling import reservations as sale_states
from analytics.scheduling import settlement as settling
from analytics.scheduling.reservations import MachineTime, ReservationDeed, ReservationState, SaleRefused
from analytics.scheduling.settlement import Cycle, Evidence, Indicators, Settlement, Terms, indicators
from analytics.scheduling.trading import NoOffer, Offer
from dashboards.production.market import WEEK_MINUTES, Market, busy_minutes, is_sale, times_of
from dashboards.security.access import Viewer, record_act
from store.capacity_market import Request, Reservation, change_reservation, hold, lock_reservation
from store.database import Connection, Database
from store.equipment import get_equipment
from store.series import series

_LEAD = timedelta(hours=1)
"""So long before the beginning the counter may have been read last."""
_ACTIVE, _INTERRUPTED = 0, 1
"""Codes of the kind's execution."""
_KEPT_DAYS = 90
"""The indicators of promises and prices are over so many."""
_LONGEST_RAW = timedelta(days=14)


class Unsettled(Exception):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The sources do not agree; ``settlement`` is a proposal."""

    def __init__(self, settlement: Settlement) -> None:
        self.settlement = settlement
        super().__init__(f"doubts: {', '.join(settlement.doubts)}")


class Made(NamedTuple):
    """What a machine says that it made in a span."""

    parts_before: int
    parts_after: int
    cycles: tuple[Cycle, ...]


def hold_offer(
    database: Database,
    viewer: Viewer,
    market: Market,
    request: Request,
    *,
    equipment_id: int,
    offer: Offer | NoOffer,
    minutes: int,
) -> int:
    """Hold what a machine offers for a request, and give the reservation's number.

    Raises
    ------
    SlotTaken
        If it is gone, or is no offer any more.
    """
    now = datetime.now(UTC)
    if isinstance(offer, NoOffer):
        raise SaleRefused("这台机床已不能满足该需求", "this machine can do nothing for the request any more")
    start, end = times_of(market, offer)

    def record(connection: Connection, number: int) -> None:
        detail = {"request": request.id, "equipment": equipment_id, "start": start, "end": end, "price": offer.price}
        record_act(connection, viewer, "capacity.hold", f"reservation {number}", detail)

    return hold(
        database,
        request_id=request.id,
        gateway=market.gateway,
        plan_id=market.plan_id,
        equipment_id=equipment_id,
        start=start,
        end=end,
        price=offer.price,
        held_until=min(now + timedelta(minutes=minutes), start),
        actor=viewer.name,
        now=now,
        record=record,
    )


def do(database: Database, viewer: Viewer, reservation: Reservation, deed: ReservationDeed) -> None:
    """Confirm, cancel, deliver, give up.

    Raises
    ------
    SaleRefused
    """
    now = datetime.now(UTC)
    with database.connection() as connection:
        _change(connection, reservation, deed, viewer, now)


def settle(
    database: Database,
    viewer: Viewer,
    reservation: Reservation,
    request: Request,
    *,
    quality: Mapping[str, Any],
    quality_sha256: str,
    with_doubts: bool,
) -> Settlement:
    """Settle what was delivered on the machine's evidence and the inspection's.

    Raises
    ------
    SaleRefused
        If it is not delivered.
    Unsettled
        If the sources do not agree, and nobody has said that the proposal is taken nevertheless.
    """
    now = datetime.now(UTC)
    made = made_by(database, reservation)
    evidence = Evidence(
        parts_before=made.parts_before,
        parts_after=made.parts_after,
        cycles=made.cycles,
        quality=quality,
        quality_sha256=quality_sha256,
    )
    times = (MachineTime(reservation.machine, reservation.start, reservation.end),)
    terms = Terms(
        quantity=request.quantity,
        unit_price=reservation.price / request.quantity,
        due=request.due,
        late_percent_a_day=request.late_percent_a_day,
    )
    found = settling.settle(times, terms, evidence)
    if found.doubts and not with_doubts:
        raise Unsettled(found)
    kept_evidence = {
        "parts_before": made.parts_before,
        "parts_after": made.parts_after,
        "cycles": [[one.start.isoformat(), one.end.isoformat()] for one in made.cycles],
        "quality": dict(quality),
        "quality_sha256": quality_sha256,
    }
    kept = {
        "made": found.made,
        "good": found.good,
        "deduction": str(found.deduction),
        "delivered_at": None if found.delivered_at is None else found.delivered_at.isoformat(),
        "doubts": list(found.doubts),
        "sha256": found.sha256,
    }
    with database.connection() as connection:
        _change(
            connection,
            reservation,
            ReservationDeed.SETTLE,
            viewer,
            now,
            detail={"amount": found.amount, "doubts": found.doubts, "sha256": found.sha256},
            evidence=kept_evidence,
            settlement=kept,
            paid=found.amount,
        )
    return found


def made_by(database: Database, reservation: Reservation) -> Made:
    """Read what the machine's counter and its program say of the time that was sold."""
    equipment = get_equipment(database, reservation.equipment_id)
    if equipment is None or reservation.end - reservation.start > _LONGEST_RAW:
        return Made(0, 0, ())
    found = series(
        database,
        equipment,
        ["part_count_total", "execution"],
        start=reservation.start - _LEAD,
        end=reservation.end,
        max_points=0,
        level="raw",
    )
    counts, start_us = found.columns["part_count_total"], _microseconds(reservation.start)
    known = np.flatnonzero(~np.isnan(counts))
    before = known[found.times_us[known] <= start_us]
    after = known[found.times_us[known] >= start_us]
    if not len(known):
        return Made(0, 0, _cycles(reservation.machine, found.times_us, found.columns["execution"]))
    first = before[-1] if len(before) else after[0]
    last = known[-1]
    cycles = _cycles(reservation.machine, found.times_us, found.columns["execution"])
    inside = tuple(one for one in cycles if one.start >= reservation.start)
    return Made(round(counts[first]), round(counts[last]), inside)


def market_indicators(
    market: Market, free_minutes: float, every: Iterable[Reservation], requests: Mapping[int, Request], *, now: datetime
) -> Indicators:
    """Give the share of the coming week's time for sale that is sold, and of the past months promises kept and prices paid."""
    for_sale = [market.names[number] for number, one in market.machines.items() if one.terms.capability is not None]
    sold_minutes = sum(busy_minutes(market, name, WEEK_MINUTES, only=is_sale) for name in for_sale)
    offered = free_minutes + sold_minutes
    since = now - timedelta(days=_KEPT_DAYS)
    past = [one for one in every if one.start >= since]
    kept = {
        str(one.id): _is_kept(one.settlement, requests[one.request_id])
        for one in past
        if one.settlement is not None and one.request_id in requests
    }
    paid = {str(one.id): one.paid for one in past if one.paid is not None}
    of_past = indicators(
        [_pure(one, price=paid.get(str(one.id))) for one in past],
        offered_minutes=0,
        kept=kept,
        list_prices={str(one.id): one.price for one in past if one.paid is not None},
        now=now,
    )
    return of_past._replace(fill_rate=sold_minutes / offered if offered > 0 else None)


def _is_kept(settlement: Mapping[str, Any], request: Request) -> bool:
    """In time and in full, as far as the machine and the inspection say so."""
    at = settlement["delivered_at"]
    return settlement["good"] >= request.quantity and at is not None and datetime.fromisoformat(at) <= request.due


def _change(
    connection: Connection,
    reservation: Reservation,
    deed: ReservationDeed,
    viewer: Viewer,
    now: datetime,
    *,
    detail: Mapping[str, object] | None = None,
    **kept: Any,
) -> None:
    state, held_until = lock_reservation(connection, reservation.id)
    before = _pure(reservation, state=ReservationState(state), held_until=held_until)
    if deed is ReservationDeed.DELIVER and now < reservation.start:
        raise SaleRefused("加工尚未开始，不能交付", "work has not begun, nothing can be delivered")
    after = sale_states.change(before, deed, now=now)
    change_reservation(connection, reservation.id, state=after.state, actor=viewer.name, now=now, **kept)
    record_act(connection, viewer, f"capacity.{deed}", f"reservation {reservation.id}", detail)


def _pure(
    one: Reservation,
    *,
    state: ReservationState | None = None,
    held_until: datetime | None = None,
    price: Decimal | None = None,
) -> sale_states.Reservation:
    return sale_states.Reservation(
        name=str(one.id),
        order=one.title,
        buyer=one.buyer,
        times=(MachineTime(one.machine, one.start, one.end),),
        price=one.price if price is None else price,
        state=ReservationState(one.state) if state is None else state,
        held_until=one.held_until if held_until is None else held_until,
        changed_at=one.changed_at,
    )


def _cycles(machine: str, times_us: Any, execution: Any) -> tuple[Cycle, ...]:
    """Give the stretches in which a program ran to its end; a pause is part of its cycle, what has not ended is none."""
    known = ~np.isnan(execution)
    times, codes = times_us[known], execution[known]
    runs = (codes == _ACTIVE) | (codes == _INTERRUPTED)
    edges = np.diff(runs.astype(np.int8))
    begins, ends = np.flatnonzero(edges == 1) + 1, np.flatnonzero(edges == -1) + 1
    found = []
    for begin in begins:
        after = ends[ends > begin]
        if len(after) and codes[begin] == _ACTIVE:
            found.append(Cycle(machine, _time(times[begin]), _time(times[after[0]])))
    return tuple(found)


def _time(microseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(microseconds) / 1e6, UTC)


def _microseconds(time: datetime) -> int:
    return round(time.timestamp() * 1e6)
