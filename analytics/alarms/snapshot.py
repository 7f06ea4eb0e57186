"""What the evaluator remembers as bytes: numpy's arrays in one archive, columns named by signals and rules."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import zstandard

from analytics.alarms.machines import KEPT_FIELDS, Kept
from analytics.alarms.rate_window import STEPS

VERSION = 1


def packed(kinds: Mapping[str, Kept]) -> bytes:
    """Give what is kept of each kind as bytes."""
    names = {
        kind: {"signals": kept.signals, "rules": kept.rules, "evaluated": kept.evaluated, "windows": list(kept.windows)}
        for kind, kept in kinds.items()
    }
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for kind, kept in kinds.items():
        arrays |= {f"{kind}.{field}": array for field, array in kept.arrays.items()}
        for number, (time_us, value) in enumerate(kept.windows.values()):
            arrays |= {f"{kind}.window_{number}_us": time_us, f"{kind}.window_{number}": value}
    head = np.frombuffer(json.dumps({"version": VERSION, "kinds": names}).encode(), dtype=np.uint8)
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, head=head, **arrays)
    return zstandard.ZstdCompressor(level=1).compress(archive.getvalue())


def unpacked(snapshot: bytes) -> dict[str, Kept]:
    """Read what `packed` gave.

    Raises
    ------
    ValueError
        If it is something else, damaged, or of another version.
    """
    try:
        with np.load(io.BytesIO(zstandard.ZstdDecompressor().decompress(snapshot)), allow_pickle=False) as archive:
            head = json.loads(archive["head"].tobytes())
            kinds = {kind: _kept(kind, names, archive) for kind, names in head["kinds"].items()}
    except (zstandard.ZstdError, zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a snapshot of alarm conditions: {error}") from error
    if head["version"] != VERSION:
        raise ValueError(f"a snapshot of version {head['version']}, not {VERSION}")
    return kinds


def _kept(kind: str, names: Mapping[str, list[str]], archive: Mapping[str, np.ndarray[Any, Any]]) -> Kept:
    kept = Kept(
        signals=names["signals"],
        rules=names["rules"],
        evaluated=names["evaluated"],
        arrays={field: archive[f"{kind}.{field}"] for field in KEPT_FIELDS},
        windows={
            rule: (archive[f"{kind}.window_{number}_us"], archive[f"{kind}.window_{number}"])
            for number, rule in enumerate(names["windows"])
        },
    )
    machines = len(kept.arrays["ids"])
    widths = {"value": len(kept.signals), "quality": len(kept.signals)} | dict.fromkeys(
        ("active", "suppressed", "due_us"), len(kept.rules)
    )
    shapes = {field: (machines, *([widths[field]] if field in widths else [])) for field in KEPT_FIELDS}
    fits = all(kept.arrays[field].shape == shape for field, shape in shapes.items())
    if not fits or any(array.shape != (machines, STEPS + 2) for window in kept.windows.values() for array in window):
        raise ValueError(f"arrays of {kind} do not fit together")
    return kept
