"""The words of projects that no table of the registry holds."""

from collections.abc import Mapping

from dashboards.texts import Translate


def states(_: Translate) -> dict[str, str]:
    return {
        "preparing": _("准备中"),
        "cutting_over": _("正在割接"),
        "running": _("云上运行"),
        "rolled_back": _("已回滚"),
        "accepted": _("县级已验收"),
        "verified": _("市级已核验"),
    }


def item_states(_: Translate) -> dict[str, str]:
    return {"open": _("未开始"), "in_progress": _("进行中"), "done": _("已完成"), "not_needed": _("不需要")}


def decisions(_: Translate) -> dict[str, str]:
    return {
        "go": _("准予割接"),
        "no_go": _("不准割接"),
        "cut_over": _("登记割接完成"),
        "roll_back": _("登记回滚"),
        "accept": _("县级验收"),
        "verify": _("市级核验"),
    }


def stages(_: Translate) -> dict[str, str]:
    return {"rehearsal": _("模拟上云"), "after_cut_over": _("割接之后")}


def categories(_: Translate) -> dict[str, str]:
    return {
        "resource_scale": _("资源采购规模"),
        "resource_use": _("资源利用率"),
        "business_efficiency": _("业务效率"),
        "economic": _("经济效益"),
        "social": _("社会效益"),
    }


def answers(_: Translate) -> dict[str, str]:
    return {"met": _("已落实"), "partly": _("部分落实"), "not_met": _("未落实"), "not_applicable": _("不适用")}


def acts(_: Translate) -> Mapping[str, str]:
    """Name what the history of a project holds."""
    return {
        "open": _("立项"),
        "item": _("更新检查项"),
        "scope": _("登记范围"),
        "document": _("登记文件"),
        "withdraw_document": _("撤回文件"),
        "test": _("登记测试"),
        "drill": _("登记演练"),
        "declared": _("申报效果"),
        "answer": _("回答问卷"),
        "agreement": _("登记服务协议"),
        "maintenance": _("约定维护时间"),
        "credit_note": _("结算月份"),
        **decisions(_),
    }


def why_not(_: Translate) -> Mapping[str, str]:
    """Say why nothing can be said of an effect."""
    return {
        "no_data_before": _("割接前没有可用的日数据"),
        "no_data_after": _("割接后没有可用的日数据"),
        "too_few_days_before": _("割接前可用的天数太少"),
        "too_few_days_after": _("割接后可用的天数太少"),
        "nothing_before": _("割接前为零，无法计算变化"),
        "no_readings": _("从未收到这台设备的数据"),
        "unknown_kind": _("没有这类设备的分析方法"),
    }
