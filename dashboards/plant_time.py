"""Times as people of the plant read them."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dashboards.settings import WebSettings


def plant_time(settings: WebSettings) -> Callable[[datetime], str]:
    """Give a function for templates that writes a time in the plant's zone, which the page's header names."""
    zone = ZoneInfo(settings.time_zone)
    return lambda time: f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def utc_text(time: datetime) -> str:
    """Write a time as the API does."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
