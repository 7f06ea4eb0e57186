"""What electricity costs by the hour: tariffs of sharp, peak, flat, valley and deep valley (尖峰平谷), ``tariffs.toml``."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray
from telemetry.errors import ConfigError
from telemetry.settings import Settings, TimeZoneName, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("tariffs.toml")
_DAY_MINUTES = 1440
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_CENT = Decimal("0.01")
Span = Annotated[str, Field(pattern=_HOURS.pattern)]


class Period(StrEnum):
    """Of a tariff, the dearest first."""

    SHARP = "sharp"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"
    DEEP_VALLEY = "deep_valley"


PERIODS = tuple(Period)


class Season(Settings):
    """Hours of the periods in some months; a span that ends before it begins goes past midnight."""

    months: tuple[Annotated[int, Field(ge=1, le=12)], ...]
    sharp: tuple[Span, ...] = ()
    peak: tuple[Span, ...] = ()
    valley: tuple[Span, ...] = ()
    deep_valley: tuple[Span, ...] = ()

    @cached_property
    def by_minute(self) -> npt.NDArray[np.int64]:
        """Give the number of the period of each minute of a day."""
        found = np.full(_DAY_MINUTES, PERIODS.index(Period.FLAT))
        for number, period in enumerate(PERIODS):
            for span in () if period is Period.FLAT else getattr(self, period.value):
                inside = _minutes(span)
                if (found[inside] != PERIODS.index(Period.FLAT)).any():
                    raise ValueError(f"{span} of {period} lies in another period as well")
                found[inside] = number
        return found

    @model_validator(mode="after")
    def _does_not_overlap(self) -> Self:
        _ = self.by_minute
        return self


class Tariff(Settings):
    """One tariff."""

    name: str
    zh: str
    en: str
    zone: TimeZoneName
    currency: str
    energy_price: Decimal = Field(ge=0)
    fixed_price: Decimal = Field(default=Decimal(0), ge=0)
    demand_price: Decimal = Field(default=Decimal(0), ge=0)
    factors: dict[Period, Decimal] = Field(default_factory=dict)
    seasons: tuple[Season, ...]
    source: str
    clause: str
    verified: bool

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        months = sorted(month for season in self.seasons for month in season.months)
        if months != list(range(1, 13)):
            raise ValueError("each month belongs to one season")
        used = {PERIODS[number] for season in self.seasons for number in np.unique(season.by_minute)}
        missing = sorted(used - {Period.FLAT} - set(self.factors))
        if missing:
            raise ValueError(f"'factors' lacks {', '.join(missing)}")
        return self

    def price(self, period: Period) -> Decimal:
        """Price of a kilowatt-hour."""
        return self.energy_price * self.factors.get(period, Decimal(1)) + self.fixed_price

    def demand_cost(self, peak_kw: float) -> Decimal:
        """Cost of a month's highest demand."""
        return _money(_exact(peak_kw) * self.demand_price)

    def periods_at(self, times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give the number in `PERIODS` of each instant, by the tariff's local time."""
        by_month = {month: season.by_minute for season in self.seasons for month in season.months}
        return np.array([by_month[at.month][at.hour * 60 + at.minute] for at in self.local_times(times_us)], np.int64)

    def local_times(self, times_us: npt.NDArray[np.int64]) -> list[datetime]:
        """Give instants as the clock of the tariff shows them."""
        zone = ZoneInfo(self.zone)
        return [datetime.fromtimestamp(at // 1_000_000, zone) for at in times_us.tolist()]


class Cost(NamedTuple):
    """Of electricity over some time."""

    kwh: Mapping[Period, float]
    money: Mapping[Period, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.money.values(), Decimal(0))


class TariffTable(Settings):
    """The whole file."""

    tariffs: tuple[Tariff, ...]


@cache
def read_tariffs(path: Path = TABLE) -> dict[str, Tariff]:
    """Read the table, by name.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return {tariff.name: tariff for tariff in fit(TomlFile(path), TariffTable).tariffs}


def tariff_of(name: str) -> Tariff:
    """Look one up by name; a wrong name's error lists the legal ones."""
    known = read_tariffs()
    if name not in known:
        raise ConfigError(f"{name!r} is not a tariff; known: {', '.join(known)}")
    return known[name]


def electricity_cost(tariff: Tariff, energy_kwh: FloatArray, times_us: npt.NDArray[np.int64]) -> Cost:
    """Add up by period what intervals used, and price it; money is exact to the cent of each period.

    Parameters
    ----------
    energy_kwh : ndarray, shape (n,)
        NaN counts as nothing.
    times_us : ndarray of int, shape (n,)
        When each interval begins; it belongs to that instant's period.
    """
    totals = np.bincount(tariff.periods_at(times_us), weights=np.nan_to_num(energy_kwh), minlength=len(PERIODS))
    kwh = {period: float(total) for period, total in zip(PERIODS, totals, strict=True)}
    return Cost(kwh, {period: _money(_exact(used) * tariff.price(period)) for period, used in kwh.items()})


def cost_of(amount: float, price: float) -> Decimal:
    """Price an amount of anything, to the cent."""
    return _money(_exact(amount) * _exact(price))


def _minutes(span: str) -> npt.NDArray[np.int64]:
    match = _HOURS.fullmatch(span)
    assert match is not None  # the pattern has been checked
    first, last = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if max(first, last) > _DAY_MINUTES or first == last:
        raise ValueError(f"{span} is no span of a day")
    return np.arange(first, last if last > first else last + _DAY_MINUTES) % _DAY_MINUTES


def _exact(value: float) -> Decimal:
    """Take a measurement to the millionth: finer than any meter, and free of binary fractions."""
    return Decimal(f"{value:.6f}")


def _money(value: Decimal) -> Decimal:
    try:
        return value.quantize(_CENT, ROUND_HALF_UP)
    except InvalidOperation:
        raise NotEvaluated(Why.BAD_INPUT, f"an amount of {value:.1E}") from None
