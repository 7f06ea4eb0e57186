"""Imports into the registry: every row told, nothing half taken, the same file twice changes nothing."""

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from registry import areas
from registry.imports.columns import TABLES, TableName, template_csv, template_workbook
from registry.imports.importing import import_table
from registry.imports.report import State
from store.audit import Filter, list_acts
from store.city_lists import list_enterprises, list_machines
from store.city_registry import Area, enterprise, retire_enterprise, save_areas
from store.database import Database
from tests.registry.city import code_of
from tests.registry.tables import TODAY, as_workbook, bring, recorder, said

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ONE, TWO, THREE = code_of(1), code_of(2), code_of(3)
ENTERPRISES = ["统一社会信用代码", "企业名称", "统计区域", "行业代码"]
MACHINES = ["统一社会信用代码", "设备类型", "设备名称", "制造商", "型号", "出厂编号", "网关", "网关内设备名"]


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        areas.load(made, areas.find("jining"))
        areas.load(made, areas.find("jiaxing_port"))
        yield made


@pytest.fixture
def two(opened: Database) -> Database:
    """Register two enterprises."""
    taken = bring(opened, "enterprises", [ENTERPRISES, [ONE, "一厂", "任城区", "C3411"], [TWO, "二厂", "兖州区", "F51"]])
    assert taken.is_taken
    return opened


def rows_of(database: Database, what: bytes) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(what).fetchall()


def test_enterprises_come_in_with_area_industry_and_sector(two: Database) -> None:
    found = enterprise(two, ONE)
    assert found is not None
    assert (found.name, found.area, found.industry, found.industry_edition, found.sector) == (
        *("一厂", "jining-rencheng", "C3411", "2017", "industry"),
    )
    assert (found.code_state, found.registered_by, found.is_independent) == ("valid", "tester", True)
    other = enterprise(two, TWO)
    assert other is not None
    assert other.sector == "services"
    _, acts = list_acts(two, Filter(action="city."), limit=5)
    assert [(act.action, act.actor, act.detail) for act in acts] == [("city.import_enterprises", "tester", {"new": 2})]


def test_one_row_that_is_refused_keeps_all_out_and_is_told_with_line_and_column(opened: Database) -> None:
    report = bring(
        opened,
        "enterprises",
        [
            ENTERPRISES,
            [ONE, "一厂", "任城区", "C3411"],
            ["9137O811MA3C00003R", "二厂", "任城区", "C3411"],
            ["91370811MA3C00003R", "", "火星", "Z99"],
            [ONE, "又一厂", "任城区", "C3411"],
        ],
    )
    assert (report.is_refused, report.is_taken) == (True, False)
    assert [row.state for row in report.rows] == [State.NEW, State.REFUSED, State.REFUSED, State.REFUSED]
    told = "\n".join(said(report))
    assert "3: Unified social credit code: 'O' at place 5 is not used in codes; is it 0?" in told
    assert "4: Name: must be filled in" in told
    assert "4: Area: not known" in told
    assert "4: Industry code: 'Z99' is no code of GB/T 4754" in told
    assert "5: Unified social credit code: the same as line 2" in told
    assert list_enterprises(opened, day=TODAY) == (0, [])
    assert list_acts(opened, Filter(action="city."), limit=5)[0] == 0


def test_the_same_file_again_changes_nothing_and_a_new_name_is_brought_up_to_date(two: Database) -> None:
    typed = f" {TWO[:8]}-{TWO[8:]}"
    again = bring(two, "enterprises", [ENTERPRISES, [ONE.lower(), "一厂", "任城", "C3411"], [typed, "二厂", "兖州", ""]])
    assert [row.state for row in again.rows] == [State.UNCHANGED, State.UNCHANGED]
    renamed = bring(two, "enterprises", [ENTERPRISES, [ONE, "一厂（集团）", "曲阜市", ""]])
    assert [row.state for row in renamed.rows] == [State.CHANGED]
    found = enterprise(two, ONE)
    assert found is not None
    assert (found.name, found.area) == ("一厂（集团）", "jining-qufu")
    assert found.industry == "C3411", "a blank cell keeps what is stored"


def test_a_dry_run_tells_the_same_and_writes_nothing(opened: Database) -> None:
    report = bring(opened, "enterprises", [ENTERPRISES, [ONE, "一厂", "任城区", "C3411"]], is_dry=True)
    assert ([row.state for row in report.rows], report.is_taken, report.is_refused) == ([State.NEW], False, False)
    assert list_enterprises(opened, day=TODAY)[0] == 0


@pytest.mark.parametrize("code", ["913724394X35QDYPK0", "91378675DB0HHKRKAY"])
def test_gb_11714_a_code_with_a_wrong_inner_check_is_taken_for_review(opened: Database, code: str) -> None:
    report = bring(opened, "enterprises", [ENTERPRISES, [code, "待核", "任城区", "C3411"]])
    assert (report.is_taken, report.rows[0].state) == (True, State.FOR_REVIEW)
    found = enterprise(opened, code)
    assert found is not None
    assert (found.code_state, found.code_problem) == ("for_review", "inner_check")
    assert list_enterprises(opened, day=TODAY, is_for_review=True)[0] == 1


def test_jiaxing_3_1_to_3_3_the_sector_follows_the_code_and_then_the_industry(opened: Database) -> None:
    """T2: 92 is an individual business whatever it makes, 93 a co-operative; else the section decides."""
    rows = [
        (code_of(1, head="92", division="330482"), "C3411", "individual_or_farm"),
        (code_of(2, head="93", division="330482"), "", "individual_or_farm"),
        (code_of(3, division="330482"), "A0111", "individual_or_farm"),
        (code_of(4, division="330482"), "C3411", "industry"),
        (code_of(5, division="330482"), "D44", "industry"),
        (code_of(6, division="330482"), "G5442", "services"),
    ]
    head = [*ENTERPRISES, "责任部门"]
    table = [head, *([code, f"企业{place}", "嘉兴港区", industry, "社发局"] for place, (code, industry, _) in enumerate(rows))]
    assert bring(opened, "enterprises", table).is_taken
    for code, _, sector in rows:
        found = enterprise(opened, code)
        assert found is not None
        assert (found.sector, found.department) == (sector, "jiaxing-port-social")


def test_jiaxing_3_3_a_sector_that_contradicts_the_code_or_cannot_be_told_is_refused(opened: Database) -> None:
    head = [*ENTERPRISES, "统计类别"]
    report = bring(
        opened,
        "enterprises",
        [
            head,
            [code_of(1, head="92"), "个体户", "任城区", "", "工业"],
            [ONE, "一厂", "任城区", "", ""],
            [TWO, "二厂", "任城区", "", "服务业"],
        ],
    )
    assert [row.state for row in report.rows] == [State.REFUSED, State.REFUSED, State.NEW]
    assert "codes of 92 and 93 are individual_or_farm" in said(report)[0]


def test_branches_name_a_legal_person_that_is_there_or_comes_with_them(opened: Database) -> None:
    head = [*ENTERPRISES, "总公司信用代码"]
    made = bring(opened, "enterprises", [head, [TWO, "分厂", "任城区", "C34", ONE], [ONE, "总厂", "任城区", "C34", ""]])
    assert made.is_taken
    found = enterprise(opened, TWO)
    assert found is not None
    assert (found.head_uscc, found.is_independent) == (ONE, False)
    wrong = bring(
        opened,
        "enterprises",
        [
            head,
            [THREE, "分厂的分厂", "任城区", "C34", TWO],
            [ONE, "总厂", "任城区", "C34", code_of(9)],
            [code_of(4), "自己", "任城区", "C34", code_of(4)],
        ],
    )
    told = "\n".join(said(wrong))
    assert "2: Code of the legal person: it is a branch itself" in told
    assert "3: Code of the legal person: the legal person is neither registered" in told
    assert "4: Code of the legal person: an enterprise is no branch of its own" in told


def test_a_head_with_branches_becomes_no_branch(opened: Database) -> None:
    head = [*ENTERPRISES, "总公司信用代码"]
    table = [head, [TWO, "分厂", "任城", "C34", ONE], [ONE, "总厂", "任城", "C34", ""], [THREE, "另一", "任城", "C34", ""]]
    assert bring(opened, "enterprises", table).is_taken
    assert "has branches of its own" in said(bring(opened, "enterprises", [head, [ONE, "总厂", "任城", "C34", THREE]]))[0]


def test_machines_come_in_and_are_found_again_by_nameplate_readings_or_label(two: Database) -> None:
    table = [
        MACHINES,
        [ONE, "锅炉", "1号", "济锅", "WNS-10", "sn 001", "g-1", "b-1"],
        [ONE, "air_compressor", "2号", "", "", "", "g-1", "c-1"],
        [ONE, "数控机床", "3号", "", "", "", "", ""],
    ]
    assert bring(two, "machines", table).is_taken
    typed_anew = [
        MACHINES,
        [ONE, "工业锅炉", "1号", "济锅", "WNS 10", "ＳＮ001", "", ""],
        [ONE, "大型空压机", "2号", "阿特拉斯", "GA90", "A1", "g-1", "c-1"],
        [ONE, "机床", "3号", "", "", "", "g-1", "m-1"],
    ]
    report = bring(two, "machines", typed_anew)
    assert report.is_taken
    total, machines = list_machines(two, ONE)
    assert (total, [(one.label, one.gateway, one.equipment_name) for one in machines]) == (
        3,
        [("2号", "g-1", "c-1"), ("1号", "g-1", "b-1"), ("3号", "g-1", "m-1")],
    )
    assert machines[0].serial_number == "A1"
    assert [row.state for row in bring(two, "machines", typed_anew).rows] == [State.UNCHANGED] * 3


def test_a_twin_of_another_enterprise_is_taken_and_told_on_both_sides(two: Database) -> None:
    plate = ["锅炉", "1号", "济锅", "WNS10", "SN1"]
    assert bring(two, "machines", [MACHINES, [ONE, *plate, "", ""]]).is_taken
    report = bring(two, "machines", [MACHINES, [TWO, *plate, "", ""]])
    assert (report.is_taken, report.rows[0].state) == (True, State.TWIN)
    assert f"2: Serial number: the same nameplate as a machine of {ONE}" in said(report)
    assert [one.has_twin for code in (ONE, TWO) for one in list_machines(two, code)[1]] == [True, True]


def test_two_enterprises_in_one_table_may_quarrel_and_one_may_not_name_a_machine_twice(two: Database) -> None:
    plate = ["锅炉", "1号", "济锅", "WNS10", "SN1"]
    both = bring(two, "machines", [MACHINES, [ONE, *plate, "", ""], [TWO, *plate, "", ""]])
    assert (both.is_taken, [row.state for row in both.rows]) == (True, [State.NEW, State.TWIN])
    twice = bring(two, "machines", [MACHINES, [ONE, *plate[:-1], "SN2", "", ""], [ONE, *plate[:-1], "sn-2", "", ""]])
    assert "3: Serial number: the same as line 2" in said(twice)


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ([THREE, "锅炉", "1号"], "this enterprise is not registered"),
        ([ONE, "火箭", "1号"], "Kind: not known; known: 炼铁高炉"),
        ([ONE, "锅炉", "", "济锅", "", "SN1"], "give the whole nameplate, a gateway, or a label"),
        ([ONE, "锅炉", "1号", "", "", "", "g/1", "b"], "letters, digits and . _ - alone"),
        ([ONE, "锅炉", "1号", "", "", "", "g-1", ""], "gateway and name at the gateway are given together"),
        ([ONE, "锅炉", "x" * 201], "more than 200 characters"),
        ([ONE, "锅炉", "1号", "", "", "", "", "", "1899"], "a whole number from 1900 to 2026"),
        ([ONE, "锅炉", "1号", "", "", "", "", "", "2019", "也许"], "yes or no"),
        ([ONE, "锅炉", "1号", "", "", "", "", "", "2019", "是", "?"], "column 11 has no heading"),
    ],
)
def test_a_machine_that_cannot_be_one_is_refused_with_a_hint(two: Database, row: list[str], hint: str) -> None:
    report = bring(two, "machines", [[*MACHINES, "制造年份", "是否模拟器"], row])
    assert report.is_refused
    assert hint in "\n".join(said(report))
    assert list_machines(two, ONE)[0] == 0


def test_readings_that_are_another_machines_are_refused(two: Database) -> None:
    assert bring(two, "machines", [MACHINES, [ONE, "锅炉", "1号", "", "", "", "g-1", "b-1"]]).is_taken
    report = bring(two, "machines", [MACHINES, [TWO, "锅炉", "9号", "", "", "", "g-1", "b-1"]])
    assert said(report)[-1] == f"2: Name at the gateway: these readings are already those of a machine of {ONE}"


def test_a_serial_number_that_excel_made_a_day_is_refused_and_a_day_is_taken_as_one(two: Database) -> None:
    report = bring(two, "machines", as_workbook([MACHINES[:6], [ONE, "锅炉", "1号", "济锅", "WNS", date(2026, 3, 1)]]))
    assert said(report)[0] == "2: Serial number: became a date in Excel; format the cell as text"
    head = ["统一社会信用代码", "称号", "有效期起", "依据文件"]
    assert bring(two, "labels", as_workbook([head, [ONE, "专精特新", date(2026, 3, 1), "文"]])).is_taken


def test_jining_4bao_3_benchmarks_are_of_one_of_five_kinds(two: Database) -> None:
    """T8: 研发设计, 生产制造, 企业管理, 产品销售, 综合集成."""
    head = ["统一社会信用代码", "称号", "级别", "类型", "有效期起", "有效期止", "依据文件"]
    names = ["研发设计", "生产制造上云", "企业管理", "产品销售", "综合集成"]
    table = [head, *([ONE, "标杆企业", "市级", name, "2018-06-01", "", "文"] for name in names)]
    assert bring(two, "labels", table).is_taken
    found = rows_of(two, b"SELECT form FROM city.enterprise_label ORDER BY id")
    assert [form for (form,) in found] == ["研发设计", "生产制造", "企业管理", "产品销售", "综合集成"]
    wrong = bring(
        two,
        "labels",
        [head, [TWO, "标杆", "市级", "吃饭", "2018-06-01", "", "文"], [TWO, "试点", "市级", "研发设计", "2018-06-01", "", "文"]],
    )
    assert [hint.split(": ", 2)[2] for hint in said(wrong)] == [
        "one of 研发设计、生产制造、企业管理、产品销售、综合集成",
        "this label is not of anything",
    ]


def test_a_label_may_be_prolonged_and_ends_not_before_it_begins(two: Database) -> None:
    head = ["uscc", "label", "level", "valid_from", "valid_to", "document"]
    first = [ONE, "integration_certificate", "", "2018年1月1日", "2020/12/31", "证书A"]
    assert bring(two, "labels", [head, first]).is_taken
    assert [row.state for row in bring(two, "labels", [head, first]).rows] == [State.UNCHANGED]
    assert [row.state for row in bring(two, "labels", [head, [*first[:4], "2021-12-31", "证书A"]]).rows] == [State.CHANGED]
    assert "before the first day" in said(bring(two, "labels", [head, [*first[:4], "2017-12-31", "x"]]))[0]
    assert rows_of(two, b"SELECT valid_to FROM city.enterprise_label") == [(date(2021, 12, 31),)]


@pytest.mark.parametrize("year", ["2009", "2028", "-1", "2026.5", "99999999999999999999", "二〇二六"])
def test_key_equipment_is_declared_for_a_year_that_can_be(two: Database, year: str) -> None:
    head = ["统一社会信用代码", "年度", "设备类型", "重点设备台数", "申报日期", "依据文件"]
    assert bring(two, "declarations", [head, [ONE, year, "锅炉", "3", "2026-01-15", "文"]]).is_refused


def test_a_declaration_takes_the_place_of_the_one_before(two: Database) -> None:
    head = ["统一社会信用代码", "年度", "设备类型", "重点设备台数", "申报日期", "依据文件"]
    assert bring(two, "declarations", [head, [ONE, "2026年", "锅炉", "1,200台", "2026-01-15", "文一"]]).is_taken
    later = [[ONE, "2026", "boiler", "12", "20260201", "文二"], [TWO, "2026", "电机", "0", "2026-02-01", "文"]]
    report = bring(two, "declarations", [head, *later])
    assert [row.state for row in report.rows] == [State.CHANGED, State.NEW]
    found = rows_of(two, b"SELECT kind, machines, document FROM city.declaration ORDER BY kind")
    assert found == [("boiler", 12, "文二"), ("motor", 0, "文")]
    assert "after today" in said(bring(two, "declarations", [head, [ONE, "2026", "锅炉", "1", "2026-12-31", "文"]]))[0]


def test_gateways_come_with_certificates_that_none_shares(two: Database) -> None:
    head = ["网关", "统一社会信用代码", "证书指纹"]
    first, second = "AB" * 32, ":".join(["cd"] * 32)
    assert bring(two, "gateways", [head, ["g-1", ONE, first], ["g-2", TWO, second]]).is_taken
    assert [row.state for row in bring(two, "gateways", [head, ["g-1", ONE, first.lower()]]).rows] == [State.UNCHANGED]
    assert "gateway g-1 enrolled with this certificate" in said(bring(two, "gateways", [head, ["g-3", ONE, first]]))[0]
    assert f"this gateway is one of {ONE}" in said(bring(two, "gateways", [head, ["g-1", TWO, "ef" * 32]]))[0]
    assert "64 hexadecimal digits" in said(bring(two, "gateways", [head, ["g-4", ONE, "xyz"]]))[0]
    assert "the same as line 2" in said(bring(two, "gateways", [head, ["g-4", ONE, "aa" * 32], ["g-5", ONE, "aa" * 32]]))[0]
    assert [row.state for row in bring(two, "gateways", [head, ["g-1", ONE, "ef" * 32]]).rows] == [State.CHANGED]


@pytest.mark.parametrize("table", TABLES)
def test_the_example_of_each_template_comes_in(opened: Database, table: TableName) -> None:
    if table != "enterprises":
        assert import_table(opened, "enterprises", template_csv("enterprises"), by="x", today=TODAY, record=recorder()).is_taken
    for make in (template_csv, template_workbook):
        report = import_table(opened, table, make(table, "en"), by="x", today=TODAY, record=recorder())
        assert report.is_taken, said(report)


def test_headings_that_are_missing_unknown_or_twice_refuse_the_file(opened: Database) -> None:
    report = bring(opened, "enterprises", [["企业名称", "名称", "颜色"], ["a", "b", "c"]])
    assert report.is_refused
    assert [hint.split("; known")[0] for hint in said(report)] == [
        "1: : 'Name' is there twice",
        "1: : '颜色' is no known column",
        "1: : the column 'Unified social credit code' is missing",
        "1: : the column 'Area' is missing",
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n", "统一社会信用代码,企业名称,统计区域\n".encode(), b"PK\x03\x04"])
def test_a_file_without_rows_is_refused(opened: Database, data: bytes) -> None:
    report = bring(opened, "enterprises", data)
    assert report.is_refused
    assert len(said(report)) == 1


def test_a_retired_enterprise_takes_nothing_before_it_is_reinstated(two: Database) -> None:
    with two.connection() as connection:
        assert retire_enterprise(connection, ONE)
    assert "is retired; reinstate it first" in said(bring(two, "enterprises", [ENTERPRISES, [ONE, "一厂", "任城", "C34"]]))[0]
    assert "is retired; reinstate it first" in said(bring(two, "machines", [MACHINES, [ONE, "锅炉", "1号"]]))[0]


def test_an_area_that_is_gone_takes_nobody(opened: Database) -> None:
    areas.load(opened, areas.find("jinan"))
    report = bring(opened, "enterprises", [ENTERPRISES, [ONE, "莱芜旧厂", "莱芜市", "C31"]])
    assert "2: Area: not known" in said(report)[0]
    assert bring(opened, "enterprises", [ENTERPRISES, [ONE, "莱芜旧厂", "莱芜区", "C31"]]).is_taken


def test_a_name_that_two_areas_share_asks_for_the_code(opened: Database) -> None:
    areas.load(opened, areas.find("jinan"))
    with opened.connection() as connection:
        other = Area(code="zaozhuang-shizhong", level="county", label_zh="市中区", label_en="Shizhong", source="test")
        save_areas(connection, [other])
    report = bring(opened, "enterprises", [ENTERPRISES, [ONE, "一厂", "市中区", "C31"]])
    assert "several have this name; write one of the codes jinan-shizhong, zaozhuang-shizhong" in said(report)[0]
    assert bring(opened, "enterprises", [ENTERPRISES, [ONE, "一厂", "jinan-shizhong", "C31"]]).is_taken


def test_two_who_bring_the_same_machine_at_once_make_one(two: Database) -> None:
    """The second waits, and finds what the first has brought."""
    table = [MACHINES, [ONE, "锅炉", "1号", "济锅", "WNS10", "SN1", "g-1", "b-1"]]
    reports: list[State] = []
    threads = [threading.Thread(target=lambda: reports.append(bring(two, "machines", table).rows[0].state)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reports) == [State.NEW, State.UNCHANGED, State.UNCHANGED]
    assert list_machines(two, ONE)[0] == 1
