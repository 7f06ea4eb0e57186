from pathlib import Path

import pytest

from analytics.alarms.settings import AlarmSettings
from telemetry.errors import ConfigError
from telemetry.settings import load

ROOT = Path(__file__).parents[3]
BASE = 'database = "postgresql:///x"\n'
BROKER = '\n[broker]\nhost = "127.0.0.1"\n'


def settings(folder: Path, text: str = "", more: str = "") -> AlarmSettings:
    path = folder / "alarms.toml"
    path.write_text(BASE + text + BROKER + more)
    return load(path, AlarmSettings)


@pytest.mark.parametrize("name", ["examples/alarms.toml", "deploy/compose/alarms.toml"])
def test_the_files_that_people_start_from_are_read(name: str) -> None:
    assert load(ROOT / name, AlarmSettings).broker.host in ("127.0.0.1", "broker")


def test_channels_are_told_apart_by_their_type_and_their_secrets_lie_beside_the_file(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        more="""
[[channels]]
name = "duty"
type = "wecom"
key_file = "wecom.key"

[[channels]]
name = "chief"
type = "email"
language = "en"
host = "mail.example.com"
sender = "shangyun@example.com"
recipients = ["chief@example.com"]
acts = ["activate", "return"]
""",
    )
    wecom, mail = read.channels
    assert wecom.type == "wecom"
    assert wecom.key_file == tmp_path / "wecom.key"
    assert (mail.type, mail.acts, mail.priorities) == ("email", ("activate", "return"), ("critical", "high"))


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        ('time_zone = "Beijing"', "", "time_zone: 'Beijing' is not a time zone"),
        ('public_address = "shangyun"', "", "public_address: 'shangyun' is not the address of a web app"),
        ("", "[flood]\nbegins_above = 3\nends_below = 7", "a flood ends below"),
        ("", '[[channels]]\nname = "a"\ntype = "sms"', "known: email, webhook, wecom, dingtalk"),
        ("", '[[channels]]\nname = "a"\ntype = "wecom"', "key_file: is missing"),
        ("", '[[channels]]\nname = "a"\ntype = "wecom"\nkey_file = "x"\naddress = "qyapi"', "not an address of a web server"),
        (
            "",
            '[[channels]]\nname = "a"\ntype = "email"\nhost = "h"\nsender = "a@b"\nrecipients = ["a@b"]\nusername = "a"',
            "'username' and 'password_file' belong together",
        ),
        ("", 2 * '[[channels]]\nname = "a"\ntype = "wecom"\nkey_file = "x"\n', "two channels have the same name"),
        ("", '[[channels]]\nname = "a"\ntype = "wecom"\nkey_file = "x"\nkey = "secret"', "key: is not a known key"),
        ("", '[[channels]]\nname = "a"\ntype = "email"\nhost = "m"\nsender = "a@b"\nrecipients = ["x"]', "recipients"),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, text: str, more: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        settings(tmp_path, text, more)
