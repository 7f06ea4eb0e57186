"""A policy document: what it promises, in which phases, how often it is examined; figures as printed, each with its clause."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from telemetry.errors import ConfigError
from telemetry.settings import Settings, load

FOLDER = Path(__file__).parent
NAMES = ("jiaxing_port_2017", "jining_2018", "jiangsu_2018", "jinan_2020", "shanxi_2018")
Counter = Literal[
    "new_on_cloud",
    "on_cloud",
    "new_share",
    "pilot",
    "benchmark",
    "pilot_or_benchmark",
    "benchmark_case",
    "stars_3",
    "stars_4",
    "stars_5",
    "trainings",
    "trained",
    "platform_provider",
    "application_provider",
    "experience_centre",
]
Dimension = Literal["total", "area", "department", "sector", "level", "form"]
Bound = Literal["at_least", "more_than", "range"]
COUNTERS: tuple[str, ...] = get_args(Counter)
DIMENSIONS: tuple[str, ...] = get_args(Dimension)
SECTORS = ("industry", "services", "individual_or_farm")
LEVELS = ("national", "province", "city", "county")


class Phase(Settings):
    """A phase as it is printed; phases may overlap."""

    label_zh: str
    label_en: str
    first_day: date
    last_day: date
    clause: str


class Value(Settings):
    """One cell of a table of targets; without ``low`` the document has the row and no number."""

    member: str = ""
    low: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=2)
    high: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=2)
    holders: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""


class Targets(Settings):
    """Cells that stand together: one row of the reference (``T7``), one or several counters, one dimension."""

    row: str
    counter: Counter | None = None
    counters: tuple[Counter, ...] = ()
    dimension: Dimension = "total"
    role: str = ""
    bound: Bound = "at_least"
    every_year: bool = False
    first_day: date | None = None
    last_day: date | None = None
    clause: str
    holders: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""
    values: tuple[Value, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.counter is None) == (not self.counters):
            raise ValueError("name either counter or counters")
        for value in self.values:
            named = value.member or "+".join(value.holders)
            if (self.dimension == "total") != (not named):
                raise ValueError(f"dimension {self.dimension!r} and member {named!r} do not go together")
            if (self.bound == "range") != (value.high is not None):
                raise ValueError("bound 'range' needs high, and other bounds have none")
        return self


class Cadence(Settings):
    """A duty of examining, reporting or reviewing, and the page that serves it."""

    row: str
    clause: str
    rule_zh: str
    rule_en: str
    page: str


class Document(Settings):
    """One policy document."""

    title_zh: str
    title_en: str
    number: str
    issuer: str
    issued_on: date | None = None
    printed_on: date | None = None
    in_force_from: date | None = None
    in_force_to: date | None = None
    first_day: date
    last_day: date
    area: str
    phases: tuple[Phase, ...] = ()
    targets: tuple[Targets, ...] = ()
    cadence: tuple[Cadence, ...] = ()

    def cells(self) -> Iterator[tuple[Targets, Counter, Value]]:
        """Give each target by itself."""
        for group in self.targets:
            for counter in group.counters or (group.counter,):
                assert counter is not None
                for value in group.values:
                    yield group, counter, value


@cache
def document(name: str) -> Document:
    """Read a document by its name.

    Raises
    ------
    ConfigError
        If there is none of the name, or its file does not hold.
    """
    if name not in NAMES:
        raise ConfigError(f"{name!r} is not a document; known: {', '.join(NAMES)}")
    return load(FOLDER / f"{name}.toml", Document)
