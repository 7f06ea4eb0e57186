"""From a value to the journal: ten thousand machines of all kinds, a row of each a second, judged by the real worker.

Every second one boiler in fifty goes beyond a limit without delay, and comes back the next: each must be in the journal once,
in time.
The evaluator alone is measured beside it, on the same number of machines.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from analytics.alarms.rule_forms import Limit
from analytics.alarms.rules import Priority, Rule
from benchmarks import alarm_evaluation, ingest_rig
from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.web_site import LiveLoad, register
from device_profiles.kind import Label
from shangyun.local_servers import Broker
from store.alarm_rules import KindRule, save_rule
from store.database import Database
from store.equipment import Equipment

MACHINES = 1_000 if SHORT else 10_000
SECONDS = 15 if SHORT else 60
WARM_UP_SECONDS = 5
ONE_IN = 50
BAR_SECONDS = 2.0
RULE, SIGNAL, NORMAL, BEYOND = "bench.pressure", "steam_pressure", 1.0, 2.0
_LABEL = Label(zh="压力", en="Pressure")


def alarms(folder: Path) -> Bar:
    alone = alarm_evaluation.measure(short=SHORT)
    with (
        ingest_rig.postgresql() as server,
        ingest_rig.fresh_database(server) as address,
        ingest_rig.mosquitto() as broker,
        Database(address) as database,
    ):
        machines = register(database, MACHINES)
        _add_rule(database)
        sent = set[tuple[int, int]]()

        def disturb(second: int, machine: Equipment) -> dict[str, float]:
            if machine.kind != "boiler":
                return {}
            is_beyond = WARM_UP_SECONDS <= second < WARM_UP_SECONDS + SECONDS and (machine.id // 10 + second) % ONE_IN == 0
            if is_beyond:
                sent.add((second, machine.id))
            return {SIGNAL: BEYOND if is_beyond else NORMAL}

        whole_seconds = WARM_UP_SECONDS + SECONDS + 5
        load = LiveLoad(broker, machines, seconds=whole_seconds, disturb=disturb)
        with _worker(folder, address, broker) as pid, load:
            before = ingest_rig.cpu_seconds([pid])
            time.sleep(whole_seconds)
            cores = (ingest_rig.cpu_seconds([pid]) - before) / whole_seconds
        with database.connection() as connection:
            rows = connection.execute(
                b"SELECT act, extract(epoch FROM recorded_at - time)::float8 FROM alarm.transition WHERE rule = %s", [RULE]
            ).fetchall()
    delays = sorted(delay for act, delay in rows if act == "activate")
    returned = sum(act == "return_to_normal" for act, _ in rows)
    p99 = delays[int(len(delays) * 0.99)] if delays else float("inf")
    is_true = len(delays) == returned == len(sent)
    line = (
        f"{MACHINES:,} machines, {alone['conditions']:,} conditions: {len(sent):,} alarms, {len(delays):,} raised and"
        f" {returned:,} returned, value to journal p50 {statistics.median(delays or [0]):.2f} s, p99 {p99:.2f} s,"
        f" worker {100 * cores:.0f} % of a core (bar {BAR_SECONDS:.0f} s; evaluator alone {alone['median_milliseconds']:.0f} ms"
        f" for a second of rows; rows sent up to {load.late_seconds:.1f} s late)"
    )
    details = {"evaluator": alone, "delays_seconds": delays, "cores": cores, "late_seconds": load.late_seconds}
    return Bar("web_alarms", is_true and (SHORT or p99 < BAR_SECONDS), line, details)


def _add_rule(database: Database) -> None:
    rule = Rule(
        name=RULE,
        kind="boiler",
        when=Limit(form="limit", signal=SIGNAL, side="high", value=1.5, deadband=0.1),
        on_delay_seconds=0,
        off_delay_seconds=0,
        title=_LABEL,
        consequence=_LABEL,
        action=_LABEL,
        priority=Priority.LOW,
    )
    written = KindRule(rule.name, rule.kind, rule.model_dump(mode="json"))
    save_rule(database, written, expected_version=0, changed_by="bench", now=datetime.now(UTC))


@contextmanager
def _worker(folder: Path, address: str, broker: Broker) -> Iterator[int]:
    settings, log = folder / "alarms.toml", folder / "alarms.log"
    settings.write_text(f'database = "{address}"\nhealth_port = 0\n[broker]\nhost = "{broker.host}"\nport = {broker.port}\n')
    with log.open("w") as output:
        command = [sys.executable, "-m", "shangyun", "alarms", "run", str(settings)]
        process = subprocess.Popen(command, cwd=ingest_rig.ROOT, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while "connected to the broker" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the alarm worker did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


BARS: dict[str, Measure] = {"web_alarms": alarms}
