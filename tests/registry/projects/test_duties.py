"""The matrix of duties names what is there."""

import re
from pathlib import Path

import pytest

from registry.projects.duties import Duty, matrix

ROOT = Path(__file__).parents[3]
DUTIES = {duty.row: duty for duty in matrix().duties}
CLAUSES = {
    "M11": ["jiangsu_2018 四.1", "jinan_2020 四.1"],
    "M12": ["jiangsu_2018 四.2(1)", "jinan_2020 四.2(1)"],
    "M13": ["jiangsu_2018 四.2(2)", "jinan_2020 四.2(2)"],
    "M14": ["jiangsu_2018 四.2(3)", "jinan_2020 四.2(3)"],
    "M15": ["jiangsu_2018 四.2(4)", "jinan_2020 四.2(4)"],
    "M16": ["jiangsu_2018 四.2(5)", "jinan_2020 四.2(5)"],
    "M17": ["jiangsu_2018 四.2(6)", "jinan_2020 四.2(6)"],
    "M18": ["shanxi_2018 五(四)"],
}


def has_evidence(duty: Duty) -> bool:
    """Tell whether each named test exists; pages are opened by the tests of pages."""
    for one in duty.evidence:
        if one.form == "test":
            file, name = one.reference.split("::")
            if not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE):
                return False
    return bool(duty.evidence)


def test_every_duty_cites_its_clauses() -> None:
    assert {row: list(duty.clauses) for row, duty in DUTIES.items()} == CLAUSES


@pytest.mark.parametrize("row", sorted(CLAUSES.keys() - {"M17"}))
def test_jinan_4_2_each_duty_of_the_software_names_a_test_or_page_that_exists(row: str) -> None:  # M13 to M16, M18
    assert has_evidence(DUTIES[row])
    assert not DUTIES[row].is_outside
    assert DUTIES[row].plant_zh


def test_jiangsu_guide_4_1_the_questionnaire_asks_for_assessment_and_comparison() -> None:  # M11
    asked = " ".join(question.zh for question in DUTIES["M11"].questions)
    assert all(word in asked for word in ("工控安全", "风险评估", "云安全产品", "应急", "价格"))


def test_jinan_4_2_1_the_layout_forbids_connections_into_the_plant() -> None:  # M12
    (into_plant,) = [rule for rule in matrix().rules if rule.to_en == "Plant network"]
    assert into_plant.protection_en.startswith("Forbidden")
    assert {rule.port for rule in matrix().rules} >= {"8883", "443"}


def test_jinan_4_2_6_physical_protection_is_said_to_be_outside_the_software() -> None:  # M17
    duty = DUTIES["M17"]
    assert (duty.is_outside, duty.evidence) == (True, ())
    assert duty.software_zh.startswith("软件之外")
    assert "机房" in duty.questions[0].zh


def test_codes_of_questions_are_their_rows_and_none_is_twice() -> None:
    codes = [question.code for duty in DUTIES.values() for question in duty.questions]
    assert len(codes) == len(set(codes)) == len(matrix().questions)
    assert all(question.code.startswith(f"{row}.") for row, duty in DUTIES.items() for question in duty.questions)
