"""A counter that starts again from 0 after its largest value, made into one that goes on."""


class Rollover:
    """Remembers how often a counter has turned over.

    A fall from the upper quarter of its range to the lower quarter is a turn. Any other fall is a meter that was reset or
    replaced: its count starts anew, so the value falls as well, and whoever takes differences sees it.
    """

    def __init__(self, modulus: int) -> None:
        if modulus < 2:
            raise ValueError(f"a counter of {modulus} values cannot count")
        self.modulus = modulus
        self._last_raw, self._wraps = 0, 0

    @property
    def state(self) -> tuple[int, int]:
        """The last raw value and the number of turns: what must outlive a restart."""
        return self._last_raw, self._wraps

    @state.setter
    def state(self, state: tuple[int, int]) -> None:
        last_raw, wraps = state
        if not 0 <= last_raw < self.modulus or wraps < 0:
            raise ValueError(f"{state} is no state of a counter of {self.modulus} values")
        self._last_raw, self._wraps = last_raw, wraps

    def unwrap(self, raw: int) -> int:
        """Give the count without turns.

        Raises
        ------
        ValueError
            If the raw value is none that the counter can show.
        """
        if not 0 <= raw < self.modulus:
            raise ValueError(f"{raw} is beyond the counter's largest value {self.modulus - 1}")
        if raw < self._last_raw:
            is_turn = 4 * self._last_raw >= 3 * self.modulus and 4 * raw < self.modulus
            self._wraps = self._wraps + 1 if is_turn else 0
        self._last_raw = raw
        return self._wraps * self.modulus + raw
