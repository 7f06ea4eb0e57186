"""The measured signals of a machine while it is at work, as one array; what several detectors look at."""

from typing import NamedTuple

import numpy as np

from analytics.detection.sensor_checks import bends
from analytics.general.at_work import is_at_work, measured_signals
from analytics.result import NotEvaluated
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label, load_kind

_LEAST_KNOWN = 0.5
_TO_DEVIATION = 1.4826
_BEND = 1.5
"""Variance of a bend of white noise, in variances of the noise."""


class Measured(NamedTuple):
    """Signals that have come for most of the work: ``values`` of shape (signals, n)."""

    names: tuple[str, ...]
    values: FloatArray
    at_work: Flags
    is_state_known: bool

    def spells(self, rows: int) -> Flags:
        """Tell which rows lie in a spell of work of so many rows at least, shape (n,)."""
        edges = np.flatnonzero(np.diff(self.at_work.astype(np.int8), prepend=0, append=0))
        flags = np.zeros(len(self.at_work), bool)
        for first, last in edges.reshape(-1, 2):
            flags[first:last] = last - first >= rows
        return flags

    @property
    def work(self) -> FloatArray:
        """The values at work, NaN elsewhere."""
        found: FloatArray = np.where(self.at_work, self.values, np.nan)
        return found

    @classmethod
    def of(cls, window: Window) -> "Measured":
        names = [name for name in measured_signals(window.kind) if name in window]
        values = np.array([window[name] for name in names]).reshape(len(names), len(window))
        try:
            at_work, is_known = is_at_work(window), True
        except NotEvaluated:
            at_work, is_known = ~np.isnan(values).all(axis=0) if names else np.zeros(len(window), bool), False
        known = ~np.isnan(values[:, at_work])
        kept = np.flatnonzero(known.mean(axis=1) >= _LEAST_KNOWN) if at_work.any() else np.array([], int)
        return cls(tuple(names[index] for index in kept), values[kept], at_work, is_known)


def spread_of_bends(values: FloatArray) -> FloatArray:
    """Deviation of the white noise of each signal, robust; NaN where nothing is known."""
    bent = np.abs(bends(values))
    known = ~np.isnan(bent).all(axis=-1)
    found = np.full(values.shape[:-1], np.nan)
    found[known] = _TO_DEVIATION / np.sqrt(_BEND) * np.nanmedian(bent[known], axis=-1)
    return found


def block_means(values: FloatArray, size: int) -> FloatArray:
    """Means of ``size`` rows; NaN where one of them is not known."""
    whole = values.shape[1] // size * size
    means: FloatArray = values[:, :whole].reshape(len(values), -1, size).mean(axis=2)
    return means


def label_of(kind: str, name: str) -> Label:
    return load_kind(kind).signals[name].label
