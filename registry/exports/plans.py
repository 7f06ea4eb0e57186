"""The table of a plan: each target with what was reached."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from registry.exports.tables import Column, Table
from registry.plans.progress import Progress
from registry.plans.standing import PlanStanding
from registry.plans.words import BENCHMARK_FORMS, COUNTERS, LEVELS, NO_TARGET, SECTORS, UNKNOWN, word

COLUMNS = (
    Column("counter", "指标", "Counter", "text", 26),
    Column("member", "对象", "Of", "text", 24),
    Column("holders", "责任部门", "Departments", "text", 30),
    Column("first_day", "起", "From", "day", 12),
    Column("last_day", "止", "To", "day", 12),
    Column("target", "目标", "Target", "number", 12),
    Column("upper", "上限", "Upper limit", "number", 12),
    Column("reached", "已完成", "Reached", "number", 12),
    Column("rate_percent", "完成率（%）", "Rate (%)", "percent", 12),
    Column("shortfall", "差额", "Shortfall", "number", 12),
    Column("rank", "排名", "Rank", "integer", 8),
    Column("remark", "说明", "Remark", "text", 20),
    Column("document", "文件", "Document", "text", 40),
    Column("clause", "条款", "Clause", "text", 16),
    Column("note", "备注", "Note", "text", 40),
)


def plan_table(standing: PlanStanding, labels: Mapping[str, str], *, language: Literal["zh", "en"] = "zh") -> Table:
    """Give all targets of a plan; ``labels`` are the names of areas and departments by code."""
    title = getattr(standing.plan, f"label_{language}")
    return Table(title=title, columns=COLUMNS, rows=_rows(standing, labels, language))


def _rows(standing: PlanStanding, labels: Mapping[str, str], language: Literal["zh", "en"]) -> Iterator[list[Any]]:
    for row in standing.rows:
        target = row.target
        yield [
            word(COUNTERS, target.counter, language),
            member_name(row, labels, language),
            "、".join(labels.get(holder, holder) for holder in target.holders),
            row.first_day,
            row.last_day,
            target.low,
            target.high,
            row.reached,
            row.rate,
            row.shortfall,
            row.rank,
            remark(row, language),
            target.document,
            target.clause,
            getattr(target, f"note_{language}"),
        ]


def member_name(row: Progress, labels: Mapping[str, str], language: Literal["zh", "en"]) -> str:
    """Say what a target is of."""
    member = row.target.member
    match row.target.dimension:
        case "sector":
            return word(SECTORS, member, language)
        case "level":
            return word(LEVELS, member, language)
        case "form":
            return word(BENCHMARK_FORMS, member, language)
        case "department":
            return "、".join(labels.get(holder, holder) for holder in row.target.holders)
        case "total":
            return {"zh": "合计", "en": "Total"}[language]
    return labels.get(member, member)


def remark(row: Progress, language: Literal["zh", "en"]) -> str:
    """Say what numbers cannot: no target, or not known."""
    said = [word(UNKNOWN, row.why_unknown, language)] if row.why_unknown else []
    if row.target.low is None:
        said.append(getattr(NO_TARGET, language))
    return {"zh": "；", "en": "; "}[language].join(said)
