"""The report of a comparison: JSON for programs, and a page in Chinese that ends in the go / no-go sheet."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from registry.verification.comparison import Check, Report

_LEVELS = {
    "counts": "1 数量",
    "schema": "2 结构",
    "values": "3 数值",
    "references": "4 引用",
    "business": "5 业务",
    "performance": "性能（参考）",
    "project": "项目记录（参考）",
}
_CHECKS = {
    "rows": "每台设备的行数一致",
    "anything": "时段内有数据",
    "columns": "列与类型一致或更宽",
    "keys": "主键与索引一致",
    "migrations": "目标库的结构版本不落后",
    "buckets": "设备×测点×日的摘要一致",
    "machines": "每台设备都在目标库，类型相同",
    "orphans": "读数引用的设备与测点都存在",
    "energy": "每日能耗与产量在允差内",
    "alarms": "报警次数一致",
    "figures": "分析指标在允差内",
    "queries": "固定查询的用时",
    "tests": "割接后测试",
    "drills": "演练与回滚用时",
}
_RESULTS = {"pass": "通过", "fail": "不通过", "note": "记录", "not_compared": "未比较"}
_FAULTS = {
    "duplicates": "重复行",
    "time_zone_shift": "时区偏移",
    "missing_hour": "缺少整小时",
    "late_rows": "缺少迟到的行",
    "extra_rows": "多出的行",
    "unit_scaling": "单位或寄存器比例改变",
    "values_missing": "数值丢失",
    "swapped_columns": "两列互换",
    "within_tolerance": "允差之内",
    "different_values": "数值不同",
    "different_rows": "行不同",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STYLE = """
body { font: 16px/1.6 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif; max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; color: #1b2733; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; font-size: 0.9rem; }
th, td { border: 1px solid #b8c4ce; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #eef2f5; }
.verdict { padding: 0.75rem 1rem; border-left: 8px solid; font-size: 1.25rem; font-weight: 700; }
.verdict.is-go { border-color: #1b6e3c; } .verdict.is-no-go { border-color: #a3161d; }
td.is-fail { color: #a3161d; font-weight: 700; }
@media print { body { margin: 0; } }
"""


def report_json(report: Report, *, source: str, target: str, made_at: datetime) -> dict[str, Any]:
    """Give the report as plain data."""
    question = report.question
    return {
        "version": 1,
        "source": source,
        "target": target,
        "made_at": made_at.isoformat(),
        "from": question.start.isoformat(),
        "to": question.end.isoformat(),
        "time_zone": question.zone.key,
        "comparison": "bitwise" if not question.tolerance else f"relative tolerance {question.tolerance:g}",
        "verdict": "go" if report.is_go else "no_go",
        "machines": report.machines,
        "buckets": report.buckets,
        "rows": report.rows,
        "unequal_buckets": report.unequal,
        "faults": report.faults(),
        "checks": [one._asdict() for one in report.checks],
        "bad_buckets": [
            {"machine": one.machine, "point": one.point, "day": one.day, "fault": one.fault.name, **one.fault.figures}
            for one in report.bad_buckets
        ],
        "differing_rows": [
            {
                "machine": one.machine,
                "point": one.point,
                "time": _time(one.row.time_us),
                "source": _value(one.row.source),
                "target": _value(one.row.target),
            }
            for one in report.rows_shown
        ],
    }


def to_text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, default=str)


def report_page(content: Mapping[str, Any], project_lines: Sequence[Check] = ()) -> str:
    """Write the page of `report_json`, with what a project has recorded beside the data."""
    is_go = content["verdict"] == "go"
    verdict = "可以割接（Go）" if is_go else "不可割接（No-go）"
    checks = [Check(**one) for one in content["checks"]]
    parts = [
        "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'>",
        f"<meta name='viewport' content='width=device-width'><title>数据迁移校验报告</title><style>{_STYLE}</style></head><body>",
        "<h1>数据迁移校验报告</h1>",
        f"<p class='verdict {'is-go' if is_go else 'is-no-go'}'>结论：{verdict}</p>",
        _table(
            ("项目", "内容"),
            [
                ("依据", "济南市“企业上云”工作指南（2020年版）三.7"),
                ("源", content["source"]),
                ("目标", content["target"]),
                ("时段", f"{content['from']} 至 {content['to']}（{content['time_zone']}）"),
                ("比较方式", "逐位比较" if content["comparison"] == "bitwise" else f"允差比较：{content['comparison']}"),
                ("范围", f"{content['machines']} 台设备，{content['rows']:,} 行，{content['buckets']:,} 个摘要"),
                ("生成时间", content["made_at"]),
            ],
        ),
        "<h2>割接判定表</h2>",
        _table(("层次", "检查", "结果", "详情"), [_line(one) for one in (*checks, *project_lines)]),
    ]
    if content["bad_buckets"]:
        shown = content["bad_buckets"][:200]
        rows = [
            (one["machine"], one["point"], one["day"], _FAULTS.get(one["fault"], one["fault"]), _figures(one)) for one in shown
        ]
        parts += [f"<h2>不一致的摘要（{content['unequal_buckets']} 个，列出 {len(rows)} 个）</h2>"]
        parts += [_table(("设备", "测点", "日期", "判断", "数字"), rows)]
    if content["differing_rows"]:
        rows = [(one["machine"], one["point"], one["time"], one["source"], one["target"]) for one in content["differing_rows"]]
        parts += [f"<h2>前 {len(rows)} 行差异</h2>", _table(("设备", "测点", "时间（UTC）", "源", "目标"), rows)]
    signatures = [("企业负责人", ""), ("云服务商", ""), ("县（市、区）主管部门", "")]
    parts += ["<h2>签署</h2>", _table(("签署方", "姓名、日期"), signatures), "</body></html>"]
    return "\n".join(parts) + "\n"


def _line(check: Check) -> tuple[str, str, str, str]:
    told = "；".join(f"{name}={_short(value)}" for name, value in check.detail.items() if value not in ([], {}, ""))
    return _LEVELS[check.level], _CHECKS.get(check.name, check.name), _RESULTS[check.result], told


def _figures(one: Mapping[str, Any]) -> str:
    return "，".join(f"{name}={_short(value)}" for name, value in one.items() if name not in ("machine", "point", "day", "fault"))


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:400]


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th scope='col'>{escape(title)}</th>" for title in header)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    text = "—" if value is None else str(value)
    return f"<td{' class=is-fail' if text == _RESULTS['fail'] else ''}>{escape(text)}</td>"


def _time(time_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat()


def _value(value: float | None) -> float | str | None:
    return value if value is None or value == value else "NULL"  # noqa: PLR0124 - NaN is not itself
