"""What a count says, in words: tests, states, forms of snapshots, areas and kinds."""

from collections.abc import Mapping

from dashboards.texts import Language, Translate
from device_profiles.kind import kind_names, load_kind
from registry.counting.words import METHOD_LABELS, STATE_LABELS, TEST_LABELS
from store.city_registry import Area


def tests(language: Language) -> dict[str, str]:
    """Name the tests in their order."""
    return {name: label[language] for name, label in TEST_LABELS.items()}


def states(language: Language) -> dict[str, str]:
    return {name: label[language] for name, label in STATE_LABELS.items()}


def methods(language: Language) -> dict[str, str]:
    """Name what makes data suspicious."""
    return {name: label[language] for name, label in METHOD_LABELS.items()}


def meanings(_: Translate) -> dict[str, str]:
    """Say what each test asks for."""
    return {
        "retired": _("设备没有退役"),
        "identity": _("企业有有效的统一社会信用代码，且在本市上报区域内"),
        "nameplate": _("制造商、型号、出厂编号齐全且全市唯一；锅炉另需特种设备登记代码"),
        "gateway": _("数据经已登记的网关上传，证书不与其他网关共用，且该网关登记给这家企业和这台设备"),
        "data": _("统计期内收到过数据"),
        "completeness": _("有足够多的日子，规定的测点全部有合格的数值"),
        "continuity": _("有足够多的日子收到了数据"),
        "authenticity": _("不是仿真数据，没有未排除的疑点"),
        "hold": _("没有被审核人员暂停计数"),
    }


def forms(_: Translate) -> dict[str, str]:
    return {"day": _("每日统计"), "month": _("月度快照"), "quarter": _("季度快照"), "year": _("年度快照")}


def kind_label(kind: str, language: Language) -> str:
    """Give a kind's name; its code where this installation does not know it."""
    return str(getattr(load_kind(kind).label, language)) if kind in kind_names() else kind


def area_label(areas: Mapping[str, Area], code: str, language: Language) -> str:
    found = areas.get(code)
    return code if found is None else found.label_zh if language == "zh" else found.label_en
