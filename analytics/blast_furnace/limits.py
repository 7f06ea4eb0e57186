"""Limits of the air, the top gas and the energy of a blast furnace, by a table that people edit: ``limits.toml``."""

from functools import cache
from pathlib import Path

from telemetry.errors import ConfigError
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("limits.toml")


class Limit(Settings):
    """One value, and who says so."""

    name: str
    value: float
    unit: str
    source: str
    clause: str
    """Empty where it is of no standard."""
    verified: bool
    """Somebody has held it against the standard's text."""


class LimitTable(Settings):
    """The whole file."""

    limits: tuple[Limit, ...]


@cache
def limit_of(name: str, path: Path = TABLE) -> Limit:
    """Look a limit up.

    Raises
    ------
    ConfigError
        If the file has mistakes or no such row.
    """
    for limit in fit(TomlFile(path), LimitTable).limits:
        if limit.name == name:
            return limit
    raise ConfigError(f"{path}: has no limit {name!r}")


def warning_level(value: float, name: str) -> int:
    """Give 0 (fine), 1 (watch) or 2 (danger) of a value against ``<name>_watch`` and ``<name>_danger``.

    Where the danger lies below the watch, as for oxygen, less is worse.
    """
    watch, danger = limit_of(f"{name}_watch").value, limit_of(f"{name}_danger").value
    worse = 1 if danger >= watch else -1
    return int(value * worse >= watch * worse) + int(value * worse >= danger * worse)
