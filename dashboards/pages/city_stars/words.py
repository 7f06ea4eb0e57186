"""Words of the star rating for people."""

from collections.abc import Mapping
from typing import Any

from dashboards.texts import Language, Translate
from registry.stars.edition import Edition


def states(_: Translate) -> dict[str, str]:
    return {
        "draft": _("草稿"),
        "submitted": _("已提交"),
        "material_reviewed": _("材料已审查"),
        "recommended": _("已推荐，待省级评定"),
        "rated": _("已评定"),
        "published": _("已公布"),
        "refused": _("不予通过"),
        "withdrawn": _("已撤回"),
        "filed": _("已报省级备案"),
    }


def deployments(_: Translate) -> dict[str, str]:
    return {"public": _("公有云"), "private": _("私有云"), "hybrid": _("混合云")}


def sources(_: Translate) -> dict[str, str]:
    return {"measured": _("实测"), "declared": _("申报"), "mixed": _("实测与申报"), "none": "—"}


def notes(_: Translate) -> dict[str, str]:
    return {
        "not_stated": _("没有数据"),
        "no_document": _("没有证明材料，不计入"),
        "not_separable": _("共享平台，无法区分"),
        "not_applicable": _("只适用于信息技术服务企业"),
    }


def beside(_: Translate) -> dict[str, str]:
    """Name the readings that stand beside a value."""
    return {
        "active_people": _("当月有操作的人数"),
        "accounts": _("账户数"),
        "divisor": _("分母"),
        "percent_of_cloud_users": _("按使用云服务人员计（%）"),
        "percent_of_people": _("按总人数计（%）"),
        "p50": _("中位数"),
        "p95": _("95 分位"),
        "hosts": _("主机数"),
        "shared_hosts_left_out": _("未计入的共享主机"),
        "direction": _("方向"),
        "received_percent": _("接收方向（%）"),
        "sent_percent": _("发送方向（%）"),
        "unit": _("计量单位"),
        "points_a_day": _("日均点值数"),
        "api_reads": _("接口读取"),
        "machines": _("有数据的设备"),
        "samples": _("当月采样数"),
        "days": _("当月天数"),
        "declared": _("企业申报值"),
        "fee_by_vouchers": _("云服务券合同金额（元）"),
    }


def beside_values(_: Translate) -> dict[str, str]:
    return {
        "cloud_users": _("使用云服务人员数量"),
        "people": _("总人数"),
        "received": _("接收"),
        "sent": _("发送"),
        "accepted samples (at least, from rollups by hour)": _("已入库采样（按小时汇总，至少）"),
        "not recorded": _("没有记录，未计入"),
    }


def label(one: object, language: Language) -> str:
    """Give the name of a row, an item, a condition or a field in a language."""
    return str(getattr(one, f"label_{language}"))


def beside_text(row: Mapping[str, Any], _: Translate) -> list[str]:
    names, values = beside(_), beside_values(_)
    return [f"{names.get(name, name)}: {values.get(value, value)}" for name, value in row["beside"].items()]


def evidence_text(proof: Mapping[str, str], edition: Edition, language: Language, _: Translate) -> str:
    """Write what proves a value as a sentence."""
    item = next((label(one, language) for one in edition.items if one.code == proof.get("item")), "")
    match proof["form"]:
        case "machine":
            text = _(
                "设备 {number} 由 {analytic} 分析 {days} 天（快照 {snapshot}）",
                number=proof["number"],
                analytic=proof["text"],
                days=proof["amount"],
                snapshot=proof["source"],
            )
        case "voucher":
            text = _(
                "云服务券 {number}：合同 {contract}，{fee} 元",
                number=proof.get("number", ""),
                contract=proof["text"],
                fee=proof["amount"],
            )
        case _other:
            text = proof["text"]
    return f"{item}: {text}" if item else text
