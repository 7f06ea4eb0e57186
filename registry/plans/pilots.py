"""Pilots: they report, experts of the county accept them, the city verifies (Jiaxing 二(三)(四)); never one person both."""

from store.city_trainings import PilotStep, add_pilot_step, lock_pilot, pilot_steps
from store.database import Connection

STEPS = ("progress", "accepted", "verified", "refused")
"""``refused`` sends a pilot back: it reports and is accepted anew."""


class StepRefused(Exception):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A step that cannot be taken now, or not by this person; ``reason`` is a code for the page."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def check_step(before: list[PilotStep], step: str, by: str) -> None:
    """Refuse a step that does not follow, or breaks the rule of four eyes.

    Raises
    ------
    StepRefused
    """
    state = before[-1].step if before else ""
    if state == "verified":
        raise StepRefused("verified", "the pilot is verified, and nothing follows")
    match step:
        case "progress" if state == "accepted":
            raise StepRefused("accepted", "the pilot is accepted, and waits for the city")
        case "accepted" if state != "progress":
            raise StepRefused("no_progress", "a pilot is accepted after it has reported progress")
        case "verified" | "refused" if state != "accepted":
            raise StepRefused("not_accepted", "the city verifies what a county has accepted")
        case "verified" | "refused" if before[-1].taken_by == by:
            raise StepRefused("same_person", "who has accepted does not verify")


def take_step(connection: Connection, label_id: int, *, step: str, note: str, document: str, by: str) -> None:
    """Take a step of a pilot, one at a time.

    Raises
    ------
    LookupError
        If there is no such pilot.
    StepRefused
    """
    if not lock_pilot(connection, label_id):
        raise LookupError(f"there is no pilot {label_id}")
    check_step(pilot_steps(connection, label_id), step, by)
    add_pilot_step(connection, label_id=label_id, step=step, note=note, document=document, taken_by=by)
