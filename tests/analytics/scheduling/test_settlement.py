from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from analytics.scheduling.reservations import MachineTime, Reservation, ReservationState
from analytics.scheduling.settlement import Cycle, Evidence, Indicators, Terms, indicators, settle, sha256_of

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TIMES = (MachineTime("M1", START, START + 120 * MINUTE),)
QUALITY = {"good": 19, "bad": 1, "inspector": "赵"}
TERMS = Terms(quantity=20, unit_price=Decimal("12.35"), due=START + 120 * MINUTE, late_percent_a_day=Decimal("2.5"))
EVIDENCE = Evidence(
    parts_before=100,
    parts_after=120,
    cycles=[Cycle("M1", START + 5 * n * MINUTE, START + (5 * n + 4) * MINUTE) for n in range(20)],
    quality=QUALITY,
    quality_sha256=sha256_of(QUALITY),
)


def test_good_parts_are_paid_when_all_sources_agree() -> None:
    found = settle(TIMES, TERMS, EVIDENCE)
    assert (found.made, found.good, found.amount, found.deduction, found.doubts) == (20, 19, Decimal("234.65"), Decimal(0), ())
    assert found.delivered_at == START + 99 * MINUTE


def test_no_more_than_the_quantity_is_paid() -> None:
    assert settle(TIMES, replace(TERMS, quantity=10), EVIDENCE).amount == Decimal("123.50")


@pytest.mark.parametrize(("days", "percent"), [(0.01, "2.5"), (1, "2.5"), (1.5, "5"), (30, "20")])
def test_each_day_begun_after_the_due_date_is_deducted_up_to_the_limit(days: float, percent: str) -> None:
    late = replace(TERMS, due=START + 99 * MINUTE - timedelta(days=days), late_percent_at_most=Decimal(20))
    found = settle(TIMES, late, EVIDENCE)
    deduction = (Decimal("234.65") * Decimal(percent) / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert (found.deduction, found.amount) == (deduction, Decimal("234.65") - deduction)


@pytest.mark.parametrize(
    ("change", "doubts", "good"),
    [
        ({"cycles": []}, ("no_evidence", "cycles_and_count_differ"), 0),
        ({"parts_after": 90}, ("counter_fell", "cycles_and_count_differ"), 0),
        ({"parts_after": 118}, ("cycles_and_count_differ",), 18),
        ({"parts_after": 121}, (), 19),
        ({"quality": {"good": 20}}, ("quality_differs_from_hash",), 20),
        ({"quality": {"good": 25}, "quality_sha256": sha256_of({"good": 25})}, ("more_good_than_made",), 20),
        ({"quality": {}, "quality_sha256": sha256_of({})}, ("no_evidence",), 0),
        ({"quality": {"good": "19"}, "quality_sha256": sha256_of({"good": "19"})}, ("no_evidence",), 0),
        (
            {"cycles": [Cycle("M2", START, START + MINUTE), *EVIDENCE.cycles]},
            ("cycle_outside_time",),
            19,
        ),
    ],
)
def test_sources_that_contradict_each_other_are_doubted_and_the_least_is_proposed(
    change: dict[str, object], doubts: tuple[str, ...], good: int
) -> None:
    found = settle(TIMES, TERMS, replace(EVIDENCE, **change))  # type: ignore[arg-type]
    assert (found.doubts, found.good) == (doubts, good)
    assert found.amount == TERMS.unit_price * good


def test_the_hash_stands_for_the_content_whatever_its_order() -> None:
    # SHA-256 of the UTF-8 text {"a":"赵","b":1}, by sha256sum
    assert sha256_of({"b": 1, "a": "赵"}) == sha256_of({"a": "赵", "b": 1})
    assert sha256_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    with pytest.raises(ValueError, match="JSON compliant"):
        sha256_of({"a": float("nan")})


def test_any_change_of_the_evidence_changes_the_settlements_hash() -> None:
    first = settle(TIMES, TERMS, EVIDENCE).sha256
    assert settle(TIMES, TERMS, EVIDENCE).sha256 == first
    assert settle(TIMES, TERMS, replace(EVIDENCE, parts_after=121)).sha256 != first
    assert settle(TIMES, replace(TERMS, unit_price=Decimal("12.36")), EVIDENCE).sha256 != first


def test_indicators_are_shares_of_minutes_sales_and_money() -> None:
    def sale(name: str, state: ReservationState, minutes: int, price: int) -> Reservation:
        times = (MachineTime("M1", START, START + minutes * MINUTE),)
        return Reservation(
            name=name, order="", buyer="", times=times, price=Decimal(price), state=state, held_until=START, changed_at=START
        )

    book = [
        sale("a", ReservationState.SETTLED, 60, 90),
        sale("b", ReservationState.DELIVERED, 30, 60),
        sale("c", ReservationState.FAILED, 60, 100),
        sale("d", ReservationState.HELD, 60, 100),
    ]
    found = indicators(
        book,
        offered_minutes=300,
        kept={"a": True, "b": False},
        list_prices={"a": Decimal(100), "b": Decimal(60), "c": Decimal(1)},
        now=START - MINUTE,
    )
    assert found == Indicators(0.3, 1 / 3, 150 / 160)
    assert indicators([], offered_minutes=0, kept={}, list_prices={}, now=START) == Indicators(None, None, None)
