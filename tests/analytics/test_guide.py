"""Every function that the guide names has somebody who serves it, and every analytic serves one."""

import re
import tomllib
from pathlib import Path

import pytest

from analytics import guide
from analytics.catalogue import catalogue
from device_profiles.kind import kind_names
from telemetry.errors import ConfigError

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / ".." / "shared" / "policies" / "jinan_2020.txt"


def test_every_kind_has_functions_and_no_cell_is_empty() -> None:
    found = guide.functions()
    assert {one.kind for one in found} == set(kind_names())
    for one in found:
        for serving in one.served_by:
            assert all((serving.label.zh, serving.label.en, serving.method, serving.source, serving.validation, serving.page)), (
                one
            )


def test_every_analytic_has_a_method_and_serves_some_function() -> None:
    methods = set(tomllib.loads(guide.FILE.read_text(encoding="utf-8"))["methods"])
    assert methods == set(catalogue())
    serving = {one.name for function in guide.functions() for one in function.served_by if one.is_analytic}
    assert set(catalogue()) == serving


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"tests/[\w/]+(?:\.py)?", guide.FILE.read_text(encoding="utf-8")))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_guide_itself_names_these_functions() -> None:
    if not GUIDE.exists():
        pytest.skip("the guide is not on this machine")
    text = GUIDE.read_text(encoding="utf-8")
    for word in (
        "精准感知",
        "预测性维护",
        "提高风电功率预测准度",
        "组件级数据监控",
        "维修备件预测",
        "流程调度",
        "产能实时感知",
        "优化调度",
    ):
        assert word in text
        assert any(word in one.label.zh for one in guide.functions()), word


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('analytics = ["nonsense"]', "nonsense"),
        ('analytics = ["boiler_efficiency"]', "is for boiler"),
        ('services = ["nonsense"]', "is not a service"),
        ("", "nothing serves it"),
    ],
)
def test_a_function_that_names_what_is_not_there_is_refused(
    line: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = guide.FILE.read_text(encoding="utf-8")
    text += f'\n[[functions]]\nkind = "motor"\nzh = "试"\nen = "Trial"\n{line}\n'
    # Arrays of tables may stand after a table.
    (tmp_path / "guide.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(guide, "FILE", tmp_path / "guide.toml")
    guide.functions.cache_clear()
    with pytest.raises(ConfigError, match=error):
        guide.functions()
    guide.functions.cache_clear()
