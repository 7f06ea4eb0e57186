"""Settings of the web app."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from telemetry.mqtt import BrokerSettings
from telemetry.settings import Settings


class WebSettings(Settings):
    """What ``shangyun web FILE`` reads."""

    host: str = "127.0.0.1"
    """Address to listen on. The app has no login of its own yet: leave it on loopback, behind whatever lets people in."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""
    database: str = Field(min_length=1)
    """Address of the database, ``postgresql://user@host:port/name``; reading rights are enough."""
    broker: BrokerSettings
    time_zone: str = "Asia/Shanghai"
    """The plant's time zone, in which all times are shown."""
    stale_seconds: float = Field(default=10, gt=0, le=86400)
    """A machine whose newest values are older than this is shown as stale, not as live."""
    longest_span_days: float = Field(default=400, gt=0)
    """The longest stretch of history that one request may ask for."""
    most_streams: int = Field(default=500, ge=1)
    """Browser tabs that may follow live values at once; one more is told to come back later."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone; one looks like Asia/Shanghai") from None
        return name
