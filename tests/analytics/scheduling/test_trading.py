import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from analytics.scheduling.capacity import Capability, Demand, with_job
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from analytics.scheduling.plans import Plan, Task, check
from analytics.scheduling.trading import NoOffer, Offer, Order, Sale, Step, Tariff, assign, make_offer, second_price

SHOP = Shop(
    jobs=(Job(name="own", operations=(Operation(name="1", minutes={"M1": 60}),), due_minute=100),),
    machines=(Machine(name="M1"), Machine(name="M2"), Machine(name="M3")),
)
PLAN = Plan((Task("own", "1", "M1", 30, 90),))
MILLS = [
    Capability(machine=name, processes=frozenset({"milling"}), envelope_mm=(500, 500, 500), load_kg=100, tolerance_mm=tolerance)
    for name, tolerance in (("M1", 0.01), ("M2", 0.1), ("M3", 0.01))
]
TARIFFS = {"M1": Tariff(hour_price=Decimal(200), setup_price=Decimal(50)), "M2": Tariff(hour_price=Decimal(100))}
FINE = Demand(process="milling", size_mm=(100, 100, 100), mass_kg=5, tolerance_mm=0.02)
ORDER = Order(
    name="O1",
    steps=(Step(name="mill", demand=FINE, minutes_a_part=Decimal("2.5")),),
    quantity=17,
    due_minute=200,
    price_cap=Decimal(1000),
)


def test_an_offer_takes_the_first_gap_of_a_machine_that_can_and_costs_its_hours_and_set_up() -> None:
    found = make_offer(ORDER, SHOP, PLAN, MILLS, TARIFFS, from_minute=0)
    # 17 x 2.5 = 42.5 -> 43 minutes do not fit before the own job; 43 / 60 x 200 + 50
    assert found == Offer("O1", (Task("O1", "mill", "M1", 90, 133),), Decimal("193.33"))
    small = make_offer(replace(ORDER, quantity=12), SHOP, PLAN, MILLS, TARIFFS, from_minute=0)
    assert isinstance(small, Offer)
    assert small.tasks == (Task("O1", "mill", "M1", 0, 30),)
    job = Job(name="O1", operations=(Operation(name="mill", minutes={"M1": 30}),))
    assert check(with_job(SHOP, job), Plan((*PLAN.tasks, *small.tasks))) == []


def test_a_machine_without_a_tariff_is_not_for_sale_and_lacks_are_told() -> None:
    hard = replace(FINE, tolerance_mm=0.001)
    found = make_offer(
        replace(ORDER, steps=(Step(name="mill", demand=hard, minutes_a_part=Decimal(1)),)),
        SHOP,
        PLAN,
        MILLS,
        TARIFFS,
        from_minute=0,
    )
    assert found == NoOffer("O1", "no_machine", "mill", {"M1": ["tolerance"], "M2": ["tolerance"]})


def test_too_late_and_too_dear_are_told_with_what_could_be_had() -> None:
    late = make_offer(replace(ORDER, due_minute=120), SHOP, PLAN, MILLS, TARIFFS, from_minute=0)
    assert isinstance(late, NoOffer)
    assert (late.why, late.end_minute) == ("too_late", 133)
    dear = make_offer(replace(ORDER, price_cap=Decimal(193)), SHOP, PLAN, MILLS, TARIFFS, from_minute=0)
    assert isinstance(dear, NoOffer)
    assert (dear.why, dear.price) == ("too_dear", Decimal("193.33"))


@pytest.mark.parametrize("change", [{"quantity": 0}, {"steps": ()}, {"price_cap": Decimal(-1)}])
def test_an_order_for_nothing_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="O1: an order has steps"):
        replace(ORDER, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(8))
def test_no_assignment_serves_more_or_costs_less(seed: int) -> None:
    rng = random.Random(seed)
    orders, slots = ("a", "b", "c"), ("s", "t", "u", "v")
    prices = {(order, slot): Decimal(rng.randint(1000, 9999)) / 100 for order in orders for slot in slots if rng.random() < 0.6}

    def judged(of: Mapping[str, str]) -> tuple[int, Decimal]:
        return -len(of), sum((prices[pair] for pair in of.items()), Decimal(0))

    every = [
        {order: slot for order, slot in zip(orders, chosen, strict=True) if (order, slot) in prices}
        for chosen in permutations(slots, 3)
    ]
    found = assign(prices)
    assert len(set(found.values())) == len(found)
    assert judged(found) == min(judged(of) for of in every)


def test_no_pairs_give_no_assignment() -> None:
    assert assign({}) == {}


def test_who_bids_most_pays_the_second_price_or_the_reserve() -> None:
    bids = {"x": Decimal(90), "y": Decimal("120.50"), "z": Decimal(100)}
    assert second_price(bids, reserve=Decimal(80)) == Sale("y", Decimal("100.00"))
    assert second_price(bids, reserve=Decimal(110)) == Sale("y", Decimal("110.00"))
    assert second_price(bids, reserve=Decimal(200)) is None
    assert second_price({"x": Decimal(5), "y": Decimal(5)}, reserve=Decimal(1)) == Sale("x", Decimal("5.00"))
    assert second_price({}, reserve=Decimal(0)) is None


def test_to_bid_what_it_is_worth_is_best() -> None:
    # Vickrey 1961: no other bid gains more, whatever the others bid
    rng = random.Random(1)
    for _ in range(50):
        worth, others = Decimal(rng.randint(50, 150)), {f"o{n}": Decimal(rng.randint(50, 150)) for n in range(3)}

        def gain(bid: Decimal) -> Decimal:
            sale = second_price({**others, "me": bid}, reserve=Decimal(60))  # noqa: B023 - called at once
            return worth - sale.price if sale is not None and sale.buyer == "me" else Decimal(0)  # noqa: B023

        assert all(gain(Decimal(bid)) <= gain(worth) for bid in range(40, 160, 7))
