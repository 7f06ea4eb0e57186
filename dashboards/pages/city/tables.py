"""The tables of the overview, as rows for spreadsheets, and those that the page lays out as heat."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from dashboards.city_report.overview import Days, Overview, days_of
from dashboards.city_report.planned import Planned
from dashboards.pages.city import words
from dashboards.pages.city.drawn import funnel_picture, kinds_picture, trend_picture
from dashboards.pictures.axes import Scale
from dashboards.pictures.legend import level_of
from dashboards.texts import Language, translator
from store.city_snapshots import AreaKind


class Table(NamedTuple):
    """Numbers are plain, so that a spreadsheet can calculate with them."""

    header: list[str]
    rows: Sequence[Sequence[object]]


class HeatCell(NamedTuple):
    """Machines of a kind in an area; ``level`` is the tone, 0 to 8."""

    machines: int
    counted: int
    level: int


class HeatRow(NamedTuple):
    """One area: by kind a cell, or None where it has no machine of the kind."""

    area: str
    cells: list[HeatCell | None]
    machines: int
    counted: int


class QualityRow(NamedTuple):
    """Of an area or of a kind."""

    code: str
    days: Days


def heat(shown: Overview) -> list[HeatRow]:
    """Lay areas by kinds out in the order of their ranks."""
    most = max((one.counted for one in shown.cells), default=0)
    scale = Scale(low=0, high=max(most, 1), start=0, end=1)
    found = {(one.area, one.kind): one for one in shown.cells}

    def cell(one: AreaKind | None) -> HeatCell | None:
        return None if one is None else HeatCell(one.machines, one.counted, level_of(one.counted, scale))

    rows = []
    for area in (one.figures.code or "" for one in shown.ranked):
        own = [one for one in shown.cells if one.area == area]
        if own:
            cells = [cell(found.get((area, kind))) for kind in shown.kinds]
            rows.append(HeatRow(area, cells, sum(one.machines for one in own), sum(one.counted for one in own)))
    return rows


def quality_rows(shown: Overview) -> dict[str, list[QualityRow]]:
    """Give the days of machines by area and by kind."""
    return {
        "area": [_quality(shown, "area", code) for code in sorted({one.area for one in shown.cells})],
        "kind": [_quality(shown, "kind", code) for code in shown.kinds],
    }


def _quality(shown: Overview, column: str, code: str) -> QualityRow:
    cells = [one for one in shown.cells if getattr(one, column) == code]
    return QualityRow(code, days_of(cells, window_days=shown.window_days))


def plan_table(rows: Sequence[Planned], language: Language) -> Table:
    _ = translator(language)
    header = [_("计划"), _("目标"), _("目标对象"), _("目标值"), _("已完成数"), _("完成率"), _("文件依据")]
    return Table(header, [[one.plan, one.counter, one.member, one.target, one.reached, one.rate, one.clause] for one in rows])


def _areas(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    header = [_("名次"), _("区域代码"), _("区域"), _("登记企业"), _("上云企业"), _("新增上云企业"), _("登记设备"), _("上云设备")]
    header += [_("申报重点设备"), _("设备上云率")]
    rows = [
        [
            *(
                rank,
                of.code,
                words.area_label(shown.areas, of.code or "", language),
                of.enterprises,
                of.on_cloud,
                of.new_on_cloud,
            ),
            *(of.machines, of.counted, of.declared, of.rate),
        ]
        for rank, of in shown.ranked
    ]
    return Table(header, rows)


def _departments(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    header = [
        _("部门代码"),
        _("部门"),
        _("登记企业"),
        _("上云企业"),
        _("新增上云企业"),
        _("登记设备"),
        _("上云设备"),
        _("申报重点设备"),
    ]
    rows = [
        [
            *(of.code, of.label_zh if language == "zh" else of.label_en, of.enterprises, of.on_cloud, of.new_on_cloud),
            *(of.machines, of.counted, of.declared),
        ]
        for of in shown.departments
    ]
    return Table(header, rows)


def _cells(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    header = [_("区域代码"), _("区域"), _("设备类型代码"), _("设备类型"), _("登记设备"), _("上云设备"), _("已静默")]
    rows = [
        [
            *(one.area, words.area_label(shown.areas, one.area, language), one.kind, words.kind_label(one.kind, language)),
            *(one.machines, one.counted, one.silent),
        ]
        for one in shown.cells
    ]
    return Table(header, rows)


def _quality_table(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    header = [
        _("分组"),
        _("代码"),
        _("名称"),
        _("登记设备"),
        _("已静默"),
        _("有数据的设备日"),
        _("连续性"),
        _("测点齐全的设备日"),
        _("完整性"),
    ]
    groups = {"area": _("区域"), "kind": _("设备类型")}
    rows = [
        [
            *(groups[column], row.code, _label(shown, column, row.code, language), row.days.machines, row.days.silent),
            *(row.days.data_days, row.days.continuity, row.days.complete_days, row.days.completeness),
        ]
        for column, found in quality_rows(shown).items()
        for row in found
    ]
    return Table(header, rows)


def _label(shown: Overview, column: str, code: str, language: Language) -> str:
    return words.area_label(shown.areas, code, language) if column == "area" else words.kind_label(code, language)


def _silent(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    header = [_("网关"), _("统一社会信用代码"), _("企业"), _("区域"), _("设备数"), _("最后有数据的一天")]
    rows = [
        [
            *(one.name, one.uscc, one.enterprise, words.area_label(shown.areas, one.area, language), one.machines),
            one.last_day.isoformat() if one.last_day else None,
        ]
        for one in shown.silent
    ]
    return Table(header, rows)


def _suspicions(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    methods = words.methods(language)
    rows = [
        [words.area_label(shown.areas, one.area, language), methods.get(one.method, one.method), one.suspicions, one.machines]
        for one in shown.suspicions
    ]
    return Table([_("区域"), _("方法"), _("疑点"), _("设备数")], rows)


def _funnel(shown: Overview, language: Language) -> Table:
    drawn = funnel_picture(shown, language)
    return Table(drawn.header, drawn.rows)


def _kinds(shown: Overview, language: Language) -> Table:
    drawn = kinds_picture(shown, language)
    return Table(drawn.header, drawn.rows)


def _trend(shown: Overview, language: Language) -> Table:
    _ = translator(language)
    machines = trend_picture(shown, language)
    enterprises = trend_picture(shown, language, of="on_cloud")
    rows = [[*first, second[1]] for first, second in zip(enterprises.rows, machines.rows, strict=True)]
    return Table([*enterprises.header, machines.header[1]], rows)


TABLES: Mapping[str, Callable[[Overview, Language], Table]] = {
    "areas": _areas,
    "cells": _cells,
    "departments": _departments,
    "funnel": _funnel,
    "kinds": _kinds,
    "quality": _quality_table,
    "silent": _silent,
    "suspicions": _suspicions,
    "trend": _trend,
}
