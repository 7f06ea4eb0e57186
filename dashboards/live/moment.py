"""What machines are judged by at this moment: the clock, and the alarms that stand."""

from typing import Annotated

from fastapi import Depends, Request

from dashboards.alarms.feed import AlarmFeed
from dashboards.alarms.rows import ACTIVE
from dashboards.context import CurrentFeed, CurrentSettings
from dashboards.live.listing import Moment


def _moment(request: Request, feed: CurrentFeed, settings: CurrentSettings) -> Moment:
    alarm_feed: AlarmFeed | None = getattr(request.app.state, "alarm_feed", None)
    return Moment(
        now_us=round(feed.now() * 1e6),
        stale_us=round(settings.stale_seconds * 1e6),
        alarms={} if alarm_feed is None else _standing(request, alarm_feed),
    )


CurrentMoment = Annotated[Moment, Depends(_moment)]


def _standing(request: Request, alarm_feed: AlarmFeed) -> dict[int, str]:
    """Give the highest priority of an active alarm by machine, counted once for all who ask until an alarm changes."""
    version: int | None
    standing: dict[int, str]
    version, standing = getattr(request.app.state, "standing_alarms", (None, {}))
    if version != alarm_feed.version:
        standing = {}
        for alarm in alarm_feed.alarms("priority"):  # the highest first
            condition = alarm.condition
            if "standing" in alarm.views and condition.state in ACTIVE and condition.equipment_id is not None:
                standing.setdefault(condition.equipment_id, condition.priority)
        request.app.state.standing_alarms = alarm_feed.version, standing
    return standing
