"""ThingsBoard Gateway on the same devices in the same run: polls served, polls missed, CPU and memory of both.

It is installed from PyPI into a cache of its own, with the versions of its libraries that it would else install while it starts.
Its limits on the rate of sending are off, its store is the default one (memory), and it is tried in the two ways in which it can
be told of 30 values: one by one, as its manuals show, and as one range of addresses, its best. Mosquitto takes what it publishes,
and a stand-in for its cloud answers its one question, how much it may send: no limit. Nothing commits its values, whereas our
gateway writes each bundle to disk and waits until a database has it.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks import gateway_site
from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.gateway_rig import Devices, Gateway, Meter, Process, drain, site, until
from benchmarks.gateway_served import missed_polls
from shangyun.local_servers import Broker, free_port

SIZES = (50,) if SHORT else (50, 500)
SECONDS = 10.0 if SHORT else 60.0
WARM_UP_SECONDS = 5.0 if SHORT else 15.0
CACHE = Path.home() / ".cache" / "shangyun-bench" / "thingsboard-gateway"
VERSION = "3.8.5"
PACKAGES = (f"thingsboard-gateway=={VERSION}", "pymodbus==3.9.2", "pyserial", "pyserial-asyncio")
_START_SECONDS = 60.0
_TELEMETRY, _QUESTIONS, _ANSWERS = "v1/gateway/telemetry", "v1/devices/me/rpc/request/", "v1/devices/me/rpc/response/"
_NO_LIMITS = json.dumps({"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}, "gatewayRateLimits": {}})
_LIMITS = (
    "rateLimits",
    "dpRateLimits",
    "messagesRateLimits",
    "deviceMessagesRateLimits",
    "deviceRateLimits",
    "deviceDpRateLimits",
)


class Figures(NamedTuple):
    """One gateway on so many devices."""

    polls_per_second: float
    missed: int
    values_per_second: float | None
    """Published; of ours every one is committed, and counted by another bar."""
    cpu_percent: float
    peak_mb: float

    @property
    def cpu_milliseconds_per_poll(self) -> float:
        return 10 * self.cpu_percent / max(self.polls_per_second, 1e-9)

    def __truediv__(self, other: "Figures") -> float:
        return self.cpu_milliseconds_per_poll / other.cpu_milliseconds_per_poll

    def __str__(self) -> str:
        return f"{self.polls_per_second:.0f} polls/s, {self.missed} missed, {self.cpu_percent:.0f} %, {self.peak_mb:.0f} MB"


class NotCompared(Exception):  # noqa: N818 - no error of ours
    """Why the peer was not measured."""


def install() -> Path:
    """Give its program, installed once.

    Raises
    ------
    NotCompared
        If the package cannot be had here.
    """
    program, ready = CACHE / "bin" / "thingsboard-gateway", CACHE / "ready"
    if ready.exists() and ready.read_text() == " ".join(PACKAGES):
        return program
    if SHORT:
        raise NotCompared("the short form installs nothing")
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(CACHE)],
        [str(CACHE / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise NotCompared(f"{PACKAGES[0]} cannot be installed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    ready.write_text(" ".join(PACKAGES))
    return program


def configure(folder: Path, devices: Devices, broker: Broker, *, one_range: bool) -> None:
    """Write its settings: the shipped ones, with our broker and devices in them."""
    shipped = next((CACHE / "lib").glob("python*/site-packages/thingsboard_gateway/config"))
    settings: dict[str, Any] = json.loads((shipped / "tb_gateway.json").read_text())
    settings["thingsboard"] |= {
        "host": broker.host,
        "port": broker.port,
        "remoteConfiguration": False,
        "statistics": {"enable": False},
        "security": {"type": "accessToken", "accessToken": "bench"},
        **dict.fromkeys(_LIMITS, ""),
    }
    settings["connectors"] = [{"type": "modbus", "name": "site", "configuration": "modbus.json"}]
    logs: dict[str, Any] = json.loads((shipped / "logs.json").read_text())
    # Its Modbus library warns at every value that a function will go; printing that is no part of the work.
    logs["loggers"]["pymodbus"] = {"level": "CRITICAL", "handlers": [], "propagate": False}
    slaves = [_slave(number, devices.port, one_range=one_range) for number in range(devices.count)]
    (folder / "logs").mkdir()
    for name, content in (("tb_gateway", settings), ("logs", logs), ("modbus", {"master": {"slaves": slaves}})):
        (folder / f"{name}.json").write_text(json.dumps(content))


def _slave(number: int, port: int, *, one_range: bool) -> dict[str, Any]:
    value = {"type": "32float", "functionCode": 3, "objectsCount": 2}
    if one_range:
        last = gateway_site.REGISTERS - 1
        values = [{**value, "tag": "p${address}", "address": f"0-{last}", "maxRegistersPerRequest": 125}]
    else:
        values = [{**value, "tag": f"p{2 * point}", "address": 2 * point} for point in range(gateway_site.POINTS)]
    return {
        "host": gateway_site.device_host(number),
        "port": port,
        "type": "tcp",
        "method": "socket",
        "unitId": 1,
        "deviceName": gateway_site.device_name(number),
        "deviceType": "default",
        "timeout": 5,
        "byteOrder": "BIG",
        "wordOrder": "BIG",
        "retries": 0,
        "pollPeriod": int(1000 * gateway_site.PERIOD_SECONDS),
        "connectAttemptTimeMs": 500,
        "connectAttemptCount": 5,
        "waitAfterFailedAttemptsMs": 30_000,
        "attributes": [],
        "timeseries": values,
        "attributeUpdates": [],
        "rpc": [],
    }


@contextmanager
def cloud(broker: Broker) -> Iterator[list[int]]:
    """Stand in for ThingsBoard, and count the values that are published, into a list of one number."""
    count = [0]
    client = Client(CallbackAPIVersion.VERSION2)

    def on_message(_: Any, __: Any, message: MQTTMessage) -> None:
        if message.topic.startswith(_QUESTIONS):
            client.publish(_ANSWERS + message.topic.removeprefix(_QUESTIONS), _NO_LIMITS)
        else:
            count[0] += message.payload.count(b'"p')  # every value's name, and no device's, begins with it

    client.on_message = on_message
    granted = threading.Event()
    client.on_subscribe = lambda *_: granted.set()
    client.connect(broker.host, broker.port)
    client.subscribe([(_TELEMETRY, 0), (f"{_QUESTIONS}+", 1)])
    client.loop_start()
    try:
        if not granted.wait(10):
            raise SystemExit("the broker grants no subscription")
        yield count
    finally:
        client.disconnect()
        client.loop_stop()


def measure_peer(folder: Path, program: Path, *, devices: int, one_range: bool) -> Figures:
    folder.mkdir()
    with (
        Broker.mosquitto(folder / "broker", free_port(), extra_config="max_queued_messages 0") as broker,
        Devices(folder, devices) as plant,
        cloud(broker) as values,
    ):
        configure(folder, plant, broker, one_range=one_range)
        command = ["/usr/bin/env", f"TB_GW_CONFIG_DIR={folder}", str(program)]
        with Process(command, folder / "peer.log", folder=folder) as peer:
            try:
                until(lambda: values[0] > 0, seconds=_START_SECONDS, what="telemetry", of=peer)
            except SystemExit as reason:
                raise NotCompared(str(reason)) from None
            time.sleep(WARM_UP_SECONDS)
            begin_us, before = time.time_ns() // 1000, values[0]
            with Meter(peer.pid) as meter:
                time.sleep(SECONDS)
            end_us, after = time.time_ns() // 1000, values[0]
        return _figures(plant, meter, begin_us=begin_us, end_us=end_us, values=(after - before) / SECONDS)


def measure_ours(folder: Path, *, devices: int) -> Figures:
    folder.mkdir()
    folder.chmod(0o755)
    with site(folder, devices=devices) as plant, Gateway(folder, plant.devices, plant.broker) as gateway:
        time.sleep(WARM_UP_SECONDS)
        begin_us = time.time_ns() // 1000
        with Meter(gateway.pid) as meter:
            time.sleep(SECONDS)
        end_us = time.time_ns() // 1000
        drain(gateway, seconds=60)
        return _figures(plant.devices, meter, begin_us=begin_us, end_us=end_us, values=None)


def _figures(devices: Devices, meter: Meter, *, begin_us: int, end_us: int, values: float | None) -> Figures:
    polls = devices.finish()
    served = ((polls.times_us >= begin_us) & (polls.times_us < end_us)).sum()
    return Figures(
        polls_per_second=float(served) / (end_us - begin_us) * 1e6,
        missed=missed_polls(
            polls, begin_us=begin_us, end_us=end_us, devices=devices.count, period_seconds=gateway_site.PERIOD_SECONDS
        ),
        values_per_second=values,
        cpu_percent=meter.cpu_percent,
        peak_mb=meter.peak_mb,
    )


def measure(folder: Path) -> Bar:
    try:
        program = install()
        found = {
            (size, name): measure_peer(folder / f"{name}-{size}".replace(" ", "-"), program, devices=size, one_range=one_range)
            for size in SIZES
            for name, one_range in (("one by one", False), ("one range", True))
        }
    except NotCompared as reason:
        return Bar("gateway_peer", holds=True, line=f"not compared: {reason}", details={})
    ours = {size: measure_ours(folder / f"ours-{size}", devices=size) for size in SIZES}
    parts = [
        f"{size} devices: {ours[size]} (ThingsBoard Gateway {VERSION}, one by one: {found[size, 'one by one']};"
        f" one range: {found[size, 'one range']}; CPU per poll x {ours[size] / found[size, 'one range']:.2f} of the latter)"
        for size in SIZES
    ]
    holds = all(ours[size].missed == 0 and ours[size] / figures <= 1 for (size, _), figures in found.items())
    details = {
        "seconds": SECONDS,
        "ours": {str(size): figures._asdict() for size, figures in ours.items()},
        "thingsboard_gateway": {f"{size}, {name}": figures._asdict() for (size, name), figures in found.items()},
    }
    return Bar("gateway_peer", holds, "; ".join(parts), details)


BARS: dict[str, Measure] = {"gateway_peer": measure}
