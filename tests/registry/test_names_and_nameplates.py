"""Nameplates, industries, kinds and labels as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.kind import kind_names
from registry.industries import industries, industry_code, sector_of
from registry.nameplates import nameplate_key
from registry.names import forms_of, kind_of, kinds, label_of, labels, level_of, priority_labels, with_priority


@pytest.mark.parametrize(
    "plate",
    [
        ("济锅", "WNS10-1.25-Y", "SN 2019/001"),
        (" 济锅 ", "wns10 1.25 y", "sn2019001"),
        ("济锅", "ＷＮＳ１０－１．２５－Ｙ", "SN：2019—001"),
        ("「济锅」", "WNS10_1,25·Y", "sn\u200b2019\t001"),
    ],
)
def test_a_nameplate_typed_in_another_way_has_the_same_key(plate: tuple[str, str, str]) -> None:
    assert nameplate_key(*plate) == "济锅|WNS10125Y|SN2019001"


@pytest.mark.parametrize("plate", [("", "M", "S"), ("K", " - ", "S"), ("K", "M", "/"), ("K", "M", "")])
def test_a_nameplate_with_a_part_missing_has_no_key(plate: tuple[str, str, str]) -> None:
    assert nameplate_key(*plate) == ""


def test_what_differs_by_a_letter_or_a_digit_is_another_machine() -> None:
    assert len({nameplate_key("济锅", "WNS10", f"SN{number}") for number in range(100)}) == 100
    assert nameplate_key("A", "BC", "D") != nameplate_key("AB", "C", "D")


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_the_key_of_a_key_is_itself(maker: str, model: str, serial: str) -> None:
    key = nameplate_key(maker, model, serial)
    assert key == "" or nameplate_key(*key.split("|")) == key


@pytest.mark.parametrize(
    ("typed", "code"), [("c3411", "C3411"), ("3411", "C3411"), ("Ｃ 34", "C34"), ("B", "B"), ("D441", "D441"), ("I65", "I65")]
)
def test_gb_4754_a_code_is_a_letter_with_up_to_four_digits(typed: str, code: str) -> None:
    assert industry_code(typed) == code


@pytest.mark.parametrize("typed", ["", "U01", "C3", "C34111", "C12", "D47", "B13", "6500", "钢铁", "C34\0"])
def test_gb_4754_a_code_of_no_section_or_of_another_sections_division_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"section|no code"):
        industry_code(typed)


def test_gb_4754_the_ranges_on_record_say_which_of_them_were_read() -> None:
    found = industries().sections
    assert list(found) == list("ABCDEFGHIJKLMNOPQRST")
    assert {letter: (one.divisions, one.verified) for letter, one in found.items() if one.divisions} == {
        "B": ((6, 12), False),
        "C": ((13, 43), True),
        "D": ((44, 46), False),
    }


@pytest.mark.parametrize(
    ("uscc", "industry", "sector"),
    [
        ("92", "C34", "individual_or_farm"),
        ("93", "", "individual_or_farm"),
        ("91", "A01", "individual_or_farm"),
        ("91", "B06", "industry"),
        ("91", "C34", "industry"),
        ("91", "D44", "industry"),
        ("91", "E47", "services"),
        ("91", "", None),
    ],
)
def test_jiaxing_3_1_to_3_3_sectors_follow_code_and_section(uscc: str, industry: str, sector: str | None) -> None:
    """T2."""
    assert sector_of(uscc, industry) == sector


def test_jinan_1_4_all_ten_kinds_are_known_by_their_names_in_four_groups() -> None:
    assert set(kinds().kinds) == set(kind_names())
    assert [kind_of(name) for name in ("炼铁高炉", "锅炉", "air_compressor", "大中型 电机", "数控机床", "光伏逆变器")] == [
        *("blast_furnace", "boiler", "air_compressor", "motor", "cnc_machine", "pv_inverter"),
    ]
    assert {one.group for one in kinds().kinds.values()} == set(kinds().groups)
    assert len(kinds().groups) == 4
    assert kind_of("火箭") is None


def test_jining_3_1_priority_goes_to_the_labels_that_the_clause_names() -> None:
    """V2: 科技型, 创新型, 高成长, 专精特新, pilots."""
    words = ("科技型", "创新型", "高成长", "专精特新", "试点企业")
    assert {label_of(word) for word in words} == priority_labels("voucher")
    assert with_priority(["benchmark", "pilot"], "voucher")
    assert not with_priority(["benchmark", "negative_list"], "voucher")
    assert priority_labels("nothing") == frozenset()


def test_jining_4bao_3_benchmarks_have_five_kinds_and_no_other_label_has_any() -> None:
    """T8."""
    assert forms_of("benchmark") == ("研发设计", "生产制造", "企业管理", "产品销售", "综合集成")
    assert [label for label in labels().labels if forms_of(label)] == ["benchmark"]


def test_labels_and_levels_are_those_that_the_registry_can_store() -> None:
    assert set(labels().labels) == {
        *(
            "pilot",
            "benchmark",
            "specialised_new",
            "integration_certificate",
            "technology",
            "innovative",
            "high_growth",
            "negative_list",
        ),
    }
    assert [level_of(word) for word in ("国家级", "省级", "市", "县级", "宇宙级")] == [
        "national",
        "province",
        "city",
        "county",
        None,
    ]
