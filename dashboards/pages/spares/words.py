"""The words of the page: classes of demand, why a part is to be ordered, and what is wrong in a table."""

import re
from collections.abc import Callable

from analytics.spare_parts.reorder_plan import Line
from dashboards.pictures.figures import significant
from dashboards.texts import Language, Translate
from telemetry.errors import Problem


def classes(_: Translate) -> dict[str, str]:
    return {
        "smooth": _("平稳"),
        "erratic": _("波动"),
        "intermittent": _("间断"),
        "lumpy": _("间断且波动"),
        "none": _("无需求记录"),
    }


def methods(_: Translate) -> dict[str, str]:
    return {"pooled": _("全库共同学习"), "bootstrap": _("该备件自身历史")}


def wishes(_: Translate) -> dict[str, str]:
    return {"target": _("满足率目标（%）"), "lead_time_months": _("备货期（月）"), "budget": _("预算")}


def reason(line: Line, _: Translate) -> str:
    """Say why a part is on the list."""
    order = line.order
    position, chance = significant(order.position), significant(100 * order.chance_short, digits=3)
    text = _("现有和在途共 {position}，一个备货期内不够用的概率 {chance}%。", position=position, chance=chance)
    wanted = order.base_stock - order.position
    if order.quantity < wanted - 1e-9:
        text += " " + _("需要 {wanted}，预算内订 {quantity}。", wanted=significant(wanted), quantity=order.quantity)
    return text


def mistake(problem: Problem, language: Language, _: Translate) -> str:
    """Say what is wrong in a table; its reader says it in English."""
    if language == "en":
        return problem.message
    for pattern, said in _SAID:
        found = re.fullmatch(pattern, problem.message, re.DOTALL)
        if found:
            return said(**found.groupdict())
    return problem.message


_SAID: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"is empty", "不能为空".format),
    (r"is 0", "不能为 0".format),
    (r"(?P<given>.*) is not a number from 0 on; returns are no demand", "{given} 不是 0 以上的数；退货不算需求".format),
    (r"(?P<given>.*) is not a number from 0 on", "{given} 不是 0 以上的数".format),
    (r"(?P<given>.*) is not a month, such as 2026-03", "{given} 不是月份；写法如 2026-03".format),
    (r"(?P<given>.*) is not a whole number of months from 1 on", "{given} 不是 1 以上的整月数".format),
    (r"this column is missing", "缺少这一列".format),
    (r"no such column; known: (?P<known>.*)", "没有这一列；可用的列：{known}".format),
    (r"there is no row", "表中没有数据行".format),
    (r"from (?P<first>\S+) to (?P<last>\S+) are more than (?P<most>\d+) months", "{first} 至 {last} 超过 {most} 个月".format),
    (r"(?P<part>.*) has (?P<month>\S+) in an earlier row", "{part} 的 {month} 在前面已有一行".format),
    (r"(?P<part>.*) has an earlier row", "{part} 在前面已有一行".format),
    (r"cannot be read: (?P<why>.*)", "无法读取（{why}）；请存为 UTF-8 编码的 CSV".format),
    (
        r"a lead time of (?P<months>\d+) months in a history of (?P<known>\d+)",
        "备货期 {months} 个月，历史只有 {known} 个月".format,
    ),
    (r"a lead time of (?P<months>\d+) months in at most (?P<most>\d+)", "备货期 {months} 个月，最多 {most} 个月".format),
    (
        r"(?P<count>\d+) lead times that differ, at most (?P<most>\d+) can be planned at once",
        "有 {count} 种不同的备货期，一次最多 {most} 种".format,
    ),
    (r"more than (?P<most>[\d,]+) units in all; count in a larger unit", "合计超过 {most} 件；请换用更大的计量单位".format),
    (r"(?P<given>\S+) is not above 0 and at most (?P<most>[\d.]+); .*", "应大于 0 且不超过 99.99".format),
    (r"(?P<given>\S+) is not between 1 and (?P<most>\d+) months", "应为 1 至 {most} 的整数".format),
    (r"(?P<given>\S+) is not an amount from 0 on", "应为 0 以上的金额".format),
)
