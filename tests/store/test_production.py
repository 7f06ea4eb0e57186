"""Plans of a workshop, and time of machines that is never sold twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from store.capacity_market import (
    Request,
    SlotTaken,
    add_request,
    change_reservation,
    hold,
    lock_reservation,
    reservations,
)
from store.database import RowRefused
from store.production import (
    NewPlan,
    Plan,
    PlanRefused,
    add_plan,
    adopt_plan,
    current_plan,
    documents,
    fail_plan,
    finish_plan,
    machine_terms,
    note_progress,
    plans,
    save_capability,
    save_shifts,
    want_stop,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BUYERS = 12


@pytest.fixture
def machine(store: Any) -> int:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'M1', 'cnc_machine')")
    number = int(store.ask("SELECT id FROM reading.equipment")[0][0])
    with store.database.connection() as connection:
        price = {"hour_price": Decimal("180.50"), "setup_price": Decimal(20)}
        save_capability(connection, number, capability={"axes": 3}, **price, actor="li", now=NOW)
    return number


def asked(store: Any, **changes: Any) -> int:
    request = {
        "gateway": "gw-1",
        "asked_at": NOW,
        "asked_by": "li",
        "buyer": "ACME",
        "title": "brackets",
        "demand": {"process": "milling"},
        "quantity": 10,
        "minutes_a_part": Decimal("2.5"),
        "can_pause": True,
        "earliest": NOW,
        "due": NOW + 48 * HOUR,
        "price_cap": Decimal("1000.00"),
    }
    with store.database.connection() as connection:
        return add_request(connection, Request(**{**request, **changes}))


def take(store: Any, machine: int, request: int, **changes: Any) -> int:
    wanted = {
        "plan_id": None,
        "start": NOW + HOUR,
        "end": NOW + 2 * HOUR,
        "price": Decimal("99.99"),
        "held_until": NOW + 30 * MINUTE,
        "actor": "li",
        "now": NOW,
    }
    return hold(store.database, request_id=request, gateway="gw-1", equipment_id=machine, **{**wanted, **changes})


def made(store: Any, machine: int, tasks: list[list[Any]] | None = None, *, sold: list[list[int]] | None = None) -> Plan:
    """Make a plan that is done, or under way where it has no tasks."""
    new = NewPlan(
        gateway="gw-1",
        title="week 48",
        origin=NOW,
        zone="Asia/Shanghai",
        made_by="li",
        seconds_limit=10,
        aims={"makespan": 1, "tardiness": 10, "setup": 0},
        orders=[{"name": "A"}],
        machines=[{"name": "M1", "equipment_id": machine, "sold": sold or []}],
        setups=[],
        down_until={},
    )
    with store.database.connection() as connection:
        number = add_plan(connection, new, now=NOW)
    if tasks is not None:
        outcome = {"seconds": 1.5, "cost": 90, "bound": 90, "floor_cost": 100, "method": "cp_sat", "rule": "EDD", "plan": tasks}
        finish_plan(store.database, number, {**outcome, "measures": {}, "rule_measures": {}}, now=NOW)
    return plans(store.database, now=NOW, plan_id=number)[1][0]


def adopt(store: Any, plan: Plan) -> None:
    with store.database.connection() as connection:
        adopt_plan(connection, plan, documents(store.database, plan.id), actor="li", now=NOW)


def test_of_many_buyers_of_one_slot_exactly_one_holds_it(store: Any, machine: int) -> None:
    requests = [asked(store, buyer=f"buyer {number}") for number in range(BUYERS)]
    barrier = threading.Barrier(BUYERS)

    def buy(number: int) -> int | None:
        barrier.wait()
        try:
            # Each wants another piece of the hour; all have its middle in common.
            shift = timedelta(minutes=number)
            return take(store, machine, requests[number], start=NOW + HOUR + shift, end=NOW + 2 * HOUR + shift)
        except SlotTaken:
            return None

    with ThreadPoolExecutor(BUYERS) as pool:
        won = [number for number in pool.map(buy, range(BUYERS)) if number is not None]
    assert len(won) == 1
    total, (sold,) = reservations(store.database, now=NOW)
    assert (total, sold.id, sold.state, sold.price, sold.machine) == (1, won[0], "held", Decimal("99.99"), "M1")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_no_statement_whatever_sells_a_minute_twice(store: Any, machine: int) -> None:
    request = asked(store)
    first = take(store, machine, request)
    copy = (
        "INSERT INTO production.reservation (request_id, equipment_id, slot, price, state, held_until, held_at, held_by,"
        " changed_at, changed_by) SELECT request_id, equipment_id, {slot}, price, '{state}', held_until, held_at, held_by,"
        " changed_at, changed_by FROM production.reservation LIMIT 1"
    )
    with pytest.raises(RowRefused, match="no_double_sale"):
        store.run(copy.format(slot="slot", state="confirmed"))
    store.run(copy.format(slot="slot", state="cancelled"))
    after = take(store, machine, request, start=NOW + 2 * HOUR, end=NOW + 3 * HOUR)  # one may begin where another ends
    with pytest.raises(RowRefused, match="no_double_sale"):
        store.run(
            "UPDATE production.reservation SET slot = tstzrange(lower(slot) - INTERVAL '1 minute', upper(slot))"
            f" WHERE id = {after}"
        )
    for bad in (
        "tstzrange(NULL, now())",
        "tstzrange(now(), NULL)",
        "tstzrange(now(), 'infinity')",
        "tstzrange(now(), now(), '[]')",
        "'empty'",
    ):
        with pytest.raises(RowRefused):
            store.run(copy.format(slot=bad, state="cancelled"))
    assert first != after


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_hold_that_is_not_confirmed_in_time_is_over_for_all_who_ask(store: Any, machine: int) -> None:
    first = take(store, machine, asked(store))
    with pytest.raises(SlotTaken, match="gone"):
        take(store, machine, asked(store), now=NOW + 29 * MINUTE)
    assert reservations(store.database, now=NOW + 29 * MINUTE)[1][0].state == "held"
    later = NOW + 30 * MINUTE
    assert reservations(store.database, now=later, states=["expired"])[0] == 1
    second = take(store, machine, asked(store), now=later, held_until=later + HOUR)
    with store.database.connection() as connection:
        assert lock_reservation(connection, first)[0] == "expired"
        change_reservation(connection, second, state="cancelled", actor="li", now=later)
    take(store, machine, asked(store), now=later)
    assert sorted(one.state for one in reservations(store.database, now=NOW)[1]) == ["cancelled", "expired", "held"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_plan_goes_from_waiting_to_done_and_a_search_that_says_nothing_any_more_is_lost(store: Any, machine: int) -> None:
    plan = made(store, machine)
    assert (plan.state, plan.is_under_way, plan.cost) == ("waiting", True, None)
    assert not note_progress(store.database, plan.id, now=NOW + MINUTE, seconds=3.0, cost=120, bound=80)
    (going,) = plans(store.database, now=NOW + MINUTE)[1]
    assert (going.state, going.seconds, going.cost, going.bound) == ("searching", 3.0, 120, 80)
    assert plans(store.database, now=NOW + 3 * MINUTE)[1][0].state == "lost"
    with store.database.connection() as connection:
        want_stop(connection, plan.id)
    assert note_progress(store.database, plan.id, now=NOW + MINUTE)
    fail_plan(store.database, plan.id, "no memory", now=NOW)
    (failed,) = plans(store.database, now=NOW)[1]
    assert (failed.state, failed.failure, failed.cost) == ("failed", "no memory", 120)
    with pytest.raises(PlanRefused, match="not done"):
        adopt(store, failed)
    assert plans(store.database, now=NOW, gateways=frozenset({"gw-2"})) == (0, [])
    with pytest.raises(LookupError):
        documents(store.database, plan.id + 1)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_time_is_sold_of_the_plan_that_holds_and_a_plan_cannot_take_what_is_sold(store: Any, machine: int) -> None:
    first = made(store, machine, [["A", "1", "M1", 0, 60]])
    adopt(store, first)
    current = current_plan(store.database, "gw-1", now=NOW)
    assert current is not None
    assert (current.id, current.is_current, current.adopted_by) == (first.id, True, "li")
    with pytest.raises(SlotTaken, match="plan has changed"):
        take(store, machine, asked(store))
    sale = take(store, machine, asked(store), plan_id=first.id)  # minutes 60 to 120
    beside, across = made(store, machine, [["A", "1", "M1", 0, 60]]), made(store, machine, [["A", "1", "M1", 90, 130]])
    around = made(store, machine, [["A", "1", "M1", 30, 200]], sold=[[60, 120, sale]])
    with pytest.raises(PlanRefused, match="sold meanwhile") as refused:
        adopt(store, across)
    assert refused.value.sales == (sale,)
    assert current_plan(store.database, "gw-1", now=NOW) == current
    for plan in (beside, around):  # the second rests while the sold work is done
        adopt(store, plan)
        now_current = current_plan(store.database, "gw-1", now=NOW)
        assert now_current is not None
        assert now_current.id == plan.id


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_shifts_and_capability_of_a_machine_are_told_apart(store: Any, machine: int) -> None:
    with store.database.connection() as connection:
        save_shifts(connection, machine, shifts="1-5 08:00-20:00", family="steel", actor="wang", now=NOW)
    terms = machine_terms(store.database, [machine, machine + 1])[machine]
    assert (terms.shifts, terms.family, terms.capability, terms.hour_price, terms.changed_by) == (
        "1-5 08:00-20:00",
        "steel",
        {"axes": 3},
        Decimal("180.50"),
        "wang",
    )
    with store.database.connection() as connection:
        nothing = {"capability": None, "hour_price": None, "setup_price": None}
        save_capability(connection, machine, **nothing, actor="wang", now=NOW)
    assert machine_terms(store.database, [machine])[machine].shifts == "1-5 08:00-20:00"
