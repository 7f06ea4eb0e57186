from pathlib import Path

import pytest

from device_profiles.kind import load_kind
from device_profiles.profile import load_profile
from edge_gateway.driver import Target
from edge_gateway.settings import load_gateway
from telemetry.errors import ConfigError

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "golden" / "gateway_check").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_mistake_is_told_with_file_line_and_key(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        load_gateway(Path("gateway.toml"))
    assert f"{caught.value}\n" == (case / "error.txt").read_text(encoding="utf-8")


def test_the_sample_that_init_writes_is_the_example_and_is_sound() -> None:
    example = ROOT / "examples" / "gateway.toml"
    assert example.read_bytes() == (ROOT / "edge_gateway" / "sample.toml").read_bytes()
    settings = load_gateway(example)
    assert settings.spool.path == example.parent / "spool.sqlite3"
    assert [equipment.name for equipment in settings.equipment] == ["boiler-1", "cnc-1"]


def test_columns_stand_in_the_order_of_the_kind_and_texts_are_no_columns() -> None:
    _, cnc = load_gateway(ROOT / "examples" / "gateway.toml").equipment
    (target,) = Target.all_of(cnc, load_profile(cnc.profile))
    kind = load_kind("cnc_machine")
    carried = {point.signal for point in target.profile.points}
    assert target.signals.names == tuple(name for name in kind.numeric_signals if name in carried)
    assert "program" in target.text_signals
    assert not set(target.text_signals) & set(kind.numeric_signals)
    assert not target.single, "counters do not fit float32"
