"""What the level of the sidebands means, by a table that people edit: ``rotor_bar_bands.toml``."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from device_profiles.kind import Label
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("rotor_bar_bands.toml")
RotorState = Literal["good", "fair", "watch", "suspect", "broken"]


class Band(Settings):
    """One row: sidebands that stand at least so far below the line."""

    from_db: float = Field(ge=0)
    state: RotorState
    label: Label
    source: str
    clause: str
    verified: bool


class BandTable(Settings):
    """The whole file."""

    bands: tuple[Band, ...]


@cache
def read_bands(path: Path = TABLE) -> tuple[Band, ...]:
    """Read the table, the best state first.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return tuple(sorted(fit(TomlFile(path), BandTable).bands, key=lambda band: -band.from_db))


def band_of(below_db: float) -> Band:
    """Give the band of a level; a sideband above the line itself counts as the worst."""
    bands = read_bands()
    return next((band for band in bands if below_db >= band.from_db), bands[-1])
