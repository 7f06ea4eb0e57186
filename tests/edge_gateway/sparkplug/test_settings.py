"""The table [sparkplug]."""

import re
import tomllib
from pathlib import Path

import pytest

from edge_gateway.sparkplug.settings import SparkplugSettings
from telemetry.errors import ConfigError
from telemetry.settings import load


def test_a_group_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "sparkplug.toml"
    file.write_text('group = "Plant 1 锅炉房"\n')
    settings = load(file, SparkplugSettings)
    assert (settings.group, settings.node, settings.broker, settings.host_application) == ("Plant 1 锅炉房", None, None, None)


@pytest.mark.parametrize("key", ["group", "node", "host_application"])
@pytest.mark.parametrize("text", ["a/b", "a+b", "#", "", "STATE", "x" * 129, "a\\u0000b"])
def test_what_cannot_stand_in_a_topic_is_told_with_its_key(tmp_path: Path, key: str, text: str) -> None:
    file = tmp_path / "sparkplug.toml"
    first = "" if key == "group" else 'group = "Plant"\n'
    file.write_text(f'{first}{key} = "{text}"\n')
    with pytest.raises(ConfigError) as error:
        load(file, SparkplugSettings)
    (problem,) = error.value.problems
    assert (problem.key, problem.line) == (key, 1 if key == "group" else 2)


def test_the_example_of_the_page_is_right_with_every_line_of_it_in_force() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "sparkplug.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert SparkplugSettings.model_validate(tomllib.loads(example)["sparkplug"]).group == "Plant 1"
    whole = tomllib.loads(re.sub(r"^# ", "", example, flags=re.MULTILINE))["sparkplug"]
    assert SparkplugSettings.model_validate(whole).model_fields_set == whole.keys() > {"host_application", "broker"}
