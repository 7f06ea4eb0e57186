"""Positive and negative sequence of three phases, from phasors or mere magnitudes, and shorted turns by what is left of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

TURN = complex(-0.5, np.sqrt(3) / 2)
"""A third of a turn ahead."""


class Sequences(NamedTuple):
    """Symmetrical components, as phasors of phase a (or of line ab)."""

    positive: ComplexArray
    negative: ComplexArray

    @property
    def unbalance(self) -> FloatArray:
        """Negative over positive sequence; NaN where there is no positive one."""
        size = np.abs(self.positive)
        share: FloatArray = np.divide(np.abs(self.negative), size, out=np.full(size.shape, np.nan), where=size > 0)
        return share


def phasors_of(samples: ArrayLike, *, rate_hz: float, supply_hz: float) -> ComplexArray:
    """Fundamental of waveforms by least squares, peak values, cosine at the first sample as the reference.

    Parameters
    ----------
    samples : array_like, shape (..., n)
        Waveforms that were sampled together, last axis is time.

    Returns
    -------
    ndarray, shape (...)
        NaN where a waveform holds a NaN.

    Raises
    ------
    ValueError
        If the record spans less than one period, or has fewer than two samples a period.
    """
    waves = np.asarray(samples, dtype=float)
    n = waves.shape[-1]
    if not (rate_hz > 2 * supply_hz > 0 and n * supply_hz >= rate_hz):
        raise ValueError(f"{n} samples at {rate_hz:g} Hz show no fundamental of {supply_hz:g} Hz")
    angle = 2 * np.pi * supply_hz / rate_hz * np.arange(n)
    basis = np.stack([np.cos(angle), np.sin(angle), np.ones(n)])
    weights = waves @ basis.T @ np.linalg.inv(basis @ basis.T)
    phasors: ComplexArray = weights[..., 0] - 1j * weights[..., 1]
    return phasors


def sequences_of_phasors(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Sequences:
    """Resolve three phasors; a zero sequence is left out.

    References
    ----------
    C. L. Fortescue, "Method of symmetrical co-ordinates applied to the solution of polyphase networks", Trans. AIEE 37 (1918).
    """
    pa, pb, pc = (np.asarray(one, complex) for one in (a, b, c))
    return Sequences((pa + TURN * pb + TURN**2 * pc) / 3, (pa + TURN**2 * pb + TURN * pc) / 3)


def sequences_of_magnitudes(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Sequences:
    """Resolve three magnitudes whose phasors add up to zero: currents of three wires, or line voltages ab, bc, ca.

    The three close a triangle, so their angles follow by the law of cosines. The positive sequence gets the angle zero. The
    phases are taken to follow each other as a, b, c, which is known of a motor that turns forward.

    Parameters
    ----------
    a, b, c : array_like
        Magnitudes, rms or peak.

    Returns
    -------
    Sequences
        NaN where they close no triangle by more than rounding: an earthed neutral, or meters that disagree.

    Notes
    -----
    With ``Q = (a² + b² + c²) / 3`` and the triangle's area ``F``: ``|I1|² = Q / 2 + 2 F / √3`` and ``|I2|² = Q / 2 - 2 F / √3``.
    Near balance an error ``e`` of one magnitude is one of ``2 e / 3`` in ``I2``: meters of class 0.5 leave a third of a percent.
    """
    sides = np.array(np.broadcast_arrays(*(np.asarray(one, float) for one in (a, b, c))))
    squares = sides**2
    total = squares.sum(axis=0)
    # Heron's formula, sixteen times the area's square.
    area = total**2 - 2 * (squares**2).sum(axis=0)
    open_triangle = ~(area >= -1e-9 * total**2)
    difference = np.sqrt(np.maximum(np.where(open_triangle, 0.0, area), 0.0) / 3)
    mean = total / 3
    positive = np.sqrt((mean + difference) / 2)
    negative = np.sqrt(np.maximum(mean - difference, 0.0) / 2)
    # |Ia|² = |I1|² + |I2|² + 2 |I1| |I2| cos(angle), and the same a third of a turn back and ahead for b and c.
    direction = squares[0] + squares[1] * TURN + squares[2] * TURN**2
    size = np.abs(direction)
    unit = np.divide(direction, size, out=np.ones_like(direction), where=size > 0)
    hole = np.where(open_triangle, np.nan, 1.0)
    return Sequences(positive * hole + 0j, negative * unit * hole)


class ShortedTurns(NamedTuple):
    """What the supply does not explain of the negative-sequence current."""

    share: FloatArray
    """Over the positive sequence."""
    phase: NDArray[np.str_]
    """``a``, ``b`` or ``c``: where the turns would be shorted; empty where the share is unknown."""


def shorted_turns(
    *, current: Sequences, voltage: Sequences, power_factor_degrees: ArrayLike, negative_ohms: complex, line_voltage: bool
) -> ShortedTurns:
    """Take what an unbalanced supply draws out of the negative-sequence current: ``I2 - V2 / Z2``, and name the phase.

    Parameters
    ----------
    current, voltage : Sequences
        At the motor's terminals, both with the positive sequence at angle zero (as `sequences_of_magnitudes` gives them); rms
        or peak alike.
    power_factor_degrees : array_like
        By how much the positive-sequence current lags its phase voltage. [°]
    negative_ohms : complex
        Z2 of a phase: nearly that of the rotor at rest, and the same at all loads. From a healthy time with some unbalance,
        or from the starting current. [Ω]
    line_voltage : bool
        The voltages are those between lines (ab, bc, ca), which lead those of the phases by 30° and are √3 larger; of the
        negative sequence they lag.

    Notes
    -----
    Shorted turns take a current beside the winding's own, which is driven by the phase's voltage through resistance and
    leakage: it lags it by 0 to 90°. A third of it is negative sequence, at its own angle for phase a, and a third of a turn
    ahead and back of the phase's for b and c. So the angle says the phase, and it is sharp as long as the share is well above
    its healthy value.

    References
    ----------
    G. B. Kliman et al., "A new approach to on-line turn fault detection in AC motors", IEEE IAS Annual Meeting (1996); J. L.
    Kohler, J. Sottile and F. C. Trutt, "Condition monitoring of stator windings in induction motors", IEEE Trans. Ind. Appl.
    38 (2002).
    """
    lag = np.exp(-1j * np.radians(np.asarray(power_factor_degrees, float)))
    # The frame is that of the positive-sequence voltage of phase a.
    turned = np.exp(1j * np.pi / 6) if line_voltage else 1.0
    scale = np.sqrt(3) if line_voltage else 1.0
    # Line ab leads its phase by 30° in the positive sequence, which here is at zero, and lags by 30° in the negative one.
    negative_v = voltage.negative / scale * turned**2
    left = current.negative * lag - negative_v / negative_ohms
    size = np.abs(current.positive)
    share: FloatArray = np.divide(np.abs(left), size, out=np.full(size.shape, np.nan), where=size > 0)
    behind = np.exp(-1j * np.pi / 4)
    fit = np.array([(left * np.conj(behind * turn)).real for turn in (1, TURN, TURN**2)])
    known = ~np.isnan(share)
    phase = np.where(known, np.array(["a", "b", "c"])[np.where(known, fit, 0.0).argmax(axis=0)], "")
    return ShortedTurns(share, phase)
