"""Every analytic keeps its contract."""

import json

import numpy as np
import pytest

from analytics import evidence
from analytics.catalogue import analytics_of, catalogue, get_analytic
from analytics.spec import label
from telemetry.errors import ConfigError

EVERY = pytest.mark.parametrize("name", list(catalogue()))


@EVERY
def test_a_spec_says_what_it_does_in_both_languages_and_where_it_comes_from(name: str) -> None:
    one = get_analytic(name)
    spec = one.spec
    assert spec.source
    assert (one.train is not None) == (spec.training is not None)
    assert spec.cadence <= spec.window
    assert len({output.name for output in spec.outputs}) == len(spec.outputs)
    assert all(fault.formula for fault in spec.faults)
    assert spec.parameters()  # every parameter has a default


def test_the_guides_five_kinds_of_heat_and_rotation_each_have_figures_and_a_diagnosis() -> None:
    for kind in ("boiler", "blast_furnace", "diesel_engine", "air_compressor", "motor"):
        found = analytics_of(kind)
        assert sum(len(one.spec.outputs) for one in found) >= 20, kind
        assert any(one.spec.name == f"{kind}_diagnosis" for one in found)


def test_a_figures_name_is_one_analytics_alone_within_a_kind() -> None:
    for kind in ("boiler", "blast_furnace", "diesel_engine", "air_compressor", "motor"):
        names = [output.name for one in analytics_of(kind) for output in one.spec.outputs]
        assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)


def test_a_wrong_name_is_told_with_the_right_ones() -> None:
    with pytest.raises(ConfigError, match=r"'boiler' is not an analytic; known: .*boiler_efficiency"):
        get_analytic("boiler")


def test_evidence_is_plain_thinned_and_without_nan() -> None:
    times = np.arange(1000, dtype=np.int64) * 60_000_000
    values = np.where(np.arange(1000) < 500, np.nan, 1.0)
    piece = evidence.series(label("值", "value"), "K", times, {"x": values}, band=(-1, 1))
    assert len(piece["times"]) == len(piece["columns"]["x"]) == 250
    assert (piece["columns"]["x"][0], piece["columns"]["x"][-1]) == (None, 1.0)
    lines = evidence.spectrum(
        label("谱", "spectrum"), "g", np.arange(5000.0), np.arange(5000.0) == 2503, marks=[(2503.0, "BPFO")]
    )
    assert max(lines["amplitudes"]) == 1.0  # of neighbours the highest is kept
    json.dumps([piece, lines, evidence.inputs([("T", float("nan"), "K"), ("p", np.float64(1.23456), "MPa")])], allow_nan=False)
