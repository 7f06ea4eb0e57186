"""Settings of the analytics worker; a second one with the same stands by."""

from datetime import timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator

from analytics.catalogue import Analytic, catalogue, get_analytic
from telemetry.errors import ConfigError
from telemetry.settings import Settings, TimeZoneName


class AnalyticsSettings(Settings):
    """What ``shangyun analytics worker FILE`` reads."""

    database: str = Field(min_length=1)
    """Address of the database, ``postgresql://user@host:port/name``."""
    health_port: int = Field(default=9104, ge=0, le=65535)
    """Port of /healthz and /metrics on 127.0.0.1; 0 takes any free one."""
    processes: int = Field(default=2, ge=1, le=256)
    """So many windows are computed side by side."""
    catch_up_days: float = Field(default=2, ge=0, le=400)
    """After a stop, windows that ended so long ago at most are still run."""
    late_days: float = Field(default=7, ge=0, le=400)
    """Rows that come late run again what ended so long ago at most."""
    time_zone: TimeZoneName = "Asia/Shanghai"
    """The plant's: its midnight begins a day's window."""
    without: tuple[str, ...] = ()
    """Analytics that are not run."""
    parameters: dict[str, dict[str, Any]] = Field(default={})
    """What differs from the defaults, by analytic: ``[parameters.boiler_efficiency]``."""

    @model_validator(mode="after")
    def _name_what_exists(self) -> Self:
        try:
            for name in (*self.without, *self.parameters):
                parameters_of(get_analytic(name), self.parameters)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def catch_up(self) -> timedelta:
        return timedelta(days=self.catch_up_days)

    @property
    def late(self) -> timedelta:
        return timedelta(days=self.late_days)

    @property
    def chosen(self) -> dict[str, Analytic]:
        """The analytics that are run."""
        return {name: one for name, one in catalogue().items() if name not in self.without}


def parameters_of(analytic: Analytic, given: dict[str, dict[str, Any]]) -> Settings:
    """Give an analytic's parameters: its defaults, and what differs.

    Raises
    ------
    ConfigError
        If a parameter is unknown or out of range.
    """
    name = analytic.spec.name
    try:
        return analytic.spec.parameters.model_validate(given.get(name, {}))
    except ValidationError as error:
        known = ", ".join(analytic.spec.parameters.model_fields) or "none"
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigError(f"parameters of {name}: {told} (known: {known})") from None
