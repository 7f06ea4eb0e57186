"""Tables of targets from an office: what is taken, and for each cell that is not, its row and why."""

import io
from decimal import Decimal

import openpyxl
import pytest

from registry.plans.target_tables import TargetTable, read_target_table
from registry.plans.trainings import read_participants
from store.city_registry import Area, Department
from tests.registry.city import code_of

AREAS = [
    Area(code="jining", level="city", label_zh="济宁市", label_en="Jining", source="t"),
    Area(code="jining-rencheng", parent="jining", level="county", label_zh="任城区", label_en="Rencheng", source="t"),
]
DEPARTMENTS = [
    Department(code="d-social", area="jining", label_zh="社会发展局", label_en="Social", aliases=["社发局"], source="t"),
    Department(code="d-town", area="jining", label_zh="乍浦镇", label_en="Town", source="t"),
]


def table(text: str | bytes) -> TargetTable:
    data = text.encode() if isinstance(text, str) else text
    return read_target_table(data, document="济经信字〔2019〕1号", areas=AREAS, departments=DEPARTMENTS)


def test_rows_become_targets_and_an_empty_number_stays_without_one() -> None:
    found = table("统计区域,年度,目标,责任部门,备注\n任城区,2019,120,,\n,2019,,,\n,2019年,35,乍浦镇、社发局,共同\n")
    assert found.refused == ()
    area, total, joint = found.targets
    assert (area.dimension, area.member, area.low, area.first_day.year) == ("area", "jining-rencheng", Decimal(120), 2019)
    assert (total.dimension, total.low) == ("total", None)
    assert (joint.member, list(joint.holders)) == ("d-town+d-social", ["d-town", "d-social"])


def test_an_excel_table_is_read_as_the_same_in_csv() -> None:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in (["县市区", "年度", "目标任务", "上限"], ["任城区", 2019, 3, 5]):
        book.active.append(row)
    book.save(stream)
    (found,) = table(stream.getvalue()).targets
    assert (found.bound, found.low, found.high) == ("range", Decimal(3), Decimal(5))


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("统计区域,年度,目标\n任城,2019,1\n", 2, "统计区域", "'任城' is not known"),
        ("统计区域,年度,目标\n任城区,2019,-1\n", 2, "目标", "not a number"),
        ("统计区域,年度,目标\n任城区,2019,NaN\n", 2, "目标", "not a number"),
        ("统计区域,年度,目标\n任城区,2019,1e99\n", 2, "目标", "not a number"),
        ("统计区域,年度,目标\n任城区,19,1\n", 2, "年度", "is not a year"),
        ("统计区域,年度,目标,上限\n任城区,2019,5,3\n", 2, "上限", "is below"),
        ("统计区域,年度,目标,责任部门\n任城区,2019,5,乍浦镇\n", 2, "责任部门", "only one of"),
        ("指标,统计区域,年度,目标\n宣传培训批次,任城区,2019,5\n", 2, "统计区域", "not split"),
        ("统计区域,年度,目标\n任城区,2019,1\n任城区,2019,2\n", 3, "", "same target"),
        ("统计区域,年度\n任城区,2019\n", 1, "目标", "is missing"),
        ("统计区域,年度,目标,羊\n任城区,2019,1,2\n", 1, "羊", "not a known column"),
        ("统计区域,年度,目标\n", 1, "", "heading alone"),
        ("", 1, "", "empty"),
        (b"PK\x03\x04 no workbook", 1, "", "cannot be read"),
    ],
)
def test_what_cannot_be_taken_is_named_with_row_and_column_and_nothing_is_taken(
    text: str | bytes, line: int, column: str, why: str
) -> None:
    found = table(text)
    assert found.targets == ()
    (first, *_) = found.refused
    assert (first.line, first.column) == (line, column)
    assert why in first.mistake.en


def test_jiaxing_annex_1_2_who_comes_twice_is_one_enterprise_and_a_wrong_code_is_named() -> None:
    one, other = code_of(1), code_of(2)
    found = read_participants(f"{one}\n{one.lower()}；{other}, {one}")
    assert (found.codes, found.refused) == ([one, other], [])
    wrong = read_participants(f"{one}\n{one[:-1]}Z\n12345")
    assert [(number, text) for number, text, _, _ in wrong.refused] == [(2, f"{one[:-1]}Z"), (3, "12345")]
