"""The guarantee, end to end: real processes, kill -9, and a join of what was served with what is stored.

``SHANGYUN_CHAOS_SECONDS`` makes it longer than the usual run, with kills at random moments (``make chaos``).
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.gateway_plant import FLUSH_SECONDS, PlantRig, wait_until
from benchmarks.gateway_truth_join import Verdict, join
from shangyun.local_servers import Broker
from simulators.truth import read_truth

SECONDS = float(os.environ.get("SHANGYUN_CHAOS_SECONDS", "45"))
AWAY_SECONDS = 1.5
COMMIT_WINDOW_SECONDS = FLUSH_SECONDS + 0.25
"""What a killed gateway may lose: the samples since its last flush, and a flush whose fsync had not returned."""


def kills() -> list[tuple[float, str]]:
    """When what is killed: in the usual run, ingest twice, the gateway once and the broker once."""
    if SECONDS <= 120:
        return [(6, "ingest"), (14, "gateway"), (22, "broker"), (31, "ingest")]
    dice = random.Random(20261120)
    moments, at = [], 5.0
    while at < SECONDS - 10:
        moments.append((at, dice.choice(["ingest", "gateway", "broker"])))
        at += dice.uniform(3, 9)
    return moments


@pytest.fixture
def rig(tmp_path: Path, database: str, make_broker: Callable[..., Broker]) -> Iterator[PlantRig]:
    plant = PlantRig(tmp_path, database=database, broker=make_broker())
    plant.migrate()
    yield plant
    plant.end()


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("database", ["timescaledb"], indirect=True)
def test_nothing_is_lost_doubled_or_changed_while_parts_are_killed(rig: PlantRig, record_result: Callable[[str], None]) -> None:
    rig.start("simulators")
    wait_until(lambda: "cnc-1" in (rig.folder / "simulators.log").read_text(), seconds=30, what="simulators listening")
    rig.start("ingest")
    rig.start("gateway")
    wait_until(lambda: len(rig.stored()) == 3, seconds=30, what="first rows of all three machines")

    began, gateway_kills_us = time.monotonic(), []
    for at, victim in kills():
        time.sleep(max(0, began + at - time.monotonic()))
        rig.kill(victim)
        if victim == "gateway":
            gateway_kills_us.append(time.time_ns() // 1000)
        time.sleep(AWAY_SECONDS)
        rig.revive(victim)
    time.sleep(max(0, began + SECONDS - time.monotonic()))
    assert all(rig.alive().values()), rig.alive()

    stopped_us = time.time_ns() // 1000
    assert rig.stop("gateway") == 0
    for _ in range(5):
        if rig.spooled() == 0:
            break
        rig.start("gateway")  # what the stopping gateway could not send is on its disk, and goes when it is back
        time.sleep(5)
        stopped_us = time.time_ns() // 1000
        assert rig.stop("gateway") == 0
    assert rig.spooled() == 0
    assert rig.stop("ingest") == 0
    assert rig.stop("simulators") == 0

    verdict = audit(rig, gateway_kills_us, stopped_us)
    record_result(f"end to end: {verdict}; {len(kills())} kills in {SECONDS:.0f} s")
    assert verdict.values > SECONDS * 3 * 40  # three machines were really read most of the time
    assert verdict.missing == []
    assert verdict.double == []
    assert verdict.wrong == []
    assert rig.dead_letters() == []


def audit(rig: PlantRig, gateway_kills_us: list[int], stopped_us: int) -> Verdict:
    return join(
        list(read_truth(rig.truth_log)),
        rig.stored(),
        gateway_kills_us=gateway_kills_us,
        window_us=int(COMMIT_WINDOW_SECONDS * 1_000_000),
        stopped_us=stopped_us,
    )
