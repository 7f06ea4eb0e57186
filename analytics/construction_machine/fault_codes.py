"""Diagnostic trouble codes of SAE J1939-73: failure modes in words, DM1 decoded, and the signals that a broken wire hides."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from analytics.window import Window
from device_profiles.kind import Label
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("fault_codes.toml")
Family = Literal["value", "data", "circuit", "mechanical", "device", "condition", "reserved"]
LEAST_SEVERE, MODERATELY_SEVERE, MOST_SEVERE = 1, 2, 3
_SPNS = 1 << 19
"""An SPN has 19 bits."""
_UNKNOWN_COUNT = 127
_BYTES_A_CODE = 4


class FailureMode(Settings):
    """What an FMI says, and who says so."""

    fmi: int = Field(ge=0, le=31)
    family: Family
    severity: int = Field(ge=0, le=3)
    """3 most severe, 1 least severe, 0 where the mode does not tell."""
    label: Label
    clause: str
    verified: bool


class Parameter(Settings):
    """What an SPN measures."""

    spn: int = Field(gt=0, lt=1 << 19)
    signal: str
    """The kind's signal; empty where it has none."""
    label: Label
    clause: str
    verified: bool


class CodeTable(Settings):
    """The whole file."""

    source: str
    modes: tuple[FailureMode, ...]
    parameters: tuple[Parameter, ...]


class Code(NamedTuple):
    """One diagnostic trouble code."""

    spn: int
    fmi: int
    occurrences: int | None
    """None where the controller does not know."""


class Seen(NamedTuple):
    """A code over a window."""

    code: Code
    first_us: int
    last_us: int
    steps: int
    """So many steps showed it."""


@cache
def read_codes(path: Path = TABLE) -> CodeTable:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), CodeTable)


@cache
def failure_mode(fmi: int) -> FailureMode:
    """Give what an FMI says.

    Raises
    ------
    ValueError
        If it is none: an FMI has five bits.
    """
    for mode in read_codes().modes:
        if mode.fmi == fmi:
            return mode
    raise ValueError(f"{fmi} is no failure mode; they run from 0 to 31")


@cache
def parameter(spn: int) -> Parameter | None:
    """Give what an SPN measures, or None where the table does not have it."""
    return next((one for one in read_codes().parameters if one.spn == spn), None)


def decode_dm1(message: bytes) -> list[Code]:
    """Decode the codes of an "active diagnostic trouble codes" message, lamps left aside.

    Parameters
    ----------
    message : bytes
        Two bytes of lamps, then four for each code; what fills the rest of a frame (0xFF) is passed over.

    Raises
    ------
    ValueError
        If the message is cut short, or converts its SPN in one of the three old ways (conversion method 1).

    References
    ----------
    SAE J1939-73, 5.7.1, conversion method 0 (SPN's upper three bits above the FMI).
    """
    if len(message) < 2 + _BYTES_A_CODE:
        raise ValueError(f"a DM1 of {len(message)} bytes is cut short")
    codes = []
    for at in range(2, len(message) - _BYTES_A_CODE + 1, _BYTES_A_CODE):
        low, middle, high, count = message[at : at + _BYTES_A_CODE]
        spn, fmi = low | middle << 8 | (high >> 5) << 16, high & 0x1F
        if (low, middle, high, count) == (0xFF,) * 4 or spn == 0:
            continue
        if count & 0x80:
            raise ValueError("conversion method 1 leaves open which SPN is meant")
        codes.append(Code(spn, fmi, None if count == _UNKNOWN_COUNT else count))
    return codes


def codes_of(window: Window) -> list[Seen]:
    """Give the codes that a window shows, the gravest first and then the newest."""
    # A number that is no whole one is a broken reading: what it would be rounded to was never sent.
    spn, fmi, count = window["diagnostic_spn"], window["diagnostic_fmi"], window["diagnostic_count"]
    is_whole = (spn == np.floor(spn)) & (fmi == np.floor(fmi))
    shown = np.flatnonzero(is_whole & (spn > 0) & (spn < _SPNS) & (fmi >= 0) & (fmi <= 31))
    found = []
    for pair in {(int(spn[at]), int(fmi[at])) for at in shown}:
        steps = shown[(spn[shown] == pair[0]) & (fmi[shown] == pair[1])]
        counts = count[steps][~np.isnan(count[steps])]
        most = int(counts.max()) if len(counts) else _UNKNOWN_COUNT
        code = Code(*pair, None if most >= _UNKNOWN_COUNT else most)
        found.append(Seen(code, int(window.times_us[steps[0]]), int(window.times_us[steps[-1]]), len(steps)))
    return sorted(found, key=lambda seen: (-failure_mode(seen.code.fmi).severity, -seen.last_us, seen.code.spn))


def signals_without_a_wire(seen: list[Seen]) -> Mapping[str, Seen]:
    """Name the signals whose circuit is at fault, so that nothing is concluded from their values."""
    masked = {}
    for one in seen:
        of = parameter(one.code.spn)
        if of is not None and of.signal and failure_mode(one.code.fmi).family == "circuit":
            masked[of.signal] = one
    return masked
