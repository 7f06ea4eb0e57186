"""The small curve beside a number: where it comes from, at a glance."""

from collections.abc import Iterable

import numpy as np

from dashboards.pictures.axes import Scale, ends, floats
from dashboards.pictures.line import curve
from dashboards.pictures.picture import Drawing, Picture

_WIDTH, _HEIGHT, _EDGE = 120.0, 28.0, 3.0


def sparkline(values: Iterable[float | None], *, normal: tuple[float, float] | None = None) -> Picture:
    """Draw the course with its normal band and a dot at the newest value; readers of screens get the number beside it."""
    heights = floats(values)
    drawing = Drawing(width=_WIDTH, height=_HEIGHT, css="sparkline" if heights.size else "sparkline is-empty")
    rows: list[tuple[object, ...]] = [(float(value),) for value in heights]
    known = np.flatnonzero(~np.isnan(heights))
    if known.size:
        low, high = ends(np.concatenate([heights, np.array(normal or (), dtype=float)]))
        x = Scale(low=0, high=max(heights.size - 1, 1), start=_EDGE, end=_WIDTH - _EDGE)
        y = Scale(low=low, high=high, start=_HEIGHT - _EDGE, end=_EDGE)
        if normal:
            top = y.at(normal[1])
            drawing.add("rect", "normal-band", x=0, y=top, width=_WIDTH, height=y.at(normal[0]) - top)
        drawing.add("path", "curve series-1", d=curve(x.all_at(np.arange(heights.size, dtype=float)), y.all_at(heights)))
        newest = int(known[-1])
        drawing.add("circle", "newest", cx=x.at(newest), cy=y.at(heights[newest]), r=2)
    return Picture(svg=drawing.svg(), header=[""], rows=rows)
