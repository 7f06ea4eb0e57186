"""Two states of a device model, compared by what they mean."""

from pathlib import Path

from device_profiles.point_diff import diff_of
from device_profiles.profile import Profile, read_profile

HEAD = """kind = "boiler"
maker = "test"
model = "test"
label = { zh = "试", en = "test" }
source = "test"
verified = "simulator"
protocol = "modbus"
"""
FLOW = '{ signal = "steam_flow", address = 6, type = "uint16", scale = 0.01, sentinels = [65535] }'
LEVEL = '{ signal = "drum_level", address = 5, type = "int16" }'


def profile(folder: Path, *points: str, more: str = "", tail: str = "") -> Profile:
    path = folder / "profile.toml"
    path.write_text(f"{HEAD}{more}\npoints = [{', '.join(points)}]\n{tail}")
    return read_profile(path)


def test_profiles_that_say_the_same_in_other_words_do_not_differ(tmp_path: Path) -> None:
    short = profile(tmp_path, FLOW, LEVEL)
    long = profile(
        tmp_path,
        '{ signal = "drum_level", table = "holding", address = 5, type = "int16", unit = "mm", word_order = "big" }',
        '{ signal = "steam_flow", address = 6, type = "uint16", scale = 1e-2, offset = 0, sentinels = [0xFFFF], unit = "t/h" }',
    )
    assert not diff_of(short, long)
    assert str(diff_of(short, long)) == "no point differs"


def test_points_that_came_went_or_changed_are_told_field_by_field(tmp_path: Path) -> None:
    old = profile(tmp_path, FLOW, '{ signal = "trip_code", address = 2, type = "uint16" }')
    new = profile(
        tmp_path,
        LEVEL,
        '{ signal = "steam_flow", table = "input", address = 8, type = "uint16", scale = 0.01, unit = "kg/h" }',
    )
    assert str(diff_of(old, new)) == (
        "CHANGE   POINT       FIELD      OLD                           NEW\n"
        'added    drum_level                                           address = 5, type = "int16"\n'
        'changed  steam_flow  table                                    "input"\n'
        "changed  steam_flow  address    6                             8\n"
        'changed  steam_flow  unit                                     "kg/h"\n'
        "changed  steam_flow  sentinels  [65535]\n"
        'removed  trip_code              address = 2, type = "uint16"\n'
        "\n"
        "1 added, 1 removed, 1 changed"
    )


def test_against_nothing_every_point_was_added(tmp_path: Path) -> None:
    assert [(change.what, change.thing) for change in diff_of(None, profile(tmp_path, FLOW, LEVEL)).changes] == [
        ("added", "steam_flow"),
        ("added", "drum_level"),
    ]


def test_a_signal_of_the_profiles_own_is_compared_too_and_chinese_keeps_the_columns_straight(tmp_path: Path) -> None:
    point = '{ signal = "oil_level", address = 9, type = "uint16" }'
    old = profile(tmp_path, point, tail='signals.oil_level = { type = "real", unit = "mm", label = { zh = "油位", en = "Oil" } }')
    new = profile(
        tmp_path, point, tail='signals.oil_level = { type = "real", unit = "cm", label = { zh = "油位", en = "Level" } }'
    )
    lines = str(diff_of(old, new)).splitlines()
    assert lines[1].split("  ")[1:3] == ["signals.oil_level", "label"]
    assert lines[1].index('{"zh": "油位", "en": "Level"}') == lines[0].index("NEW") - 2  # two wide signs stand before it
    assert lines[2].split() == ["changed", "signals.oil_level", "unit", '"mm"', '"cm"']
