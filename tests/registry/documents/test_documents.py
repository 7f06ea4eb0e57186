"""The policy documents as data: each row T1 to T13, C3 to C5, K1 to K10 of the reference, and the fifteen inconsistencies."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from registry.areas import find, read
from registry.documents.contents import contents
from registry.documents.document import NAMES, Document, document
from registry.documents.equipment_kinds import guide_kinds
from registry.documents.inconsistencies import inconsistencies
from registry.plans.loading import plan_of
from registry.plans.progress import sum_of
from registry.stars.windows import windows_of
from store.city_plans import Target
from telemetry.errors import ConfigError
from telemetry.settings import load


def targets(name: str, row: str, **wanted: str) -> list[Target]:
    _plan, _phases, found = plan_of(name)
    return [
        one
        for one in found
        if one.code.startswith(f"{row}.") and all(getattr(one, key) == value for key, value in wanted.items())
    ]


def by_member(found: list[Target]) -> dict[str, Decimal | None]:
    return {one.member: one.low for one in found}


def test_jiaxing_1_goal_is_143_new_enterprises_5_71_percent_and_one_benchmark() -> None:  # T1
    assert [(one.counter, one.low) for one in targets("jiaxing_port_2017", "T1")] == [
        ("new_on_cloud", 143),
        ("new_share", Decimal("5.71")),
        ("benchmark", 1),
    ]


def test_jiaxing_3_1_to_3_3_sectors_are_55_65_and_25_and_sum_to_145() -> None:  # T2
    found = targets("jiaxing_port_2017", "T2", dimension="sector")
    assert by_member(found) == {"industry": 55, "services": 65, "individual_or_farm": 25}
    assert sum_of(found) == 145
    assert "45" in found[0].note_zh
    assert "125" in found[0].note_zh


def test_jiaxing_annex_1_1_departments_sum_to_145_with_the_joint_target_once() -> None:  # T3
    found = targets("jiaxing_port_2017", "T3", dimension="department")
    assert [one.low for one in found] == [40, 45, 35, 2, 23]
    assert sum_of(found) == 145
    assert sum_of(targets("jiaxing_port_2017", "T3", dimension="total")) == 145
    (joint,) = [one for one in found if len(one.holders) == 2]
    assert (joint.low, list(joint.holders)) == (Decimal(35), ["jiaxing-port-zhapu", "jiaxing-port-social"])


def test_jiaxing_annex_1_2_three_trainings_cover_200_enterprises_six_departments_jointly() -> None:  # T4
    found = targets("jiaxing_port_2017", "T4")
    assert {one.counter: one.low for one in found} == {"trainings": 3, "trained": 200}
    assert all(len(one.holders) == 6 for one in found)


def test_jiaxing_annex_1_3_one_of_the_city_and_one_of_the_province() -> None:  # T5
    found = targets("jiaxing_port_2017", "T5", dimension="level")
    assert by_member(found) == {"city": 1, "province": 1}
    assert {tuple(one.holders) for one in found} == {("jiaxing-port-economy",)}


def test_jining_1_is_5000_in_all_by_the_end_of_2020() -> None:  # T6
    (found,) = targets("jining_2018", "T6")
    assert (found.counter, found.low, found.last_day) == ("on_cloud", Decimal(5000), date(2020, 12, 31))


def test_jining_annex_3_counties_sum_to_1000() -> None:  # T7
    found = targets("jining_2018", "T7", dimension="area")
    assert len(found) == 14
    assert sum_of(found) == 1000
    assert by_member(found)["jining-gaoxin"] == 130
    assert by_member(found)["jining-taibaihu"] == 5
    assert {(one.first_day, one.last_day) for one in found} == {(date(2018, 1, 1), date(2018, 12, 31))}


def test_jining_4bao_3_five_kinds_of_benchmarks_have_no_number() -> None:  # T8
    found = targets("jining_2018", "T8", counter="benchmark")
    assert [one.member for one in found] == ["研发设计", "生产制造", "企业管理", "产品销售", "综合集成"]
    assert all(one.low is None for one in targets("jining_2018", "T8"))


def test_jiangsu_annex_3_sixteen_areas_have_no_target_issued_and_none_is_0() -> None:  # T9
    found = targets("jiangsu_2018", "T9")
    assert len({one.member for one in found}) == 16
    assert {one.counter for one in found} == {"new_on_cloud", "stars_3", "stars_4", "stars_5"}
    assert len(found) == 64
    assert {one.low for one in found} == {None}
    assert sum_of(found) is None


def test_shanxi_1_2_totals_of_three_years_keep_their_ranges() -> None:  # T10
    found = {one.counter: (one.bound, one.low, one.high) for one in targets("shanxi_2018", "T10")}
    assert found == {
        "platform_provider": ("range", Decimal(3), Decimal(5)),
        "application_provider": ("at_least", Decimal(150), None),
        "on_cloud": ("more_than", Decimal(10_000), None),
        "benchmark_case": ("at_least", Decimal(100), None),
        "experience_centre": ("range", Decimal(3), Decimal(5)),
    }


def test_shanxi_1_2_trainings_are_130_a_year_and_more_than_30000_enterprises_in_three() -> None:  # T11
    found = {one.counter: (one.bound, one.low, one.every_year) for one in targets("shanxi_2018", "T11")}
    assert found == {"trainings": ("at_least", Decimal(130), True), "trained": ("more_than", Decimal(30_000), False)}


def test_shanxi_3_8_first_200_pilots_and_100_benchmark_enterprises() -> None:  # T12
    assert {one.counter: one.low for one in targets("shanxi_2018", "T12")} == {"pilot": 200, "benchmark": 100}


@pytest.mark.parametrize(
    ("name", "months"),
    [
        ("jiaxing_port_2017", [("04", "05"), ("06", "07"), ("08", "11"), ("11", "12")]),
        ("jining_2018", [("01", "02"), ("03", "05"), ("06", "12"), ("01", "12")]),
        ("shanxi_2018", [("01", "06"), ("07", "12"), ("01", "12")]),
    ],
)
def test_jiaxing_2_jining_4_shanxi_4_phases_have_the_months_as_printed(name: str, months: list[tuple[str, str]]) -> None:  # T13
    _plan, phases, _targets = plan_of(name)
    assert [(f"{one.first_day:%m}", f"{one.last_day:%m}") for one in phases] == months


def test_jiaxing_2_3_and_2_4_pilots_report_are_accepted_and_verified() -> (
    None
):  # C3; the steps: tests/registry/plans/test_pilots.py
    (duty,) = [one for one in document("jiaxing_port_2017").cadence if one.row == "C3"]
    assert duty.page == "/city/plans/pilots"


def test_jiangsu_5_1_applications_are_taken_in_april_and_september() -> None:  # C4
    windows = windows_of("jiangsu_2018")
    assert [(one.first_day.month, one.last_day.month) for one in windows] == 3 * [(4, 4), (9, 9)]
    assert {one.first_day.year for one in windows} == {2018, 2019, 2020}


def test_shanxi_4_2_platform_has_the_three_functions_of_the_city() -> None:  # C5
    found = {one.rule_zh[:4]: one.page for one in document("shanxi_2018").cadence if one.row == "C5"}
    assert found == {"审核": "/city/enterprises", "数量统计": "/city", "统筹财政": "/city/vouchers"}


@pytest.mark.parametrize(
    ("row", "kind", "group", "functions"),
    [
        ("K1", "blast_furnace", "高能耗设备", ["精准感知", "生产优化", "远程诊断"]),
        ("K2", "boiler", "高能耗设备", ["状态监测", "工况优化", "故障诊断", "预测性维护"]),
        ("K3", "diesel_engine", "通用动力设备", ["动态监测"]),
        ("K4", "air_compressor", "通用动力设备", ["预防性维护", "精细化管理", "优化改造"]),
        ("K5", "motor", "通用动力设备", ["故障预警", "远程诊断", "能效分析"]),
        ("K6", "wind_turbine", "新能源设备", ["数据交互", "实时数据建模", "全生命周期"]),
        ("K7", "pv_inverter", "新能源设备", ["组件级", "故障预警", "辅助决策", "系统效率"]),
        ("K8", "construction_machine", "智能化设备", ["设备资产管理", "远程监控", "预测性维护", "备件预测"]),
        ("K9", "ship", "智能化设备", ["工艺优化", "流程调度", "能源管理", "安全生产"]),
        ("K10", "cnc_machine", "智能化设备", ["在线监控"]),
    ],
)
def test_jinan_1_4_kind_has_its_group_and_every_function_is_served(row: str, kind: str, group: str, functions: list[str]) -> None:
    (found,) = [one for one in guide_kinds() if one.aim.row == row]
    assert (found.aim.kind, found.group_label.label_zh) == (kind, group)
    named = " ".join(one.label.zh for one in found.functions)
    assert [word for word in functions if word not in named] == []
    assert all(one.served_by for one in found.functions)


def test_jinan_1_4_ten_kinds_are_in_four_groups() -> None:
    assert [one.aim.row for one in guide_kinds()] == [f"K{number}" for number in range(1, 11)]
    assert len({one.group for one in guide_kinds()}) == 4


def test_jiaxing_annex_2_has_36_contents_in_three_classes() -> None:
    (found,) = [one for one in contents().taxonomies if one.code == "jiaxing"]
    assert [len(one.items) for one in found.classes] == [11, 13, 12]


def test_all_areas_and_departments_of_the_documents_are_among_those_that_can_be_loaded() -> None:
    known, offices = set(), set()
    for name in ("jiangsu", "jiaxing_port", "jinan", "jining", "shanxi"):
        table = read(find(name))
        known |= {one.code for one in table.area}
        offices |= {one.code for one in table.department}
    for name in NAMES:
        plan, _phases, found = plan_of(name)
        assert {plan.area, *(one.member for one in found if one.dimension == "area")} <= known
        assert {holder for one in found for holder in one.holders} <= offices


def test_a_document_with_a_wrong_target_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    head = (
        'title_zh = "x"\ntitle_en = "x"\nnumber = "1"\nissuer = "x"\nfirst_day = 2018-01-01\nlast_day = 2018-12-31\narea = "x"\n'
    )
    file.write_text(
        f'{head}\n[[targets]]\nrow = "T1"\ncounter = "sheep"\nclause = "1"\nvalues = [{{ low = 1 }}]\n', encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"wrong\.toml:11: targets\[1\]\.counter"):
        load(file, Document)
    file.write_text(
        f'{head}\n[[targets]]\nrow = "T1"\ncounter = "pilot"\ndimension = "area"\nclause = "1"\nvalues = [{{ low = 1 }}]\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="do not go together"):
        load(file, Document)
    with pytest.raises(ConfigError, match="is not a document"):
        document("beijing_2019")


NAMED = {
    1: ("allocation", ["jiaxing_port_2017"], "143"),
    2: ("side_by_side", ["jiaxing_port_2017"], "125"),
    3: ("either_level", ["jiaxing_port_2017"], "省级"),
    4: ("as_printed", ["jiaxing_port_2017"], "重叠"),
    5: ("no_split", ["jining_2018"], "4000"),
    6: ("points_of_issue_year", ["jining_2018"], "递减"),
    7: ("reporting_area", ["jining_2018"], "功能区"),
    8: ("table_names", ["jiangsu_2018"], "故障诊断"),
    9: ("both", ["jiangsu_2018"], "两套"),
    10: ("sub_classes", ["jiangsu_2018"], "宽带"),
    11: ("none_issued", ["jiangsu_2018"], "为空"),
    12: ("seven_steps", ["jinan_2020"], "7 个步骤"),
    13: ("totals_two_targets", ["shanxi_2018"], "共亨"),
    14: ("telemetry_rule", list(NAMES), "上云"),
    15: ("crosswalk", list(NAMES), "分类"),
}


@pytest.mark.parametrize("number", range(1, 16))
def test_inconsistency_has_its_default_and_what_the_documents_say(number: int) -> None:
    default, documents, words = NAMED[number]
    (found,) = [one for one in inconsistencies() if one.number == number]
    assert (found.default, sorted(found.documents)) == (default, sorted(documents))
    assert words in found.found_zh
    assert found.effect_zh
    assert found.default in found.codes


def test_the_text_quoted_for_the_counties_is_that_of_the_policy_document() -> None:
    """Held against the document itself, where it is beside the project."""
    file = Path(__file__).parents[4] / "shared" / "policies" / "jining_2018.txt"
    if not file.is_file():
        pytest.skip("the policy documents are not beside the project")
    words = file.read_text(encoding="utf-8").split("2018年度济宁市“企业上云”目标")[-1].split()
    labels = {one.code: one.label_zh for one in read(find("jining")).area}
    printed = {"济宁经济技术开发区": "济宁经开区"}
    rows = {printed.get(word, word): int(words[place + 1]) for place, word in enumerate(words[:-1]) if words[place + 1].isdigit()}
    found = by_member(targets("jining_2018", "T7", dimension="area"))
    missing = [labels[code] for code, low in found.items() if rows.get(labels[code]) != low and labels[code] != "济宁经开区"]
    assert missing == []
