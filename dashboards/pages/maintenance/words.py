"""States and kinds of work in words."""

from dashboards.texts import Language, Translate
from device_profiles.kind import kind_names, load_kind


def finding_states(_: Translate) -> dict[str, str]:
    return {
        "open": _("新发现"),
        "acknowledged": _("已知悉"),
        "confirmed": _("属实"),
        "rejected": _("误判"),
        "closed": _("已关闭"),
    }


def verdict_words(_: Translate) -> dict[str, str]:
    """Write what a button does."""
    return {
        "acknowledged": _("知悉"),
        "confirmed": _("确认属实"),
        "rejected": _("判为误判"),
        "closed": _("关闭发现"),
    }


def order_states(_: Translate) -> dict[str, str]:
    return {"open": _("待办"), "in_progress": _("进行中"), "done": _("已完成"), "cancelled": _("已取消")}


def works(_: Translate) -> dict[str, str]:
    return {
        "inspection": _("点检"),
        "service": _("保养"),
        "cleaning": _("清洗"),
        "calibration": _("校准"),
        "repair": _("修理"),
        "replacement": _("更换"),
        "other": _("其他工作"),
    }


def severities(_: Translate) -> dict[str, str]:
    return {"critical": _("紧急"), "high": _("高"), "medium": _("中"), "low": _("低")}


def kind_label(kind: str, language: Language) -> str:
    return getattr(load_kind(kind).label, language) if kind in kind_names() else kind
