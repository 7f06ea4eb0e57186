"""Settings of the alarm worker; a second one with the same stands by."""

from datetime import timedelta
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from analytics.notifications.settings import Channel
from telemetry.mqtt import BrokerSettings
from telemetry.settings import PublicAddress, Settings, TimeZoneName


class FloodSettings(Settings):
    """When one operator has more alarms than a person can look at; ISA-18.2 and EEMUA 191 say more than 10 in 10 minutes."""

    begins_above: int = Field(default=10, ge=1, le=1000)
    ends_below: int = Field(default=5, ge=1, le=1000)
    minutes: float = Field(default=10, gt=0, le=1440)

    @model_validator(mode="after")
    def _ends_below_its_beginning(self) -> Self:
        if self.ends_below > self.begins_above:
            raise ValueError("a flood ends below a number that is not above that of its beginning")
        return self

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.minutes)


class AlarmSettings(Settings):
    """What ``shangyun alarms run FILE`` reads."""

    broker: BrokerSettings
    database: str = Field(min_length=1)
    """Address of the database, ``postgresql://user@host:port/name``."""
    health_port: int = Field(default=9103, ge=0, le=65535)
    """Port of /healthz and /metrics on 127.0.0.1; 0 takes any free one."""
    catch_up_hours: float = Field(default=6, ge=0, le=168)
    """After a stop, rows of so long at most are read from the database and judged; what is older is passed over."""
    late_seconds: float = Field(default=2, ge=0, le=600)
    """What a row may take on its way: delays between rows run out so much later, and silence is told so much later."""
    gateway_offline_seconds: float = Field(default=15, ge=0, le=3600)
    """A gateway that is away for longer is an alarm of its own, and the silence of its machines is none."""
    queued_changes: int = Field(default=100_000, ge=100)
    """So many wait in memory while the database is away; when they are full, nothing more is judged until there is room."""
    grace_seconds: float = Field(default=10, gt=0, le=600)
    """How long a stopping worker may take to write what it has found."""
    flood: FloodSettings = FloodSettings()
    public_address: PublicAddress = ""
    """Where people reach the web app, ``https://shangyun.example.com``: messages lead there."""
    channels: tuple[Channel, ...] = ()
    """Where messages about alarms go."""
    time_zone: TimeZoneName = "Asia/Shanghai"
    """The plant's, in which messages tell times."""

    @field_validator("channels")
    @classmethod
    def _have_names_of_their_own(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        names = [channel.name for channel in channels]
        if len(set(names)) < len(names):
            raise ValueError(f"two channels have the same name: {', '.join(names)}")
        return channels

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def catch_up(self) -> timedelta:
        return timedelta(hours=self.catch_up_hours)
