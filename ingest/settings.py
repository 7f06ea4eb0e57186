"""Settings of an ingest worker; any number of workers may run with the same."""

from datetime import timedelta

from pydantic import Field

from ingest.foreign.settings import SparkplugSettings
from store.retention import Retention
from telemetry.mqtt import BrokerSettings
from telemetry.settings import Settings
from telemetry.topics import DATA_FILTER, JSON_FILTER, SPARKPLUG_FILTER, shared


class RetentionSettings(Settings):
    """Days that each is kept; what is left out of ``hour_days`` stays for ever."""

    raw_days: float = Field(default=400.0, gt=0)
    """The samples themselves. Older ones that come in are not believed and become dead letters."""
    minute_days: float = Field(default=1100.0, gt=0)
    """Minimum, maximum, mean and count by minute."""
    hour_days: float | None = Field(default=None, gt=0)
    """The same by hour; without it, for ever."""
    waveform_days: float = Field(default=400.0, gt=0)
    event_days: float = Field(default=1100.0, gt=0)
    """Texts, such as programs and messages."""
    quality_days: float = Field(default=1100.0, gt=0)
    """From when to when values were bad or uncertain."""
    dead_letter_days: float = Field(default=90.0, gt=0)

    @property
    def believed(self) -> timedelta:
        """How old a sample may be when it comes in."""
        return timedelta(days=self.raw_days)

    @property
    def kept(self) -> Retention:
        return Retention(**self.model_dump())


class IngestSettings(Settings):
    """What ``shangyun ingest run FILE`` reads."""

    broker: BrokerSettings
    database: str = Field(min_length=1)
    """Address of the database, ``postgresql://user@host:port/name``."""
    health_port: int = Field(default=9102, ge=0, le=65535)
    """Port of /healthz and /metrics on 127.0.0.1; 0 takes any free one."""
    shared_subscription: bool = True
    """Share the gateways among all workers. Off for a broker that has no ``$share``, and then one worker only."""
    group_bundles: int = Field(default=2000, ge=1, le=10_000)
    """At most so many bundles make a transaction, or 1.5 MiB of them; large ones are the cheap ones."""
    group_milliseconds: int = Field(default=150, ge=1, le=10_000)
    """A transaction waits no longer than this for bundles."""
    inbox_messages: int = Field(default=2000, ge=10, le=65_535)
    """Messages that may wait in memory, twice; beyond that the socket is not read until there is room."""
    tidy_seconds: float = Field(default=5.0, gt=0, le=3600)
    """How often latest values and floors are written and the ledger is purged."""
    tolerance_minutes: float = Field(default=10.0, ge=0)
    """Samples further in the future than this become dead letters: the gateway's clock is wrong."""
    grace_seconds: float = Field(default=10.0, gt=0, le=600)
    """How long a stopping worker may take to commit what it has received; the rest is sent again by its gateways."""
    sparkplug: SparkplugSettings | None = None
    """Listen to Sparkplug B too; each worker hears all of it, and the ledger stores it once."""
    retention: RetentionSettings = RetentionSettings()
    """How long the database keeps what. One of the workers sees to it, so give the same to all."""

    @property
    def topic_filters(self) -> tuple[str, ...]:
        """What to subscribe to. Sparkplug is never shared: a worker understands data by the births that it has heard itself."""
        own = (DATA_FILTER, JSON_FILTER)
        filters = tuple(map(shared, own)) if self.shared_subscription else own
        return filters if self.sparkplug is None else (*filters, SPARKPLUG_FILTER)

    @property
    def tolerance(self) -> timedelta:
        return timedelta(minutes=self.tolerance_minutes)
