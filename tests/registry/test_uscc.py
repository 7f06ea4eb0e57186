"""Unified social credit codes: every vector of the reference, every slip of a typist, and another one's check."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as other_check

from registry.uscc import ALPHABET, Trouble, check_character, inner_check_character, is_enterprise, judge, normalise

VALID = (
    "91350100M000100Y43",
    "91370811MA3C00003R",
    "91370102MA3N123463",
    "91330482MA2B00019A",
    "91370811MA3BJ1XGXF",
    "91370811MA31TJ3Y0F",
    "91370811MA31JJC130",
    "91370811MA33FLC19Y",
    "N2370811MF00000058",
    "A1370811MA3C00003Q",
)
ORGANISATIONS = st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8)
DIVISIONS = st.sampled_from(["370811", "370102", "330482", "140100", "110101", "320583", "371202"])


@st.composite
def codes(draw: st.DrawFn) -> str:
    """Make codes that are right in both checks."""
    organisation = draw(ORGANISATIONS)
    head = draw(st.sampled_from(["91", "92", "93"]))
    first_17 = head + draw(DIVISIONS) + organisation + inner_check_character(organisation)
    return first_17 + check_character(first_17)


@pytest.mark.parametrize("code", VALID)
def test_gb_32100_a_valid_vector_passes_both_checks(code: str) -> None:
    found = judge(code)
    assert (found.code, found.trouble, found.is_refused, found.hint_zh) == (code, None, False, "")


def test_gb_32100_the_worked_example_gives_3_outside_and_4_inside() -> None:
    assert check_character("91350100M000100Y4") == "3"
    assert inner_check_character("M000100Y") == "4"


@pytest.mark.parametrize(
    ("organisation", "check"), [("MA3BJ1XG", "X"), ("MA31TJ3Y", "0")], ids=["the rest 10 is X", "the rest 11 is 0"]
)
def test_gb_11714_the_two_rests_that_are_no_digit_are_written_as_the_standard_says(organisation: str, check: str) -> None:
    assert inner_check_character(organisation) == check


@pytest.mark.parametrize(
    "typed",
    [
        "91370811ma3c00003r",
        " 91370811-MA3C00003R",
        "９1370811MA3C00003R",
        "91370811 MA3C 0000\u30003R\u200b",
        "91370811–MA3C00003R",
    ],
)
def test_what_differs_by_typing_alone_is_the_same_enterprise(typed: str) -> None:
    assert normalise(typed) == "91370811MA3C00003R"
    assert judge(typed).trouble is None


@pytest.mark.parametrize(
    ("typed", "trouble", "place"),
    [
        ("91350100M000100Y4Z", Trouble.CHARACTER, 18),
        ("9137O811MA3C00003R", Trouble.CHARACTER, 5),
        ("91370811MA3C00003I", Trouble.CHARACTER, 18),
        ("91370811MA3C0000三R", Trouble.CHARACTER, 17),
        ("91350100M000100Y44", Trouble.OUTER_CHECK, None),
        ("91370818MA3C00003R", Trouble.OUTER_CHECK, None),
        ("91370811MA3C00030R", Trouble.OUTER_CHECK, None),
        ("370800228012345", Trouble.LENGTH, None),
        ("MA3C00003", Trouble.LENGTH, None),
        ("", Trouble.LENGTH, None),
        ("91370811MA3C00003RR", Trouble.LENGTH, None),
    ],
)
def test_gb_32100_an_invalid_vector_is_refused_and_never_repaired(typed: str, trouble: Trouble, place: int | None) -> None:
    found = judge(typed)
    assert (found.trouble, found.place, found.is_refused, found.code) == (trouble, place, True, typed)
    assert found.hint_zh
    assert found.hint_en


def test_hints_name_the_character_that_was_meant_and_the_old_numbers() -> None:
    assert "是否应为 0" in judge("9137O811MA3C00003R").hint_zh
    assert "is it 1?" in judge("91370811MA3C00003I").hint_en
    assert "15位注册号" in judge("370800228012345").hint_zh
    assert "old organisation code" in judge("MA3C00003").hint_en


@pytest.mark.parametrize(("code", "due"), [("913724394X35QDYPK0", "8"), ("91378675DB0HHKRKAY", "3")])
def test_gb_11714_a_wrong_inner_check_is_taken_for_review_with_the_character_that_is_due(code: str, due: str) -> None:
    found = judge(code)
    assert (found.trouble, found.place, found.is_refused) == (Trouble.INNER_CHECK, 17, False)
    assert f"应为 {due}" in found.hint_zh
    assert other_check.is_valid(code), "python-stdnum does not look at the inner check"


@pytest.mark.parametrize(("division", "trouble"), [("A70811", Trouble.DIVISION), ("990101", Trouble.DIVISION), ("371202", None)])
def test_gb_2260_a_division_that_is_none_is_for_review_and_one_that_is_gone_is_not(
    division: str, trouble: Trouble | None
) -> None:
    first_17 = f"91{division}MA3C0000{inner_check_character('MA3C0000')}"
    found = judge(first_17 + check_character(first_17))
    assert (found.trouble, found.is_refused) == (trouble, False)


def test_a_department_and_class_that_nobody_gives_are_for_review() -> None:
    first_17 = f"97370811MA3C0000{inner_check_character('MA3C0000')}"
    assert judge(first_17 + check_character(first_17)).trouble is Trouble.DEPARTMENT


@given(codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_the_outer_check_finds_every_character_that_is_wrong(code: str, place: int, letter: str) -> None:
    wrong = code[:place] + letter + code[place + 1 :]
    assert (judge(wrong).trouble is Trouble.OUTER_CHECK) == (wrong != code)


@given(codes(), st.integers(0, 16))
def test_the_outer_check_finds_every_swap_of_neighbours(code: str, place: int) -> None:
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (judge(wrong).trouble is Trouble.OUTER_CHECK) == (wrong != code)


@given(codes(), st.sampled_from(ALPHABET))
def test_python_stdnum_agrees_on_every_code_of_department_9_that_it_can_judge(code: str, last: str) -> None:
    """It never looks at [17] nor at the division; letters in 1 to 8 it refuses, so that codes of A and N are beyond it."""
    assert other_check.is_valid(code)
    changed = code[:17] + last
    assert other_check.is_valid(changed) == (not judge(changed).is_refused)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_judged_with_a_hint_and_only_what_can_be_stored_is_taken(typed: str) -> None:
    found = judge(typed)
    assert found.is_refused or re.fullmatch("[0-9A-HJ-NPQRTUWXY]{18}", found.code)
    assert (found.trouble is None) == (found.hint_zh == found.hint_en == "")


@pytest.mark.parametrize(("code", "company"), [(VALID[1], True), ("92" + VALID[1][2:], False), (VALID[8], False)])
def test_companies_are_told_from_individual_businesses_by_their_first_two_characters(code: str, *, company: bool) -> None:
    assert is_enterprise(code) is company
