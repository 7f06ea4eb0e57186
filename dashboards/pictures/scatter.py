"""Points of one quantity over another, such as a power curve, with the median of each bin."""

from collections.abc import Iterable

import numpy as np

from dashboards.pictures.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Floats,
    Scale,
    draw_x_axis,
    draw_y_axis,
    ends,
    floats,
)
from dashboards.pictures.cells import bins_of, cells_of, draw_cells
from dashboards.pictures.figures import fixed, titled
from dashboards.pictures.legend import draw_levels
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

MOST_POINTS = 2000
_MOST_BINS = 25
_WIND_BIN = 0.5
"""[m/s], centred on its multiples: IEC 61400-12-1."""


def scatter(
    x: Iterable[float | None],
    y: Iterable[float | None],
    *,
    x_label: str,
    x_unit: str,
    y_label: str,
    y_unit: str,
    bins: bool = True,
    language: Language,
) -> Picture:
    """Draw the points, or how dense they lie where they are many, and through them the median of each bin."""
    _ = translator(language)
    x_title, y_title = titled(x_label, x_unit), titled(y_label, y_unit)
    header = [x_title, _("点数"), _("{label} 中位数", label=y_title)] if bins else [x_title, y_title]
    across, up = _pairs(x, y)
    if not across.size:
        return empty_picture(header, language)
    x_scale = _scale(across, LEFT, RIGHT)
    y_scale = _scale(up, BOTTOM, TOP)
    description = _("{count} 个点", count=fixed(across.size, 0))
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("散点图"), description=description)
    draw_x_axis(drawing, x_scale, x_title)
    draw_y_axis(drawing, y_scale, y_title)
    if across.size <= MOST_POINTS:
        points = zip(x_scale.all_at(across), y_scale.all_at(up), strict=True)
        drawing.add("path", "points", d="".join(f"M{coordinate(left)} {coordinate(top)}h0" for left, top in points))
    else:
        _draw_density(drawing, across, up, x_scale, y_scale, title=_("每格点数（对数）"))
    rows: list[tuple[object, ...]] = [(float(left), float(value)) for left, value in zip(across, up, strict=True)]
    if bins:
        medians = bin_medians(across, up, unit=x_unit)
        rows = [(centre, count, median) for centre, count, median in medians]
        line = " ".join(f"{coordinate(x_scale.at(one))},{coordinate(y_scale.at(median))}" for one, _count, median in medians)
        drawing.add("polyline", "curve median", points=line)
        drawing.add("text", "key", words=_("折线为每段的中位数"), x=RIGHT, y=TOP - 12, text_anchor="end")
    return Picture(svg=drawing.svg(), header=header, rows=rows)


def bin_medians(x: Floats, y: Floats, *, unit: str) -> list[tuple[float, int, float]]:
    """Give centre, count and median of each bin that has points; wind speeds in the bins of the standard."""
    found = bins_of(x, most=_MOST_BINS, width=_WIND_BIN, centred=True) if unit == "m/s" else bins_of(x, most=_MOST_BINS)
    order = np.argsort(found.numbers, kind="stable")
    numbers, starts = np.unique(found.numbers[order], return_index=True)
    groups = np.split(y[order], starts[1:])
    centres = found.centres
    return [
        (float(f"{centres[number]:.9g}"), len(group), float(np.median(group)))
        for number, group in zip(numbers, groups, strict=True)
    ]


def _pairs(x: Iterable[float | None], y: Iterable[float | None]) -> tuple[Floats, Floats]:
    across, up = floats(x), floats(y)
    whole = ~np.isnan(across) & ~np.isnan(up)
    return across[whole], up[whole]


def _scale(values: Floats, start: float, end: float) -> Scale:
    low, high = ends(values)
    return Scale(low=low, high=high, start=start, end=end)


def _draw_density(drawing: Drawing, x: Floats, y: Floats, x_scale: Scale, y_scale: Scale, *, title: str) -> None:
    cells = cells_of(x, y, y)
    tone = Scale(low=0.0, high=max(float(np.log10(cells.points.max())), 1.0), start=0, end=1)
    logarithm = np.log10(cells.points, out=np.full(cells.points.shape, np.nan), where=cells.points > 0)
    edges = {"x_edges": _inside(x_scale, cells.x.edges), "y_edges": _inside(y_scale, cells.y.edges)}
    draw_cells(drawing, logarithm, tone, **edges)
    draw_levels(drawing, Scale(low=1, high=float(cells.points.max()), start=0, end=1), title=title, unit="1")


def _inside(scale: Scale, edges: Floats) -> Floats:
    """Keep the outermost cells from reaching beyond the plot."""
    return np.clip(scale.all_at(edges), min(scale.start, scale.end), max(scale.start, scale.end))
