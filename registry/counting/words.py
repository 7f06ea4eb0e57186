"""What was found of a machine, as a sentence for people: Chinese is the source, English beside it."""

from collections.abc import Mapping
from typing import Any

from device_profiles.kind import kind_names, load_kind

TEST_LABELS: dict[str, dict[str, str]] = {
    "retired": {"zh": "停用", "en": "Retired"},
    "identity": {"zh": "企业身份", "en": "Enterprise"},
    "nameplate": {"zh": "设备铭牌", "en": "Nameplate"},
    "gateway": {"zh": "接入网关", "en": "Gateway"},
    "data": {"zh": "数据到达", "en": "Data arrived"},
    "completeness": {"zh": "完整性", "en": "Completeness"},
    "continuity": {"zh": "连续性", "en": "Continuity"},
    "authenticity": {"zh": "真实性", "en": "Authenticity"},
    "hold": {"zh": "审核冻结", "en": "On hold"},
}
"""The tests in their order, as people call them."""
STATE_LABELS: dict[str, dict[str, str]] = {
    "registered": {"zh": "已登记", "en": "Registered"},
    "connected": {"zh": "已接入", "en": "Connected"},
    "reporting": {"zh": "持续上报", "en": "Reporting"},
    "verified": {"zh": "核定上云", "en": "Verified on cloud"},
    "silent": {"zh": "已静默", "en": "Silent"},
    "retired": {"zh": "已停用", "en": "Retired"},
}
METHOD_LABELS: dict[str, dict[str, str]] = {
    "flatlined": {"zh": "数值长期不变", "en": "values that do not move"},
    "replayed_itself": {"zh": "重放自身历史数据", "en": "its own past sent again"},
    "replayed_another": {"zh": "复制其他设备的数据", "en": "another machine's data"},
    "too_smooth": {"zh": "数据过于平滑", "en": "data too smooth for a sensor"},
    "impossible_physics": {"zh": "违背物理规律", "en": "values that contradict physics"},
    "digits": {"zh": "数字分布异常", "en": "digits as people make them up"},
    "copied_nameplate": {"zh": "铭牌重复", "en": "a copied nameplate"},
    "clock": {"zh": "时钟异常", "en": "a clock that was moved"},
    "simulator": {"zh": "模拟器", "en": "a simulator"},
}
_MISSING = {
    "maker": {"zh": "制造商", "en": "maker"},
    "model": {"zh": "型号", "en": "model"},
    "serial_number": {"zh": "出厂编号", "en": "serial number"},
    "nameplate": {"zh": "铭牌", "en": "nameplate"},
}
_PROBLEMS = {
    "inner_check": {"zh": "组织机构代码的校验位不符", "en": "the check of the organisation code does not fit"},
    "division": {"zh": "没有这个行政区划代码", "en": "there is no such division code"},
    "department": {"zh": "登记管理部门与机构类别不匹配", "en": "department and class do not go together"},
}
"""Of a code, by `registry.uscc.Trouble`."""
_SENTENCES: dict[str, dict[str, str]] = {
    "counts": {
        "zh": "最近{window}天中有{days}天数据完整有效（至少{needed}天），计入上云设备",
        "en": "complete on {days} of the last {window} days (at least {needed}): it counts",
    },
    "retired": {"zh": "设备已于{on}停用", "en": "the machine was retired on {on}"},
    "enterprise_retired": {"zh": "企业已于{on}注销登记", "en": "the enterprise was retired on {on}"},
    "code_for_review": {
        "zh": "企业的统一社会信用代码待复核：{problem}",
        "en": "the enterprise's unified social credit code waits for review: {problem}",
    },
    "area_not_valid": {
        "zh": "填报区域{area}在统计期末无效",
        "en": "the reporting area {area} is not valid at the end of the period",
    },
    "nameplate_incomplete": {"zh": "铭牌缺少：{missing}", "en": "the nameplate lacks: {missing}"},
    "registration_code_missing": {"zh": "缺少特种设备登记代码", "en": "the registration code of special equipment is missing"},
    "twin": {
        "zh": "与设备{twins}铭牌相同；先登记的是{first}，同一铭牌只计一次",
        "en": "it has the nameplate of {twins}; {first} was registered first, and one nameplate counts once",
    },
    "no_gateway": {"zh": "尚未绑定网关与数据名称", "en": "it is not bound to a gateway yet"},
    "not_enrolled": {"zh": "网关{gateway}未注册入网", "en": "gateway {gateway} has not enrolled"},
    "gateway_revoked": {"zh": "网关{gateway}的证书已于{on}吊销", "en": "gateway {gateway} was revoked on {on}"},
    "certificate_shared": {
        "zh": "网关{gateway}与{with}共用一张证书",
        "en": "gateway {gateway} shares its certificate with {with}",
    },
    "gateway_of_another": {
        "zh": "网关{gateway}登记在另一企业{uscc}名下",
        "en": "gateway {gateway} is registered for another enterprise, {uscc}",
    },
    "nothing_came": {
        "zh": "网关{gateway}从未上报名为“{equipment}”的数据",
        "en": "nothing has ever come from gateway {gateway} under the name {equipment}",
    },
    "other_kind": {
        "zh": "登记类型与上报数据的类型（{sends}）不符",
        "en": "it is registered as another kind than it sends ({sends})",
    },
    "points_lacked": {
        "zh": "{of}天有数据，但必采测点达到{least_points}/{points}个的只有{days}天（至少{needed}天）；不足的测点：{lacking}",
        "en": "data on {of} days, but {least_points} of {points} points on {days} only (at least {needed}); too few: {lacking}",
    },
    "days_lacked": {
        "zh": "最近{window}天中只有{days}天有数据（至少{needed}天），最后一天是{last_day}",
        "en": "data on {days} of the last {window} days only (at least {needed}); the last day was {last_day}",
    },
    "simulator": {"zh": "{where}标记为模拟器", "en": "the {where} is marked as a simulator"},
    "suspicion_confirmed": {"zh": "疑点{id}（{method}）已被确认", "en": "suspicion {id} ({method}) has been confirmed"},
    "suspicion_open": {"zh": "疑点{id}（{method}）尚待核实", "en": "suspicion {id} ({method}) waits for a decision"},
    "on_hold": {"zh": "审核人员已冻结：{reason}", "en": "an auditor has put it on hold: {reason}"},
}
_WHERE = {"machine": {"zh": "设备", "en": "machine"}, "gateway": {"zh": "网关", "en": "gateway"}}


_WORDS = {"method": METHOD_LABELS, "where": _WHERE, "problem": _PROBLEMS}
"""Parts of a reason that are words themselves."""


def sentence(reason: Mapping[str, Any], language: str, *, kind: str = "") -> str:
    """Say in ``zh`` or ``en`` what was found, without a full stop; points are named as by the machine's kind.

    A code that this version does not know is shown as it is, so that an old snapshot stays readable.
    """
    language = "zh" if language.startswith("zh") else "en"
    code = str(reason.get("code", ""))
    form = _SENTENCES.get(code, {}).get(language)
    if form is None:
        return code
    said = {name: _said(name, value, language, kind) for name, value in reason.items() if name != "code"}
    try:
        return form.format(**said)
    except KeyError:  # a reason that a later version has shortened
        return code


def name_of_test(test: str, language: str) -> str:
    """Name one of the tests."""
    return TEST_LABELS.get(test, {}).get("zh" if language.startswith("zh") else "en", test)


def name_of_state(state: str, language: str) -> str:
    """Name one of the states."""
    return STATE_LABELS.get(state, {}).get("zh" if language.startswith("zh") else "en", state)


def _said(name: str, value: Any, language: str, kind: str) -> str:
    comma, colon = ("、", "") if language == "zh" else (", ", " ")
    if name in _WORDS:
        return _WORDS[name].get(value, {}).get(language, str(value))
    match name:
        case "lacking":
            unit = "天" if language == "zh" else ""
            return comma.join(f"{_point(kind, point, language)}{colon}{days}{unit}" for point, days in value.items())
        case "missing":
            return comma.join(_MISSING[one][language] if one in _MISSING else str(one) for one in value)
        case "sends":
            return str(getattr(load_kind(value).label, language)) if value in kind_names() else str(value)
    return comma.join(map(str, value)) if isinstance(value, list) else str(value)


def _point(kind: str, point: str, language: str) -> str:
    signal = load_kind(kind).signals.get(point) if kind in kind_names() else None
    return point if signal is None else str(getattr(signal.label, language))
