"""A hundred enterprises apply at the same moment for a county's money that is enough for forty.

Every application is a thread with a connection of its own; all of them start together. A round holds when exactly the forty
that are first by the time of the queue are issued, the budget is exact to the fen and equals its ledger. Rounds go on with
amounts that differ, where the queue must stop at the first that does not fit, and with connections that are killed while they
hold the county's lock. Each round is another county, so that the table grows as in life.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.bars import SHORT, Bar, Measure
from registry.uscc import check_character, inner_check_character
from registry.vouchers.issuing import Contract, Desk, accept, apply, grant, register
from registry.vouchers.redeeming import change_provider
from shangyun.local_servers import embedded_postgresql
from store.city_budgets import budgets, ledger_differences
from store.city_registry import Area, Enterprise, add_enterprise, save_areas
from store.city_voucher_parties import add_provider
from store.city_vouchers import Voucher, vouchers
from store.database import Database, DatabaseAway
from store.migrate import migrate

APPLICANTS, ENOUGH_FOR = 100, 40
ROUNDS = 2 if SHORT else 20
"""Of each of the three forms."""
NOW = datetime(2018, 3, 1, 2, tzinfo=UTC)
FEE = Decimal(100_000)
WORTH = Decimal(30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county before the rush: its members' applications with the fee of each."""

    area: str
    provider_id: int
    fees: dict[int, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """What a rush came to."""

    issued: int
    money: Decimal
    seconds: list[float]
    """Of each application that was answered."""
    faults: list[str]
    """Empty where all is as it must be."""


def code_of(number: int, head: str = "91") -> str:
    """Make the right code of an enterprise with a number."""
    organisation = f"MA{number:06d}"
    first_17 = f"{head}370811{organisation}{inner_check_character(organisation)}"
    return first_17 + check_character(first_17)


def make_county(database: Database, number: int, fees: Iterable[Decimal], *, money: Decimal) -> County:
    """Register a county with a budget, a provider and one member for each fee."""
    area = f"jining-county-{number}"
    with database.connection() as connection:
        at = Desk(connection=connection, actor="registrar", now=NOW)
        save_areas(
            connection,
            [
                Area(code="jining", level="city", label_zh="济宁市", label_en="Jining", source="made"),
                Area(code=area, parent="jining", level="county", label_zh=area, label_en=area, source="made"),
            ],
        )
        provider = add_provider(
            connection,
            uscc=code_of(900_000 + number),
            name=f"云商{number}",
            provider_class="general_platform",
            services=["1.1.01"],
            document="",
            now=NOW,
            actor="registrar",
        )
        assert provider is not None
        change_provider(at, provider, "listed", document="made")
        members = {}
        for place, fee in enumerate(fees):
            uscc = code_of(number * 1_000 + place)
            add_enterprise(connection, Enterprise(uscc=uscc, name=f"企业{uscc}", area=area, registered_by="registrar"))
            voucher_id = register(at, uscc)
            accept(at, voucher_id)
            members[voucher_id] = fee
        grant(at, area, NOW.year, money, document="made")
    return County(area=area, provider_id=provider, fees=members)


def rush(database: Database, county: County, *, killed: Collection[int] = ()) -> Rush:
    """Let all members apply at once; the connections of some are killed after they have applied and before they commit."""
    gate = threading.Barrier(len(county.fees))
    one_killer = threading.Lock()
    seconds: list[float] = []

    def ask(voucher_id: int) -> None:
        fee = county.fees[voucher_id]
        contract = Contract(
            provider_id=county.provider_id,
            services=["1.1.01"],
            number=f"HT-{voucher_id}",
            signed_on=date(2018, 2, 1),
            list_price=fee,
            fee=fee,
        )
        gate.wait()
        started = time.perf_counter()
        with database.connection() as connection:
            apply(Desk(connection=connection, actor=f"thread-{voucher_id}", now=NOW), voucher_id, contract)
            if voucher_id in killed:
                with one_killer:
                    killer.execute(b"SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
        seconds.append(time.perf_counter() - started)

    def ask_and_die(voucher_id: int) -> None:
        with suppress(DatabaseAway):
            ask(voucher_id)

    # The killer has its connection beforehand: all others may be waiting for the lock of who is to be killed.
    with database.autocommit() as killer, ThreadPoolExecutor(len(county.fees)) as threads:
        list(threads.map(ask_and_die if killed else ask, county.fees))
    _total, found = vouchers(database, areas=[county.area], limit=10_000)
    (budget,) = budgets(database, area=county.area)
    faults = [*_faults(found, granted=budget.granted, killed=killed)]
    held = sum((one.amount for one in found if one.amount), Decimal(0))
    if (budget.reserved, budget.paid, budget.free) != (held, Decimal(0), budget.granted - held):
        faults.append(f"reserved {budget.reserved}, issued {held}")
    faults += [f"sums of {area} {year} are not those of the ledger" for area, year in ledger_differences(database)]
    return Rush(issued=sum(one.amount is not None for one in found), money=held, seconds=seconds, faults=faults)


def _faults(found: list[Voucher], *, granted: Decimal, killed: Collection[int]) -> Iterable[str]:
    """Compare what was issued with what the queue, worked off by one clerk with nobody around, would have got."""
    queue = sorted((one for one in found if one.queued_at is not None), key=lambda one: (one.queued_at, one.queue_number))
    if [one.queue_number for one in queue] != sorted(one.queue_number or 0 for one in queue):
        yield "the queue's numbers and its times differ"
    left, is_closed = granted, False
    for one in queue:
        worth = min(Decimal("0.30") * (one.fee or 0), Decimal(50_000)).quantize(Decimal("0.01"), "ROUND_DOWN")
        is_closed = is_closed or worth > left
        if (one.amount is not None) == is_closed:
            yield f"voucher {one.id} is {one.state}, {left} being left for {worth}"
        if one.amount is not None:
            left -= one.amount
    if left < 0:
        yield f"{-left} too much is given away"
    alive = {one.id for one in queue}
    for one in found:
        if (one.id in killed) == (one.id in alive):
            yield f"voucher {one.id} is {one.state}, killed: {one.id in killed}"


def equal_amounts(database: Database, number: int, _dice: random.Random) -> Rush:
    """Give one round in which exactly forty fit."""
    county = make_county(database, number, [FEE] * APPLICANTS, money=WORTH * ENOUGH_FOR)
    found = rush(database, county)
    if found.issued != ENOUGH_FOR or found.money != WORTH * ENOUGH_FOR:
        found.faults.append(f"{found.issued} issued, {found.money} CNY")
    return found


def different_amounts(database: Database, number: int, dice: random.Random) -> Rush:
    fees = [Decimal(dice.randint(100, 25_000_000)) / 100 for _ in range(APPLICANTS)]
    return rush(database, make_county(database, number, fees, money=WORTH * ENOUGH_FOR))


def with_kills(database: Database, number: int, dice: random.Random) -> Rush:
    """Give one round in which ten of the hundred die while they hold the county's lock."""
    county = make_county(database, number, [FEE] * APPLICANTS, money=WORTH * ENOUGH_FOR)
    found = rush(database, county, killed=dice.sample(sorted(county.fees), APPLICANTS // 10))
    if found.issued != ENOUGH_FOR:
        found.faults.append(f"{found.issued} issued")
    return found


FORMS: dict[str, Callable[[Database, int, random.Random], Rush]] = {
    "equal amounts": equal_amounts,
    "different amounts": different_amounts,
    "ten connections killed": with_kills,
}


def rushes(folder: Path) -> Bar:
    dice, faults, seconds, issued = random.Random(9), [], [], []
    with (
        embedded_postgresql(folder / "postgresql", {"max_connections": "250"}) as address,
        Database(address, max_connections=APPLICANTS + 20, timeout_seconds=60) as database,
    ):
        migrate(database, report=lambda _: None)
        for number in range(ROUNDS * len(FORMS)):
            name = list(FORMS)[number % len(FORMS)]
            found = FORMS[name](database, number, dice)
            faults += [f"round {number}, {name}: {fault}" for fault in found.faults]
            seconds += found.seconds
            if name == "equal amounts":
                issued.append(found.issued)
    slowest, typical = max(seconds), sorted(seconds)[len(seconds) // 2]
    line = (
        f"{APPLICANTS} applications at once against money for {ENOUGH_FOR}: {min(issued)}..{max(issued)} issued in"
        f" {len(issued)} rounds, {len(faults)} faults in {ROUNDS * len(FORMS)} rounds of {len(FORMS)} forms;"
        f" an answer after {typical:.2f} s, the last after {slowest:.2f} s (bar: exactly {ENOUGH_FOR}, none wrong)"
    )
    details = {
        "faults": faults,
        "rounds": ROUNDS * len(FORMS),
        "issued": issued,
        "median_seconds": typical,
        "slowest_seconds": slowest,
    }
    return Bar("registry_vouchers", not faults and set(issued) == {ENOUGH_FOR}, line, details)


BARS: dict[str, Measure] = {"registry_vouchers": rushes}
