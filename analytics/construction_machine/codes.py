"""Which diagnostic codes a machine shows, in words, and which of its signals they make worthless."""

from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.construction_machine.fault_codes import (
    Seen,
    codes_of,
    failure_mode,
    parameter,
    read_codes,
    signals_without_a_wire,
)
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import Window

_NEWEST_SECONDS = 3600.0

SPEC = Spec(
    name="construction_fault_codes",
    label=label("故障码解读", "Diagnostic codes"),
    kinds=("construction_machine",),
    inputs=(Input("diagnostic_spn", "1"), Input("diagnostic_fmi", "1"), Input("diagnostic_count", "1", required=False)),
    window=timedelta(days=7),
    cadence=timedelta(hours=1),
    outputs=(
        Output("codes_active", "1", label("当前故障码数", "Codes active now")),
        Output("codes_of_the_week", "1", label("一周内故障码数", "Codes of the week")),
        Output(
            "gravest_code",
            "1",
            label("最严重等级（3 最重，1 最轻，0 无或未分级）", "Gravest (3 most, 1 least severe, 0 none or not graded)"),
        ),
        Output("signals_masked", "1", label("因线路故障屏蔽的信号数", "Signals masked by a wiring fault")),
    ),
    source=f"{read_codes().source}; texts in our own words, not verified against the standard",
    validity=label(
        "终端一次只报一个最严重的故障码时，其余被遮住；厂家自定义 SPN 只给出编号",
        "Where the tracker sends only the gravest active code, it hides the others; a maker's own SPN stays a number",
    ),
)


def evaluate(window: Window, _parameters: NoParameters) -> Result:
    """Read the codes of the week.

    Raises
    ------
    NotEvaluated
        If no reading of the newest hours is known.
    """
    spn = window["diagnostic_spn"]
    known = np.flatnonzero(~np.isnan(spn))
    if not len(known):
        raise NotEvaluated(Why.MISSING_INPUT, "diagnostic_spn")
    seen = codes_of(window)
    newest_us = int(window.times_us[known[-1]]) - round(_NEWEST_SECONDS * 1e6)
    active = [one for one in seen if one.last_us > newest_us]
    figures = [
        Figure(name="codes_active", value=float(len(active))),
        Figure(name="codes_of_the_week", value=float(len(seen))),
        Figure(name="gravest_code", value=float(max((failure_mode(one.code.fmi).severity for one in seen), default=0))),
        Figure(name="signals_masked", value=float(len(signals_without_a_wire(active)))),
    ]
    return Result(
        figures, (), [evidence.table(label("一周内故障码", "Codes of the week"), _HEADER, map(_row, seen))] if seen else ()
    )


_HEADER = ("SPN", "FMI", "参数", "parameter", "故障模式", "failure mode", "次数 / count", "时长 / h")


def _row(one: Seen) -> list[object]:
    of, mode = parameter(one.code.spn), failure_mode(one.code.fmi)
    text = of.label if of is not None else label("厂家自定义", "The maker's own")
    hours = (one.last_us - one.first_us) / 3600e6
    return [one.code.spn, one.code.fmi, text.zh, text.en, mode.label.zh, mode.label.en, one.code.occurrences, hours]
