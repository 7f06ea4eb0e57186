"""The sample file is what a person starts from, so it must load."""

from pathlib import Path

import pytest

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
    assert settings.topic_filter == "$share/ingest/sy/1/+/up/data"
    assert settings.model_copy(update={"shared_subscription": False}).topic_filter == "sy/1/+/up/data"


def test_a_misspelt_key_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ingest.toml"
    file.write_text('database = "postgresql:///x"\ngroup_bundels = 3\n[broker]\nhost = "h"\n')
    with pytest.raises(ConfigError, match=r"ingest.toml:2: group_bundels: .*group_bundles"):
        load(file, IngestSettings)
