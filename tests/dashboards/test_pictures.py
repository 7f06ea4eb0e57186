"""Geometry is checked by hand: what is twice as much is drawn twice as large, and what has no value is not drawn."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jinja2 import Environment, FileSystemLoader

import dashboards
from dashboards.pictures.bars import bars
from dashboards.pictures.curves import curves
from dashboards.pictures.efficiency_map import efficiency_map
from dashboards.pictures.fan import fan
from dashboards.pictures.figures import significant
from dashboards.pictures.heat_map import heat_map
from dashboards.pictures.line import line
from dashboards.pictures.pareto import pareto
from dashboards.pictures.picture import Picture
from dashboards.pictures.sankey import sankey
from dashboards.pictures.scatter import scatter
from dashboards.pictures.sparkline import sparkline
from dashboards.pictures.spectrum import spectrum
from dashboards.pictures.timeline import timeline
from dashboards.pictures.waterfall import waterfall
from dashboards.texts import translator

NAN = float("nan")
MOST_NODES = 4000
AXES: dict[str, Any] = {"x_label": "风速", "x_unit": "m/s", "y_label": "功率", "y_unit": "kW", "language": "zh"}
NASTY = "<script>alert('&\"')</script>\x00\x1b"


def drawn(picture: Picture) -> ET.Element:
    """Read the drawing as XML: it must be well formed, and small enough to load at once."""
    root = ET.fromstring(picture.svg)
    assert sum(1 for _element in root.iter()) < MOST_NODES
    return root


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [element for element in root.iter() if name in (element.get("class") or "").split()]


def numbers(element: ET.Element, attribute: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", element.get(attribute) or "")]


def words(root: ET.Element) -> str:
    return " ".join(element.text or "" for element in root.iter())


def test_bars_are_as_high_as_their_values_and_piled_up_without_gap() -> None:
    picture = bars(["a", "b"], {"电": [10, 30], "气": [20, NAN]}, unit="kWh", language="zh")
    root = drawn(picture)
    # The last rectangle of each class is the key.
    first, second = of_class(root, "series-1")[:2]
    upon = of_class(root, "series-2")[0]
    height = float(first.get("height") or 0)
    assert float(second.get("height") or 0) == pytest.approx(3 * height, abs=0.02)
    assert float(upon.get("height") or 0) == pytest.approx(2 * height, abs=0.02)
    assert float(upon.get("y") or 0) + float(upon.get("height") or 0) == pytest.approx(float(first.get("y") or 0), abs=0.02)
    assert len(of_class(root, "series-2")) == 2, "the missing value has no bar"
    assert picture.header == ["分类", "电 (kWh)", "气 (kWh)"]
    assert picture.shown_rows() == [["a", "10", "20"], ["b", "30", ""]]


def test_what_is_below_zero_hangs_from_the_axis() -> None:
    root = drawn(bars(["a"], {"收": [10], "支": [-10]}, unit="1", language="zh"))
    axis = float(of_class(root, "axis")[0].get("y1") or 0)
    assert float(of_class(root, "series-2")[0].get("y") or 0) == pytest.approx(axis)


def test_a_pareto_chart_ranks_by_count_and_its_line_ends_at_the_whole() -> None:
    picture = pareto(["a", "b", "c", "never"], [10, 60, 30, 0], language="zh")
    root = drawn(picture)
    lengths = [float(bar.get("width") or 0) for bar in of_class(root, "series-1")]
    assert lengths == pytest.approx([60 * lengths[2] / 10, 3 * lengths[2], lengths[2]], abs=0.02)
    points = numbers(of_class(root, "series-2")[0], "points")
    left, right = (float(place.get("x1") or 0) for place in (of_class(root, "grid")[0], of_class(root, "grid")[-1]))
    assert [(x - left) / (right - left) for x in points[::2]] == pytest.approx([0.6, 0.9, 1.0], abs=1e-3)
    assert picture.rows == [("b", 60, 60, 60), ("c", 30, 30, 90), ("a", 10, 10, 100)]


def test_many_causes_end_in_one_bar_for_the_rest_and_the_table_keeps_them_all() -> None:
    picture = pareto([str(number) for number in range(100)], [1] * 100, language="zh")
    root = drawn(picture)
    assert len(of_class(root, "series-1")) == 20
    assert "其余 81 项" in words(root)
    assert len(picture.rows) == 100


def test_a_heat_map_is_deep_where_there_is_much_and_empty_where_there_is_nothing() -> None:
    picture = heat_map(np.array([[0, 100], [NAN, 50]]), row_labels=["a", "b"], column_labels=["x", "y"], unit="kW", language="zh")
    root = drawn(picture)
    cells = {name: [one for one in of_class(root, name) if one.tag == "path"] for name in ("level-0", "level-4", "level-8")}
    assert [len(found) for found in cells.values()] == [1, 1, 1], "50 of 100 is the fifth of nine tones"
    assert sum(element.get("d", "").count("M") for element in root.iter("path")) == 3
    assert [one.text for one in of_class(root, "cell-number")] == ["0", "100", "50"]
    assert picture.shown_rows() == [["a", "0", "100"], ["b", "", "50"]]


def test_a_power_curve_has_the_median_of_each_half_metre_a_second_centred_as_iec_61400_12_1_says() -> None:
    speeds = [7.74, 7.76, 8.0, 8.24, 8.26, NAN, 9.0]
    powers = [100, 200, 900, 400, 500, 600, NAN]
    picture = scatter(speeds, powers, **AXES)
    assert picture.rows == [(7.5, 1, 100), (8.0, 3, 400), (8.5, 1, 500)]
    assert picture.header == ["风速 (m/s)", "点数", "功率 (kW) 中位数"]
    points = of_class(drawn(picture), "points")[0]
    assert (points.get("d") or "").count("M") == 5


def test_without_bins_the_table_of_a_scatter_has_the_points() -> None:
    assert scatter([1, 2], [3, 4], bins=False, **AXES).rows == [(1, 3), (2, 4)]


def test_many_points_become_cells_of_density_and_the_medians_stay_exact() -> None:
    x = np.repeat([3.0, 5.0], 50_000)
    picture = scatter(x, 100 * x, **AXES)
    root = drawn(picture)
    assert not of_class(root, "points")
    assert picture.rows == [(3.0, 50_000, 300), (5.0, 50_000, 500)]
    assert sum(one.get("d", "").count("M") for one in of_class(root, "level-8")) == 2


def test_an_efficiency_map_holds_the_mean_of_each_cell() -> None:
    picture = efficiency_map([0.5, 0.5, 40.5], [1, 1, 21], [80, 90, 60], z_label="效率", z_unit="%", **{**AXES, "x_unit": "kW"})
    assert [row[2:] for row in picture.rows] == [(2, 85), (1, 60)]
    root = drawn(picture)
    assert [len([one for one in of_class(root, name) if one.tag == "path"]) for name in ("level-0", "level-8")] == [1, 1]


def test_a_sankey_conserves_what_flows_and_starts_with_its_sources() -> None:
    losses = [("锅炉", "有效热", 88.5), ("锅炉", "排烟", 8.5), ("锅炉", "散热", 3.0)]
    root = drawn(sankey([("燃气", "锅炉", 100.0), *losses], unit="kW", language="zh"))
    fuel, boiler, *ends = of_class(root, "node")
    assert float(fuel.get("x") or 0) < float(boiler.get("x") or 0) < min(float(end.get("x") or 0) for end in ends)
    heights = [float(node.get("height") or 0) for node in (fuel, boiler, *ends)]
    assert heights[0] == pytest.approx(heights[1])
    assert heights[2:] == pytest.approx([heights[0] * share for share in (0.885, 0.085, 0.03)], abs=0.02)
    leaving = [numbers(band, "d") for band in of_class(root, "band")[1:]]
    tops, bottoms = [band[1] for band in leaving], [band[-1] for band in leaving]
    assert tops[1:] == pytest.approx(bottoms[:-1], abs=0.02), "bands leave below each other"
    assert bottoms[-1] - tops[0] == pytest.approx(heights[1], abs=0.05), "and together are as wide as the node"
    assert "88.5\N{NARROW NO-BREAK SPACE}kW (88.5%)" in words(root)


def test_flows_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        sankey([("a", "b", 1), ("b", "a", 1)], unit="kW", language="zh")


def test_a_spectrum_of_many_lines_keeps_its_peak_and_names_the_marks_inside_it() -> None:
    frequencies = np.arange(100_000) * 0.1
    amplitudes = np.where(np.arange(100_000) == 54_321, 7.0, 0.1)
    picture = spectrum(frequencies, amplitudes, unit="mm/s", marks=[(50, "1X"), (20_000, "beyond")], language="zh")
    root = drawn(picture)
    heights = numbers(of_class(root, "curve")[0], "points")[1::2]
    assert len(heights) <= 1000
    lowest, second = sorted(heights)[:2]
    assert lowest < second - 100, "one peak stands far above the rest"
    assert [mark.text for mark in of_class(root, "mark-name")] == ["1X"]
    assert "5\N{NARROW NO-BREAK SPACE}432 Hz" in words(root)
    assert len(picture.rows) == 100_000


def test_a_curve_breaks_where_there_is_no_value_and_shows_the_plants_time() -> None:
    midnight_us = 1_798_732_800_000_000  # 2026-12-31T16:00Z is the first of January in Shanghai
    picture = line(
        [midnight_us + minute * 60_000_000 for minute in range(5)],
        {"压力": [1.0, 2.0, NAN, 3.0, 4.0]},
        unit="MPa",
        zone="Asia/Shanghai",
        band=(1.0, 2.0),
        marks=[(midnight_us + 60_000_000, "高报")],
        language="zh",
    )
    root = drawn(picture)
    assert (of_class(root, "curve")[0].get("d") or "").count("M") == 2
    assert picture.rows[0] == ("2027-01-01 00:00:00", 1.0)
    assert "2027-01-01 (Asia/Shanghai)" in words(root)
    assert "00:01" in words(root)
    band, values = of_class(root, "normal-band")[0], numbers(of_class(root, "curve")[0], "d")
    assert float(band.get("y") or 0) == pytest.approx(values[4], abs=0.02), "the band ends at 2, where the second point lies"


def test_thinning_a_curve_keeps_its_single_spike() -> None:
    values = np.zeros(100_000)
    values[77_777] = 5.0
    root = drawn(line(np.arange(100_000) * 1_000_000, {"a": values}, unit="1", zone="UTC", language="zh"))
    path = of_class(root, "curve")[0].get("d") or ""
    assert len(re.findall("[ML]", path)) <= 800
    assert len({place.split(" ")[1] for place in re.split("[ML]", path.replace("h0", ""))[1:]}) == 2


def test_a_sparkline_ends_with_a_dot_at_the_newest_value() -> None:
    root = drawn(sparkline([0, 10, 5, NAN], normal=(0, 10)))
    band, dot = of_class(root, "normal-band")[0], of_class(root, "newest")[0]
    middle = float(band.get("y") or 0) + float(band.get("height") or 0) / 2
    assert float(dot.get("cy") or 0) == pytest.approx(middle, abs=0.02)
    assert root.get("aria-hidden") == "true", "the number beside it says the same"


EMPTY: dict[str, Callable[[], Picture]] = {
    "bars": lambda: bars(["a"], {"b": [NAN]}, unit="kW", language="en"),
    "bars without categories": lambda: bars([], {}, unit="kW", language="zh"),
    "pareto": lambda: pareto(["a"], [0], language="zh"),
    "heat map": lambda: heat_map([], row_labels=[], column_labels=[], unit="kW", language="zh"),
    "heat map of NaN": lambda: heat_map([[NAN]], row_labels=["a"], column_labels=["b"], unit="kW", language="zh"),
    "scatter": lambda: scatter([NAN, 1], [1, None], **AXES),
    "efficiency map": lambda: efficiency_map([], [], [], z_label="z", z_unit="1", **AXES),
    "sankey": lambda: sankey([("a", "b", 0), ("b", "c", NAN)], unit="kW", language="zh"),
    "spectrum": lambda: spectrum([], [], unit="mm/s", language="zh"),
    "line": lambda: line([], {"a": []}, unit="kW", zone="UTC", language="zh"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_to_draw_is_said_in_a_sentence(name: str) -> None:
    picture = EMPTY[name]()
    root = drawn(picture)
    assert "is-empty" in (root.get("class") or "")
    assert len(words(root)) > 5
    assert picture.rows == []


SINGLE: dict[str, Callable[[], Picture]] = {
    "bars": lambda: bars(["a"], {"b": [0]}, unit="kW", language="zh"),
    "heat map": lambda: heat_map([[3]], row_labels=["a"], column_labels=["b"], unit="kW", language="zh"),
    "scatter": lambda: scatter([2], [2], **AXES),
    "efficiency map": lambda: efficiency_map([0], [0], [0], z_label="z", z_unit="1", **AXES),
    "spectrum": lambda: spectrum([0], [0], unit="1", language="zh"),
    "line": lambda: line([0], {"a": [-7.5]}, unit="kW", zone="UTC", language="zh"),
    "sparkline": lambda: sparkline([1e9]),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_value_has_a_picture_too(name: str) -> None:
    assert "is-empty" not in (drawn(SINGLE[name]()).get("class") or "")


NAMED: dict[str, Callable[[], Picture]] = {
    "bars": lambda: bars([NASTY], {NASTY: [1], "b": [2]}, unit=NASTY, language="zh"),
    "pareto": lambda: pareto([NASTY], [1], language="zh"),
    "heat map": lambda: heat_map([[1]], row_labels=[NASTY], column_labels=[NASTY], unit=NASTY, language="zh"),
    "scatter": lambda: scatter([1], [1], x_label=NASTY, x_unit=NASTY, y_label=NASTY, y_unit=NASTY, language="zh"),
    "sankey": lambda: sankey([(NASTY, "b", 1)], unit=NASTY, language="zh"),
    "spectrum": lambda: spectrum([1, 2], [1, 2], unit=NASTY, marks=[(1.5, NASTY)], language="zh"),
    "line": lambda: line([0, 1], {NASTY: [1, 2]}, unit=NASTY, zone="UTC", marks=[(1, NASTY)], language="zh"),
}


@pytest.mark.parametrize("name", NAMED)
def test_names_are_escaped_wherever_they_stand(name: str) -> None:
    root = drawn(NAMED[name]())
    assert not list(root.iter("script"))
    assert "alert" in words(root)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (-0.0005, "\u22120.0005"),
        (0.9531, "0.953"),
        (184.24, "184"),
        (12_400, "12\u202f400"),
        (99.96, "100"),
        (3.0, "3"),
    ],
)
def test_numbers_show_the_digits_that_matter(number: float, shown: str) -> None:
    assert significant(number) == shown


def test_a_picture_brings_its_table_and_its_file() -> None:
    templates = Environment(loader=FileSystemLoader(Path(dashboards.__file__).parent / "templates"), autoescape=True)
    page = templates.from_string(
        '{% from "picture.html" import picture with context %}{{ picture(p, "<标题>", "/a.csv?b=1&c=2") }}'
    )
    rows = [(number, -0.5) for number in range(600)]
    made = Picture(svg=sparkline([1, 2]).svg, header=["<n>", "值"], rows=list(rows))
    shown = page.render(p=made, _=translator("zh"))
    assert "<figcaption>&lt;标题&gt;</figcaption>" in shown
    assert shown.count("<tr>") == 501
    assert '<th scope="col">&lt;n&gt;</th>' in shown
    assert "<td>\u22120.5</td>" in shown
    assert "前 500 行，共 600 行" in shown
    assert 'href="/a.csv?b=1&amp;c=2"' in shown
    assert "style=" not in shown


def test_a_waterfall_ends_where_its_losses_lead() -> None:
    picture = waterfall(("可发", 100.0), [("限电", -20.0), ("停机", -5.0)], unit="kWh", rest="实发", language="zh")
    root = drawn(picture)
    total, left = of_class(root, "series-1")
    losses = of_class(root, "series-2")
    heights = [float(bar.get("height") or 0) for bar in (total, *losses, left)]
    assert heights == pytest.approx([heights[0], heights[0] * 0.2, heights[0] * 0.05, heights[0] * 0.75], abs=0.02)
    assert float(losses[1].get("y") or 0) == pytest.approx(float(losses[0].get("y") or 0) + heights[1], abs=0.02)
    assert picture.rows == [("可发", None, 100.0), ("限电", -20.0, 80.0), ("停机", -5.0, 75.0), ("实发", None, 75.0)]


def test_a_span_is_as_long_as_it_lasts_and_says_what_it_is() -> None:
    lanes = {"机床 1": [(0, 3_600_000_000, "run", ""), (3_600_000_000, 10_800_000_000, "idle", NASTY)]}
    picture = timeline(lanes, {"run": "加工", "idle": "待机"}, zone="Asia/Shanghai", language="zh")
    root = drawn(picture)
    one, two = (float(of_class(root, f"series-{number}")[0].get("width") or 0) for number in (1, 2))
    assert two == pytest.approx(2 * one, abs=0.02)
    assert picture.rows[0] == ("机床 1", "1970-01-01 08:00:00", "1970-01-01 09:00:00", "加工", "")
    assert "待机" in words(root)


def test_a_fan_is_as_wide_as_its_interval_and_breaks_at_a_gap() -> None:
    times = [0, 900_000_000, 1_800_000_000, 2_700_000_000]
    picture = fan(
        times, [5, 6, NAN, 8], {90: ([0, 0, NAN, 0], [10, 10, NAN, 10]), 50: ([4, 5, NAN, 7], [6, 7, NAN, 9])},
        actual=[5, 5, 5, None], unit="MW", zone="UTC", language="en",
    )  # fmt: skip
    root = drawn(picture)
    wide, narrow = (of_class(root, f"level-{tone}")[0].get("d") or "" for tone in (0, 2))
    assert (wide.count("M"), narrow.count("M")) == (2, 2)
    tops = [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", wide)[:4]]
    inner = [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", narrow)[:4]]
    assert tops[3] - tops[0] == pytest.approx(5 * (inner[3] - inner[0]), abs=0.02)
    assert picture.header[-2:] == ["50% Lower bound", "50% Upper bound"]


def test_curves_lie_over_their_points_with_names_for_all() -> None:
    picture = curves({"本机": ([4, 8, 12], [0, 500, NAN]), "标准": ([4, 12], [0, 1000])}, ([4, 5], [1, NAN]), **AXES)
    root = drawn(picture)
    assert (of_class(root, "points")[0].get("d") or "").count("M") == 1
    assert "本机" in words(root)
    assert picture.rows[0] == ("本机", 4.0, 0.0)
    assert "没有可画的数据" in words(drawn(curves({"空": ([NAN], [NAN])}, None, **AXES)))


@pytest.mark.parametrize(
    "picture",
    [
        waterfall((NASTY, NAN), [], unit="kWh", rest="", language="zh"),
        timeline({}, {}, zone="UTC", language="zh"),
        fan([], [], {}, actual=None, unit="kW", zone="UTC", language="zh"),
    ],
)
def test_nothing_to_draw_is_said_of_the_new_forms_too(picture: Picture) -> None:
    assert "没有可画的数据" in words(drawn(picture))
