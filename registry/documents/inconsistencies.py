"""Where the documents leave something open, and how the city reads it: the default, until somebody decides otherwise."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from registry.documents.document import FOLDER, NAMES
from store.city_decisions import Decision, newest_decisions
from store.database import Connection, Database
from telemetry.settings import Settings, load


class Reading(Settings):
    """One way to read it."""

    code: str
    zh: str
    en: str


class Inconsistency(Settings):
    """What was found, how it is read unless decided otherwise, and what follows the decision."""

    number: int = Field(ge=1, le=15)
    documents: tuple[str, ...] = Field(min_length=1)
    found_zh: str
    found_en: str
    default: str
    automatic: bool
    """Figures of plans follow the decision; otherwise the part that is named has a parameter of its own."""
    effect_zh: str
    effect_en: str
    readings: tuple[Reading, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.default not in self.codes:
            raise ValueError(f"default {self.default!r} is none of the readings")
        if unknown := [name for name in self.documents if name not in NAMES]:
            raise ValueError(f"{unknown[0]!r} is not a document")
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(one.code for one in self.readings)

    def reading(self, code: str) -> Reading:
        return next(one for one in self.readings if one.code == code)


class _Inconsistencies(Settings):
    inconsistencies: tuple[Inconsistency, ...]


class Standing(NamedTuple):
    """An inconsistency with the reading that holds now, and who chose it; None: the default."""

    inconsistency: Inconsistency
    reading: Reading
    decision: Decision | None


@cache
def inconsistencies() -> tuple[Inconsistency, ...]:
    return load(FOLDER / "inconsistencies.toml", _Inconsistencies).inconsistencies


def default_readings() -> dict[int, str]:
    return {one.number: one.default for one in inconsistencies()}


def standing(where: Database | Connection) -> list[Standing]:
    """Give all inconsistencies as they are read now; a reading that no longer exists falls back to the default."""
    decided = newest_decisions(where)
    found = []
    for one in inconsistencies():
        decision = decided.get(one.number)
        holds = decision if decision is not None and decision.reading in one.codes else None
        found.append(Standing(one, one.reading(holds.reading if holds else one.default), holds))
    return found


def current_readings(where: Database | Connection) -> Mapping[int, str]:
    """Give the code of the reading that holds, by number: what rules ask."""
    return {one.inconsistency.number: one.reading.code for one in standing(where)}
