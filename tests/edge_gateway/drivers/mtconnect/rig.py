"""A small agent, a driver on it, and a place where rows can be awaited."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, fromstring

from device_profiles.profile import MtConnectProfile
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.mtconnect.driver import MtConnect
from edge_gateway.settings import MtConnectSettings
from simulators.servers.mtconnect_agent import MtConnectAgent
from telemetry.quality import Quality

MILL = """
<Device id="d1" name="mill" uuid="MILL.1">
  <DataItems><DataItem id="avail" category="EVENT" type="AVAILABILITY"/></DataItems>
  <Components>
    <Axes id="axes" name="base"><Components>
      <Linear id="x" name="X"><DataItems>
        <DataItem id="xload" category="SAMPLE" type="LOAD" units="PERCENT"/>
        <DataItem id="xcond" category="CONDITION" type="LOAD"/>
        <DataItem id="xpos" name="Xabs" category="SAMPLE" type="POSITION" subType="ACTUAL" units="MILLIMETER"/>
      </DataItems></Linear>
      <Rotary id="c" name="C"><DataItems>
        <DataItem id="cload" category="SAMPLE" type="LOAD" units="PERCENT"/>
        <DataItem id="crpm" category="SAMPLE" type="ROTARY_VELOCITY" subType="ACTUAL" units="REVOLUTION/MINUTE"/>
        <DataItem id="ccmd" category="SAMPLE" type="ROTARY_VELOCITY" subType="PROGRAMMED" units="REVOLUTION/MINUTE"/>
        <DataItem id="cmean" category="SAMPLE" type="ROTARY_VELOCITY" subType="ACTUAL" statistic="AVERAGE"/>
      </DataItems></Rotary>
    </Components></Axes>
    <Controller id="cn"><DataItems>
        <DataItem id="sys" category="CONDITION" type="SYSTEM"/>
      </DataItems><Components>
      <Path id="path" name="path"><DataItems>
        <DataItem id="exec" category="EVENT" type="EXECUTION"/>
        <DataItem id="prog" category="EVENT" type="PROGRAM"/>
        <DataItem id="parts" category="EVENT" type="PART_COUNT"/>
        <DataItem id="target" category="EVENT" type="PART_COUNT" subType="TARGET"/>
        <DataItem id="feed" category="SAMPLE" type="PATH_FEEDRATE" subType="ACTUAL" units="MILLIMETER/SECOND"/>
        <DataItem id="point" category="SAMPLE" type="PATH_POSITION" units="MILLIMETER_3D"/>
        <DataItem id="vars" category="EVENT" type="VARIABLE" representation="DATA_SET"/>
      </DataItems></Path>
    </Components></Controller>
  </Components>
</Device>"""
EXECUTION = {"ACTIVE": "active", "INTERRUPTED": "interrupted", "READY": "reset"}
POINTS: list[dict[str, Any]] = [
    {"signal": "execution", "type": "EXECUTION", "map": EXECUTION},
    {"signal": "program", "type": "PROGRAM"},
    {"signal": "part_count_total", "type": "PART_COUNT"},
    {"signal": "spindle_speed", "type": "ROTARY_VELOCITY", "sub_type": "ACTUAL"},
    {"signal": "spindle_load", "type": "LOAD", "component": "Rotary"},
    {"signal": "path_feedrate", "type": "PATH_FEEDRATE", "sub_type": "ACTUAL"},
    {"signal": "axis_load_x", "type": "LOAD", "component": "X"},
    {"signal": "controller", "type": "SYSTEM"},
]
CONTROLLER = {
    "type": "enum",
    "label": {"zh": "状况", "en": "Condition"},
    "states": [
        {"code": code, "name": name, "label": {"zh": name, "en": name}}
        for code, name in enumerate(("normal", "warning", "fault"))
    ],
}


class Row(NamedTuple):
    """One row as it came to the gateway."""

    time_us: int
    values: dict[str, float | str]
    """Those that are not bad, and the texts."""
    bad: dict[str, Quality]


class Rows:
    """Where the driver delivers."""

    def __init__(self) -> None:
        self.all: list[Row] = []
        self._came = asyncio.Event()

    def __call__(self, target: Target, time_us: int, poll: Poll) -> None:
        self.all.append(Row(time_us, *told(target, poll)))
        self._came.set()

    async def until(self, is_enough: Callable[[list[Row]], bool], *, seconds: float = 15) -> list[Row]:
        async with asyncio.timeout(seconds):
            while not is_enough(self.all):
                self._came.clear()
                await self._came.wait()
        return self.all

    async def having(self, **values: float | str) -> Row:
        """Wait for a row with these values."""
        found = await self.until(lambda rows: any(values.items() <= row.values.items() for row in rows))
        return next(row for row in found if values.items() <= row.values.items())


def told(target: Target, poll: Poll) -> tuple[dict[str, float | str], dict[str, Quality]]:
    pairs = dict(zip(target.signals.names, poll.readings, strict=True))
    values: dict[str, float | str] = {signal: value for signal, (value, quality) in pairs.items() if quality == Quality.GOOD}
    return values | poll.texts, {signal: Quality(quality) for signal, (_, quality) in pairs.items() if quality}


def profile(points: Sequence[dict[str, Any]] = POINTS, signals: dict[str, Any] | None = None) -> MtConnectProfile:
    return MtConnectProfile.model_validate(
        {
            "kind": "cnc_machine",
            "maker": "test",
            "model": "test",
            "label": {"zh": "测试", "en": "Test"},
            "source": "this test",
            "verified": "simulator",
            "protocol": "mtconnect",
            "signals": {"controller": CONTROLLER} if signals is None else signals,
            "points": list(points),
        }
    )


def target(points: Sequence[dict[str, Any]] = POINTS, *, signals: dict[str, Any] | None = None, **more: Any) -> Target:
    return Target.from_profile(profile(points, signals), name="mill", **more)


def devices(*machines: str) -> Element:
    return fromstring(f"<Devices>{''.join(machines or (MILL,))}</Devices>")


def now_us() -> int:
    return time.time_ns() // 1000


def driver(port: int, **settings: Any) -> MtConnect:
    given = {"protocol": "mtconnect", "url": f"http://127.0.0.1:{port}", "timeout_seconds": 1.0} | settings
    return MtConnect("line", MtConnectSettings.model_validate(given), now_us=now_us)


def working(agent: MtConnectAgent, **texts: str) -> None:
    """Put a machine at work, with some texts of its own."""
    usual = {"avail": "AVAILABLE", "exec": "ACTIVE", "prog": "O1", "parts": "7", "crpm": "3000", "cload": "40", "feed": "30"}
    agent.put(agent.clock_us(), usual | {"xload": "12.5", "cmean": "1", "ccmd": "2", "target": "99"} | texts)
    agent.put_condition(agent.clock_us(), "sys", "NORMAL")


@asynccontextmanager
async def watching(driver: MtConnect, *targets: Target) -> AsyncIterator[Rows]:
    """Enter the driver and watch with it as long as the context is open; what ends the watch is raised at its end."""
    rows = Rows()
    async with driver:
        task = asyncio.create_task(driver.watch(targets, rows))
        try:
            yield rows
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():
        task.result()
