"""Cells of a plane in nine tones, and the round bins that make them of points."""

import math
from typing import NamedTuple

import numpy as np

from dashboards.pictures.axes import Floats, Scale, round_step
from dashboards.pictures.legend import LEVELS, level_of
from dashboards.pictures.picture import Drawing, coordinate

MOST_COLUMNS, MOST_ROWS = 48, 30


class Bins(NamedTuple):
    """Equal bins with round borders: bin k reaches from ``edges[k]`` to ``edges[k + 1]``."""

    edges: Floats
    numbers: np.ndarray
    """Of each value the bin that it lies in."""

    @property
    def centres(self) -> Floats:
        return (self.edges[:-1] + self.edges[1:]) / 2


class Cells(NamedTuple):
    """Points gathered into cells: how many, and the mean of what was measured there."""

    x: Bins
    y: Bins
    points: Floats
    mean: Floats


def bins_of(values: Floats, *, most: int, width: float | None = None, centred: bool = False) -> Bins:
    """Divide the range of values; ``centred`` puts the middle of a bin, not its border, on the round numbers."""
    low, high = float(values.min()), float(values.max())
    step = width or round_step(high - low, most - 1)
    shift = step / 2 if centred else 0.0
    first = math.floor((low + shift) / step + 1e-9)
    numbers = np.floor((values + shift) / step + 1e-9).astype(np.int64) - first
    edges: Floats = (first + np.arange(int(numbers.max()) + 2, dtype=np.float64)) * step - shift
    return Bins(edges, numbers)


def cells_of(x: Floats, y: Floats, z: Floats) -> Cells:
    """Gather points (none of them NaN) into at most 48 by 30 cells."""
    columns, rows = bins_of(x, most=MOST_COLUMNS), bins_of(y, most=MOST_ROWS)
    shape = len(rows.edges) - 1, len(columns.edges) - 1
    flat = rows.numbers * shape[1] + columns.numbers
    count = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    total = np.bincount(flat, weights=z, minlength=shape[0] * shape[1]).reshape(shape)
    return Cells(columns, rows, count, np.divide(total, count, out=np.full(shape, np.nan), where=count > 0))


def draw_cells(drawing: Drawing, values: Floats, scale: Scale, *, x_edges: Floats, y_edges: Floats) -> None:
    """Draw a plane of values with borders in drawing units; one path holds all cells of a tone."""
    paths: dict[int, list[str]] = {}
    for row, column in np.argwhere(~np.isnan(values)):
        left, right = sorted((x_edges[column], x_edges[column + 1]))
        top, bottom = sorted((y_edges[row], y_edges[row + 1]))
        width, height = coordinate(right - left), coordinate(bottom - top)
        place = f"M{coordinate(left)} {coordinate(top)}h{width}v{height}h-{width}z"
        paths.setdefault(level_of(values[row, column], scale), []).append(place)
    for level in range(LEVELS):
        if level in paths:
            drawing.add("path", f"level-{level}", d="".join(paths[level]))
