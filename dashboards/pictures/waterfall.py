"""From a total down, loss by loss, to what is left."""

from collections.abc import Sequence

import numpy as np

from dashboards.pictures.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, draw_y_axis, ends, shortened
from dashboards.pictures.figures import significant, titled, with_unit
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language, translator

_GAP_SHARE = 0.25


def waterfall(
    total: tuple[str, float], steps: Sequence[tuple[str, float]], *, unit: str, rest: str, language: Language
) -> Picture:
    """Draw the total, each step where the one before it ended, and the rest; both ends stand on zero."""
    _ = translator(language)
    header = [_("分类"), titled(_("变化"), unit), titled(_("余下"), unit)]
    levels = total[1] + np.cumsum([0.0, *(change for _name, change in steps)])
    if not np.isfinite(levels).all():
        return empty_picture(header, language)
    low, high = ends(levels, with_zero=True)
    y = Scale(low=low, high=high, start=BOTTOM, end=TOP)
    description = f"{total[0]} {with_unit(significant(total[1]), unit)}, {rest} {with_unit(significant(levels[-1]), unit)}"
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("损失瀑布图"), description=description)
    draw_y_axis(drawing, y, unit)
    columns = [
        (total[0], 0.0, levels[0], "series-1"),
        *((name, levels[n], levels[n + 1], "series-2" if change < 0 else "series-4") for n, (name, change) in enumerate(steps)),
        (rest, 0.0, levels[-1], "series-1"),
    ]
    room = (RIGHT - LEFT) / len(columns)
    for place, (name, begin, end, css) in enumerate(columns):
        left, width = LEFT + (place + _GAP_SHARE / 2) * room, room * (1 - _GAP_SHARE)
        upper, lower = sorted((y.at(begin), y.at(end)))
        words = significant(end - begin)
        drawing.add(
            "rect", css, tip=f"{name}: {with_unit(words, unit)}", x=left, y=upper, width=width, height=max(lower - upper, 1)
        )
        drawing.add("text", "mark-name", words=words, x=left + width / 2, y=upper - 4, text_anchor="middle")
        words = shortened(name, int(2 * room / 7))  # names stand in two rows
        drawing.add(
            "text", "tick", words=words, tip=name, x=left + width / 2, y=BOTTOM + 18 + 15 * (place % 2), text_anchor="middle"
        )
    drawing.add("line", "axis", x1=LEFT, x2=RIGHT, y1=y.at(0), y2=y.at(0))
    rows: list[tuple[object, ...]] = [(total[0], None, float(levels[0]))]
    rows += [(name, float(change), float(level)) for (name, change), level in zip(steps, levels[1:], strict=True)]
    return Picture(svg=drawing.svg(), header=header, rows=[*rows, (rest, None, float(levels[-1]))])
