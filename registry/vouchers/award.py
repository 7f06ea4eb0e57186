"""The city's award to counties (Jining 三(五)): four factors, and weights that only the city can give."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What is looked at in one county: 上云企业比例, 上云企业户数, 云服务券兑现规模, 工作考核绩效."""

    on_cloud_share: Decimal
    on_cloud_enterprises: Decimal
    redeemed_cny: Decimal
    examination: Decimal


FACTORS = tuple(Factors.__slots__)


def award_scores(counties: Mapping[str, Factors], weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Score counties from 0 to 1: each factor as a share of the best county's, weighted.

    Raises
    ------
    ValueError
        If a weight is missing, unknown or negative, or they do not sum to 1: the document names none,
        so there is no default.
    """
    missing = [name for name in FACTORS if name not in weights]
    if missing:
        raise ValueError(f"no weight of {', '.join(missing)}: the document names none, the city must give all four")
    unknown = [name for name in weights if name not in FACTORS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: known are {', '.join(FACTORS)}")
    if any(not weight.is_finite() or weight < 0 for weight in weights.values()) or sum(weights.values()) != 1:
        raise ValueError(f"weights are 0 or more and sum to 1: {', '.join(map(str, weights.values()))}")
    best = {name: max((getattr(one, name) for one in counties.values()), default=Decimal(0)) for name in FACTORS}
    if any(getattr(one, name) < 0 for one in counties.values() for name in FACTORS):
        raise ValueError("a factor is below 0")
    return {
        county: sum((weights[name] * getattr(one, name) / best[name] for name in FACTORS if best[name]), Decimal(0))
        for county, one in counties.items()
    }


def award_amounts(counties: Mapping[str, Factors], weights: Mapping[str, Decimal], *, total_cny: Decimal) -> dict[str, Decimal]:
    """Divide a sum by score, to the fen, rounded down; nothing is given where every score is 0.

    Raises
    ------
    ValueError
        See `award_scores`; also for a sum that is not above 0.
    """
    if not total_cny.is_finite() or total_cny <= 0:
        raise ValueError(f"{total_cny} CNY to give")
    scores = award_scores(counties, weights)
    whole = sum(scores.values())
    return {
        county: (total_cny * score / whole).quantize(FEN, ROUND_DOWN) if whole else Decimal(0) for county, score in scores.items()
    }
