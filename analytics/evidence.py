"""Pieces of evidence that a finding carries, so that a person can see why; `dashboards.pages.maintenance.evidence` draws them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from device_profiles.kind import Label

MOST_POINTS = 300
"""A curve in a finding is for looking at; more points cost space and show nothing more."""


def series(
    label: Label,
    unit: str,
    times_us: npt.NDArray[np.int64],
    columns: Mapping[str, npt.NDArray[np.float64]],
    *,
    band: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Curves over time with the band in which they should lie; thinned to means of at most `MOST_POINTS` stretches."""
    size = max(1, -(-len(times_us) // MOST_POINTS))
    cut = len(times_us) // size * size
    thinned = {name: _means(column[:cut].reshape(-1, size)) for name, column in columns.items()}
    return {
        "form": "series",
        "label": _both(label),
        "unit": unit,
        "times": (times_us[:cut:size] // 1000).tolist(),
        "columns": {name: _plain(column) for name, column in thinned.items()},
        **({} if band is None else {"band": [float(band[0]), float(band[1])]}),
    }


def spectrum(
    label: Label,
    unit: str,
    frequencies_hz: npt.NDArray[np.float64],
    amplitudes: npt.NDArray[np.float64],
    *,
    marks: Iterable[tuple[float, str]] = (),
) -> dict[str, Any]:
    """Lines of a spectrum with marks; of neighbours the highest is kept."""
    size = max(1, -(-len(amplitudes) // (4 * MOST_POINTS)))
    cut = len(amplitudes) // size * size
    blocks = amplitudes[:cut].reshape(-1, size)
    highest = blocks.argmax(axis=1) + np.arange(len(blocks)) * size
    return {
        "form": "spectrum",
        "label": _both(label),
        "unit": unit,
        "frequencies_hz": _plain(frequencies_hz[highest]),
        "amplitudes": _plain(amplitudes[highest]),
        "marks": [[float(hertz), text] for hertz, text in marks],
    }


def table(label: Label, header: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, Any]:
    """Give a table; numbers are rounded to four significant digits."""
    return {
        "form": "table",
        "label": _both(label),
        "header": list(header),
        "rows": [[_rounded(cell) for cell in row] for row in rows],
    }


def inputs(rows: Iterable[tuple[str, float, str]]) -> dict[str, Any]:
    """Give the numbers that went into a formula: name, value, unit."""
    header = ("量 / quantity", "值 / value", "单位 / unit")
    return table(Label(zh="公式的输入", en="Inputs of the formula"), header, rows)


def _both(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _means(blocks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    good = ~np.isnan(blocks)
    count = good.sum(axis=1)
    total = np.where(good, blocks, 0.0).sum(axis=1)
    means: npt.NDArray[np.float64] = np.divide(total, count, out=np.full(len(blocks), np.nan), where=count > 0)
    return means


def _plain(column: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if not np.isfinite(value) else float(f"{value:.6g}") for value in column.tolist()]


def _rounded(cell: object) -> object:
    if isinstance(cell, float | np.floating):
        return float(f"{cell:.4g}") if np.isfinite(cell) else None
    return cell
