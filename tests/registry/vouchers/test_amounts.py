"""What a voucher is worth, by the clauses of Jining's section 三 (rows V4 to V8, V15, V17 of the reference)."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.vouchers.amount import (
    DECAY_MODES,
    FEN,
    amount_of,
    cap_of,
    deductions_due,
    fee_at_cap,
    quote,
    rate_of,
)
from registry.vouchers.award import FACTORS, Factors, award_amounts, award_scores
from registry.vouchers.policy import default_policy

RULES = default_policy().amount
PLAIN, CERTIFIED = Decimal(50_000), Decimal(60_000)


def worth(fee: str, *, year: int = 2018, is_certified: bool = False, mode: Any = None) -> Decimal:
    rate = rate_of(RULES, year, mode=mode)
    return amount_of(Decimal(fee), rate=rate, cap=cap_of(RULES, is_certified=is_certified))


def test_jining_3_5_the_rate_is_30_percent_of_the_real_fee() -> None:
    assert rate_of(RULES, 2018) == Decimal("0.30")
    assert worth("100000") == Decimal("30000.00")
    assert worth("0.04") == Decimal("0.01")
    assert worth("99999.99") == Decimal("29999.99")  # 29,999.997 is rounded down: never above 30 %


def test_jining_3_5_the_cap_is_50000_cny() -> None:
    assert cap_of(RULES, is_certified=False) == PLAIN
    assert worth("1000000") == PLAIN


def test_jining_3_5_a_certificate_raises_the_cap_by_20_percent_and_not_the_rate() -> None:
    assert cap_of(RULES, is_certified=True) == CERTIFIED
    assert worth("1000000", is_certified=True) == CERTIFIED
    assert worth("100000", is_certified=True) == worth("100000")


def test_jining_3_5_decay_in_points_is_the_default_and_relative_decay_is_shown_beside_it() -> None:
    assert RULES.decay_mode == "points"
    years = (2018, 2019, 2020)
    assert [rate_of(RULES, year) for year in years] == [Decimal("0.30"), Decimal("0.25"), Decimal("0.20")]
    assert [rate_of(RULES, year, mode="relative") for year in years] == [Decimal("0.30"), Decimal("0.285"), Decimal("0.27075")]
    assert rate_of(RULES, 2024) == rate_of(RULES, 2050) == 0
    with pytest.raises(ValueError, match="2017: before the first year"):
        rate_of(RULES, 2017)


def test_the_citys_choice_of_a_reading_is_a_parameter() -> None:
    chosen = RULES.model_copy(update={"decay_mode": "relative"})
    assert rate_of(chosen, 2020) == Decimal("0.27075")


CAPS = [
    ("points", 2018, "166667", "200000"),
    ("points", 2019, "200000", "240000"),
    ("points", 2020, "250000", "300000"),
    ("relative", 2019, "175439", "210526"),
    ("relative", 2020, "184672", "221607"),
]


@pytest.mark.parametrize(("mode", "year", "plain", "certified"), CAPS)
@pytest.mark.parametrize("is_certified", [False, True])
def test_jining_3_5_derived_the_cap_binds_at_the_fee_of_the_table_and_not_a_fen_below(
    *, mode: Any, year: int, plain: str, certified: str, is_certified: bool
) -> None:
    rate, cap = rate_of(RULES, year, mode=mode), cap_of(RULES, is_certified=is_certified)
    fee = fee_at_cap(rate=rate, cap=cap)
    assert fee is not None
    assert fee.quantize(Decimal(1), ROUND_HALF_UP) == Decimal(certified if is_certified else plain)
    assert amount_of(fee - FEN, rate=rate, cap=cap) == cap - FEN
    assert amount_of(fee, rate=rate, cap=cap) == amount_of(fee + FEN, rate=rate, cap=cap) == cap


def test_jining_3_5_cap_of_50000_cny_binds_at_166667() -> None:
    assert [worth(fee) for fee in ("166666", "166667", "166668")] == [Decimal("49999.80"), PLAIN, PLAIN]


def test_jining_3_5_cap_of_60000_cny_binds_at_200000() -> None:
    assert [worth(fee, is_certified=True) for fee in ("199999", "200000", "200001")] == [
        Decimal("59999.70"),
        CERTIFIED,
        CERTIFIED,
    ]


def test_a_rate_of_nothing_never_reaches_a_cap() -> None:
    assert fee_at_cap(rate=Decimal(0), cap=PLAIN) is None
    assert amount_of(Decimal(10**9), rate=Decimal(0), cap=PLAIN) == 0


def test_jining_3_3_enterprise_provider_and_public_money_make_the_list_price() -> None:
    split = quote(RULES, list_price=Decimal(120_000), fee=Decimal(100_000), year=2018, is_certified=False)
    assert (split.enterprise, split.provider_discount, split.public) == (Decimal(70_000), Decimal(20_000), Decimal(30_000))
    assert not split.is_capped


@given(
    fen=st.integers(1, 10**11),
    discount=st.integers(0, 10**9),
    year=st.integers(2018, 2030),
    is_certified=st.booleans(),
    mode=st.sampled_from(DECAY_MODES),
)
def test_a_split_always_sums_up_and_never_passes_rate_or_cap(
    *, fen: int, discount: int, year: int, is_certified: bool, mode: Any
) -> None:
    fee = Decimal(fen) / 100
    split = quote(RULES, list_price=fee + Decimal(discount) / 100, fee=fee, year=year, is_certified=is_certified, mode=mode)
    assert split.enterprise + split.provider_discount + split.public == split.list_price
    assert 0 <= split.public <= min(split.rate * fee, split.cap)
    assert split.is_capped == (split.public == split.cap)
    assert min(split.rate * fee, split.cap) - split.public < FEN


@pytest.mark.parametrize("fee", ["0", "-1", "NaN", "Infinity", "99999999999"])
def test_a_fee_that_is_none_is_refused(fee: str) -> None:
    with pytest.raises(ValueError, match="fee"):
        amount_of(Decimal(fee), rate=RULES.rate, cap=PLAIN)


def test_a_fee_above_the_list_price_is_refused() -> None:
    with pytest.raises(ValueError, match="above the list price"):
        quote(RULES, list_price=Decimal(1), fee=Decimal(2), year=2018, is_certified=False)


def due(**changes: Any) -> dict[str, Decimal]:
    values = {
        "amount": CERTIFIED,
        "rate": RULES.rate,
        "was_certified": True,
        "is_certified": True,
        "fee": Decimal(300_000),
        "actual_fee": Decimal(300_000),
    }
    return {one.reason: one.amount for one in deductions_due(RULES, **{**values, **changes})}


def test_jining_3_5_the_certificate_counts_only_if_it_holds_at_issue_and_at_redemption() -> None:
    assert due() == {}
    assert due(is_certified=False) == {"certificate_ended": 10_000}
    assert due(amount=PLAIN, was_certified=False) == {}
    assert due(amount=PLAIN, was_certified=False, is_certified=False) == {}
    below = {"amount": Decimal(30_000), "fee": Decimal(100_000), "actual_fee": Decimal(100_000)}
    assert due(is_certified=False, **below) == {}


def test_jining_3_5_a_lower_real_fee_lowers_the_base_and_a_higher_one_changes_nothing() -> None:
    assert due(actual_fee=Decimal(150_000)) == {"lower_fee": 15_000}
    assert due(actual_fee=Decimal(900_000)) == {}
    assert due(actual_fee=Decimal(180_000), is_certified=False) == {"lower_fee": 6_000, "certificate_ended": 4_000}


COUNTIES = {
    "rencheng": Factors(
        on_cloud_share=Decimal("0.5"), on_cloud_enterprises=Decimal(75), redeemed_cny=Decimal(100_000), examination=Decimal(90)
    ),
    "yanzhou": Factors(
        on_cloud_share=Decimal("0.25"), on_cloud_enterprises=Decimal(100), redeemed_cny=Decimal(0), examination=Decimal(45)
    ),
}


def test_jining_3_5_the_award_weighs_four_factors_and_has_no_default_weights() -> None:
    assert default_policy().award.factors == list(FACTORS)
    with pytest.raises(ValueError, match="no weight of on_cloud_share, on_cloud_enterprises, redeemed_cny, examination"):
        award_scores(COUNTIES, {})
    with pytest.raises(ValueError, match="no weight of examination"):
        award_scores(COUNTIES, dict.fromkeys(FACTORS[:3], Decimal(1) / 3))
    even = dict.fromkeys(FACTORS, Decimal("0.25"))
    assert award_scores(COUNTIES, even) == {"rencheng": Decimal("0.9375"), "yanzhou": Decimal("0.5")}
    given_out = award_amounts(COUNTIES, even, total_cny=Decimal(1_000_000))
    assert given_out == {"rencheng": Decimal("652173.91"), "yanzhou": Decimal("347826.08")}


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (["0.5", "0.5", "0.5", "-0.5"], "0 or more"),
        (["0.5", "0.5", "0.5", "0.5"], "sum to 1"),
        (["NaN", "0.5", "0.5", "0"], "0 or more|sum to 1"),
    ],
)
def test_weights_that_are_none_are_refused(weights: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        award_scores(COUNTIES, dict(zip(FACTORS, map(Decimal, weights), strict=True)))


def test_an_award_without_counties_or_scores_gives_nothing() -> None:
    none = Factors(on_cloud_share=Decimal(0), on_cloud_enterprises=Decimal(0), redeemed_cny=Decimal(0), examination=Decimal(0))
    even = dict.fromkeys(FACTORS, Decimal("0.25"))
    assert award_amounts({"jinxiang": none}, even, total_cny=Decimal(5)) == {"jinxiang": 0}
    with pytest.raises(ValueError, match="CNY to give"):
        award_amounts(COUNTIES, even, total_cny=Decimal(0))
