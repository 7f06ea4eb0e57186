"""Industries by GB/T 4754, and the sector of an enterprise that follows from them."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

from telemetry.settings import Settings, load

FILE = Path(__file__).parent / "data" / "industries.toml"
Sector = Literal["industry", "services", "individual_or_farm"]
_FORM = re.compile(r"^([A-T])?([0-9]{2,4})?$")


class Section(Settings):
    label_zh: str
    label_en: str
    sector: Sector
    divisions: tuple[int, int] | None = None
    """First and last division (two digits) that belong to it; None where they are not on record."""
    verified: bool = True
    """Whether the divisions were read in the standard."""


class CodePrefix(Settings):
    prefix: str
    sector: Sector
    source: str


class Industries(Settings):
    """What `FILE` holds."""

    editions: tuple[str, ...]
    source: str
    sector_source: str
    sections: dict[str, Section]
    code_prefixes: tuple[CodePrefix, ...]


@cache
def industries() -> Industries:
    return load(FILE, Industries)


def industry_code(text: str) -> str:
    """Write a code as it is stored: the letter of the section, and two to four digits behind it or none.

    A letter that is left out is found where the division is on record.

    Raises
    ------
    ValueError
        If there is no such section, or its divisions do not hold this one.
    """
    code = "".join(unicodedata.normalize("NFKC", text).upper().split())
    match = _FORM.match(code)
    if match is None or not code:
        raise ValueError(f"{text[:40]!r} is no code of GB/T 4754: a letter from A to T and two to four digits, such as C3411")
    letter, digits = match[1], match[2] or ""
    if letter is None:
        letter = next((one for one, section in industries().sections.items() if _holds(section, digits)), None)
        if letter is None:
            raise ValueError(f"{text[:40]!r}: the letter of the section is missing, such as C in C3411")
    section = industries().sections[letter]
    if digits and section.divisions is not None and not _holds(section, digits):
        first, last = section.divisions
        raise ValueError(f"{text[:40]!r}: section {letter} has the divisions {first:02d} to {last:02d}")
    return letter + digits


def _holds(section: Section, digits: str) -> bool:
    return section.divisions is not None and section.divisions[0] <= int(digits[:2]) <= section.divisions[1]


def sector_by_code(uscc: str) -> Sector | None:
    """Give the sector that a unified social credit code alone decides (92: individual businesses), or None."""
    return next((row.sector for row in industries().code_prefixes if uscc.startswith(row.prefix)), None)


def sector_of(uscc: str, industry: str) -> Sector | None:
    """Give the sector of an enterprise by its code and, where that leaves it open, its industry; None where neither tells."""
    found = sector_by_code(uscc)
    if found is not None or not industry:
        return found
    return industries().sections[industry[0]].sector
