"""How often a worker does what it does."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pace:
    gather_seconds: float = 0.2
    """What came is gathered so long and judged together."""
    settle_seconds: float = 2.0
    """After connecting: what was published before must have been stored, for it is read from the database."""
    snapshot_seconds: float = 5.0
    chores_seconds: float = 2.0
    """Rules, shelves, floods, and the values of machines that no bundle brings."""
    directory_seconds: float = 10.0
    """The list of machines; at once for one never seen before."""
    stand_by_seconds: float = 1.0
    retry_seconds: float = 1.0
