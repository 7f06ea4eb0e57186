"""A town with vouchers: enterprises, a listed provider, a budget, and days that are chosen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from registry.vouchers.halves import Half
from registry.vouchers.issuing import Applied, Contract, Desk, accept, apply, grant, register
from registry.vouchers.policy import VoucherPolicy, default_policy
from registry.vouchers.redeeming import change_provider, evaluate, publicise, request_redemption, review, start_service
from store.city_budgets import Budget, budgets, ledger_differences
from store.city_voucher_parties import add_provider, batches
from store.city_vouchers import Voucher, voucher, vouchers
from store.database import Database
from tests.registry.city import COUNTY, OTHER_COUNTY, add_city, code_of, enterprise

SPRING = datetime(2018, 3, 1, 2, tzinfo=UTC)
"""A Thursday, ten o'clock in the town."""
FEE = Decimal(100_000)
FIRST_HALF = Half(2018, 1)


def cny(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def prolonged(**changes: Any) -> VoucherPolicy:
    """Give the document's policy as a city prolongs it, up to 2030; ``changes`` are of its amounts, 2025 is their first year."""
    printed = default_policy()
    amounts = {"base_year": 2025, **changes}
    return printed.model_copy(
        update={
            "version": "prolonged",
            "document": "test",
            "valid_from": max(printed.valid_from, date(amounts["base_year"], 1, 1)),
            "valid_to": date(2030, 12, 31),
            "amount": printed.amount.model_copy(update=amounts),
        }
    )


class Town:
    """What tests do again and again; every call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = SPRING
        with database.connection() as connection:
            add_city(connection)
        self.provider = self.add_provider(900)

    @contextmanager
    def desk(self, actor: str = "registrar") -> Iterator[Desk]:
        with self.database.connection() as connection:
            yield Desk(connection=connection, actor=actor, now=self.now)

    def later(self, day: date) -> None:
        """Go on to ten o'clock of a day."""
        self.now = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)

    def add_provider(self, number: int, *, listed: bool = True) -> int:
        with self.desk() as at:
            found = add_provider(
                at.connection,
                uscc=code_of(number),
                name=f"云商{number}",
                provider_class="general_platform",
                services=["1.1.01"],
                document="",
                now=at.now,
                actor=at.actor,
            )
            assert found is not None
            if listed:
                change_provider(at, found, "listed", document="目录2018")
        return found

    def grant(self, amount: int, *, area: str = COUNTY, year: int = 2018) -> list[int]:
        with self.desk("finance") as at:
            return grant(at, area, year, Decimal(amount), document="预算2018")

    def member(self, number: int, *, area: str = COUNTY, **values: Any) -> int:
        """Register an enterprise with a number, and accept it."""
        with self.desk() as at:
            uscc = enterprise(at.connection, number, area=area, **values)
            found = register(at, uscc)
        with self.desk("county") as at:
            accept(at, found)
        return found

    def contract(self, fee: Decimal = FEE, *, provider: int | None = None, **values: Any) -> Contract:
        filled = {"services": ["1.1.01"], "number": "HT-1", "signed_on": date(2018, 2, 1), "list_price": fee, **values}
        return Contract(provider_id=provider or self.provider, fee=fee, **filled)

    def apply(self, voucher_id: int, fee: Decimal = FEE, **values: Any) -> Applied:
        with self.desk() as at:
            return apply(at, voucher_id, self.contract(fee, **values))

    def issued(self, number: int = 1, fee: Decimal = FEE, **values: Any) -> int:
        found = self.member(number, **values)
        assert self.apply(found, fee).voucher.state == "issued"
        return found

    def in_service(self, number: int = 1, fee: Decimal = FEE, **values: Any) -> int:
        found = self.issued(number, fee, **values)
        with self.desk() as at:
            start_service(at, found, first_day=at.today, last_day=at.today + timedelta(days=364))
        return found

    def reviewed(self, number: int = 1, fee: Decimal = FEE, *, half: Half = FIRST_HALF, **values: Any) -> int:
        """Bring a voucher up to the county's review, in the summer after the half-year."""
        before = self.now
        found = self.in_service(number, fee, **values)
        self.later(half.next.first_day + timedelta(days=8))
        with self.desk() as at:
            request_redemption(at, found, half)
            evaluate(at, found, passed=True, evaluator="第三方", document="评2018-1")
        with self.desk("county") as at:
            review(at, found)
        self.now = before
        return found

    def publicised(self, number: int = 1, fee: Decimal = FEE, **values: Any) -> int:
        """Bring a voucher up to its publicity, and stay on the day of publication: Monday, the 9th of July 2018."""
        found = self.reviewed(number, fee, **values)
        self.later(date(2018, 7, 9))
        with self.desk("county") as at:
            publicise(at, batches(self.database)[0].id)
        return found

    def see(self, voucher_id: int) -> Voucher:
        found = voucher(self.database, voucher_id)
        assert found is not None
        return found

    def all(self, *states: str) -> list[Voucher]:
        return vouchers(self.database, states=states or None, limit=1000)[1]

    def budget(self, *, area: str = COUNTY, year: int = 2018) -> Budget:
        (found,) = budgets(self.database, area=area, year=year)
        assert ledger_differences(self.database) == []
        return found

    def sums(self, *, area: str = COUNTY, year: int = 2018) -> tuple[Decimal, ...]:
        """Give granted, reserved, paid and free, checked against the ledger."""
        return tuple(self.budget(area=area, year=year)[4:8])

    def label(self, number: int, label: str, *, until: date | None = None) -> None:
        statement = (
            b"INSERT INTO city.enterprise_label (uscc, label, valid_from, valid_to, document, recorded_by)"
            b" VALUES (%s, %s, '2017-01-01', %s, 'test', 'test')"
        )
        with self.database.connection() as connection:
            connection.execute(statement, [code_of(number), label, until])


__all__ = ["COUNTY", "FEE", "FIRST_HALF", "OTHER_COUNTY", "SPRING", "Town", "cny", "code_of", "prolonged"]
