import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.pv_inverter.single_diode import Diode, current_a, ideality_v, in_weather, points

CURVES = Path(__file__).parents[3] / ".." / "shared" / "data" / "pv_iv_curves"

CS6K_275M = Diode(*(np.array(one) for one in (9.312997, 2.028466e-10, 0.267742, 831.965881, 1.560398)))
"""NREL SAM's library of CEC modules, 2019; sheet: 38.0 V, 9.45 A, 31.0 V, 8.88 A, 275 W."""


@pytest.fixture(scope="module")
def curves() -> list[tuple[Diode, dict[str, Any]]]:
    """Give pvlib's 64 precise curves: parameters and expected values (BSD-3-Clause)."""
    if not CURVES.is_dir():
        pytest.skip("the public data sets are not here")
    found = []
    for number in (1, 2):
        with (CURVES / f"precise_iv_curves_parameter_sets{number}.csv").open(encoding="utf-8") as file:
            rows = {int(row["Index"]): {name: float(value) for name, value in row.items()} for row in csv.DictReader(file)}
        with gzip.open(CURVES / f"precise_iv_curves{number}.json.gz") as packed:
            read = json.load(packed)
        for curve in read["IV Curves"] if isinstance(read, dict) else read:
            row = rows[int(curve["Index"])]
            ideality = ideality_v(
                ideality=row["n"], cells_in_series=row["cells_in_series"], cell_celsius=float(curve["Temperature"]) - 273.15
            )
            names = ("photocurrent", "saturation_current", "resistance_series", "resistance_shunt")
            found.append((Diode(*(np.array(value) for value in (*(row[name] for name in names), ideality))), curve))
    return found


def test_the_corners_of_64_precise_curves_are_found_to_the_last_digits(curves: list[tuple[Diode, dict[str, Any]]]) -> None:
    assert len(curves) == 64
    for diode, curve in curves:
        found = points(diode)
        for name, value in zip(("v_oc", "i_sc", "v_mp", "i_mp", "p_mp"), found, strict=True):
            assert float(value) == pytest.approx(float(curve[name]), rel=1e-13)


def test_every_point_of_64_precise_curves_is_found(curves: list[tuple[Diode, dict[str, Any]]]) -> None:
    for diode, curve in curves:
        voltages, currents = (np.array([float(one) for one in curve[name]]) for name in ("Voltages", "Currents"))
        assert current_a(diode, voltages) == pytest.approx(currents, abs=1e-12)


def test_pvlib_as_a_witness_agrees() -> None:
    pvsystem = pytest.importorskip("pvlib.pvsystem")
    light, warm = np.array([150.0, 600.0, 1000.0]), np.array([5.0, 35.0, 60.0])
    diode = in_weather(CS6K_275M, light_w_m2=light, cell_celsius=warm, light_per_k=0.00391)
    theirs = pvsystem.calcparams_desoto(light, warm, 0.00391, 1.560398, 9.312997, 2.028466e-10, 831.965881, 0.267742)
    assert diode.photocurrent_a == pytest.approx(theirs[0], rel=1e-9)
    assert diode.saturation_a == pytest.approx(theirs[1], rel=1e-6)  # the gap's constants have seven digits
    found = points(Diode(*(np.asarray(one, float) for one in theirs[:5])))
    witness = pvsystem.singlediode(*theirs[:5])
    assert found.best_w == pytest.approx(witness["p_mp"], rel=1e-9)
    assert found.fill_factor == pytest.approx(witness["p_mp"] / witness["v_oc"] / witness["i_sc"], rel=1e-9)


def test_the_sheet_of_a_module_comes_out_at_standard_conditions() -> None:
    found = points(in_weather(CS6K_275M, light_w_m2=np.array(1000.0), cell_celsius=np.array(25.0), light_per_k=0.00391))
    assert float(found.best_w) == pytest.approx(275.4, abs=0.5)
    assert float(found.open_circuit_v) == pytest.approx(38.3, abs=0.4)


def test_an_unknown_parameter_gives_an_unknown_point_and_leaves_its_neighbours() -> None:
    diode = CS6K_275M._replace(photocurrent_a=np.array([9.3, np.nan]))
    best = points(diode).best_w
    assert best[0] > 270
    assert np.isnan(best[1])


def test_a_parameter_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        points(CS6K_275M._replace(shunt_ohm=np.array(0.0)))
