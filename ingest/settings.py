"""Settings of an ingest worker; any number of workers may run with the same."""

from datetime import timedelta

from pydantic import Field

from telemetry.mqtt import BrokerSettings
from telemetry.settings import Settings
from telemetry.topics import DATA_FILTER, SHARED_DATA_FILTER


class IngestSettings(Settings):
    """What ``shangyun ingest run FILE`` reads."""

    broker: BrokerSettings
    database: str = Field(min_length=1)
    """Address of the database, ``postgresql://user@host:port/name``."""
    health_port: int = Field(default=9102, ge=0, le=65535)
    """Port of /healthz and /metrics on 127.0.0.1; 0 takes any free one."""
    shared_subscription: bool = True
    """Share the gateways among all workers. Off for a broker that has no ``$share``, and then one worker only."""
    group_bundles: int = Field(default=100, ge=1, le=10_000)
    """So many bundles make a transaction; up to ten times as many while the one before is still under way."""
    group_milliseconds: int = Field(default=150, ge=1, le=10_000)
    """A transaction waits no longer than this for bundles."""
    inbox_messages: int = Field(default=2000, ge=10, le=65_535)
    """Messages that may wait in memory, twice; beyond that the socket is not read until there is room."""
    tidy_seconds: float = Field(default=5.0, gt=0, le=3600)
    """How often latest values and floors are written and the ledger is purged."""
    retention_days: float = Field(default=400.0, gt=0)
    """Older samples are not believed and become dead letters."""
    tolerance_minutes: float = Field(default=10.0, ge=0)
    """Samples further in the future than this become dead letters: the gateway's clock is wrong."""
    grace_seconds: float = Field(default=10.0, gt=0, le=600)
    """How long a stopping worker may take to commit what it has received; the rest is sent again by its gateways."""

    @property
    def topic_filter(self) -> str:
        return SHARED_DATA_FILTER if self.shared_subscription else DATA_FILTER

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self.retention_days)

    @property
    def tolerance(self) -> timedelta:
        return timedelta(minutes=self.tolerance_minutes)
