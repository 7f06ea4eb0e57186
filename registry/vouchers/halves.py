"""Half-years, in which vouchers are redeemed: H1 is January to June, H2 July to December."""

from datetime import date, timedelta
from typing import NamedTuple


class Half(NamedTuple):
    """One half-year."""

    year: int
    half: int
    """1 or 2."""

    @property
    def first_day(self) -> date:
        return date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def last_day(self) -> date:
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> "Half":
        return Half(self.year, 2) if self.half == 1 else Half(self.year + 1, 1)

    def __str__(self) -> str:
        return f"{self.year}H{self.half}"


def half_of(day: date) -> Half:
    return Half(day.year, 1 if day.month <= 6 else 2)


def parse_half(text: str) -> Half:
    """Read a half-year such as 2018H2.

    Raises
    ------
    ValueError
    """
    year, mark, half = text.strip().upper().partition("H")
    if mark != "H" or half not in ("1", "2") or len(year) != 4 or not (year.isascii() and year.isdigit()):
        raise ValueError(f"{text[:20]!r} is not a half-year, such as 2018H2")
    if not 2000 <= int(year) <= 2100:
        raise ValueError(f"{text[:20]!r}: years are 2000 to 2100")
    return Half(int(year), int(half))
