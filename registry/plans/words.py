"""What counters, sectors, levels and reasons are called."""

from decimal import Decimal
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """A name in both languages."""

    zh: str
    en: str


COUNTERS = {
    "new_on_cloud": Words("新增上云企业", "New enterprises on the cloud"),
    "on_cloud": Words("上云企业（累计）", "Enterprises on the cloud"),
    "new_share": Words("新增上云企业占企业总数（%）", "New enterprises of all (%)"),
    "pilot": Words("试点企业", "Pilots"),
    "benchmark": Words("标杆企业", "Benchmark enterprises"),
    "pilot_or_benchmark": Words("试点、标杆企业", "Pilots and benchmarks"),
    "benchmark_case": Words("标杆应用案例", "Benchmark cases"),
    "stars_3": Words("三星级上云企业", "Three stars"),
    "stars_4": Words("四星级上云企业", "Four stars"),
    "stars_5": Words("五星级上云企业", "Five stars"),
    "trainings": Words("宣传培训批次", "Trainings held"),
    "trained": Words("培训覆盖企业", "Enterprises trained"),
    "platform_provider": Words("云平台服务商", "Cloud platform providers"),
    "application_provider": Words("云应用服务商", "Cloud application providers"),
    "experience_centre": Words("体验中心", "Experience centres"),
    "enterprise_base": Words("企业总数", "Enterprises at all"),
}
SECTORS = {
    "industry": Words("工业", "Industry"),
    "services": Words("服务业", "Services"),
    "individual_or_farm": Words("个体工商户、农业", "Individual businesses and farms"),
}
LEVELS = {
    "national": Words("国家级", "National"),
    "province": Words("省级", "Province"),
    "city": Words("市级", "City"),
    "county": Words("县级", "County"),
}
BENCHMARK_FORMS = {
    "研发设计": Words("研发设计", "Research and design"),
    "生产制造": Words("生产制造", "Manufacturing"),
    "企业管理": Words("企业管理", "Management"),
    "产品销售": Words("产品销售", "Sales"),
    "综合集成": Words("综合集成", "Integration of all"),
}
"""Jining 四保（三）, by the document's own word, which is also what a label says."""
UNKNOWN = {
    "no_count": Words("尚未计数", "Not counted yet"),
    "not_declared": Words("未申报", "Not declared"),
    "not_begun": Words("尚未开始", "Not begun"),
}
NO_TARGET = Words("未下达目标", "No target issued")


def number(value: Decimal) -> str:
    """Write a number as people do: 3, 5.71."""
    return f"{value.normalize():f}"


def word(words: dict[str, Words], code: str, language: Language) -> str:
    """Give the name of a code; one that has none stands for itself."""
    found = words.get(code)
    return code if found is None else getattr(found, language)
