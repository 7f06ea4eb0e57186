"""The list of machines: filtered, searched and sorted for a viewer, ten thousand of them in a few milliseconds.

What does not change by itself (order by name, texts to search in) is kept until the directory changes; conditions depend on the
time and are looked at when somebody asks.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter
from typing import Literal, NamedTuple, get_args

from dashboards.live.state import LiveState, Machine
from device_profiles.kind import kind_names, load_kind

Condition = Literal["live", "stale", "offline", "no_data"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
Activity = Literal["running", "idle", "unknown"]
PRIORITIES = ("critical", "high", "medium", "low")
SORTS = ("kind", "name", "gateway", "time", "condition")
Gateways = frozenset[str] | None
"""What a viewer may see; None for everything."""

_KEPT_US = 500_000
_RANKS: dict[str | None, int] = {name: rank for rank, name in enumerate((*PRIORITIES, None))}
_RANK_OF_CONDITION: dict[Condition, int] = {"offline": 0, "stale": 1, "no_data": 2, "live": 3}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a viewer asks for; empty: all."""

    gateways: Gateways
    kind: str = ""
    gateway: str = ""
    site: int | None = None
    condition: str = ""
    """One of `CONDITIONS`, or ``alarmed``."""
    search: str = ""
    sort: str = "kind"
    """One of `SORTS`, with ``-`` before it for the other way round. Condition: what is worst comes first."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What conditions are judged by."""

    now_us: int
    stale_us: int
    alarms: Mapping[int, str]
    """Highest priority of a standing alarm by machine."""


class _Order(NamedTuple):
    at_us: int
    alarms: Mapping[int, str]
    machines: list[Machine]


class Listing:
    """The machines of a live state in their orders."""

    def __init__(self, state: LiveState) -> None:
        self._state = state
        self._version = -1
        self._orders: dict[str, list[Machine]] = {}
        self._orders_of_the_moment: dict[str, _Order] = {}
        self._texts: dict[int, str] = {}
        self._counts: dict[Gateways, int] = {}

    def find(self, wanted: Wanted, moment: Moment) -> list[Machine]:
        """Give the machines that fit, in order."""
        self._refresh()
        field = wanted.sort.removeprefix("-")
        found = self._orders[field] if field in self._orders else self._order_of_the_moment(field, moment)
        for fits in self._tests(wanted, moment):
            found = [machine for machine in found if fits(machine)]
        return found[::-1] if wanted.sort.startswith("-") else found

    def count(self, gateways: Gateways) -> int:
        """Count the machines that a viewer sees."""
        self._refresh()
        if gateways not in self._counts:
            self._counts[gateways] = len(self._state) if gateways is None else len(self.seen(gateways))
        return self._counts[gateways]

    def seen(self, gateways: Gateways) -> list[Machine]:
        """Give the machines that a viewer sees, by kind, name and gateway."""
        self._refresh()
        everything = self._orders["kind"]
        return everything if gateways is None else [machine for machine in everything if machine.equipment.gateway in gateways]

    def condition(self, machine: Machine, moment: Moment) -> Condition:
        """Say how far a machine's values can be believed to be of now."""
        if machine.time_us is None:
            return "no_data"
        if self._state.gateways.get(machine.equipment.gateway) is False:
            return "offline"
        return "stale" if moment.now_us - machine.time_us > moment.stale_us else "live"

    def _order_of_the_moment(self, field: str, moment: Moment) -> list[Machine]:
        """Sort all machines by what changes with time; who asks soon after gets the same."""
        known = self._orders_of_the_moment.get(field)
        if known is None or known.alarms is not moment.alarms or not 0 <= moment.now_us - known.at_us < _KEPT_US:
            key = _time_key if field == "time" else partial(self._badness, moment=moment)
            known = _Order(moment.now_us, moment.alarms, sorted(self._orders["kind"], key=key))
            self._orders_of_the_moment[field] = known
        return known.machines

    def _badness(self, machine: Machine, *, moment: Moment) -> int:
        alarm = _RANKS[moment.alarms.get(machine.equipment.id)]
        return alarm * len(CONDITIONS) + _RANK_OF_CONDITION[self.condition(machine, moment)]

    def _tests(self, wanted: Wanted, moment: Moment) -> list[Callable[[Machine], bool]]:
        tests: list[Callable[[Machine], bool]] = []
        gateways, search, condition = wanted.gateways, wanted.search.strip().casefold(), wanted.condition
        if gateways is not None:
            tests.append(lambda machine: machine.equipment.gateway in gateways)
        if wanted.kind:
            tests.append(lambda machine: machine.kind.name == wanted.kind)
        if wanted.gateway:
            tests.append(lambda machine: machine.equipment.gateway == wanted.gateway)
        if wanted.site is not None:
            tests.append(lambda machine: self._state.site_of(machine.equipment.gateway) == wanted.site)
        if search:
            tests.append(lambda machine: search in self._texts[machine.equipment.id])
        if condition == "alarmed":
            tests.append(lambda machine: machine.equipment.id in moment.alarms)
        elif condition:
            tests.append(lambda machine: self.condition(machine, moment) == condition)
        return tests

    def _refresh(self) -> None:
        if self._version == self._state.directory_version:
            return
        machines = sorted(self._state, key=lambda m: (m.kind.name, m.equipment.name, m.equipment.gateway))
        self._orders = {
            "kind": machines,
            "name": sorted(machines, key=attrgetter("equipment.name")),
            "gateway": sorted(machines, key=attrgetter("equipment.gateway")),
        }
        self._texts = {m.equipment.id: f"{m.equipment.name} {m.equipment.gateway}".casefold() for m in machines}
        self._counts, self._orders_of_the_moment = {}, {}
        self._version = self._state.directory_version


def _time_key(machine: Machine) -> int:
    return machine.time_us or 0


@cache
def working_codes(kind_name: str) -> frozenset[int]:
    """Give the codes of the states in which a machine works: those in which most of its state-bound limits mean something."""
    if kind_name not in kind_names():
        return frozenset()
    kind = load_kind(kind_name)
    bound = [signal.applies_in for signal in kind.signals.values() if signal.applies_in]
    times = Counter(state for states in bound for state in states)
    states = kind.signals[kind.state_signal].states if kind.state_signal else ()
    return frozenset(state.code for state in states if times[state.name] * 2 > len(bound))


def activity(machine: Machine) -> Activity:
    """Say whether a machine works, by its newest state."""
    codes, signal = working_codes(machine.kind.name), machine.kind.state_signal
    cell = machine.cells.get(signal) if signal else None
    if not codes or cell is None or cell.value is None:
        return "unknown"
    return "running" if cell.value in codes else "idle"
