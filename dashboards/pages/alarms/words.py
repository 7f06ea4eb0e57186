"""The words that the alarm pages have for states, acts, views and forms of rules."""

from dashboards.texts import Translate


def priority_words(_: Translate) -> dict[str, str]:
    return {"critical": _("紧急"), "high": _("高"), "medium": _("中"), "low": _("低")}


def state_words(_: Translate) -> dict[str, str]:
    return {
        "unacknowledged": _("未确认"),
        "acknowledged": _("已确认"),
        "returned": _("已恢复，未确认"),
        "latched": _("已恢复，待复位"),
        "normal": _("正常"),
    }


def view_words(_: Translate) -> dict[str, str]:
    return {
        "standing": _("当前"),
        "shelved": _("已搁置"),
        "suppressed": _("设计抑制"),
        "out_of_service": _("退出服务"),
    }


def deed_words(_: Translate) -> dict[str, str]:
    """Name what happened, as the journal has it."""
    return {
        "activate": _("发生"),
        "return_to_normal": _("恢复"),
        "acknowledge": _("确认"),
        "comment": _("加备注"),
        "reset": _("复位"),
        "shelve": _("搁置"),
        "unshelve": _("结束搁置"),
        "suppress": _("设计抑制"),
        "unsuppress": _("解除抑制"),
        "take_out_of_service": _("退出服务"),
        "put_into_service": _("投入服务"),
        "priority_changed": _("改变优先级"),
    }


def side_words(_: Translate) -> dict[str, str]:
    return {
        "low_low": _("低于"),
        "low": _("低于"),
        "high": _("高于"),
        "high_high": _("高于"),
        "rising": _("上升超过"),
        "falling": _("下降超过"),
        "either": _("变化超过"),
    }
