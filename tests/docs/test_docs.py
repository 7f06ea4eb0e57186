"""The documentation against the code it speaks of."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from device_profiles.kind import load_kind
from simulators.settings import read_settings
from telemetry.topics import gateway_of
from telemetry.wire import decode_bundle

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def test_the_generated_pages_are_those_of_this_code() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "docs", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_make_target_named_in_a_page_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert named <= known


def test_every_command_named_in_a_page_exists() -> None:
    from shangyun.cli import main

    named = {
        match
        for page in PAGES
        for match in re.findall(
            r"shangyun ((?:gateway|ingest|db|profiles|alarms|users) [a-z-]+)", page.read_text(encoding="utf-8")
        )
    }
    assert "gateway check" in named
    for command in sorted(named):
        with pytest.raises(SystemExit) as left:
            main([*command.split(), "--help"])
        assert left.value.code == 0, command


def test_the_example_of_a_foreign_producer_makes_a_bundle() -> None:
    page = (ROOT / "docs" / "how-to" / "foreign-producer.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    sent: list[tuple[str, bytes, int]] = []
    publisher = SimpleNamespace(single=lambda topic, payload, *, qos: sent.append((topic, payload, qos)))
    assert "paho.mqtt.publish" in code
    code = re.sub(r"import paho\.mqtt\.publish as publish|, paho\.mqtt\.publish as publish", "", code)
    exec(code, {"publish": publisher})
    ((topic, payload, qos),) = sent
    bundle = decode_bundle(payload)
    assert (gateway_of(topic), qos) == (bundle.gateway, 1)
    assert bundle.batches[0].equipment == "boiler-9"
    assert set(bundle.batches[0].signals.names) <= set(load_kind("boiler").numeric_signals)


def test_the_settings_on_the_page_of_the_simulators_are_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "simulators.md").read_text(encoding="utf-8")
    file = tmp_path / "simulators.toml"
    inverter = '[[machines]]\nname = "pv-1"\nprofile = "pv_inverter/huawei_sun2000"\nport = 5022\n'
    file.write_text("\n".join([*re.findall(r"```toml\n(.*?)```", page, re.DOTALL), inverter]), encoding="utf-8")
    settings = read_settings(file)
    assert len(settings.members) == 42
    assert [fault.kind for fault in settings.faults] == ["machine", "machine", "sensor"]
