"""The model of a shop: jobs of operations, machines with calendars, set-ups. Times are whole minutes from the plan's origin."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analytics.scheduling.calendars import Span
from telemetry.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step of a job, on any one of its machines."""

    name: str
    minutes: Mapping[str, int]
    """How long it takes on each machine that can do it, of the whole lot; at least 1."""
    family: str = ""
    """What the machine must be set up for."""
    can_pause: bool = False
    """It stops at the end of a shift and goes on with the next; otherwise it runs through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Operations one after the other."""

    name: str
    operations: tuple[Operation, ...]
    release_minute: int = 0
    due_minute: int | None = None
    weight: int = 1
    """What a minute of tardiness costs, beside other jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """It does one operation at a time."""

    name: str
    closed: tuple[Span, ...] = ()
    """Breaks between shifts, holidays, downtime; after the last of them it is open for good."""
    from_minute: int = 0
    """It is not free before."""
    family: str = ""
    """What it is set up for at the beginning."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Jobs and machines.

    Parameters
    ----------
    setups : mapping of (str, str) to int
        Minutes from one family to another, on any machine; a pair that is not there takes none. A set-up needs open time of the
        machine and not the part: it may be done before the part arrives.

    Raises
    ------
    ConfigError
        With every mistake, each named by job and operation, or by machine.
    """

    jobs: tuple[Job, ...]
    machines: tuple[Machine, ...]
    setups: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [*self._problems_of_machines(), *self._problems_of_jobs()]
        if problems:
            raise ConfigError(*problems)

    def setup_minutes(self, before: str, after: str) -> int:
        return self.setups.get((before, after), 0)

    def _problems_of_machines(self) -> Iterator[Problem]:
        for name in _doubles([machine.name for machine in self.machines]):
            yield Problem(message="two machines have this name", key=name)
        for machine in self.machines:
            for span in machine.closed:
                if span.end_minute <= span.start_minute:
                    yield Problem(message=f"closed from {span.start_minute} to {span.end_minute}: no span", key=machine.name)
        for (before, after), minutes in self.setups.items():
            if minutes < 0:
                yield Problem(message=f"a set-up of {minutes} minutes", key=f"{before} -> {after}")

    def _problems_of_jobs(self) -> Iterator[Problem]:
        for name in _doubles([job.name for job in self.jobs]):
            yield Problem(message="two jobs have this name", key=name)
        known = {machine.name for machine in self.machines}
        for job in self.jobs:
            if not job.operations:
                yield Problem(message="no operations", key=job.name)
            if job.weight < 0:
                yield Problem(message=f"a weight of {job.weight}", key=job.name)
            if job.release_minute < 0:
                yield Problem(message=f"released at minute {job.release_minute}, before the plan begins", key=job.name)
            for name in _doubles([operation.name for operation in job.operations]):
                yield Problem(message="two operations have this name", key=f"{job.name}/{name}")
            for operation in job.operations:
                for message in _problems_of(operation, known):
                    yield Problem(message=message, key=f"{job.name}/{operation.name}")


def _problems_of(operation: Operation, known: set[str]) -> Iterator[str]:
    if not operation.minutes:
        yield "no machine can do it"
    for machine, minutes in operation.minutes.items():
        if machine not in known:
            yield f"no machine is called {machine!r}; known: {', '.join(sorted(known))}"
        if minutes < 1:
            yield f"{minutes} minutes on {machine}; at least 1"


def _doubles(names: list[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
