"""The states of a voucher and the steps between them, read from `steps.toml`."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from telemetry.settings import Settings, load

FILE = Path(__file__).with_name("steps.toml")
State = Literal[
    "draft",
    "member",
    "contracted",
    "issued",
    "in_service",
    "redemption_requested",
    "evaluated",
    "county_reviewed",
    "publicised",
    "paid",
    "terminated",
    "cancelled",
    "disqualified",
]
STATES: tuple[State, ...] = get_args(State)
ENDS: frozenset[State] = frozenset({"terminated", "cancelled", "disqualified"})
"""Nothing leads out of these."""
OF_THE_SYSTEM = "system"


class Step(Settings):
    """One step: from which states it may be taken, where it leads, and the permission it needs."""

    name: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    origins: Annotated[list[State], Field(min_length=1, alias="from")]
    to: State
    permission: Literal["city:register", "city:accept", "city:decide", "system"]


class _Steps(Settings):
    clause: str
    step: Annotated[list[Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _ends_end(self) -> Self:
        for step in self.step:
            if ENDS.intersection(step.origins):
                raise ValueError(f"{step.name} leads out of an end")
        return self


@cache
def steps() -> dict[str, Step]:
    """Give all steps by name."""
    return {step.name: step for step in load(FILE, _Steps).step}


def steps_from(state: str) -> list[Step]:
    """Give the steps that people may take from a state."""
    return [step for step in steps().values() if state in step.origins and step.permission != OF_THE_SYSTEM]
