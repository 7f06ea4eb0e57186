"""Bars of a part within its whole, one below the other: what is left after each test, what counts of what is registered."""

from collections.abc import Sequence
from typing import NamedTuple

from dashboards.pictures.axes import shortened
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language

ROW = 26.0
_NAME_SHARE, _NUMBER_SHARE = 0.27, 0.27
"""Of the width, for the names on the left and the numbers on the right."""


class PartBar(NamedTuple):
    """One bar; ``note`` stands at its end, where the numbers are."""

    name: str
    part: float
    whole: float
    note: str


def part_bars(
    bars: Sequence[PartBar],
    *,
    title: str,
    header: list[str],
    rows: Sequence[tuple[object, ...]],
    width: float = 640,
    language: Language,
) -> Picture:
    """Draw the bars from top to bottom, all on one scale; ``header`` and ``rows`` are the picture's table.

    A small ``width`` makes the letters large where the picture is stretched over its place.
    """
    longest = max((bar.whole for bar in bars), default=0)
    if not longest:
        return empty_picture(header, language)
    left, right = width * _NAME_SHARE, width * (1 - _NUMBER_SHARE)
    described = "; ".join(f"{bar.name} {bar.note}" for bar in bars)
    drawing = Drawing(width=width, height=ROW * len(bars) + 4, title=title, description=described)
    for number, bar in enumerate(bars):
        top = number * ROW + 4
        whole, part = ((right - left) * value / longest for value in (bar.whole, bar.part))
        drawing.add("text", "tick", words=shortened(bar.name, int(left / 8.5)), tip=bar.name, x=0, y=top + 15)
        drawing.add("rect", "whole", x=left, y=top + 2, width=whole, height=ROW - 8)
        drawing.add("rect", "series-1", x=left, y=top + 2, width=part, height=ROW - 8)
        drawing.add("text", "note", words=bar.note, x=left + whole + 6, y=top + 15)
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))
