"""A Sankey diagram: where energy comes from and where it is lost, each band as wide as its share."""

from collections.abc import Sequence
from typing import NamedTuple

from dashboards.pictures.axes import shortened
from dashboards.pictures.figures import fixed, significant, titled, with_unit
from dashboards.pictures.legend import series_class
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

_WIDTH, _HEIGHT = 640.0, 360.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 396.0, 16.0, 344.0
_NODE_WIDTH = 12.0
_GAP = 18.0

Flow = tuple[str, str, float]


class _Node(NamedTuple):
    left: float
    top: float
    height: float


def sankey(flows: Sequence[Flow], *, unit: str, language: Language) -> Picture:
    """Draw sources at the left and what they end in at the right.

    Raises
    ------
    ValueError
        If flows run in a circle: then nothing is a source.
    """
    _ = translator(language)
    header = [_("来源"), _("去向"), titled(_("数量"), unit)]
    whole = [(source, target, float(value)) for source, target, value in flows if value > 0 and value != float("inf")]
    if not whole:
        return empty_picture(header, language)
    sizes = {name: max(_into(name, whole), _out_of(name, whole)) for name in _names(whole)}
    levels = _levels(whole)
    nodes, pixels = _laid_out(sizes, levels)
    total = sum(size for name, size in sizes.items() if levels[name] == 0)
    ends = [name for name in sizes if not _out_of(name, whole)]
    largest = max(ends, key=lambda name: sizes[name])
    share = fixed(100 * sizes[largest] / total, 0)
    description = _("共 {total}，最多流向“{name}”，占 {share}%", total=_amount(total, unit), name=largest, share=share)
    drawing = Drawing(width=_WIDTH, height=_HEIGHT, title=_("桑基图"), description=description)
    _draw_bands(drawing, whole, nodes, pixels, unit)
    for name, node in nodes.items():
        drawing.add("rect", "node", x=node.left, y=node.top, width=_NODE_WIDTH, height=node.height)
        words = f"{shortened(name, 18)} {_amount(sizes[name], unit)} ({fixed(100 * sizes[name] / total, 1)}%)"
        drawing.add("text", "node-name", words=words, x=node.left + _NODE_WIDTH + 5, y=node.top + node.height / 2 + 4)
    return Picture(svg=drawing.svg(), header=header, rows=list(whole))


def _amount(value: float, unit: str) -> str:
    return with_unit(significant(value), unit)


def _names(flows: Sequence[Flow]) -> list[str]:
    return list(dict.fromkeys(name for source, target, _value in flows for name in (source, target)))


def _into(name: str, flows: Sequence[Flow]) -> float:
    return sum(value for _source, target, value in flows if target == name)


def _out_of(name: str, flows: Sequence[Flow]) -> float:
    return sum(value for source, _target, value in flows if source == name)


def _levels(flows: Sequence[Flow]) -> dict[str, int]:
    """Give each node the length of the longest way to it."""
    levels = dict.fromkeys(_names(flows), 0)
    for _round in range(len(levels)):
        changed = False
        for source, target, _value in flows:
            if levels[target] <= levels[source]:
                levels[target], changed = levels[source] + 1, True
        if not changed:
            return levels
    raise ValueError("the flows of a Sankey diagram run in a circle")


def _laid_out(sizes: dict[str, float], levels: dict[str, int]) -> tuple[dict[str, _Node], float]:
    """Place the nodes of each level below each other, in one scale for all; give that too, in units of the drawing."""
    columns: dict[int, list[str]] = {}
    for name, level in levels.items():
        columns.setdefault(level, []).append(name)
    room = _BOTTOM - _TOP
    # Half of the height at least is for the bands, however many nodes share a column.
    gap = min(_GAP, room / 2 / max(len(names) for names in columns.values()))
    pixels = min((room - gap * (len(names) - 1)) / sum(sizes[name] for name in names) for names in columns.values())
    step = (_RIGHT - _LEFT) / max(*columns, 1)
    nodes = {}
    for level, names in columns.items():
        top = _TOP
        for name in names:
            nodes[name] = _Node(_LEFT + level * step, top, sizes[name] * pixels)
            top += sizes[name] * pixels + gap
    return nodes, pixels


def _draw_bands(drawing: Drawing, flows: Sequence[Flow], nodes: dict[str, _Node], pixels: float, unit: str) -> None:
    left_from = {name: node.top for name, node in nodes.items()}
    right_from = dict(left_from)
    tones = {name: series_class(number) for number, name in enumerate(_names(flows))}
    # Bands leave and arrive in the order of what they lead to and come from, so that those of one node do not cross.
    for source, target, value in sorted(flows, key=lambda flow: (nodes[flow[0]].top, nodes[flow[1]].top)):
        height = value * pixels
        start, end = nodes[source].left + _NODE_WIDTH, nodes[target].left
        upper, lower = left_from[source], right_from[target]
        drawing.add(
            "path",
            f"band {tones[target]}",
            tip=f"{source} → {target}: {_amount(value, unit)}",
            d=_band(start, upper, end, lower, height),
        )
        left_from[source] += height
        right_from[target] += height


def _band(start: float, upper: float, end: float, lower: float, height: float) -> str:
    """Write a band of one height that swings from ``upper`` at the left to ``lower`` at the right."""
    left, right, middle = coordinate(start), coordinate(end), coordinate((start + end) / 2)
    there = f"{coordinate(upper)} {middle} {coordinate(lower)} {right} {coordinate(lower)}"
    back = f"{coordinate(lower + height)} {middle} {coordinate(upper + height)} {left} {coordinate(upper + height)}"
    return f"M{left} {coordinate(upper)}C{middle} {there}V{coordinate(lower + height)}C{middle} {back}Z"
