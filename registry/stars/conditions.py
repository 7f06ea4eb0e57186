"""Who may apply and be rated: conditions of the edition and of later notices against how an enterprise stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from registry.stars.edition import Condition, Edition
from registry.uscc import is_enterprise


class Quota(NamedTuple):
    """Rated this year and ever on the cloud, in the enterprise's area."""

    rated: int
    base: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an enterprise stands on the day."""

    uscc: str
    is_independent: bool
    head_uscc: str | None
    divisions: Sequence[str]
    """Codes of GB/T 2260 of its area and all above."""
    deployment: str
    stars_held: Collection[int]
    vetoes: Mapping[str, str]
    """Condition to the document that rules it out."""
    quota: Quota | None = None
    """None before anybody rates: whoever applies takes no place yet."""
    analysed_machines: int = 0
    modelled_machines: int = 0


class Judged(NamedTuple):
    """A condition, whether it is met, and what was found."""

    condition: Condition
    is_met: bool
    found: str


def judge(edition: Edition, standing: Standing, *, star: int, on: Collection[str]) -> list[Judged]:
    """Judge the conditions for a star that are on, by code."""
    return [_judge(one, standing) for one in edition.conditions if star in one.stars and one.code in on]


def conditions_on(edition: Edition, switched: Mapping[str, bool]) -> frozenset[str]:
    """Give the codes of conditions that hold: as the edition says, unless the city has turned them."""
    return frozenset(one.code for one in edition.conditions if switched.get(one.code, one.is_on))


def places(quota: Quota, percent: int) -> int:
    """Give how many may be rated in a year: whole enterprises, rounded down."""
    return quota.base * percent // 100


def _judge(one: Condition, standing: Standing) -> Judged:
    is_met, found = True, ""
    match one.form:
        case "legal_person":
            is_met = is_enterprise(standing.uscc) and standing.is_independent and standing.head_uscc is None
            found = standing.uscc[:2] if standing.head_uscc is None else f"< {standing.head_uscc}"
        case "division":
            is_met = any(code.startswith(one.division) for code in standing.divisions)
            found = ", ".join(standing.divisions)
        case "deployment":
            is_met, found = standing.deployment in one.deployments, standing.deployment
        case "star_before":
            is_met = max(standing.stars_held, default=0) >= one.least
            found = ", ".join(map(str, sorted(standing.stars_held)))
        case "veto":
            is_met, found = one.code not in standing.vetoes, standing.vetoes.get(one.code, "")
        case "quota" if standing.quota is not None:
            most = places(standing.quota, one.percent)
            is_met, found = standing.quota.rated < most, f"{standing.quota.rated}/{most}"
        case "analysed_machines":
            is_met, found = standing.analysed_machines >= one.least, str(standing.analysed_machines)
        case "modelled_machines":
            is_met, found = standing.modelled_machines >= one.least, str(standing.modelled_machines)
    return Judged(one, is_met, found)
