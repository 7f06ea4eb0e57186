"""The history of a fleet of mixed machines, from nothing to Parquet on disk, by the command that people use."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bars import SHORT, Bar, Measure
from simulators.fleet import machine_kinds

MACHINES = 20 if SHORT else 1000
DAYS = 1 if SHORT else 30
LIVE_ROWS_PER_SECOND = MACHINES / 60
"""What as many real machines would send, at a row a minute."""
BAR = 500.0


def fleet_history(folder: Path) -> Bar:
    """Write the history, and compare its rate with that at which the fleet would have sent it."""
    out = folder / "fleet"
    command = [sys.executable, "-m", "shangyun", "sim", "--fleet", str(MACHINES), "--days", str(DAYS), "--out", str(out)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    seconds = time.monotonic() - began
    found = re.search(r"([\d,]+) rows of .*, ([\d,]+) values", done.stdout)
    assert found, done.stdout
    rows, values = (int(text.replace(",", "")) for text in found.groups())
    assert rows == MACHINES * DAYS * 1440
    size = sum(path.stat().st_size for path in out.rglob("*.parquet"))
    ratio = rows / seconds / LIVE_ROWS_PER_SECOND
    line = (
        f"{rows:,} rows of {MACHINES} machines of {len(machine_kinds())} kinds in {seconds:.0f} s on {os.cpu_count()} cores: "
        f"{rows / seconds:,.0f} rows/s, {values / seconds / 1e6:.2f} M values/s, {size / values:.2f} bytes a value "
        f"(x {ratio:,.0f} of real time; bar x {BAR:.0f})"
    )
    return Bar("fleet_history", ratio >= BAR, line, {"rows": rows, "values": values, "seconds": seconds, "bytes": size})


BARS: dict[str, Measure] = {"fleet_history": fleet_history}
