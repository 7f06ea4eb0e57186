"""Who and what stands around vouchers: policies, applicants, providers, batches of redemption, and what their machines sent."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from store.database import Connection, Database
from store.sql_files import query

ProviderClass = Literal["general_platform", "industry_platform", "application"]
PROVIDER_STATES: dict[str, frozenset[str]] = {
    "applied": frozenset({"listed", "struck_off"}),
    "listed": frozenset({"suspended", "struck_off"}),
    "suspended": frozenset({"listed", "struck_off"}),
    "struck_off": frozenset(),
}
"""What a provider in each state may become."""


class StoredPolicy(NamedTuple):
    """A version of a policy; ``parameters`` are what `registry.vouchers.policy` reads."""

    version: str
    document: str
    area: str
    valid_from: date
    valid_to: date
    parameters: dict[str, Any]
    made_at: datetime
    made_by: str


class Applicant(NamedTuple):
    """An enterprise as the rules look at it on a day."""

    uscc: str
    name: str
    area: str
    code_state: str
    is_independent: bool
    is_retired: bool
    areas: list[str]
    """Its own area and all above."""
    labels: list[str]
    """Those that hold on the day."""


class Provider(NamedTuple):
    """A provider of cloud services."""

    id: int
    uscc: str
    name: str
    provider_class: str
    state: str
    services: list[str]
    document: str
    registered_at: datetime
    registered_by: str
    is_on_negative_list: bool
    """As an enterprise of the city."""
    vouchers: int


class Batch(NamedTuple):
    """What a county redeems for a half-year."""

    id: int
    area: str
    area_zh: str
    area_en: str
    year: int
    half: int
    published_on: date | None
    last_day: date | None
    """Last working day of the publicity."""
    published_by: str | None
    vouchers: int
    not_reviewed: int
    paid: int
    amount: Decimal
    redeemed: Decimal


class LockedBatch(NamedTuple):
    """A batch that nobody else changes until the transaction ends."""

    id: int
    area: str
    year: int
    half: int
    published_on: date | None
    last_day: date | None


class Evidence(NamedTuple):
    """What came from an enterprise's machines in the half-year that its voucher is redeemed for."""

    voucher_id: int
    number: str
    uscc: str
    enterprise: str
    area: str
    area_zh: str
    area_en: str
    state: str
    amount: Decimal
    redeemed: Decimal | None
    year: int
    half: int
    first_day: date
    last_day: date
    machines: int
    connected: int
    """Machines that have ever sent anything."""
    days: int
    """On which anything came, in the span."""
    last_day_with_data: date | None
    newest: datetime | None
    """When the newest reading of all was made, also outside the span."""
    is_known: bool
    """Whether facts of the span are there at all, of any machine of the city."""

    @property
    def is_silent(self) -> bool:
        return self.is_known and self.days == 0


def add_policy(
    connection: Connection,
    *,
    version: str,
    document: str,
    area: str,
    valid_from: date,
    valid_to: date,
    parameters: Mapping[str, object],
    actor: str,
) -> bool:
    """Store a policy; False if its version is there already."""
    values = {
        "version": version,
        "document": document,
        "area": area,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "parameters": json.dumps(parameters, ensure_ascii=False),
        "made_by": actor,
    }
    return connection.execute(query("city_vouchers", "add_policy"), values).fetchone() is not None


def policies(connection: Connection) -> list[StoredPolicy]:
    """Give all versions, the oldest first."""
    return [StoredPolicy(*row) for row in connection.execute(query("city_vouchers", "policies"))]


def applicant(connection: Connection, uscc: str, *, day: date) -> Applicant | None:
    row = connection.execute(query("city_vouchers", "applicant"), {"uscc": uscc, "day": day}).fetchone()
    return None if row is None else Applicant(*row)


def put_on_negative_list(connection: Connection, uscc: str, *, day: date, document: str, actor: str) -> None:
    values = {"uscc": uscc, "day": day, "document": document, "actor": actor}
    connection.execute(query("city_vouchers", "add_label"), values)


def add_provider(
    connection: Connection,
    *,
    uscc: str,
    name: str,
    provider_class: ProviderClass,
    services: Sequence[str],
    document: str,
    now: datetime,
    actor: str,
) -> int | None:
    """Register a provider, which is not listed yet; None if its code is registered."""
    values = {
        "uscc": uscc,
        "name": name,
        "class": provider_class,
        "services": list(services),
        "document": document,
        "now": now,
        "actor": actor,
    }
    row = connection.execute(query("city_vouchers", "add_provider"), values).fetchone()
    return None if row is None else int(row[0])


def providers(connection: Connection, *, day: date, provider_id: int | None = None) -> list[Provider]:
    return [Provider(*row) for row in connection.execute(query("city_vouchers", "providers"), {"id": provider_id, "day": day})]


def lock_provider(connection: Connection, provider_id: int) -> str | None:
    """Give the state of a provider, which nobody else changes until the transaction ends; None if there is none."""
    row = connection.execute(query("city_vouchers", "lock_provider"), [provider_id]).fetchone()
    return None if row is None else str(row[0])


def move_provider(connection: Connection, provider_id: int, *, state: str, document: str = "") -> None:
    connection.execute(query("city_vouchers", "move_provider"), {"id": provider_id, "state": state, "document": document})


def open_batch(connection: Connection, *, area: str, year: int, half: int) -> LockedBatch:
    """Give, and lock, the batch of a county's half-year; make it where it is missing."""
    values = {"area": area, "year": year, "half": half}
    connection.execute(query("city_vouchers", "ensure_batch"), values)
    row = connection.execute(query("city_vouchers", "lock_batch"), {"id": None, **values}).fetchone()
    assert row is not None
    return LockedBatch(*row)


def lock_batch(connection: Connection, batch_id: int) -> LockedBatch | None:
    values = {"id": batch_id, "area": None, "year": None, "half": None}
    row = connection.execute(query("city_vouchers", "lock_batch"), values).fetchone()
    return None if row is None else LockedBatch(*row)


def publish_batch(connection: Connection, batch_id: int, *, day: date, last_day: date, actor: str) -> None:
    values = {"id": batch_id, "day": day, "last_day": last_day, "actor": actor}
    connection.execute(query("city_vouchers", "publish_batch"), values)


def batches(database: Database, batch_id: int | None = None) -> list[Batch]:
    """Give all batches, the newest half-year first."""
    with database.connection() as connection:
        return [Batch(*row) for row in connection.execute(query("city_vouchers", "batches"), {"id": batch_id})]


def evidence(connection: Connection, *, voucher_id: int | None = None, batch_id: int | None = None) -> list[Evidence]:
    """Tell, of vouchers in redemption or paid, whether the enterprise's machines sent anything; those that sent least first."""
    values = {"id": voucher_id, "batch_id": batch_id}
    return [Evidence(*row) for row in connection.execute(query("city_vouchers", "silent"), values)]
