"""What the evaluator tells: conditions that became active or normal, and those that became suppressed by design or not."""

from typing import NamedTuple


class Change(NamedTuple):
    """A condition, one rule on one machine, became active or returned to normal."""

    equipment_id: int
    rule: str
    is_active: bool
    time_us: int
    """Microseconds since 1970 UTC, exactly when the delay had run out; not when somebody looked."""
    value: float | None
    """What was compared: the signal's value or state code, its change or its deviation; of bad quality the worst code."""
    limit: float | None
    """What it was compared with, in the rule's own sign; None for states and bad quality."""
    is_suppressed: bool
    """An active condition may come into being suppressed by design; one that returned never is."""


class Suppression(NamedTuple):
    """An active condition that goes on being active became suppressed by design, or no longer is."""

    equipment_id: int
    rule: str
    is_suppressed: bool
    time_us: int


class Changes(NamedTuple):
    """All that happened in one call, each list in the order of time."""

    changes: list[Change]
    suppressions: list[Suppression]

    def __bool__(self) -> bool:
        return bool(self.changes or self.suppressions)
