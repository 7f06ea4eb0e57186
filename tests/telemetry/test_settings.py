"""Mistakes in a settings file are told with file, line and key, all at once."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from telemetry.errors import ConfigError
from telemetry.settings import Settings, SettingsPath, load
from telemetry.toml_file import TomlFile


class Device(Settings):
    name: str
    period_seconds: float = Field(default=1.0, gt=0)
    tags: tuple[str, ...] = ()


class Sample(Settings):
    gateway: str
    folder: SettingsPath = Path("data")
    device: tuple[Device, ...] = ()
    connections: dict[str, Device] = Field(default_factory=dict)


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "sample.toml"
    file.write_bytes(text.encode())
    with pytest.raises(ConfigError) as caught:
        load(file, Sample)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_every_mistake_is_told_at_once_with_its_line_and_key(tmp_path: Path) -> None:
    text = """# a comment
gatewai = "g"

[[device]]
name = "one"

[[device]]
name = 5
period_seconds = -1  # too small

[connections.bus]
name = "b"
colour = "red"
"""
    assert problems(tmp_path, text) == [
        "sample.toml: gateway: is missing",
        "sample.toml:8: device[2].name: input should be a valid string (found 5)",
        "sample.toml:9: device[2].period_seconds: input should be greater than 0 (found -1)",
        "sample.toml:13: connections.bus.colour: is not a known key; known: name, period_seconds, tags",
        "sample.toml:2: gatewai: is not a known key; did you mean 'gateway'?",
    ]


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, 'gateway = "g"\nfolder = = 3\n') == ["sample.toml:2: is not valid TOML: Invalid value"]


def test_a_file_that_stops_in_the_middle_names_its_last_line(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, 'gateway = "g"\nfolder = "x')
    assert found.startswith("sample.toml:2: is not valid TOML")


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "sample.toml"
    file.write_bytes(b'gateway = "g"\n# \xff\n')
    with pytest.raises(ConfigError, match=r"sample.toml:2: is not UTF-8"):
        load(file, Sample)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.toml: No such file"):
        load(tmp_path / "nowhere.toml", Sample)


def test_a_relative_path_starts_at_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sample.toml"
    file.write_text('gateway = "g"\nfolder = "spool"\n', encoding="utf-8")
    assert load(file, Sample).folder == tmp_path / "spool"


def test_lines_are_found_inside_arrays_inline_tables_and_long_strings(tmp_path: Path) -> None:
    text = '''title = """
not = "a key"
[nor]
"""
points = [
  { signal = "a", at = { x = 1, "y z" = 2 } },  # [comment]
  # { signal = "hidden" }
  { signal = 'b#c' },
]
[table."quoted key".inner]
deep.er = [1, [2,
 3]]
'''
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    toml = TomlFile(file)
    assert toml.line_of(["title"]) == 1
    assert toml.line_of(["points", 0, "at", "y z"]) == 6
    assert toml.line_of(["points", 1, "signal"]) == 8
    assert toml.line_of(["points", 1, "missing"]) == 8
    assert toml.line_of(["table", "quoted key", "inner", "deep", "er", 1, 1]) == 12
    assert toml.line_of(["nowhere"]) is None


keys = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
values = st.recursive(
    st.integers()
    | st.booleans()
    | st.text(st.characters(codec="ascii", exclude_categories=["C"]))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


def spelled(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key} = {spelled(item)}" for key, item in value.items()) + "}"
        case list():
            return "[\n" + ",\n".join(spelled(item) for item in value) + "\n]"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case float():
            return f"{value:e}"
        case _:
            return str(value)


@given(st.dictionaries(keys, values, min_size=1, max_size=6))
def test_the_line_of_every_top_level_key_is_the_line_it_was_written_on(content: dict[str, object]) -> None:
    import tempfile

    text, lines = "", {}
    for key, value in content.items():
        lines[key] = text.count("\n") + 1
        text += f"{key} = {spelled(value)}\n"
    tomllib.loads(text)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "x.toml")
        file.write_text(text, encoding="utf-8")
        toml = TomlFile(file)
    assert {key: toml.line_of([key]) for key in content} == lines
