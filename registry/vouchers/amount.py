"""How much a voucher is worth: the lesser of rate x fee and a cap; money to the fen, rounded down, so never above the rate."""

from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from typing import NamedTuple

from registry.vouchers.policy import Amounts, DecayMode

FEN = Decimal("0.01")
DECAY_MODES: tuple[DecayMode, ...] = ("points", "relative")
MOST_FEE = Decimal(10**10)
"""CNY; far above any contract, and with room in numeric(14,2)."""


class Quote(NamedTuple):
    """Who pays what of a contract, in CNY, and how that came about."""

    list_price: Decimal
    provider_discount: Decimal
    """What the provider takes off its list price."""
    public: Decimal
    """What the voucher is worth."""
    enterprise: Decimal
    rate: Decimal
    cap: Decimal
    is_certified: bool
    is_capped: bool

    @property
    def fee(self) -> Decimal:
        """What the contract costs before the voucher, of which the rate is taken."""
        return self.list_price - self.provider_discount


def is_money(amount: Decimal) -> bool:
    """Whether an amount is one: a number above 0, not beyond all reason, and in whole fen."""
    return amount.is_finite() and 0 < amount <= MOST_FEE and amount == amount.quantize(FEN)


def rate_of(rules: Amounts, year: int, *, mode: DecayMode | None = None) -> Decimal:
    """Give the rate of a year of issue; without ``mode`` by the reading that the policy has chosen.

    Raises
    ------
    ValueError
        If the year is before the first one.

    References
    ----------
    Jining 三(五): "补贴比例每年递减5%" may be read as points (30, 25, 20 %) or relative (30, 28.5, 27.075 %).
    """
    years = year - rules.base_year
    if years < 0:
        raise ValueError(f"{year}: before the first year of the rates, {rules.base_year}")
    if (mode or rules.decay_mode) == "points":
        return max(rules.rate - rules.decay * years, Decimal(0))
    return rules.rate * (1 - rules.decay) ** years


def cap_of(rules: Amounts, *, is_certified: bool) -> Decimal:
    """Give the cap; a certificate that holds raises it."""
    cap = rules.cap_cny * (1 + rules.certificate_bonus) if is_certified else rules.cap_cny
    return cap.quantize(FEN, ROUND_DOWN)


def amount_of(fee: Decimal, *, rate: Decimal, cap: Decimal) -> Decimal:
    """Give what a voucher for a fee is worth: min(rate x fee, cap), rounded down to the fen.

    Raises
    ------
    ValueError
        If the fee is not above zero, or beyond all reason.
    """
    if not fee.is_finite() or not 0 < fee <= MOST_FEE:
        raise ValueError(f"a fee is above 0 and at most {MOST_FEE:,}: {fee}")
    return min(rate * fee, cap).quantize(FEN, ROUND_DOWN)


def fee_at_cap(*, rate: Decimal, cap: Decimal) -> Decimal | None:
    """Give the least fee, to the fen, for which the whole cap is paid; None at a rate of 0."""
    return (cap / rate).quantize(FEN, ROUND_CEILING) if rate else None


def quote(
    rules: Amounts,
    *,
    list_price: Decimal,
    fee: Decimal,
    year: int,
    is_certified: bool,
    mode: DecayMode | None = None,
) -> Quote:
    """Split a contract between enterprise, provider and public money (Jining 三(三)).

    Raises
    ------
    ValueError
        If the fee is not above zero or above the list price, or the year too early.
    """
    if not fee <= list_price <= MOST_FEE:
        raise ValueError(f"the fee {fee} is above the list price {list_price}")
    rate, cap = rate_of(rules, year, mode=mode), cap_of(rules, is_certified=is_certified)
    public = amount_of(fee, rate=rate, cap=cap)
    return Quote(
        list_price=list_price,
        provider_discount=list_price - fee,
        public=public,
        enterprise=fee - public,
        rate=rate,
        cap=cap,
        is_certified=is_certified,
        is_capped=rate * fee >= cap,
    )


class Deduction(NamedTuple):
    """What is taken off at redemption, and why: ``certificate_ended``, ``lower_fee`` or ``quality``."""

    reason: str
    amount: Decimal


def deductions_due(
    rules: Amounts, *, amount: Decimal, rate: Decimal, was_certified: bool, is_certified: bool, fee: Decimal, actual_fee: Decimal
) -> list[Deduction]:
    """Give what the figures themselves take off an issued amount at redemption.

    A fee that turned out lower makes the base lower (三(五), 实际发生费用); a higher one changes nothing. A certificate that
    has ended since the issue lowers the cap to the plain one.
    """
    cap = cap_of(rules, is_certified=was_certified)
    by_fee = amount_of(min(fee, actual_fee), rate=rate, cap=cap)
    by_both = min(by_fee, cap_of(rules, is_certified=was_certified and is_certified))
    found = [Deduction("lower_fee", amount - by_fee), Deduction("certificate_ended", by_fee - by_both)]
    return [one for one in found if one.amount > 0]
