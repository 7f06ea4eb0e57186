"""Trading of free capacity: an order is matched with machines, placed where it delays nobody, and priced; money is `Decimal`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from analytics.scheduling.capacity import Capability, Demand, Lack, insert, lacks
from analytics.scheduling.jobs import Job, Operation, Shop
from analytics.scheduling.plans import Plan, Task

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an order's routing."""

    name: str
    demand: Demand
    minutes_a_part: Decimal
    family: str = ""
    can_pause: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a buyer asks for."""

    name: str
    steps: tuple[Step, ...]
    quantity: int
    due_minute: int
    price_cap: Decimal
    release_minute: int = 0

    def __post_init__(self) -> None:
        if not self.steps or self.quantity < 1 or self.price_cap < 0:
            raise ValueError(f"{self.name}: an order has steps, a quantity of 1 or more, and a price cap that is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a machine costs."""

    hour_price: Decimal
    setup_price: Decimal = Decimal(0)
    """Of each operation: clamping, programs, first part."""


class Offer(NamedTuple):
    """A seller's answer: these times, at this price."""

    order: str
    tasks: tuple[Task, ...]
    price: Decimal

    @property
    def end_minute(self) -> int:
        return max(task.end_minute for task in self.tasks)


class NoOffer(NamedTuple):
    """Why there is none; where no machine can do a step, what each of them lacks for it."""

    order: str
    why: Literal["no_machine", "too_late", "too_dear"]
    step: str = ""
    lacking: Mapping[str, Sequence[Lack]] = {}
    end_minute: int | None = None
    price: Decimal | None = None


class Sale(NamedTuple):
    """What an auction gives."""

    buyer: str
    price: Decimal


def make_offer(
    order: Order,
    shop: Shop,
    plan: Plan,
    capabilities: Collection[Capability],
    tariffs: Mapping[str, Tariff],
    *,
    from_minute: int,
) -> Offer | NoOffer:
    """Offer the earliest slots that delay no job of the plan, or say why not.

    Only machines of the shop with a capability and a tariff are for sale. Minutes are rounded up.
    """
    for_sale = {machine.name for machine in shop.machines} & set(tariffs)
    operations = []
    for step in order.steps:
        lacking = {one.machine: lacks(one, step.demand) for one in capabilities if one.machine in for_sale}
        minutes = max(1, int((step.minutes_a_part * order.quantity).to_integral_value(rounding="ROUND_CEILING")))
        able = {machine: minutes for machine, missing in lacking.items() if not missing}
        if not able:
            return NoOffer(order.name, "no_machine", step.name, lacking)
        operations.append(Operation(name=step.name, minutes=able, family=step.family, can_pause=step.can_pause))
    job = Job(name=order.name, operations=tuple(operations), release_minute=order.release_minute, due_minute=order.due_minute)
    tasks = insert(shop, plan, job, from_minute=from_minute).tasks[len(plan.tasks) :]
    cost = sum(
        (
            tariffs[task.machine].hour_price * operation.minutes[task.machine] / 60 + tariffs[task.machine].setup_price
            for task, operation in zip(tasks, operations, strict=True)
        ),
        Decimal(0),
    )
    offer = Offer(order.name, tasks, rounded(cost))
    if offer.end_minute > order.due_minute:
        return NoOffer(order.name, "too_late", end_minute=offer.end_minute, price=offer.price)
    if offer.price > order.price_cap:
        return NoOffer(order.name, "too_dear", end_minute=offer.end_minute, price=offer.price)
    return offer


def assign(prices: Mapping[tuple[str, str], Decimal]) -> dict[str, str]:
    """Give each order at most one slot, and each slot to at most one order: as many as possible, and these at least cost.

    Parameters
    ----------
    prices : mapping of (order, slot) to Decimal
        Only the pairs that are possible.

    References
    ----------
    Kuhn 1955, Naval Research Logistics Quarterly 2:83 (the assignment problem).
    """
    orders, slots = (sorted({pair[side] for pair in prices}) for side in (0, 1))
    if not orders:
        return {}
    cents = {pair: int(price / CENT) for pair, price in prices.items()}
    none = 1 + 2 * sum(map(abs, cents.values()))  # leaving out one order more costs more than all prices can differ
    matrix = np.full((len(orders), len(slots)), float(none))
    for (order, slot), price in cents.items():
        matrix[orders.index(order), slots.index(slot)] = price
    rows, columns = linear_sum_assignment(matrix)
    pairs = [(orders[row], slots[column]) for row, column in zip(rows, columns, strict=True)]
    return {order: slot for order, slot in pairs if (order, slot) in prices}


def second_price(bids: Mapping[str, Decimal], *, reserve: Decimal) -> Sale | None:
    """Sell one slot to who bids most, at the second highest bid or the seller's reserve: to bid what it is worth is then best.

    Of equal bids the first one wins, at its own price; None where no bid reaches the reserve.

    References
    ----------
    Vickrey 1961, Journal of Finance 16:8.
    """
    good = sorted(((price, buyer) for buyer, price in bids.items() if price >= reserve), key=lambda bid: -bid[0])
    if not good:
        return None
    return Sale(good[0][1], rounded(good[1][0] if len(good) > 1 else reserve))


def rounded(amount: Decimal) -> Decimal:
    """Round to the cent, half a cent up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
