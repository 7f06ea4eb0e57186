"""Trouble codes as SAE J1939-73 tells them."""

import numpy as np

from simulators.physics.diagnostic_codes import DiagnosticCodes

HOT, WARM = (110, 0), (110, 16)


def test_the_gravest_active_code_is_shown_with_how_often_it_came() -> None:
    codes = DiagnosticCodes([HOT, WARM], n=2)
    for is_hot in (True, False, True):
        codes.see({WARM: np.array([True, False]), HOT: np.array([is_hot, False])})
    spn, fmi, count = codes.shown
    assert (spn[0], fmi[0], count[0]) == (110, 0, 2)
    assert (spn[1], fmi[1], count[1]) == (0, 0, 0)


def test_occurrences_stop_at_126_for_127_means_unknown() -> None:
    codes = DiagnosticCodes([HOT], n=1)
    for is_hot in (True, False) * 200:
        codes.see({HOT: np.array([is_hot])})
    codes.see({HOT: np.array([True])})
    assert codes.shown[2][0] == 126
