"""The level of a service, with the worked numbers of the reference, and months that are settled once for all."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from registry.projects.service_level import (
    allowed_minutes,
    canonical,
    check_tiers,
    level,
    maintenance_minutes,
    month_span,
)
from registry.projects.service_months import CannotSettle, read_month, settle
from registry.projects.templates import template
from store.city_projects import ScopeEntry, add_project
from store.city_services import Agreement, Maintenance, add_agreement, add_maintenance, agreements, credit_notes
from store.database import Database, DatabaseFault
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from tests.dashboards.plant import Filler, Plant
from tests.registry.city import add_city, enterprise

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIERS = ((Decimal("99.9"), Decimal(10)), (Decimal("99.5"), Decimal(25)), (Decimal(99), Decimal(50)))
MONTH = 30 * 1440


def agreement(tiers: Sequence[tuple[Decimal, Decimal]] = TIERS, **changes: Any) -> Agreement:
    values: dict[str, Any] = {
        "id": 1,
        "project_id": 1,
        "provider": "某云",
        "target_percent": Decimal("99.9"),
        "tiers": tiers,
        "monthly_fee_cny": Decimal("1234.50"),
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
        "document": "合同 1",
        "recorded_by": "li",
    }
    return Agreement(**{**values, **changes})


@pytest.mark.parametrize(("target", "minutes"), [("99.9", "43.2"), ("99.5", "216"), ("99", "432")])
def test_jinan_3_8_thirty_days_allow_43_2_and_216_and_432_minutes(target: str, minutes: str) -> None:  # M9
    assert allowed_minutes(Decimal(target), 30) == Decimal(minutes)


@pytest.mark.parametrize(
    ("bad", "credit", "money"),
    [
        (0, 0, "0.00"),
        (43, 0, "0.00"),
        (44, 10, "123.45"),
        (216, 10, "123.45"),
        (217, 25, "308.63"),
        (432, 25, "308.63"),
        (433, 50, "617.25"),
        (MONTH, 50, "617.25"),
    ],
)
def test_jinan_3_8_the_credit_changes_at_the_very_minute_of_its_tier(bad: int, credit: int, money: str) -> None:  # M9
    good = np.ones(MONTH, bool)
    good[:bad] = False
    found = level(good, np.zeros(MONTH, bool), agreement())
    assert (found.bad_minutes, found.credit_percent, found.credit_cny) == (bad, Decimal(credit), Decimal(money))
    assert found.bad_spans == ([(0, bad)] if bad else [])


def test_jinan_3_8_agreed_maintenance_counts_neither_way() -> None:  # M9
    start = datetime(2026, 4, 1, tzinfo=UTC)
    window = Maintenance(1, start + timedelta(minutes=10, seconds=30), start + timedelta(hours=2), "升级", "li")
    outside = Maintenance(2, start - timedelta(days=2), start - timedelta(days=1), "升级", "li")
    marked = maintenance_minutes([window, outside], start, start + timedelta(days=30))
    assert (int(marked.sum()), marked[10], marked[119], marked[120]) == (110, True, True, False)
    good = ~marked
    good[200:210] = False
    found = level(good, marked, agreement())
    assert (found.counted_minutes, found.bad_minutes) == (MONTH - 110, 10)
    assert found.availability_percent == Decimal("99.9767"), "rounded down"
    everything = level(np.zeros(MONTH, bool), np.ones(MONTH, bool), agreement())
    assert (everything.availability_percent, everything.credit_cny) == (None, Decimal(0))


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        ((Decimal("99.95"), Decimal(10)),),
        ((Decimal("99.9"), Decimal(10)), (Decimal("99.5"), Decimal(10))),
        ((Decimal("99.9"), Decimal(101)),),
        ((Decimal(0), Decimal(10)),),
    ],
)
def test_tiers_that_make_no_sense_are_refused(tiers: tuple[tuple[Decimal, Decimal], ...]) -> None:
    with pytest.raises(ValueError, match="tiers"):
        check_tiers(tiers, Decimal("99.9"))
    check_tiers(TIERS, Decimal("99.9"))


def test_a_month_is_the_plants_month() -> None:
    start, end = month_span(date(2026, 2, 1), SHANGHAI)
    assert (start, end) == (datetime(2026, 1, 31, 16, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_jinan_3_8_a_month_is_measured_settled_once_and_never_changed(migrated_database: str) -> None:  # M9
    month = (datetime.now(SHANGHAI).replace(day=1) - timedelta(days=1)).date().replace(day=1)
    start, end = month_span(month, SHANGHAI)
    minutes = round((end - start).total_seconds() / 60)
    # One machine is silent the second half of each hour, the other one all the time but the first 60 minutes: none from 30 on.
    first = {(start + timedelta(minutes=n)).timestamp(): {"steam_flow": 1.0} for n in range(minutes) if n % 60 < 59}
    other = {(start + timedelta(minutes=n)).timestamp(): {"steam_flow": 1.0} for n in range(60)}
    with Database(migrated_database) as database:
        plant = Plant()
        Filler(database).commit(plant.bundle(plant.batch("boiler-1", "boiler", first), plant.batch("boiler-2", "boiler", other)))
        with database.connection() as connection:
            add_city(connection)
            uscc = enterprise(connection)
            project = add_project(
                connection,
                uscc=uscc,
                title="t",
                template="jinan_2020",
                provider="",
                codes=template("jinan_2020").codes,
                actor="li",
            )
            assert project is not None
            plain = agreement(valid_from=month)
            values = {
                name: getattr(plain, name)
                for name in ("provider", "target_percent", "tiers", "monthly_fee_cny", "valid_from", "valid_to", "document")
            }
            add_agreement(connection, project, values, actor="li")
        (agreed,) = agreements(database, project)
        assert agreed.tiers == list(TIERS)
        scope = [
            ScopeEntry(n, f"锅炉{n}", n, "direct", "continuous", None, "li", "boiler", "plant-1", f"boiler-{n}") for n in (1, 2)
        ]
        question: dict[str, Any] = {"month": month, "zone": SHANGHAI, "now": datetime.now(UTC)}
        with pytest.raises(CannotSettle, match="minutes"):
            read_month(database, agreed, scope, **question)
        refresh(database, ROLLUPS["1m"], now=datetime.now(UTC))
        with database.connection() as connection:
            span = {"start": start + timedelta(hours=5), "end": start + timedelta(hours=6)}
            add_maintenance(connection, agreed, **span, reason="升级", zone="Asia/Shanghai", actor="li")
        found = read_month(database, agreed, scope, **question)
        hours = minutes // 60
        assert (found.level.bad_minutes, found.level.maintenance_minutes) == (hours - 2, 60)
        assert found.completeness["plant-1", "boiler-2"] == pytest.approx(60 / (minutes - 60))
        assert found.level.credit_percent == 50
        with database.connection() as connection:
            content_hash = settle(connection, agreed, found, month=month, zone=SHANGHAI, actor="li")
        (note,) = credit_notes(database, agreed.id)
        assert (note.month, note.credit_cny, note.hash) == (month, Decimal("617.25"), content_hash)
        import hashlib

        assert hashlib.sha256(canonical(note.content).encode()).digest() == content_hash, "anybody can check it"
        with pytest.raises(CannotSettle, match="settled already"), database.connection() as connection:
            settle(connection, agreed, found, month=month, zone=SHANGHAI, actor="li")
        with pytest.raises(DatabaseFault, match="never changed"), database.connection() as connection:
            connection.execute(b"UPDATE city.credit_note SET credit_cny = 0")
        with pytest.raises(ValueError, match="settled already"), database.connection() as connection:
            add_maintenance(
                connection, agreed, start=start, end=start + timedelta(hours=9), reason="x", zone="Asia/Shanghai", actor="li"
            )
        for wrong, says in (
            (month + timedelta(days=40), "not over"),
            (month - timedelta(days=400), "does not hold"),
        ):
            with pytest.raises(CannotSettle, match=says):
                read_month(database, agreed, scope, **(question | {"month": wrong.replace(day=1)}))
        with pytest.raises(CannotSettle, match="ever sent"):
            read_month(database, agreed, [], **question)
