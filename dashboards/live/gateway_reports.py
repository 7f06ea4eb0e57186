"""What is known of the gateways: what their state messages say, and when and with which clock they last sent."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

import cbor2
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from telemetry.errors import BadPayload
from telemetry.wire import CBOR_MAGIC

MOST_STATE_BYTES = 262_144
_CLOCK_WINDOW_US = 60_000_000
_MOST_NAMES = 2000

Name = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=0, le=2**53)]
"""JavaScript counts as far."""
Named = Annotated[dict[Name, Count], Field(max_length=100)]


class _Told(BaseModel):
    """Keys that are not named here are left aside: a newer gateway says more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Machine(_Told):
    """A machine as its gateway's settings describe it."""

    kind: Name = ""
    profile: Name = ""
    period_seconds: float | None = Field(default=None, allow_inf_nan=False)
    connection: Name = ""


class Gap(_Told):
    """Data that will not come any more."""

    reason: Name
    from_us: int = Field(ge=0, le=2**53)
    to_us: int = Field(ge=0, le=2**53)
    bundles: Count = 0
    row_count: Count = 0


class Spool(_Told):
    """What waits on the gateway's disk for its receipt."""

    bundles: Count = 0
    bytes: Count = 0
    oldest_us: int | None = Field(default=None, ge=0, le=2**53)
    working: bool = True
    gaps: Annotated[tuple[Gap, ...], Field(max_length=100)] = ()


class Reload(_Told):
    """How the settings were last read again."""

    result: Name = ""
    detail: Annotated[str, StringConstraints(max_length=5000)] = ""


class GatewayReport(_Told):
    """The state message of a gateway, as far as the house knows its keys."""

    version: Name = ""
    told_at_us: int | None = Field(default=None, ge=0, le=2**53)
    """When it said this, by its own clock."""
    profiles: Annotated[dict[Name, Name], Field(max_length=_MOST_NAMES)] = {}
    """Hashes of the device models that it decodes with."""
    equipment: Annotated[dict[Name, Machine], Field(max_length=_MOST_NAMES)] = {}
    connections: Annotated[dict[Name, bool], Field(max_length=_MOST_NAMES)] = {}
    equipment_without_values: Annotated[tuple[Name, ...], Field(max_length=_MOST_NAMES)] = ()
    clock_offset_seconds: float | None = Field(default=None, allow_inf_nan=False)
    """How far its time stands ahead of its own system clock, after that one went back."""
    counters: Named = {}
    spool: Spool = Spool()
    reload: Reload = Reload()


@dataclass(slots=True)
class GatewayStatus:
    """One gateway, as this app knows it."""

    is_online: bool | None = None
    """As it or its last will has said; None when neither has spoken."""
    report: GatewayReport | None = None
    """The last that it said while it was online."""
    heard_us: int | None = None
    """When a bundle last came in, by this app's clock."""
    clock_ahead_us: int | None = None
    """The most by which a bundle of the last minute was sealed ahead of this app's clock: the way here makes it less."""
    _clock_at_us: int = 0

    def heard(self, *, sent_at_us: int, now_us: int) -> None:
        ahead_us = sent_at_us - now_us
        if self.clock_ahead_us is None or ahead_us >= self.clock_ahead_us or now_us - self._clock_at_us > _CLOCK_WINDOW_US:
            self.clock_ahead_us, self._clock_at_us = ahead_us, now_us
        self.heard_us = now_us


def read_state(payload: bytes) -> tuple[bool, GatewayReport | None]:
    """Read a state message or last will; what is wrong beside the one word that matters most leaves no report.

    Raises
    ------
    BadPayload
        If it does not even say whether the gateway is online.
    """
    if len(payload) > MOST_STATE_BYTES:
        raise BadPayload("state", f"{len(payload)} bytes; at most {MOST_STATE_BYTES} are read")
    try:
        content: Any = cbor2.loads(payload) if payload.startswith(CBOR_MAGIC) else json.loads(payload)
        is_online = bool(content["online"])
    except Exception as error:  # hostile bytes raise nearly anything inside the libraries
        raise BadPayload("state", f"{type(error).__name__}: {str(error)[:200]}") from error
    try:
        return is_online, GatewayReport.model_validate(content) if is_online else None
    except ValidationError:
        return is_online, None
