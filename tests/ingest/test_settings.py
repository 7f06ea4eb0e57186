"""The sample file is what a person starts from, so it must load."""

from pathlib import Path

import pytest

from ingest.foreign.settings import SparkplugSettings
from ingest.settings import IngestSettings
from telemetry.errors import ConfigError
from telemetry.settings import load

SAMPLE = Path(__file__).parents[2] / "examples" / "ingest.toml"


def test_the_sample_loads_and_shows_the_defaults() -> None:
    settings = load(SAMPLE, IngestSettings)
    defaults = IngestSettings.model_validate({"broker": {"host": settings.broker.host}, "database": settings.database})
    assert settings == defaults


def test_a_shared_subscription_can_be_switched_off_for_brokers_without() -> None:
    settings = load(SAMPLE, IngestSettings)
    assert settings.topic_filters == ("$share/ingest/sy/1/+/up/data", "$share/ingest/sy/1/+/up/json/+/+")
    plain = settings.model_copy(update={"shared_subscription": False})
    assert plain.topic_filters == ("sy/1/+/up/data", "sy/1/+/up/json/+/+")


def test_sparkplug_is_heard_by_every_worker_where_the_settings_ask_for_it() -> None:
    settings = load(SAMPLE, IngestSettings).model_copy(update={"sparkplug": SparkplugSettings()})
    assert settings.topic_filters[2:] == ("spBv1.0/#",)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('kind = "boilr"', r"'boilr' is not an equipment kind; known: .*boiler"),
        ('kind = "boiler"\nsignals = { "A/B" = "steam_presure" }', r"no signal 'steam_presure'.*did you mean 'steam_pressure'"),
        ('kind = "boiler"\nsignals = { A = "steam_flow", B = "steam_flow" }', r"two metrics are mapped to one signal"),
        ('kind = "boiler"\n[[sparkplug.equipment]]\ngroup = "G"\nnode = "N"\nkind = "boiler"', r"G/N is described twice"),
    ],
)
def test_a_mistake_in_the_mapping_of_sparkplug_is_told(tmp_path: Path, lines: str, told: str) -> None:
    file = tmp_path / "ingest.toml"
    file.write_text(
        f'database = "postgresql:///x"\n[broker]\nhost = "h"\n[[sparkplug.equipment]]\ngroup = "G"\nnode = "N"\n{lines}\n'
    )
    with pytest.raises(ConfigError, match=told):
        load(file, IngestSettings)


def test_a_misspelt_key_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ingest.toml"
    file.write_text('database = "postgresql:///x"\ngroup_bundels = 3\n[broker]\nhost = "h"\n')
    with pytest.raises(ConfigError, match=r"ingest.toml:2: group_bundels: .*group_bundles"):
        load(file, IngestSettings)
