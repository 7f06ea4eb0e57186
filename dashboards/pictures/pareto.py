"""The Pareto chart: what happens most, and how much of the whole the few most frequent make up."""

from collections.abc import Sequence

from dashboards.pictures.axes import Scale, shortened
from dashboards.pictures.figures import fixed
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

MOST_BARS = 20
_ROW = 26.0
_LEFT, _RIGHT, _TOP, _WIDTH = 210.0, 490.0, 40.0, 640.0


def pareto(labels: Sequence[str], counts: Sequence[int], *, language: Language) -> Picture:
    """Draw the counts from most to least with their running share; bars and line have one scale, the share of the whole."""
    _ = translator(language)
    header = [_("名称"), _("次数"), _("占比 (%)"), _("累计 (%)")]
    ranked = sorted(((label, count) for label, count in zip(labels, counts, strict=True) if count > 0), key=lambda one: -one[1])
    total = sum(count for _label, count in ranked)
    if not total:
        return empty_picture(header, language)
    rows: list[tuple[str, int, float, float]] = []
    passed = 0
    for label, count in ranked:
        passed += count
        rows.append((label, count, 100 * count / total, 100 * passed / total))
    shown = rows
    if len(rows) > MOST_BARS:
        shown = rows[: MOST_BARS - 1]
        rest = total - sum(count for _label, count, *_shares in shown)
        shown = [*shown, (_("其余 {count} 项", count=len(rows) - len(shown)), rest, 100 * rest / total, 100.0)]
    description = _("共 {total} 次，最多的是“{label}”，占 {share}%", total=total, label=rows[0][0], share=fixed(rows[0][2], 0))
    height = _TOP + _ROW * len(shown) + 8
    drawing = Drawing(width=_WIDTH, height=height, title=_("帕累托图"), description=description)
    _draw(drawing, shown, _("次数"), _("累计"))
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))


def _draw(drawing: Drawing, rows: Sequence[tuple[str, int, float, float]], count_title: str, share_title: str) -> None:
    x = Scale(low=0, high=100, start=_LEFT, end=_RIGHT)
    bottom = _TOP + _ROW * len(rows)
    for percent in range(0, 101, 20):
        drawing.add("line", "grid", x1=x.at(percent), x2=x.at(percent), y1=_TOP, y2=bottom)
        drawing.add("text", "tick", words=f"{percent}%", x=x.at(percent), y=_TOP - 8, text_anchor="middle")
    drawing.add("text", "axis-title", words=count_title, x=_RIGHT + 62, y=_TOP - 8, text_anchor="end")
    drawing.add("text", "axis-title", words=share_title, x=_WIDTH - 8, y=_TOP - 8, text_anchor="end")
    points = []
    for number, (label, count, share, running) in enumerate(rows):
        middle = _TOP + _ROW * (number + 0.5)
        drawing.add("text", "tick", words=shortened(label, 26), x=_LEFT - 8, y=middle + 4, text_anchor="end", tip=label)
        drawing.add("rect", "series-1", tip=f"{label}: {count}", x=_LEFT, y=middle - 9, width=x.at(share) - _LEFT, height=18)
        drawing.add("text", "number", words=fixed(count, 0), x=_RIGHT + 62, y=middle + 4, text_anchor="end")
        drawing.add("text", "number", words=f"{fixed(running, 0)}%", x=_WIDTH - 8, y=middle + 4, text_anchor="end")
        points.append(f"{coordinate(x.at(running))},{coordinate(middle)}")
    drawing.add("polyline", "curve series-2", points=" ".join(points))
