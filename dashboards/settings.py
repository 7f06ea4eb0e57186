"""Settings of the web app."""

from ipaddress import ip_address

from pydantic import Field, field_validator

from telemetry.mqtt import BrokerSettings
from telemetry.settings import PublicAddress, Settings, TimeZoneName


class WebSettings(Settings):
    """What ``shangyun web FILE`` reads."""

    host: str = "127.0.0.1"
    """Address to listen on; beyond loopback put a proxy with TLS before it, and name it by ``public_address``."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""
    database: str = Field(min_length=1)
    """Address of the database, ``postgresql://user@host:port/name``."""
    broker: BrokerSettings
    public_address: PublicAddress = ""
    """What people type, such as ``https://shangyun.example.com``: other names are refused, and https makes the cookie secure.
    Left empty, the app answers to loopback names and to ``host``."""
    trusted_proxies: tuple[str, ...] = ()
    """Proxies whose ``X-Forwarded-For`` is believed, for locks and the audit log."""
    session_idle_minutes: float = Field(default=30, gt=0, le=1440)
    """A person who has done nothing for so long must sign in again; an open page alone is not an act."""
    session_hours: float = Field(default=12, gt=0, le=168)
    """A person must sign in again after so long in any case."""
    wall_screen_users: tuple[str, ...] = ()
    """Users of screens on a wall: with a role that may only read, they stay signed in for a year."""
    health_port: int | None = Field(default=None, ge=0, le=65535)
    """Port of /healthz and /metrics on 127.0.0.1; 0 takes any free one, and left out they are not served."""
    time_zone: TimeZoneName = "Asia/Shanghai"
    """The plant's time zone, in which all times are shown."""
    stale_seconds: float = Field(default=10, gt=0, le=86400)
    """A machine whose newest values are older than this is shown as stale, not as live."""
    longest_span_days: float = Field(default=400, gt=0)
    """The longest stretch of history that one request may ask for."""
    most_streams: int = Field(default=500, ge=1)
    """Browser tabs that may follow live values at once; one more is told to come back later."""

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(address)) for address in addresses)
