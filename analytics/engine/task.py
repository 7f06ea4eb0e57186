"""A piece of work that goes to a process: some machines of a kind, some analytics, some windows; and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from store.models import Model
from store.pictures import Pictures
from store.results import Finding, Kpi, Run

MOST_MACHINES = 20
"""A day of them at 10 s is about 40 MB."""


class Machine(NamedTuple):
    """A machine as analytics know it."""

    id: int
    gateway: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Windows to evaluate."""

    kind: str
    machines: tuple[Machine, ...]
    """All behind one gateway where an analytic is for a station."""
    ends_us: Mapping[str, tuple[int, ...]]
    """By analytic: ends of the windows, oldest first."""
    is_newest: bool = True
    """The last window of each is the newest there is: what it no longer shows is over."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    models: tuple[Model, ...] | None = None
    """To judge by; the champions of the database where it is None."""

    @property
    def windows(self) -> int:
        return len(self.machines) * sum(map(len, self.ends_us.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What a task gave, ready to be written."""

    kpis: list[Kpi] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    ran: list[tuple[int, str, datetime]] = field(default_factory=list)
    """Machine, analytic and end of the newest windows that were evaluated."""
    pictures: list[Pictures] = field(default_factory=list)
    """Of the last windows; an older one than what is kept is forgotten."""
    windows: int = 0


class Trained(NamedTuple):
    """A model that was made, or why there is none."""

    analytic: str
    machine: Machine
    start: datetime
    end: datetime
    model: Mapping[str, Any] | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTask:
    """Models to make from one history of each machine."""

    kind: str
    machines: tuple[Machine, ...]
    analytics: tuple[str, ...]
    start: datetime
    end: datetime
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def instant(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
