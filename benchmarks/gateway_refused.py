"""A broker whose ACL refuses the publish: the spool keeps everything, the metrics say so, and mending the ACL brings it all."""

import os
import signal
import time
from pathlib import Path

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.gateway_rig import GATEWAY, Gateway, drain, site, until
from benchmarks.gateway_served import judge, read_stored
from telemetry.topics import data_topic, receipt_topic, state_topic

DEVICES = 20
REFUSED_SECONDS = 10.0 if SHORT else 60.0
_USER = "plant"
_REFUSING = f"topic readwrite #\nuser {_USER}\ntopic read {receipt_topic(GATEWAY)}\ntopic write {state_topic(GATEWAY)}\n"
_MENDED = f"{_REFUSING}topic write {data_topic(GATEWAY)}\n"
_ONE_AT_A_TIME = "[publish]\nwindow = 1\n"
"""Mosquitto 2.0 closes the connection right after its refusal. With more bundles on their way TCP may lose the refusal with the
connection, and what the gateway could not read it cannot count."""
_REPLY_ON_ITS_WAY_US = 100_000
_DRAIN_SECONDS = 180.0


def measure(folder: Path) -> Bar:
    with (
        site(folder, devices=DEVICES, acl=_REFUSING, broker_config="log_type all") as plant,
        Gateway(folder, plant.devices, plant.broker, more=_ONE_AT_A_TIME, user=_USER) as gateway,
    ):
        time.sleep(REFUSED_SECONDS)
        counted, denied = _settled(gateway, plant.broker.log)
        metrics = gateway.metrics()
        spooled, receipted = int(metrics["gateway_spool_bundles"]), int(metrics.get("gateway_receipted_total", 0))
        early = len(read_stored(plant.database, devices=DEVICES).times_us)

        (folder / "broker" / "acl").write_text(_MENDED)
        assert plant.broker.pid is not None
        os.kill(plant.broker.pid, signal.SIGHUP)
        until(
            lambda: gateway.metrics().get("gateway_spool_bundles", spooled) <= 1,
            seconds=_DRAIN_SECONDS,
            what="spool that drains",
            of=gateway,
        )
        stopped_us = time.time_ns() // 1000
        drain(gateway, seconds=60)
        polls = plant.devices.finish()
        stored = read_stored(plant.database, devices=DEVICES)
    verdict = judge(polls, stored, devices=DEVICES, excused_from_us=stopped_us - _REPLY_ON_ITS_WAY_US)
    is_kept = receipted == early == 0 and spooled >= REFUSED_SECONDS / 2
    holds = verdict.agrees and is_kept and counted == denied > 0
    line = (
        f"{denied} publishes denied by the broker and {counted} counted by the gateway, {spooled} bundles kept and"
        f" {receipted} gone meanwhile; after mending the ACL {verdict} (bar: equal, 0 gone, 0 lost)"
    )
    details = {
        "seconds": REFUSED_SECONDS,
        "denied": denied,
        "counted": counted,
        "spooled": spooled,
        "receipted": receipted,
        "verdict": verdict,
    }
    return Bar("gateway_refused", holds, line, details)


def _settled(gateway: Gateway, log: Path) -> tuple[int, int]:
    """Give what the gateway and what the broker's log counted, at a moment when no refusal is on its way between them."""
    for _ in range(100):
        before = _denied(log)
        counted = int(gateway.metrics().get("gateway_refused_total", 0))
        if before == _denied(log) == counted:
            break
        time.sleep(0.1)
    return counted, before


def _denied(log: Path) -> int:
    topic = data_topic(GATEWAY)
    return sum(1 for line in log.read_text(errors="replace").splitlines() if "Denied PUBLISH" in line and topic in line)


BARS: dict[str, Measure] = {"gateway_refused": measure}
