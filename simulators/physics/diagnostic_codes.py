"""Diagnostic trouble codes of vehicles (SAE J1939-73): which are active, how often each has come, and the one that is shown.

A code is a suspect parameter (SPN), a failure mode (FMI) and an occurrence count of seven bits, of which 127 means "unknown".

Limits: only the gravest active code is shown; no previously active codes, no lamps.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

_MOST_OCCURRENCES = 126
Code = tuple[int, int]
"""SPN and FMI."""


class DiagnosticCodes:
    """The codes of n machines, the gravest first."""

    def __init__(self, codes: Sequence[Code], n: int) -> None:
        self._codes = codes
        self._spns, self._fmis = np.array(codes, dtype=float).T
        self._is_active = np.zeros((n, len(codes)), dtype=bool)
        self._occurrences = np.zeros((n, len(codes)))

    def see(self, active: Mapping[Code, npt.NDArray[np.bool_]]) -> None:
        """Take down which are active now, and count those that come."""
        is_active = np.stack([active[code] for code in self._codes], axis=1)
        self._occurrences = np.minimum(self._occurrences + (is_active & ~self._is_active), _MOST_OCCURRENCES)
        self._is_active = is_active

    @property
    def shown(self) -> tuple[Array, Array, Array]:
        """SPN, FMI and occurrences of the gravest active code; zeros where there is none."""
        first, is_coded = np.argmax(self._is_active, axis=1), np.any(self._is_active, axis=1)
        occurrences = np.take_along_axis(self._occurrences, first[:, None], axis=1)[:, 0]
        spn, fmi, count = (np.where(is_coded, of, 0.0) for of in (self._spns[first], self._fmis[first], occurrences))
        return spn, fmi, count
