"""The pictures of the energy page."""

from typing import Any

import numpy as np

from analytics.boiler.losses import Problem
from dashboards.pictures.bars import bars
from dashboards.pictures.heat_map import heat_map
from dashboards.pictures.picture import Picture
from dashboards.pictures.sankey import sankey
from dashboards.reports.boiler import BoilerReport
from dashboards.reports.energy import EnergyReport, FlowReport
from dashboards.texts import Language, Translate, translator

KGCE = "kgce"


def coal_by_day(report: EnergyReport, language: Language) -> Picture:
    """Draw the inputs of each day upon each other, as standard coal, which has them in one unit."""
    series = {
        getattr(one.flow.label, language): [
            None if amount is None else amount * one.factor.kgce_per_unit for amount in one.fleet_by_day()
        ]
        for one in report.inputs
        if one.factor
    }
    return bars(_days(report), series, unit=KGCE, language=language)


def flow_by_day(report: EnergyReport, one: FlowReport, language: Language) -> Picture:
    return bars(_days(report), {getattr(one.flow.label, language): one.fleet_by_day()}, unit=one.flow.unit, language=language)


def hours_by_day(report: EnergyReport, one: FlowReport, language: Language) -> Picture:
    """Draw the hours of the first machine, a row an hour of the day and a column a day."""
    table = np.full((24, report.period.days), np.nan)
    inside = [hour for hour in report.grid.times if report.period.start <= hour < report.period.midnight(report.period.days)]
    for hour, amount in zip(inside, one.hours.amount[0], strict=False):
        local = hour.astimezone(report.period.zone)
        table[local.hour, (local.date() - report.period.first).days] = amount
    rows = [f"{hour:02d}:00" for hour in range(24)]
    return heat_map(table, row_labels=rows, column_labels=_days(report), unit=one.flow.unit, language=language)


def heat_flows(report: BoilerReport, language: Language) -> Picture:
    """Draw where the fuel's heat went."""
    _ = translator(language)
    fuel = _("燃料热量")
    ends = {
        "useful": _("有效热量"),
        "stack": _("排烟损失"),
        "radiation": _("散热损失"),
        "blowdown": _("排污损失"),
        "carbon_monoxide": _("气体未完全燃烧损失"),
    }
    flows = [(fuel, name, report.heat[key]) for key, name in ends.items() if key in report.heat]
    return sankey(flows, unit="kWh", language=language)


def problems(report: BoilerReport, _: Translate) -> list[str]:
    """Say in how many hours the losses were not evaluated, and why."""
    reasons: dict[str, Any] = {
        Problem.MISSING: _("缺少测量值"),
        Problem.NOT_FIRING: _("没有燃烧"),
        Problem.OXYGEN: _("烟气含氧量超出 0 – 19%"),
        Problem.TEMPERATURE: _("排烟温度低于 60 °C 或不高于进风温度"),
    }
    return [
        _("{n} 小时未计算：{reason}", n=hours, reason=reasons[Problem(problem)])
        for problem, hours in sorted(report.problems.items(), key=lambda item: -item[1])
    ]


def _days(report: EnergyReport) -> list[str]:
    return [f"{day:%m-%d}" for day in report.period.dates]
