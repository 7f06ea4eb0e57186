"""Who may have a voucher (Jining 三(一), 三(六)): every reason against, in words."""

from registry.vouchers.policy import Eligibility
from registry.vouchers.words import Words
from store.city_voucher_parties import Applicant, Provider

NEGATIVE_LIST, CERTIFICATE = "negative_list", "integration_certificate"


def problems(applicant: Applicant, rules: Eligibility, *, city: str) -> list[Words]:
    """Give what speaks against an enterprise; nothing does where the list is empty.

    Whether it fits the industrial policy a person of the county judges: the document has no list of industries.
    """
    found = []
    if not applicant.uscc.startswith(rules.registration_prefix):
        found.append(
            Words(
                f"统一社会信用代码不是 {rules.registration_prefix} 开头的企业",
                f"the code does not begin with {rules.registration_prefix}: it is no company",
            )
        )
    if applicant.code_state != "valid":
        found.append(Words("统一社会信用代码有疑问，待核实", "the unified social credit code is still to be looked at"))
    if city not in applicant.areas:
        found.append(Words("不在本市注册登记", "it is not registered in this city"))
    if rules.must_be_independent and not applicant.is_independent:
        found.append(Words("不具有独立法人资格（分支机构）", "it is no independent legal person, but a branch"))
    if applicant.is_retired:
        found.append(Words("企业已注销", "the enterprise is retired"))
    if NEGATIVE_LIST in applicant.labels:
        found.append(Words("列入市级专项资金信用负面清单", "it is on the city's negative list of special funds"))
    return found


def provider_problems(provider: Provider | None) -> list[Words]:
    """Give what speaks against buying from, or paying, a provider (三(二), 三(四), 三(六))."""
    if provider is None:
        return [Words("没有这个服务商", "there is no such provider")]
    if provider.is_on_negative_list:
        return [Words("服务商列入市级专项资金信用负面清单", "the provider is on the city's negative list of special funds")]
    if provider.state != "listed":
        return [Words("服务商不在目录内", "the provider is not on the list")]
    return []


def priorities(applicant: Applicant, rules: Eligibility) -> list[str]:
    """Give the labels for which the document addresses an enterprise first."""
    return [label for label in rules.priority_labels if label in applicant.labels]
