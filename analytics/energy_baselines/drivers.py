"""What drives the energy of each kind, by a table that people edit: ``energy_drivers.toml``."""

from functools import cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, RootModel, model_validator

from analytics.energy_baselines.metering import Grid, grown, metered
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, load_kind
from telemetry.errors import ConfigError
from telemetry.settings import Settings
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("energy_drivers.toml")


class Factor(Settings):
    """A signal of a product."""

    signal: str
    power: float = 1.0


class Driver(Settings):
    """One relevant variable of a kind's energy."""

    name: str
    unit: str
    output: str = ""
    """Signal of one of the kind's energy outputs, whose amount counts; or"""
    growth: str = ""
    """a counter, whose growth counts; or"""
    factors: tuple[Factor, ...] = ()
    """signals whose means are multiplied."""
    change: Literal["", "below", "above"] = ""
    sign: Literal[-1, 0, 1] = 1

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.output) + bool(self.growth) + bool(self.factors) != 1:
            raise ValueError("has one of 'output', 'growth' and 'factors'")
        return self

    def label(self, kind: str) -> Label:
        """Name it by the signals that it is made of."""
        if not self.factors:
            return load_kind(kind).signals[self.output or self.growth].label
        of = [(load_kind(kind).signals[one.signal].label, "" if one.power == 1 else f"^{one.power:.2g}") for one in self.factors]
        return Label(zh=" × ".join(name.zh + power for name, power in of), en=" × ".join(name.en + power for name, power in of))

    def values(self, window: Window, grid: Grid) -> FloatArray:
        """Give it by interval; NaN where it is not known well enough."""
        if self.growth:
            return grown(window[self.growth], grid).complete
        if self.output:
            energy = load_kind(window.kind).energy
            assert energy is not None  # the table is held against the kinds by a test
            flow = next(flow for flow in energy.outputs if self.output in (flow.counter, flow.rate))
            return metered(window, flow, grid).complete
        product = np.ones(grid.number)
        for factor in self.factors:
            mean = grid.means(window[factor.signal])
            product = product * (mean if factor.power == 1 else np.power(np.maximum(mean, 0.0), factor.power))
        return product


class KindDrivers(Settings):
    """Of one kind."""

    interval_hours: int = Field(gt=0, le=24)
    drivers: tuple[Driver, ...] = Field(min_length=1)

    @property
    def interval_seconds(self) -> float:
        return self.interval_hours * 3600.0

    @model_validator(mode="after")
    def _divides_a_day(self) -> Self:
        if 24 % self.interval_hours:
            raise ValueError("'interval_hours' divides 24")
        return self


class _Table(RootModel[dict[str, KindDrivers]]):
    """The whole file, by kind."""


@cache
def read_drivers(path: Path = TABLE) -> dict[str, KindDrivers]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    file = TomlFile(path)
    try:
        return _Table.model_validate(file.content).root
    except ValueError as error:
        raise ConfigError(str(error), file=path) from None


def drivers_of(kind: str) -> KindDrivers:
    """Find a kind's drivers.

    Raises
    ------
    NotEvaluated
        If the table has no such kind.
    """
    found = read_drivers().get(kind)
    if found is None:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"energy_drivers.toml has no [{kind}]")
    return found
