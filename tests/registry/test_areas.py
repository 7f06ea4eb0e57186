"""Reporting areas and departments: what the five policies count by, and files that are wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.areas import find, is_valid, load, names, read
from store.city_registry import Area, areas, departments
from store.database import Database
from telemetry.errors import ConfigError
from tests.registry.tables import TODAY


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        yield made


def codes(name: str) -> dict[str, tuple[str, ...]]:
    return {row.code: row.division_codes for row in read(find(name)).area}


@pytest.mark.parametrize("name", names())
def test_every_file_is_whole_names_its_source_and_has_each_division_code_once_among_what_stands(name: str) -> None:
    table = read(find(name))
    assert table.source
    standing = [code for row in table.area if row.valid_to is None for code in row.division_codes]
    assert len(standing) == len(set(standing))
    assert all(len(row.division_codes) in (0, 1, 2) and row.label_zh and row.label_en for row in table.area)


def test_jining_annex_3_has_14_reporting_areas_and_two_of_them_have_no_code_of_their_own() -> None:
    found = codes("jining")
    of_city = {code: divisions for code, divisions in found.items() if code != "jining"}
    assert len(of_city) == 14
    assert {divisions[0] for divisions in of_city.values() if len(divisions[0]) == 6} == {
        *("370811", "370812", "370826", "370827", "370828", "370829", "370830", "370831", "370832", "370881", "370883", "370871"),
    }
    assert of_city["jining-taibaihu"] == ("370811002", "370811109")
    assert of_city["jining-jingkai"] == ("370829104", "370829108")


def test_jinan_has_12_counties_a_zone_and_what_was_laiwu() -> None:
    table = read(find("jinan"))
    standing = [row for row in table.area if row.parent == "jinan"]
    assert (len([row for row in standing if row.level == "county"]), len([row for row in standing if row.level == "zone"])) == (
        12,
        1,
    )
    gone = {row.code: row.successor for row in table.area if row.valid_to is not None}
    assert gone == {"laiwu": "jinan", "laiwu-laicheng": "jinan-laiwu", "laiwu-gangcheng": "jinan-gangcheng"}


def test_jiangsu_annex_3_has_13_cities_and_three_counties_that_report_beside_them() -> None:
    rows = [row for row in read(find("jiangsu")).area if row.parent == "jiangsu"]
    assert len(rows) == 16
    assert {row.label_zh for row in rows if row.level == "county"} == {"昆山市", "泰兴市", "沭阳县"}
    assert len({row.division_codes for row in rows}) == 16


def test_shanxi_has_its_11_cities() -> None:
    rows = [row for row in read(find("shanxi")).area if row.parent == "shanxi"]
    assert [row.division_codes[0] for row in rows] == [f"14{number:02d}00" for number in range(1, 12)]


def test_jiaxing_annex_1_has_six_departments_and_the_names_that_it_shortens() -> None:
    table = read(find("jiaxing_port"))
    assert len(table.department) == 6
    aliases = {alias: row.label_zh for row in table.department for alias in row.aliases}
    assert (aliases["社发局"], aliases["综保局"]) == ("社会发展局", "综保区管理局")
    assert {row.code: row.division_codes for row in table.area}["jiaxing-port"] == ("330482101",)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_all_areas_load_and_loading_again_changes_nothing(opened: Database) -> None:
    for name in names():
        load(opened, find(name))
    before = areas(opened), departments(opened)
    assert (len(before[0]), len(before[1])) == (70, 6)
    for name in reversed(names()):
        load(opened, find(name))
    assert (areas(opened), departments(opened)) == before
    laiwu = next(area for area in before[0] if area.code == "laiwu")
    assert not is_valid(laiwu, TODAY)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_area_renamed_in_its_file_is_renamed_in_the_registry(opened: Database, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    text = 'source = "own"\n[[area]]\ncode = "own"\nlevel = "zone"\nlabel_zh = "{}"\nlabel_en = "Own"\n'
    for label in ("一区", "一区（新）"):
        file.write_text(text.format(label), encoding="utf-8")
        load(opened, file)
        assert [area.label_zh for area in areas(opened)] == [label]


ROW = 'code = "a"\nlevel = "city"\nlabel_zh = "甲"\nlabel_en = "A"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"[[area]]\n{ROW}", "own.toml: source: is missing"),
        (f'source = "x"\n[[area]]\n{ROW}[[area]]\n{ROW}', "own.toml:8: area[2].code: 'a' is there twice"),
        (
            f'source = "x"\n[[area]]\n{ROW}parent = "b"\n[[area]]\n{ROW.replace("a", "b", 1)}',
            "own.toml:7: area[1].parent: 'b' stands below",
        ),
        (f'source = "x"\n[[area]]\n{ROW}successor = "a"\n', "own.toml:7: area[1].successor: an area does not succeed itself"),
        (
            f'source = "x"\n[[area]]\n{ROW}valid_from = 2020-01-01\nvalid_to = 2020-01-01\n',
            "own.toml:8: area[1].valid_to: 2020-01-01",
        ),
        (f'source = "x"\n[[area]]\n{ROW}division_codes = ["37081"]\n', "own.toml:7: area[1].division_codes[1]: "),
        (f'source = "x"\n[[area]]\n{ROW}colour = "red"\n', "own.toml:7: area[1].colour: is not a known key"),
        ('source = "x"\n[[area]]\ncode = "A B"\n', "own.toml:3: area[1].code: "),
        ("source = ", "own.toml:1: is not valid TOML"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(file)
    assert told in str(caught.value)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("key", ["parent", "successor"])
def test_an_area_that_names_one_that_is_nowhere_is_refused_and_nothing_of_the_file_is_taken(
    opened: Database, tmp_path: Path, key: str
) -> None:
    file = tmp_path / "own.toml"
    first = ROW.replace('"a"', '"first"')
    file.write_text(f'source = "x"\n[[area]]\n{first}[[area]]\n{ROW}{key} = "nowhere"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"own.toml:12: area\[2\].{key}: there is no area 'nowhere'"):
        load(opened, file)
    assert areas(opened) == []


def test_a_name_that_is_no_file_and_not_ours_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"neither a file .* jiangsu, jiaxing_port, jinan, jining, shanxi"):
        find("paris")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, True),
        ("2026-11-26", None, True),
        ("2026-11-27", None, False),
        (None, "2026-11-26", False),
        (None, "2026-11-27", True),
    ],
)
def test_an_area_is_there_from_its_first_day_up_to_the_day_before_its_end(
    first: str | None, last: str | None, *, expected: bool
) -> None:
    days = [None if text is None else TODAY.fromisoformat(text) for text in (first, last)]
    area = Area(code="a", level="city", label_zh="甲", label_en="A", valid_from=days[0], valid_to=days[1], source="x")
    assert is_valid(area, TODAY) is expected
