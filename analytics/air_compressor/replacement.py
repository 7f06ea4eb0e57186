"""Whether a machine should be retired: its specific power against a limit, with the meter's error, and what a new one saves."""

from typing import Literal, NamedTuple

Verdict = Literal["retire", "keep", "unclear"]


class Judgement(NamedTuple):
    """A specific power with its band against a limit."""

    lowest: float
    highest: float
    verdict: Verdict
    """``retire`` only where the whole band is above the limit, ``keep`` only where all of it is not."""


class Saving(NamedTuple):
    """What a better machine saves."""

    kwh_per_year: float
    money_per_year: float
    payback_years: float
    """Infinite where nothing is saved."""
    present_value: float
    """Of the savings over the life, less the price."""


def judge(specific_power: float, *, limit: float, band_percent: float) -> Judgement:
    """Hold a measured specific power against a limit. [kW/(m³/min)]

    Parameters
    ----------
    band_percent : float
        Half width of the measurement's band, 3 to 5 for clamp-on flow meters. [%]
    """
    lowest, highest = (specific_power * (1 + sign * band_percent / 100) for sign in (-1, 1))
    verdict: Verdict = "retire" if lowest > limit else "keep" if highest <= limit else "unclear"
    return Judgement(lowest, highest, verdict)


def saving(
    *,
    specific_power: float,
    new_specific_power: float,
    air_m3_per_year: float,
    price_per_kwh: float,
    investment: float,
    life_years: float,
    discount_percent: float,
) -> Saving:
    """Energy and money that a new machine saves: ``(e - e_new) V / 60``.

    Parameters
    ----------
    specific_power, new_specific_power : float
        Of the packages, at the same conditions. [kW/(m³/min)]
    air_m3_per_year : float
        At inlet conditions. [m³/a]
    """
    energy = (specific_power - new_specific_power) * air_m3_per_year / 60
    money = energy * price_per_kwh
    rate = discount_percent / 100
    years = (1 - (1 + rate) ** -life_years) / rate if rate else life_years
    payback = investment / money if money > 0 else float("inf")
    return Saving(energy, money, payback, money * years - investment)
