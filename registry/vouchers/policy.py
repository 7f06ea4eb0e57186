"""What a city's document fixes on vouchers, as data: `jining_2018.toml`, or a file of the same form."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telemetry.settings import Settings, load

FILE = Path(__file__).with_name("jining_2018.toml")
DecayMode = Literal["points", "relative"]
Clause = Annotated[str, Field(min_length=1, max_length=40)]
Share = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class Eligibility(Settings):
    """Who may have a voucher."""

    clause: Clause
    registration_prefix: Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{0,2}$")]
    must_be_independent: bool
    priority_labels: list[str]
    key_industries: int
    plan_industries: str


class Once(Settings):
    """How often: the database holds it, so it cannot be anything else."""

    clause: Clause
    vouchers_per_enterprise: Literal[1]


class Amounts(Settings):
    """Rate, decay and cap."""

    clause: Clause
    base_year: Annotated[int, Field(ge=2000, le=2100)]
    rate: Share
    """Of the base year."""
    decay: Share
    """Each year, as `decay_mode` says: in points off the rate, or as a share of it."""
    decay_mode: DecayMode
    cap_cny: Annotated[Decimal, Field(gt=0, le=Decimal(10**9), decimal_places=2, allow_inf_nan=False)]
    certificate_bonus: Share
    """More cap for who holds the certificate."""


class Redemption(Settings):
    """When a voucher is paid."""

    clause: Clause
    halves_per_year: Literal[2]
    publicity_working_days: Annotated[int, Field(ge=5, le=60)]


class Award(Settings):
    """What the city's award to counties looks at; the document names no weights, so there are none here."""

    clause: Clause
    factors: Annotated[list[str], Field(min_length=1)]


class VoucherPolicy(Settings):
    """One version; a change of any figure is a new version."""

    version: Code
    document: Annotated[str, Field(min_length=1, max_length=200)]
    number: Annotated[str, Field(max_length=200)]
    area: Code
    """The city it holds for, with all areas below."""
    valid_from: Day
    valid_to: Day
    number_prefix: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}$")]
    eligibility: Eligibility
    once: Once
    amount: Amounts
    redemption: Redemption
    award: Award

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from > self.valid_to:
            raise ValueError(f"valid_from {self.valid_from} is after valid_to {self.valid_to}")
        if self.amount.base_year > self.valid_from.year:
            raise ValueError(
                f"amount.base_year {self.amount.base_year} is after valid_from {self.valid_from}: no rate until then"
            )
        return self

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_to


@cache
def default_policy() -> VoucherPolicy:
    """Give the policy of the document as it was printed."""
    return load(FILE, VoucherPolicy)
