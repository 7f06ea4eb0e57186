"""What a person looks at: pieces of evidence that a finding carries, and pictures of a result; `dashboards` draws them."""

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


def curve(
    label: Label,
    *,
    x: tuple[Label, str],
    y: tuple[Label, str],
    lines: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
    points: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> dict[str, Any]:
    """One quantity over another, such as power over wind speed: lines by name, and the points that they were made of.

    Parameters
    ----------
    x, y : tuple of Label and str
        Name and unit of each axis.
    lines : mapping of str to a pair of ndarray, each of shape (k,)
    points : pair of ndarray, each of shape (n,), optional
        Thinned to every so manieth where they are many.
    """
    every = 1 if points is None else max(1, -(-len(points[0]) // (4 * MOST_POINTS)))
    return {
        "form": "curve",
        "label": _both(label),
        "x": {"label": _both(x[0]), "unit": x[1]},
        "y": {"label": _both(y[0]), "unit": y[1]},
        "lines": {name: [_plain(across), _plain(up)] for name, (across, up) in lines.items()},
        **({} if points is None else {"points": [_plain(points[0][::every]), _plain(points[1][::every])]}),
    }


def bars(
    label: Label,
    unit: str,
    categories: Sequence[Label | str],
    columns: Mapping[str, npt.NDArray[np.float64]],
    *,
    stacked: bool = True,
) -> dict[str, Any]:
    """Bars of one or several series over categories."""
    return {
        "form": "bars",
        "label": _both(label),
        "unit": unit,
        "categories": [one if isinstance(one, str) else _both(one) for one in categories],
        "columns": {name: _plain(column) for name, column in columns.items()},
        "stacked": stacked,
    }


def waterfall(label: Label, unit: str, total: tuple[Label, float], steps: Sequence[tuple[Label, float]]) -> dict[str, Any]:
    """What is left of a total after each step down (negative) or up: losses from possible to delivered energy."""
    return {
        "form": "waterfall",
        "label": _both(label),
        "unit": unit,
        "total": [_both(total[0]), _rounded(total[1])],
        "steps": [[_both(name), _rounded(value)] for name, value in steps],
    }


def heat_map(
    label: Label, unit: str, rows: Sequence[str], columns: Sequence[str], values: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """A value for each row and column, shape (rows, columns): strings by hours."""
    return {
        "form": "heat_map",
        "label": _both(label),
        "unit": unit,
        "rows": list(rows),
        "columns": list(columns),
        "values": [_plain(row) for row in values],
    }


def timeline(label: Label, lanes: Mapping[str, Sequence[tuple[int, int, str]]], states: Mapping[str, Label]) -> dict[str, Any]:
    """Spans in lanes, each in one of a few states: a machine's states over a day, jobs on machines.

    Parameters
    ----------
    lanes : mapping of str to sequence of (start_us, end_us, state)
        The longest of each lane are kept where they are many.
    states : mapping of str to Label
        In the order of the legend.
    """
    return {
        "form": "timeline",
        "label": _both(label),
        "lanes": {
            name: [[start // 1000, end // 1000, state] for start, end, state in _longest(of)] for name, of in lanes.items()
        },
        "states": {name: _both(of) for name, of in states.items()},
    }


def fan(
    label: Label,
    unit: str,
    times_us: npt.NDArray[np.int64],
    median: npt.NDArray[np.float64],
    bands: Mapping[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
    *,
    actual: npt.NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    """A forecast with its intervals (per cent to lower and upper bound), widest first, and what came of it where it is known."""
    return {
        "form": "fan",
        "label": _both(label),
        "unit": unit,
        "times": (times_us // 1000).tolist(),
        "median": _plain(median),
        "bands": {str(percent): [_plain(low), _plain(high)] for percent, (low, high) in sorted(bands.items(), reverse=True)},
        **({} if actual is None else {"actual": _plain(actual)}),
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


def _longest(spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept = sorted(spans, key=lambda span: span[0] - span[1])[: 2 * MOST_POINTS]
    return sorted(kept)


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
