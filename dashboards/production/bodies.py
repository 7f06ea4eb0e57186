"""What is asked of the planner, as programs send it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import HTTPException
from pydantic import AwareDatetime, Field

from analytics.scheduling.jobs import Job, Operation
from analytics.scheduling.orders import LONGEST_NAME, MOST_MINUTES, MOST_PRIORITY
from dashboards.live.equipment_json import iso
from telemetry.settings import Settings

Word = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")]
Family = Annotated[str, Field(max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))]
Seconds = Annotated[float, Field(ge=1, le=60, allow_inf_nan=False)]
Weight = Annotated[int, Field(ge=0, le=1000)]
Minutes = Annotated[int, Field(ge=0, le=100_000)]
FARTHEST = timedelta(days=3660)


class NewOperation(Settings):
    """One step of a job."""

    name: Word
    machines: Annotated[dict[Word, Annotated[int, Field(ge=1, le=MOST_MINUTES)]], Field(min_length=1, max_length=200)]
    """Machines that can do it, with the minutes of the whole lot."""
    family: Family = ""
    """What the machine must be set up for."""
    can_pause: bool = False
    """It may stop at the end of a shift and go on with the next."""


class NewJob(Settings):
    """Steps one after the other."""

    name: Word
    operations: Annotated[list[NewOperation], Field(min_length=1, max_length=200)]
    release: Moment | None = None
    due: Moment | None = None
    priority: Annotated[int, Field(ge=0, le=MOST_PRIORITY)] = 1


class AimWeights(Settings):
    """What a minute costs: of the whole plan, of a job that is late (times its priority), of setting up."""

    makespan: Weight = 1
    tardiness: Weight = 10
    setup: Weight = 0


class NewPlan(Settings):
    """Orders to be planned on the machine tools behind a gateway."""

    gateway: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00\n\r]*$")] = ""
    jobs: Annotated[list[NewJob], Field(min_length=1, max_length=1000)]
    start: Moment | None = None
    """Now where it is left out."""
    seconds: Seconds = 30
    setup_minutes: Minutes = 0
    """From any family to any other."""
    aims: AimWeights = AimWeights()


class NewRest(Settings):
    """What has happened to a plan."""

    down_until: Annotated[dict[Word, Moment], Field(max_length=200)] = {}  # noqa: RUF012 - a model's default is copied
    """Machines that stand still, and when they are back."""
    frozen_minutes: Minutes = 0
    """What begins within so long stays as it is."""
    seconds: Seconds = 20


def job_of(new: NewJob, origin: datetime) -> Job:
    """Give a job in minutes from a plan's beginning."""
    minute = timedelta(minutes=1)
    for at in (new.release, new.due):
        if at is not None and abs(at - origin) > FARTHEST:
            raise HTTPException(422, f"jobs: {new.name}: {iso(at)} is more than ten years from the plan's beginning")
    return Job(
        name=new.name,
        operations=tuple(
            Operation(name=one.name, minutes=dict(one.machines), family=one.family, can_pause=one.can_pause)
            for one in new.operations
        ),
        release_minute=0 if new.release is None else max((new.release - origin) // minute, 0),
        due_minute=None if new.due is None else (new.due - origin) // minute,
        weight=new.priority,
    )
