"""A million hostile inputs through every decoder that reads what others sent: only ``BadPayload`` may come out.

INPUTS=n chooses how many, SEED=n other ones.

atheris (libFuzzer for Python) drives a child process: what reaches new branches of our decoders is kept and mutated on. The
child's memory is bounded: libFuzzer ends it beyond `MOST_MEGABYTES`, or when one input takes over `LONGEST_SECONDS`. What breaks
it is printed in hexadecimal digits.
"""

import mmap
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from benchmarks.bars import SHORT, Bar

ROOT = Path(__file__).parents[1]
INPUTS = int(os.environ.get("INPUTS", "50_000" if SHORT else "1_000_000"))
MOST_MEGABYTES, LONGEST_SECONDS = 1024, 5  # compiling the libraries, the first time, takes half of the memory
_TELL_SECONDS = 60
_PROGRESS = re.compile(r"#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)/\S+ .*?exec/s: (\d+) rss: (\d+)Mb")

_SPARKPLUG = ("NBIRTH/n NDATA/n", "DBIRTH/n/d DDATA/n/d", "NBIRTH/m DBIRTH/m/d DDATA/m/d DDEATH/m/d NDEATH/m")


def fuzz(last_input: Path, arguments: list[str]) -> None:
    """Run in the child: libFuzzer's own arguments, and its end is the end of the process."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["telemetry", "ingest.foreign", "store.arrivals"]):
        from ingest.foreign.reader import Reader
        from ingest.foreign.settings import SparkplugSettings
        from store.arrivals import Item
        from telemetry.errors import BadPayload
        from telemetry.receipt import decode_receipt
        from telemetry.topics import Message
        from telemetry.wire import decode_bundle, encode_bundle, identity_of

        read = Reader(SparkplugSettings(), now_us=lambda: 1_795_132_800_000_000)
    from benchmarks.hostile_inputs import LARGEST_BYTES, mutated

    json = "sy/1/plant/up/json/boiler/boiler-1"
    # A birth and what it explains: two payloads in one, as they share their form.
    sparkplug = [[f"spBv1.0/plant/{kind}" for kind in kinds.split()] for kinds in _SPARKPLUG]

    size_bytes = LARGEST_BYTES + 4
    last_input.write_bytes(bytes(size_bytes))
    with last_input.open("r+b") as file:
        last = mmap.mmap(file.fileno(), size_bytes)

    def one_input(data: bytes) -> None:
        last[: 4 + len(data)] = len(data).to_bytes(4, "big") + data  # of a hang or a kill nothing else remains
        with suppress(BadPayload):
            decode_receipt(data)
        identity = identity_of(data)
        found = read(Message("sy/1/plant/up/data", data))
        if isinstance(found, Item) and found.key[1:] != identity:
            raise AssertionError("the name of a bundle depends on who reads it")
        foreign = [json] if data.lstrip()[:1] in (b"{", b"[", b'"') else sparkplug[len(data) % len(sparkplug)]
        for topic in foreign:
            found = read(Message(topic, data))
            # What others sent becomes a bundle like any other.
            if isinstance(found, Item) and decode_bundle(encode_bundle(found.bundle)) != found.bundle:
                raise AssertionError(f"{topic}: the bundle does not survive its own encoding")

    def next_input(data: bytes, largest_bytes: int, seed: int) -> bytes:
        return mutated(data, largest_bytes, seed, atheris.Mutate)  # which exists only while it runs

    atheris.Setup([sys.argv[0], *arguments], one_input, custom_mutator=next_input)
    atheris.Fuzz()


def measure(folder: Path) -> Bar:
    if find_spec("atheris") is None:
        return Bar("ingest_fuzz", False, "not measured: atheris is not installed (bar: none in 1,000,000)", {})
    from benchmarks.hostile_inputs import LARGEST_BYTES, seeds

    work = Path(tempfile.mkdtemp(dir=folder))
    corpus, last = work / "corpus", work / "last"
    corpus.mkdir()
    for number, seed_input in enumerate(seeds(200)):
        (corpus / f"{number:04}").write_bytes(seed_input)
    seed = int(os.environ.get("SEED", "1"))
    options = {
        "runs": INPUTS,
        "seed": seed,
        "max_len": LARGEST_BYTES,
        "rss_limit_mb": MOST_MEGABYTES,
        "timeout": LONGEST_SECONDS,
        "artifact_prefix": f"{work}/broken-",
    }
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.ingest_fuzz", str(last)),
            *(f"-{name}={value}" for name, value in options.items()),
            str(corpus),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # libFuzzer tells its progress on the one, atheris an exception on the other
        text=True,
        errors="replace",
    ) as child:
        assert child.stdout is not None
        log: list[str] = []
        done = branches = features = kept = per_second = megabytes = 0
        told_at = time.monotonic()
        for line in child.stdout:
            log = [*log[-60:], line]
            if found := _PROGRESS.search(line):
                done, branches, features, kept, per_second, megabytes = map(int, found.groups())
                if sys.stderr.isatty() or time.monotonic() > told_at + _TELL_SECONDS:
                    told_at = time.monotonic()
                    _show(done, branches, per_second)
    broken = ""
    if child.returncode and last.exists():
        held = last.read_bytes()
        broken = held[4 : 4 + int.from_bytes(held[:4], "big")].hex()
    if child.returncode:
        print(f"{''.join(log)}\nended with status {child.returncode} by the input {broken}", file=sys.stderr)
    holds = child.returncode == 0 and done >= INPUTS
    line = (
        f"{done:,} inputs, {int(child.returncode != 0)} broke it ({per_second:,} inputs/s, "
        f"{branches:,} branches and {features:,} features reached, {megabytes} MB of {MOST_MEGABYTES}; "
        "bar: none in 1,000,000)"
    )
    details = {
        "inputs": done,
        "status": child.returncode,
        "broken": broken,
        "inputs_per_second": per_second,
        "branches": branches,
        "features": features,
        "kept": kept,
        "megabytes": megabytes,
        "seed": seed,
    }
    return Bar("ingest_fuzz", holds, line, details)


def _show(done: int, branches: int, per_second: int) -> None:
    left_seconds = (INPUTS - done) / max(per_second, 1)
    text = f"{done:,} of {INPUTS:,} inputs, {branches:,} branches, {per_second:,}/s, {left_seconds:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r{text}   ", end="\n" if done >= INPUTS else "", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


BARS: dict[str, Callable[[Path], Bar]] = {"ingest_fuzz": measure}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of the libraries, about what hostile bytes hold
    fuzz(Path(sys.argv[1]), sys.argv[2:])
