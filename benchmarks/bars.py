"""What a benchmark says of one bar, the knobs that all of them share, and how a set of bars is run.

A bar prints ``<name> <holds|falls short> <figure> (<reference and ratio>)``; its details go into a JSON file beside it.
``SHORT=1`` takes the small form, without a verdict on speed; ``ONLY=<name>`` runs one bar.
"""

import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

SHORT = bool(os.environ.get("SHORT"))
"""The form that a pull request can wait for: the same code at a small size."""


class Bar(NamedTuple):
    """One measured bar: ``line`` is its figure with reference and ratio, ``details`` go into the JSON beside it."""

    name: str
    holds: bool
    line: str
    details: dict[str, Any]


Measure = Callable[[Path], Bar]
"""Measures in a folder of its own, which goes away afterwards."""


def run(bars: Mapping[str, Measure], *, of_any_size: Collection[str], results: Path) -> int:
    """Run the bars one after the other and give the exit status.

    The bars ``of_any_size`` judge truth, not speed: they hold at a small size too, or something is wrong.
    """
    only = os.environ.get("ONLY")
    if only and only not in bars:
        print(f"no bar {only!r}; known: {', '.join(bars)}", file=sys.stderr)
        return 2
    found = []
    for name, measure in bars.items():
        if only and name != only:
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)  # the servers of the tests run under users of their own
            bar = measure(Path(folder))
        print(f"{bar.name} {'holds' if bar.holds else 'falls short'} {bar.line}", flush=True)
        found.append(
            {
                "name": bar.name,
                "holds": bar.holds,
                "line": bar.line,
                "details": bar.details,
                "short": SHORT,
                "cores": os.cpu_count(),
                "took_seconds": round(time.monotonic() - started, 1),
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(found, indent=1, default=_plain) + "\n")
    return 0 if all(bar["holds"] or (SHORT and bar["name"] not in of_any_size) for bar in found) else 1


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)
