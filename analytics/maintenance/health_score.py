"""A machine's health from 100 down to 0: points are taken off for what is known to be wrong, and each part is told apart.

The weights are a convention of this house for putting machines in order; they are no probability of failure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FINDING_POINTS = {"critical": 40.0, "high": 25.0, "medium": 12.0, "low": 4.0}
MOST_FINDING_POINTS = 60.0
ALARM_POINTS = {"critical": 30.0, "high": 15.0, "medium": 6.0, "low": 2.0}
MOST_ALARM_POINTS = 40.0
MOST_DATA_POINTS = 20.0
DAYS_WITHOUT_MAINTENANCE = 180.0
"""So long nothing is taken off; then a point for every 30 days."""
MOST_MAINTENANCE_POINTS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Points taken off by part, and what is left of 100."""

    findings: float
    alarms: float
    data: float
    maintenance: float

    @property
    def score(self) -> float:
        return max(100 - self.findings - self.alarms - self.data - self.maintenance, 0)


def health(
    *,
    findings: Iterable[tuple[str, float]],
    alarms: Iterable[tuple[str, datetime]],
    bad_share: float,
    maintained_at: datetime,
    now: datetime,
) -> Health:
    """Judge one machine.

    Parameters
    ----------
    findings : iterable of (severity, confidence)
        Those that stand; a finding counts for the points of its severity times its confidence.
    alarms : iterable of (priority, active since)
        Those that stand; an alarm counts once for being there, and up to once more as it grows a day old.
    bad_share : float
        Share of the values of the last day that were bad, 0 to 1.
    maintained_at : datetime
        Newest entry of the maintenance log, or when the machine was first seen.
    """
    day = timedelta(days=1)
    of_findings = sum((FINDING_POINTS[severity] * confidence for severity, confidence in findings), 0.0)
    of_alarms = sum((ALARM_POINTS[priority] * (1 + min(max((now - since) / day, 0), 1)) for priority, since in alarms), 0.0)
    days = (now - maintained_at) / day
    return Health(
        findings=min(of_findings, MOST_FINDING_POINTS),
        alarms=min(of_alarms, MOST_ALARM_POINTS),
        data=MOST_DATA_POINTS * min(max(bad_share, 0), 1),
        maintenance=min(max((days - DAYS_WITHOUT_MAINTENANCE) / 30, 0.0), MOST_MAINTENANCE_POINTS),
    )
