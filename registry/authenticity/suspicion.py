"""What a detector hands to a person: a score against its threshold, since when, why in words, and what to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from device_profiles.kind import Label

CITY_ZONE = ZoneInfo("Asia/Shanghai")
"""Times in sentences are those of the city."""


class Method(StrEnum):
    """How a series came about that is not the machine's; the names of `city.suspicion`."""

    FLATLINED = "flatlined"
    REPLAYED_ITSELF = "replayed_itself"
    REPLAYED_ANOTHER = "replayed_another"
    TOO_SMOOTH = "too_smooth"
    IMPOSSIBLE_PHYSICS = "impossible_physics"
    DIGITS = "digits"
    COPIED_NAMEPLATE = "copied_nameplate"
    CLOCK = "clock"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What speaks against a machine's data over ``[start_us, end_us)``; raised where ``score >= threshold``."""

    method: Method
    score: float
    threshold: float
    start_us: int
    end_us: int
    explanation: Label
    """A sentence for an officer: what was found, how far from what is usual, and what to ask for."""
    evidence: tuple[Mapping[str, Any], ...] = ()
    """Pieces as in `analytics.evidence`."""
    other: str = ""
    """The machine that it is too like, by the key that the caller gave it."""


def told_time(at_us: int) -> str:
    """Write an instant as people of the city read it."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    return f"{at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"


def named(labels: list[Label], most: int = 3) -> Label:
    """Name the first few of many, and tell how many there are."""
    shown, rest = labels[:most], len(labels) - most
    zh, en = "、".join(label.zh for label in shown), ", ".join(label.en for label in shown)
    return Label(zh=f"{zh}等 {len(labels)} 个", en=f"{en} and {rest} more") if rest > 0 else Label(zh=zh, en=en)
