"""What the grid asks of forecasts, by a table that people edit: ``grid_rules.toml``."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from telemetry.errors import ConfigError
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("grid_rules.toml")

Percent = Annotated[float, Field(gt=0, le=100)]
Measure = Literal["accuracy", "pass_rate", "reporting_rate"]
Formula = Literal["root_mean_square", "mean_absolute", "share_within", "share_issued"]
_FORMULAS: dict[Measure, tuple[Formula, ...]] = {
    "accuracy": ("root_mean_square", "mean_absolute"),
    "pass_rate": ("share_within",),
    "reporting_rate": ("share_issued",),
}


class Rule(Settings):
    """One measure and its limit."""

    measure: Measure
    formula: Formula
    at_least_percent: Percent
    within_percent: Percent | None = None
    """Of the capacity, so much may a point be off that passes."""

    @model_validator(mode="after")
    def _fits(self) -> "Rule":
        legal = _FORMULAS[self.measure]
        if self.formula not in legal:
            raise ValueError(f"{self.measure} goes by {' or '.join(legal)}, not by {self.formula}")
        if (self.within_percent is None) == (self.formula == "share_within"):
            raise ValueError("within_percent belongs to share_within, and to nothing else")
        return self


class RuleSet(Settings):
    """What one region or standard asks of the forecasts of one horizon."""

    id: str
    horizon: Literal["day_ahead", "ultra_short"]
    """Of `features.HORIZONS`; of ``ultra_short`` the fourth hour is assessed."""
    zh: str
    en: str
    region: str
    year: int
    plant: Literal["wind", "solar"]
    month_of: Literal["days", "points"]
    exempts_curtailed: bool
    exempts_below_percent: Percent | None = None
    daylight_only: bool = False
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    source: str
    clause: str
    verified: bool


class RuleTable(Settings):
    """The whole file."""

    rule_sets: tuple[RuleSet, ...]

    @model_validator(mode="after")
    def _each_once(self) -> "RuleTable":
        twice = [key for key, count in Counter((one.id, one.horizon) for one in self.rule_sets).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(' '.join(key) for key in twice)}: more than one row")
        return self


@cache
def read_rule_sets(path: Path = TABLE) -> tuple[RuleSet, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), RuleTable).rule_sets


def rule_set_of(name: str, horizon: str) -> RuleSet:
    """Give the rules of a name for a horizon.

    Raises
    ------
    ConfigError
        If there are none, with the names that there are.
    """
    of_horizon = {one.id: one for one in read_rule_sets() if one.horizon == horizon}
    if name not in of_horizon:
        raise ConfigError(f"{name!r} is no rule set for {horizon} of grid_rules.toml; known: {', '.join(of_horizon) or 'none'}")
    return of_horizon[name]
