"""Refusals that tell a person, in both languages, what to do."""

from typing import NamedTuple

from telemetry.errors import ShangyunError


class Problem(NamedTuple):
    """One thing that is wrong; ``field`` is its place in the form, empty where it is about the whole."""

    field: str
    zh: str
    en: str


class StarRefusal(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """What a person asked for cannot be done; nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{one.field}: {one.en}" if one.field else one.en for one in problems))


def refusal(zh: str, en: str) -> StarRefusal:
    """Make a refusal with one sentence."""
    return StarRefusal(Problem("", zh, en))
