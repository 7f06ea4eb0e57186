"""What the registry says, in words."""

from collections.abc import Mapping, Sequence

from dashboards.texts import Language, Translate
from device_profiles.kind import kind_names, load_kind
from registry.imports.columns import TableName
from registry.names import labels
from registry.uscc import Trouble
from store.city_lists import ListedEnterprise
from store.city_registry import Area


def counts(_: Translate) -> dict[str, str]:
    """Name what the newest count may say of an enterprise."""
    return {"on_cloud": _("已上云"), "not_on_cloud": _("未上云"), "not_counted": _("未统计")}


def sectors(_: Translate) -> dict[str, str]:
    return {"industry": _("工业"), "services": _("服务业"), "individual_or_farm": _("个体工商户、农业企业")}


def tables(_: Translate) -> dict[TableName, str]:
    return {
        "enterprises": _("企业"),
        "machines": _("设备"),
        "labels": _("企业称号"),
        "declarations": _("重点设备申报"),
        "gateways": _("网关"),
    }


def troubles(_: Translate) -> dict[str, str]:
    """Say what is odd in a code that was taken for review."""
    return {
        Trouble.INNER_CHECK: _("组织机构代码的校验位不符"),
        Trouble.DIVISION: _("第3至8位不是行政区划代码"),
        Trouble.DEPARTMENT: _("前两位不是已知的登记管理部门与机构类别"),
    }


def label_names(language: Language) -> dict[str, str]:
    return {code: getattr(one, f"label_{language}") for code, one in labels().labels.items()}


def level_names(language: Language) -> dict[str, str]:
    return {"": "", **{code: getattr(one, f"label_{language}") for code, one in labels().levels.items()}}


def area_names(areas: Sequence[Area], language: Language) -> dict[str, str]:
    return {area.code: getattr(area, f"label_{language}") for area in areas}


def area_options(areas: Sequence[Area], language: Language) -> list[tuple[str, str]]:
    """Give all areas, each below the one that it belongs to and moved in by its depth."""
    below: dict[str | None, list[Area]] = {}
    codes = {area.code for area in areas}
    for area in areas:
        below.setdefault(area.parent if area.parent in codes else None, []).append(area)
    found: list[tuple[str, str]] = []

    def add(parent: str | None, depth: int) -> None:
        for area in below.get(parent, []):
            found.append((area.code, "\u3000" * depth + getattr(area, f"label_{language}")))
            add(area.code, depth + 1)

    add(None, 0)
    return found


def shown(names: Mapping[str, str], code: str | None) -> str:
    """Give the name of a code; the code itself where there is none."""
    return names.get(code, code) if code else ""


def kind_name(kind: str, language: Language) -> str:
    """Give a kind's name; its code where this installation does not know it."""
    return str(getattr(load_kind(kind).label, language)) if kind in kind_names() else kind


def count_of(one: ListedEnterprise) -> str:
    """Say by a word of `store.city_lists.COUNTS` what the newest count says."""
    return "not_counted" if one.is_on_cloud is None else "on_cloud" if one.is_on_cloud else "not_on_cloud"
