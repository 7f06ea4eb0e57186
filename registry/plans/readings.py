"""What the city's decisions on open points of the documents do to the targets of a plan."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from store.city_plans import Target

LEVELS_OF_PROVINCE = frozenset({"province", "national"})


class Read(NamedTuple):
    """A target as the city reads it."""

    target: Target
    is_headline: bool
    levels: frozenset[str] | None
    """Of labels, those that count; None: all."""


def read_targets(plan: str, targets: Iterable[Target], readings: Mapping[int, str]) -> Iterator[Read]:
    """Leave out what a decision leaves out, and mark which of two totals is the one to reach."""
    for target in targets:
        match plan:
            case "jiaxing_port_2017":
                yield from _jiaxing(target, readings)
            case "shanxi_2018" if target.counter == "benchmark_case" and readings[13] == "totals_one_target":
                continue
            case _:
                yield Read(target, True, None)


def _jiaxing(target: Target, readings: Mapping[int, str]) -> Iterator[Read]:
    left_out = {"sectors_only": "department", "departments_only": "sector"}.get(readings[2])
    if target.counter == "new_on_cloud" and target.dimension == left_out:
        return
    is_total = target.counter == "new_on_cloud" and target.dimension == "total"
    is_goal_of_benchmark = target.counter == "benchmark" and target.dimension == "total"
    levels = LEVELS_OF_PROVINCE if is_goal_of_benchmark and readings[3] == "province_only" else None
    yield Read(target, not is_total or target.role == readings[1], levels)
