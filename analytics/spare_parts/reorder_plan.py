"""A reorder list as people ask for it: two tables and what is wished for, checked before anything long begins."""

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from analytics.spare_parts.demand_classes import DemandClass, pattern_of
from analytics.spare_parts.demand_table import DemandHistory, Kept, read_demand, read_stock
from analytics.spare_parts.reorder import LEAD_TIME_MONTHS, TARGET, Order, ReorderList, reorder
from telemetry.errors import ConfigError, Problem

COLUMNS = (
    "part",
    "demand_class",
    "value_class",
    "base_stock",
    "on_hand",
    "on_order",
    "quantity",
    "money",
    "chance_short",
    "method",
)
"""Of the table that is written; it can be read back by any spreadsheet."""
LONGEST_LEAD_TIME_MONTHS = 60
LARGEST_TARGET = 0.9999
"""Beyond it the stock follows from the shape of a distribution's tail, which no history of a store shows."""


class Wishes(NamedTuple):
    """What a list is asked for with."""

    target: float = TARGET
    lead_time_months: int = LEAD_TIME_MONTHS
    budget: float | None = None

    def problems(self) -> Iterator[Problem]:
        """Tell what is out of range, by name."""
        if not 0 < self.target <= LARGEST_TARGET:
            message = f"{self.target:g} is not above 0 and at most {LARGEST_TARGET}; 0.95 meets the demand of 95 % of lead times"
            yield Problem(message=message, key="target")
        if not 1 <= self.lead_time_months <= LONGEST_LEAD_TIME_MONTHS:
            message = f"{self.lead_time_months} is not between 1 and {LONGEST_LEAD_TIME_MONTHS} months"
            yield Problem(message=message, key="lead_time_months")
        if self.budget is not None and not (math.isfinite(self.budget) and self.budget >= 0):
            yield Problem(message=f"{self.budget:g} is not an amount from 0 on", key="budget")


class Limits(NamedTuple):
    """How large a store may be: each unit of a base stock is weighed by itself, each lead time is learned by itself."""

    units: float = 10_000_000
    """Asked for in all months together."""
    lead_times: int = LONGEST_LEAD_TIME_MONTHS
    """That differ."""


LIMITS = Limits()


class Line(NamedTuple):
    """One part that is to be ordered, and what of it is there."""

    order: Order
    on_hand: float
    on_order: float

    @property
    def cells(self) -> tuple[object, ...]:
        """Give the row of `COLUMNS`."""
        order = self.order
        return (
            *(order.part, order.demand_class, order.value_class, order.base_stock, self.on_hand, self.on_order),
            *(order.quantity, round(order.money, 2), round(order.chance_short, 4), order.method),
        )


class ReorderPlan(NamedTuple):
    """The list, and the classes of all parts that were asked for."""

    lines: tuple[Line, ...]
    money: float
    left_out: float
    without_history: tuple[str, ...]
    parts: int
    """Kept in the store."""
    classes: Mapping[str, int]
    """Parts kept, by class."""
    ordered_classes: Mapping[str, int]

    @classmethod
    def of(cls, found: ReorderList, *, there: Mapping[str, tuple[float, float]], classes: Mapping[str, int]) -> Self:
        """Put a list together with what is there of each part, on hand and on order."""
        ordered = Counter(order.demand_class for order in found.orders)
        return cls(
            tuple(Line(order, *there[order.part]) for order in found.orders),
            found.money,
            found.left_out,
            found.without_history,
            len(there),
            classes,
            {name: ordered[name] for name in classes},
        )


def make_plan(
    demand_file: Path,
    stock_file: Path,
    wishes: Wishes,
    *,
    limits: Limits = LIMITS,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ReorderPlan:
    """Read both tables, check everything, and make the list.

    Raises
    ------
    ConfigError
        With every mistake in a table or wish.
    """
    problems = list(wishes.problems())
    if problems:
        raise ConfigError(*problems)
    history, kept = _both(demand_file, stock_file)
    lead_times = {one.lead_time_months or wishes.lead_time_months for one in kept}
    longest = max(lead_times, default=1)
    if longest > min(len(history.months), LONGEST_LEAD_TIME_MONTHS):
        beyond = f"a history of {len(history.months)}" if longest > len(history.months) else f"at most {LONGEST_LEAD_TIME_MONTHS}"
        problems.append(Problem(message=f"a lead time of {longest} months in {beyond}", file=stock_file, key="lead_time_months"))
    if len(lead_times) > limits.lead_times:
        message = f"{len(lead_times)} lead times that differ, at most {limits.lead_times} can be planned at once"
        problems.append(Problem(message=message, file=stock_file, key="lead_time_months"))
    if not float(history.quantities.sum()) <= limits.units:
        message = f"more than {limits.units:,.0f} units in all; count in a larger unit"
        problems.append(Problem(message=message, file=demand_file, key="quantity"))
    if problems:
        raise ConfigError(*problems)
    found = reorder(history, kept, **wishes._asdict(), on_progress=on_progress)
    class_of = dict(zip(history.parts, pattern_of(history.quantities).classes, strict=True))
    counted = Counter(class_of.get(one.part, DemandClass.NONE) for one in kept)
    there = {one.part: (one.on_hand, one.on_order) for one in kept}
    return ReorderPlan.of(found, there=there, classes={str(name): counted[name] for name in DemandClass})


def _both(demand_file: Path, stock_file: Path) -> tuple[DemandHistory, tuple[Kept, ...]]:
    """Read the tables, and tell the mistakes of both at once."""
    problems: list[Problem] = []
    history, kept = None, None
    try:
        history = read_demand(demand_file)
    except ConfigError as error:
        problems += error.problems
    try:
        kept = read_stock(stock_file)
    except ConfigError as error:
        problems += error.problems
    if history is None or kept is None:
        raise ConfigError(*problems)
    return history, kept


def written(plan: ReorderPlan) -> str:
    """Write the list as a table."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    writer.writerows(line.cells for line in plan.lines)
    return stream.getvalue()
