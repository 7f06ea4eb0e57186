"""MTConnect: one agent, one device per machine, with components and data items after a profile."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Self
from xml.etree.ElementTree import Element, SubElement

from device_profiles.kind import Signal, SignalType
from device_profiles.profile import MtConnectPoint, MtConnectProfile, signals_of
from device_profiles.value import ValueCodec
from simulators.fleet import Equipment
from simulators.servers.mtconnect_agent import MtConnectAgent
from simulators.truth import Served, Value

PERIOD_SECONDS = 0.25
_UNITS = {
    "1": "COUNT",
    "%": "PERCENT",
    "°C": "CELSIUS",
    "rpm": "REVOLUTION/MINUTE",
    "mm/s": "MILLIMETER/SECOND",
    "W": "WATT",
    "W*s": "WATT_SECOND",
    "s": "SECOND",
}
_PLACES = {
    "X": ("Axes", "Linear:X"),
    "Y": ("Axes", "Linear:Y"),
    "Z": ("Axes", "Linear:Z"),
    "Rotary": ("Axes", "Rotary:C"),
    "Controller": ("Controller:controller",),
    "": ("Controller:controller", "Path:path"),
}
"""Where the items of a profile stand, by what its ``component`` names; others stand below Systems."""
_ELECTRIC = ("WATTAGE", "ELECTRICAL_ENERGY")
Record = Callable[[Served], None]


class MtConnectServer(MtConnectAgent):
    """The agent of some simulated machines, which it reads every `PERIOD_SECONDS`; each set of changes is a line of truth."""

    def __init__(
        self,
        machines: Sequence[tuple[Equipment, MtConnectProfile]],
        record: Record,
        *,
        host: str,
        port: int,
        version: str = "2.0",
    ) -> None:
        devices = Element("Devices")
        self._machines = [_Machine(devices, equipment, profile) for equipment, profile in machines]
        self._record = record
        self._ticker: asyncio.Task[None] | None = None
        super().__init__(devices, host=host, port=port, version=version)

    async def __aenter__(self) -> Self:
        self.refresh()
        await super().__aenter__()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._ticker is not None
        self._ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticker
        await super().__aexit__()

    def refresh(self) -> None:
        """Read the machines and put what has changed."""
        for machine in self._machines:
            texts, values = machine.read()
            news = {item: text for item, text in texts.items() if text != self.text_of(item)}
            if news:
                at = self.clock_us()
                self._record(Served(at, machine.name, values))
                faults = {item for item in news if self._items[item].category == "CONDITION"}
                for item in faults:
                    self.put_condition(at, item, news[item])
                self.put(at, {item: text for item, text in news.items() if item not in faults})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            self.refresh()


class _Machine:
    """One machine as a device: its items, and their texts of the moment."""

    def __init__(self, devices: Element, equipment: Equipment, profile: MtConnectProfile) -> None:
        self.name, self._equipment = equipment.name, equipment
        self._device = SubElement(devices, "Device", id=equipment.name, name=equipment.name, uuid=f"simulator-{equipment.name}")
        signals = signals_of(profile)
        self._points = [(point, signals[point.signal], self._add(point, signals[point.signal])) for point in profile.points]
        self._codecs = {
            point.signal: ValueCodec(point, signal) for point, signal, _ in self._points if signal.type is not SignalType.TEXT
        }

    def read(self) -> tuple[dict[str, str], dict[str, Value]]:
        """Give the text of each item, and the values that a client must make of them."""
        machine = self._equipment.read()
        texts: dict[str, str] = {}
        values: dict[str, Value] = {}
        for point, _, item in self._points:
            codec = self._codecs.get(point.signal)
            value = machine.get(point.signal, 0.0)  # a signal of the profile's own that the machine does not have rests
            texts[item] = str(value) if codec is None else codec.encode_text(float(value))
            values[point.signal] = texts[item] if codec is None else codec.decode_text(texts[item])[0]
        return texts, values

    def _add(self, point: MtConnectPoint, signal: Signal) -> str:
        identifier = f"{self.name}.{point.data_item or point.signal}"
        kind = point.type or f"x:{point.signal.upper()}"
        attributes = {"id": identifier, "type": kind, "category": _category(point, signal)}
        if point.sub_type:
            attributes["subType"] = point.sub_type
        if point.data_item:
            attributes["name"] = point.data_item
        unit = _UNITS.get(point.unit or signal.unit)
        if unit and signal.type in (SignalType.REAL, SignalType.DOUBLE):
            attributes["units"] = unit
        SubElement(_below(self._component(point), "DataItems"), "DataItem", attributes)
        return identifier

    def _component(self, point: MtConnectPoint) -> Element:
        named = (point.component or ("Electric" if point.type in _ELECTRIC else "")).strip("*")
        element = self._device
        for part in _PLACES.get(named, ("Systems", named)):
            kind, _, name = part.partition(":")
            holder = _below(element, "Components")
            found = next((child for child in holder if child.get("name") == (name or kind.lower())), None)
            if found is None:
                found = SubElement(holder, kind, id=f"{self.name}.{name or kind}", name=name or kind.lower())
            element = found
        return element


def _category(point: MtConnectPoint, signal: Signal) -> str:
    if {"NORMAL", "WARNING", "FAULT"} & (point.map or {}).keys():
        return "CONDITION"
    is_sample = signal.type in (SignalType.REAL, SignalType.DOUBLE) and not (point.type or "").endswith("_OVERRIDE")
    return "SAMPLE" if is_sample else "EVENT"


def _below(element: Element, tag: str) -> Element:
    """Give the child of this name; DataItems stand before Components, as the schema wants it."""
    found = element.find(tag)
    if found is None:
        found = Element(tag)
        element.insert(0 if tag == "DataItems" else len(element), found)
    return found
