"""Profiles of NMEA 0183: which sentences and fields they may name, and what they are told where they name others."""

import re
from pathlib import Path

import pytest

from device_profiles.nmea_fields import FIELDS
from device_profiles.profile import NmeaProfile, read_profile
from telemetry.errors import ConfigError
from telemetry.units import is_unit

HEAD = """kind = "ship"
maker = "acme"
model = "bridge"
label = { zh = "船桥", en = "Bridge" }
source = "this test"
verified = "simulator"
protocol = "nmea"
points = [
"""


def told(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_profile(path)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ('sentence = "VWH", field = "speed_knots"', "points[1].sentence: 'VWH' is not read; known: RMC, GGA, VTG, VHW, "),
        ('sentence = "VHW", field = "speed"', "points[1].field: 'speed' is no field of VHW; did you mean 'speed_knots'?"),
        (
            'sentence = "VHW", field = "colour"',
            "points[1].field: 'colour' is no field of VHW; known: speed_knots, heading_degrees, ",
        ),
        (
            'sentence = "HDT", field = "heading_degrees"',
            "points[1].field: HDT heading_degrees: 'deg' cannot be converted to 'kn'",
        ),
        ('sentence = "VDO", field = "name"', "points[1].field: VDO name is a text, and 'speed_through_water' is real"),
        (
            'sentence = "RPM", field = "speed_rpm"',
            "points[1].source: is missing: RPM carries several values, told apart by S or E",
        ),
        (
            'sentence = "VHW", field = "speed_knots", source = "1"',
            "points[1].source: belongs to RPM and XDR; a VHW has one source",
        ),
        (
            'sentence = "VHW", field = "speed_knots", unit = "m/s"',
            "points[1].unit: is told by the sentence: VHW speed_knots is in kn",
        ),
        ('sentence = "VHW", field = "speed_knots", talker = "gps"', "points[1].talker: string should match pattern"),
        (
            'sentence = "VHW", field = "speed_knots", map = { 1 = "a" }',
            "points[1]: has a 'map', but 'speed_through_water' is real",
        ),
        ('sentence = "VHW"', "points[1].field: is missing"),
        ('sentence = "VHW", feild = "speed_knots"', "points[1].feild: is not a known key; did you mean 'field'?"),
    ],
)
def test_a_mistake_in_a_point_is_told_with_its_line_and_key(tmp_path: Path, point: str, message: str) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(f'{HEAD}{{ signal = "speed_through_water", {point} }},\n]\n', encoding="utf-8")
    assert any(line.startswith(f"bridge.toml:9: {message}") for line in told(path).splitlines()), told(path)


def test_a_text_signal_takes_a_text_and_no_number(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    own = '[signals.bound_for]\ntype = "text"\nlabel = { zh = "目的港", en = "Bound for" }\n'
    path.write_text(f'{HEAD}{{ signal = "bound_for", sentence = "VDO", field = "draught_metres" }},\n]\n{own}', encoding="utf-8")
    assert told(path) == "bridge.toml:9: points[1].field: VDO draught_metres is a number, and 'bound_for' is text"


def test_a_sound_profile_names_sentences_fields_sources_and_talkers(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    points = [
        '{ signal = "state", sentence = "VDO", field = "navigational_status", map = { 0 = "at_sea", 5 = "in_port" } },',
        '{ signal = "heading", sentence = "HDT", field = "heading_degrees", talker = "HE" },',
        '{ signal = "wind_speed_relative", sentence = "VHW", field = "speed_knots" },',
        '{ signal = "bilge_level", sentence = "XDR", field = "value", source = "BILGE", unit = "mm" },',
    ]
    path.write_text(HEAD + "\n".join(points) + "\n]\n", encoding="utf-8")
    profile = read_profile(path)
    assert isinstance(profile, NmeaProfile)
    assert [(p.sentence, p.field, p.source, p.talker) for p in profile.points] == [
        ("VDO", "navigational_status", None, None),
        ("HDT", "heading_degrees", None, "HE"),
        ("VHW", "speed_knots", None, None),
        ("XDR", "value", "BILGE", None),
    ]


def test_every_field_has_a_unit_of_the_house_or_is_a_text() -> None:
    assert [unit for fields in FIELDS.values() for unit in {f.unit for f in fields.values()} if not is_unit(unit)] == []
    assert {name for fields in FIELDS.values() for name, f in fields.items() if f.is_text} == {"name", "callsign", "destination"}


def test_the_page_names_every_sentence_and_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "nmea.md").read_text(encoding="utf-8")
    rows = {
        name: row for row in page.splitlines() for name in re.findall(r"`([A-Z]{3})`", row.split("|")[1] if "|" in row else "")
    }
    assert rows.keys() == FIELDS.keys()
    for sentence, fields in FIELDS.items():
        told = {field for field in fields if f"`{field}`" in rows[sentence]}
        assert {field for field in fields.keys() - told if not field.startswith("true_wind_")} == set(), sentence
