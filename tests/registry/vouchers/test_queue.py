"""A hundred at once: the queue and the budget under concurrency (V3, V14), on both servers."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from benchmarks.registry_vouchers import APPLICANTS, ENOUGH_FOR, FORMS, NOW, code_of, make_county
from registry.vouchers.issuing import Desk, register
from registry.vouchers.redeeming import cancel
from registry.vouchers.words import StepRefused
from store.city_budgets import budgets, ledger_differences
from store.city_registry import Enterprise, add_enterprise
from store.city_vouchers import vouchers
from store.database import Database


@pytest.fixture
def crowd(migrated_database: str) -> Iterator[Database]:
    """Give a database with nearly as many connections as the embedded server has."""
    with Database(migrated_database, max_connections=80, timeout_seconds=60) as opened:
        yield opened


@pytest.mark.parametrize("form", FORMS)
def test_jining_3_3_of_100_at_once_the_first_that_the_budget_reaches_for_are_issued(crowd: Database, form: str) -> None:
    found = FORMS[form](crowd, 1, random.Random(1))
    assert found.faults == []
    if form != "different amounts":
        assert found.issued == ENOUGH_FOR
    assert len(found.seconds) == APPLICANTS - (10 if "killed" in form else 0)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_jining_3_4_of_20_registrations_of_one_enterprise_at_once_one_is_made(crowd: Database) -> None:
    make_county(crowd, 1, [], money=Decimal(1))
    with crowd.connection() as connection:
        add_enterprise(connection, Enterprise(uscc=code_of(5), name="企业", area="jining-county-1", registered_by="test"))

    def ask(number: int) -> str:
        try:
            with crowd.connection() as connection:
                register(Desk(connection=connection, actor=f"thread-{number}", now=NOW), code_of(5))
        except StepRefused as error:
            return str(error)
        return "made"

    with ThreadPoolExecutor(20) as threads:
        said = list(threads.map(ask, range(20)))
    assert said.count("made") == 1
    assert all("enjoys it once" in one for one in said if one != "made")
    assert vouchers(crowd)[0] == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_money_that_comes_back_while_others_apply_is_given_to_who_waits_longest(crowd: Database) -> None:
    found = FORMS["equal amounts"](crowd, 1, random.Random(1))
    assert found.faults == []
    _total, issued = vouchers(crowd, states=["issued"], limit=10)

    def give_back(voucher_id: int) -> None:
        with crowd.connection() as connection:
            cancel(Desk(connection=connection, actor="registrar", now=NOW), voucher_id, note="撤回")

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(give_back, [one.id for one in issued]))
    _total, now_issued = vouchers(crowd, states=["issued"], sort="queue", limit=1000)
    _total, waiting = vouchers(crowd, states=["contracted"], sort="queue", limit=1000)
    assert (len(now_issued), len(waiting)) == (ENOUGH_FOR, APPLICANTS - ENOUGH_FOR - 10)
    assert max(one.queue_number or 0 for one in now_issued) < min(one.queue_number or 0 for one in waiting)
    (budget,) = budgets(crowd)
    assert budget.free == 0
    assert ledger_differences(crowd) == []
