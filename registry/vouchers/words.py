"""Words and sentences about vouchers in both languages, for pages, answers and commands alike."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from telemetry.errors import ShangyunError


class Words(NamedTuple):
    """A sentence or a name in Chinese and English."""

    zh: str
    en: str


class StepRefused(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A step that the rules do not allow; nothing was changed."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = Words(zh, en)
        super().__init__(en)


class NoSuchVoucher(StepRefused):
    """There is no voucher, batch, provider or enterprise of that number or code."""


STATES: Mapping[str, Words] = {
    "draft": Words("待审核", "to be checked"),
    "member": Words("用户会员", "member"),
    "contracted": Words("排队中", "waiting in the queue"),
    "issued": Words("已发放", "issued"),
    "in_service": Words("服务中", "in service"),
    "redemption_requested": Words("已申请兑付", "redemption requested"),
    "evaluated": Words("已评价", "evaluated"),
    "county_reviewed": Words("县级已审核", "reviewed by the county"),
    "publicised": Words("公示中", "publicised"),
    "paid": Words("已拨付", "paid"),
    "terminated": Words("已终止", "terminated"),
    "cancelled": Words("已撤销", "cancelled"),
    "disqualified": Words("已取消资格", "disqualified"),
}
STEPS: Mapping[str, Words] = {
    "register": Words("注册", "register"),
    "accept": Words("审核通过为会员", "accept as a member"),
    "apply": Words("凭合同申领", "apply with a contract"),
    "issue": Words("自动生成", "issue"),
    "start_service": Words("开始服务", "start the service"),
    "request_redemption": Words("申请兑付", "request redemption"),
    "withdraw_request": Words("撤回兑付申请", "withdraw the request"),
    "evaluate": Words("登记第三方评价", "record the third party's evaluation"),
    "deduct": Words("核减", "deduct"),
    "review": Words("县级审核", "review"),
    "publicise": Words("公示", "publicise"),
    "pay": Words("拨付", "pay"),
    "cancel": Words("撤销", "cancel"),
    "terminate": Words("终止", "terminate"),
    "disqualify": Words("取消资格", "disqualify"),
}
DEDUCTIONS: Mapping[str, Words] = {
    "quality": Words("服务质量问题", "quality of the service"),
    "certificate_ended": Words("两化融合证书已失效，按普通上限", "the certificate has ended: the plain cap holds"),
    "lower_fee": Words("实际费用低于合同", "the real fee was below the contract's"),
}
LABELS: Mapping[str, Words] = {
    "technology": Words("科技型", "technology"),
    "innovative": Words("创新型", "innovative"),
    "high_growth": Words("高成长", "high growth"),
    "specialised_new": Words("专精特新", "specialised and new"),
    "pilot": Words("试点", "pilot"),
    "benchmark": Words("标杆", "benchmark"),
    "integration_certificate": Words("两化融合证书", "integration certificate"),
    "negative_list": Words("负面清单", "negative list"),
}
PROVIDER_CLASSES: Mapping[str, Words] = {
    "general_platform": Words("综合云平台服务商", "general cloud platform"),
    "industry_platform": Words("行业云平台服务商", "cloud platform of an industry"),
    "application": Words("云应用服务商", "cloud application provider"),
}
PROVIDER_STATES: Mapping[str, Words] = {
    "applied": Words("待列入", "applied"),
    "listed": Words("已列入目录", "listed"),
    "suspended": Words("已暂停", "suspended"),
    "struck_off": Words("已除名", "struck off"),
}


def money(amount: Decimal) -> str:
    """Write CNY with separators and both places."""
    return f"{amount:,.2f}"
