"""Settings of the publisher for SCADA hosts."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from telemetry.mqtt import BrokerSettings
from telemetry.settings import Settings

_LEVEL = re.compile(r"[^/+#\x00-\x1f]{1,128}")


def _level(text: str) -> str:
    if not _LEVEL.fullmatch(text) or text == "STATE":  # the topics of hosts stand where a group would
        raise ValueError(
            f"{text!r} is no level of a Sparkplug topic: up to 128 characters without '/', '+' and '#', and not STATE"
        )
    return text


Level = Annotated[str, AfterValidator(_level)]


class SparkplugSettings(Settings):
    """Tell a SCADA host as well, by Sparkplug B 3.0, what is new while the link is up; what must not be lost goes the native way.

    Needs the extra ``shangyun[sparkplug]``.
    """

    group: Level
    """Group id: the first part of a node's name, which the host gives to a plant or an area."""
    node: Level | None = None
    """Edge node id; the gateway's name where it is left out."""
    broker: BrokerSettings | None = None
    """The SCADA host's broker; the gateway's where it is left out. The connection is a second one in any case."""
    host_application: Level | None = None
    """Host id of the primary host: nothing is published unless its STATE says that it is online. Left out, nothing waits."""
    aliases: bool = True
    """Data name their metrics by a number that the birth has explained, which makes them several times smaller."""
    datatype_in_data: bool = False
    """Repeat the datatype in data: the specification advises against it, Tahu's JavaScript reads no value without it."""
    death_seconds: float = Field(default=10.0, ge=0, le=3600)
    """A machine is told dead (DDEATH) when it could not be reached for so long; until then its values are bad."""
    rebirth_seconds: float = Field(default=5.0, ge=0, le=3600)
    """Births are repeated at most so often, however many hosts ask for them; a request that comes too soon is met later."""
    confirm_birth: bool = True
    """Read back the node's own birth, the only way to notice that a broker refuses it: Sparkplug publishes with QoS 0. The broker
    must let the gateway read it; ``false`` where it does not."""
