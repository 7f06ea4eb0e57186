"""A map of two quantities coloured by the mean of a third: specific power of a compressor over flow and pressure."""

from collections.abc import Iterable

import numpy as np

from dashboards.pictures.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, draw_x_axis, draw_y_axis, ends, floats
from dashboards.pictures.cells import cells_of, draw_cells
from dashboards.pictures.figures import significant, titled, with_unit
from dashboards.pictures.legend import draw_levels
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language, translator


def efficiency_map(
    x: Iterable[float | None],
    y: Iterable[float | None],
    z: Iterable[float | None],
    *,
    x_label: str,
    x_unit: str,
    y_label: str,
    y_unit: str,
    z_label: str,
    z_unit: str,
    language: Language,
) -> Picture:
    """Draw the mean of ``z`` in each cell that has points."""
    _ = translator(language)
    x_title, y_title, z_title = titled(x_label, x_unit), titled(y_label, y_unit), titled(z_label, z_unit)
    header = [x_title, y_title, _("点数"), _("{label} 平均值", label=z_title)]
    across, up, measured = floats(x), floats(y), floats(z)
    whole = ~np.isnan(across) & ~np.isnan(up) & ~np.isnan(measured)
    if not whole.any():
        return empty_picture(header, language)
    cells = cells_of(across[whole], up[whole], measured[whole])
    x_scale = Scale(low=cells.x.edges[0], high=cells.x.edges[-1], start=LEFT, end=RIGHT)
    y_scale = Scale(low=cells.y.edges[0], high=cells.y.edges[-1], start=BOTTOM, end=TOP)
    low, high = ends(cells.mean)
    best = [with_unit(significant(float(value)), z_unit) for value in (np.nanmin(cells.mean), np.nanmax(cells.mean))]
    description = _("{label}：每格平均从 {low} 到 {high}", label=z_label, low=best[0], high=best[1])
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("效率图"), description=description)
    draw_x_axis(drawing, x_scale, x_title)
    draw_y_axis(drawing, y_scale, y_title)
    tone = Scale(low=low, high=high, start=0, end=1)
    draw_cells(drawing, cells.mean, tone, x_edges=x_scale.all_at(cells.x.edges), y_edges=y_scale.all_at(cells.y.edges))
    draw_levels(drawing, tone, title=z_label, unit=z_unit)
    rows = [
        (
            float(f"{cells.x.centres[column]:.9g}"),
            float(f"{cells.y.centres[row]:.9g}"),
            int(cells.points[row, column]),
            float(cells.mean[row, column]),
        )
        for row, column in np.argwhere(cells.points > 0)
    ]
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))
