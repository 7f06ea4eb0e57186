"""Settings of the adapter for Sparkplug B; plain JSON needs none."""

import difflib
from typing import Self

from pydantic import Field, model_validator

from device_profiles.kind import kind_names, load_kind
from telemetry.settings import Settings


class SparkplugEquipment(Settings):
    """What a device that speaks Sparkplug is in this house; a device without an entry is of kind ``other``."""

    group: str = Field(min_length=1)
    """Group id, as in the topic."""
    node: str = Field(min_length=1)
    """Edge node id, as in the topic."""
    device: str = ""
    """Device id, as in the topic; empty for the edge node's own metrics."""
    kind: str
    """Equipment kind, as ``shangyun profiles list`` names it."""
    signals: dict[str, str] = Field(default_factory=dict)
    """Signal of the kind by metric name. A metric that is not listed keeps its name, made legal."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        if self.kind not in kind_names():
            raise ValueError(f"{self.kind!r} is not an equipment kind; known: {', '.join(kind_names())}")
        known = load_kind(self.kind).signals
        for metric, signal in self.signals.items():
            if signal not in known:
                near = difflib.get_close_matches(signal, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{self.kind} has no signal {signal!r}, to which {metric!r} is mapped{hint}")
        if len(set(self.signals.values())) != len(self.signals):
            raise ValueError("two metrics are mapped to one signal")
        return self


class SparkplugSettings(Settings):
    """The table ``[sparkplug]``; an empty one is enough to listen."""

    rebirth_seconds: float = Field(default=60.0, ge=1, le=86_400)
    """An edge node is asked for its birth certificates at most so often."""
    equipment: tuple[SparkplugEquipment, ...] = ()

    @model_validator(mode="after")
    def _each_device_once(self) -> Self:
        devices = [(entry.group, entry.node, entry.device) for entry in self.equipment]
        twice = {device for device in devices if devices.count(device) > 1}
        if twice:
            raise ValueError(f"{'/'.join(filter(None, min(twice)))} is described twice")
        return self
