"""States and reasons in words."""

from dashboards.texts import Translate


def plan_states(_: Translate) -> dict[str, str]:
    return {
        "waiting": _("排队中"),
        "searching": _("计算中"),
        "done": _("计划已生成"),
        "failed": _("未能生成"),
        "lost": _("计算中断"),
    }


def machine_states(_: Translate) -> dict[str, str]:
    return {
        "executing": _("加工中"),
        "not_executing": _("未加工"),
        "out_of_service": _("故障或急停"),
        "offline": _("离线"),
        "no_data": _("无数据"),
    }


def sale_states(_: Translate) -> dict[str, str]:
    return {
        "held": _("已锁定"),
        "confirmed": _("已确认预订"),
        "delivered": _("已交付"),
        "settled": _("已结算"),
        "expired": _("锁定过期"),
        "cancelled": _("预订已取消"),
        "failed": _("未履约"),
    }


def deeds(_: Translate) -> dict[str, dict[str, str]]:
    """Write what can be done to a sale in each state; settling has a form of its own."""
    return {
        "held": {"confirm": _("确认预订"), "cancel": _("取消预订")},
        "confirmed": {"deliver": _("记为已交付"), "fail": _("记为未履约"), "cancel": _("取消预订")},
        "delivered": {"fail": _("记为未履约")},
    }


def refusals(_: Translate) -> dict[str, str]:
    return {"no_machine": _("能力不符"), "too_late": _("赶不上交期"), "too_dear": _("超出价格上限")}


def lacks(_: Translate) -> dict[str, str]:
    return {
        "process": _("工艺"),
        "axes": _("轴数"),
        "envelope": _("加工范围"),
        "load": _("承重"),
        "tolerance": _("公差"),
        "material": _("材料"),
        "certificate": _("资质"),
        "region": _("地区"),
    }


def doubts(_: Translate) -> dict[str, str]:
    return {
        "no_evidence": _("没有加工循环记录，或检验结果中没有合格数 good"),
        "counter_fell": _("计件器读数变小"),
        "cycles_and_count_differ": _("计件数与循环数不一致"),
        "cycle_outside_time": _("有循环落在售出时段之外"),
        "quality_differs_from_hash": _("检验结果与所给 SHA-256 不符"),
        "more_good_than_made": _("合格数多于加工数"),
    }


def methods(_: Translate) -> dict[str, str]:
    return {"cp_sat": _("约束规划"), "neighbourhoods": _("约束规划（分片）"), "local_search": _("规则与局部搜索"), "": "—"}
