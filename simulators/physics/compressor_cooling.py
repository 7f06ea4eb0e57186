"""The heat of an oil-injected compressor: its oil, the coolers, heat recovery, and the refrigerated dryer behind it.

Oil and metal are one node; nearly all the shaft's power goes into it and leaves by a cooler with a fan, and by a water loop when
somebody wants the heat. The injected oil is colder than the node by what is taken from it, and leaves the air end hotter by what
it took up. The dryer is a dew point with a lag, lifted by warm air. Limits: air cooled, no water in the oil.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag

_OIL_KW_PER_K = 5.2  # heat capacity of the injected oil's stream at rated pressure
_AIR_KW_PER_K = 0.4
_STILL_KW_PER_K, _CALM_KW_PER_K = 0.06, 0.3  # a standing machine, and a running one whose fan rests


class CoolingState(NamedTuple):
    """How the machines run, and what hinders their cooling."""

    is_on: npt.NDArray[np.bool_]
    shaft_kw: Array
    flow_share: Array
    """Delivered air as a share of the rated flow, mean of the step."""
    sump_mpa: Array
    room_c: Array
    fan_share: Array
    wanted_heat_share: float
    clean_share: Array
    """Of the heat transfer of oil cooler and aftercooler."""
    oil_share: Array
    dryer_lift_k: Array


class CompressorCooling:
    """Oil, coolers and dryers of n compressors."""

    def __init__(
        self,
        *,
        cooler_kw_per_k: Array,
        stored_kj_per_k: Array,
        aftercooler_approach_k: Array,
        heat_recovery_share: Array,
        dew_point_base_c: Array,
        oil_c: Array,
        room_c: Array,
    ) -> None:
        self._cooler_kw_per_k, self._stored_kj_per_k = cooler_kw_per_k, stored_kj_per_k
        self._approach_k, self._recovery_share = aftercooler_approach_k, heat_recovery_share
        self._dew_point_base_c = dew_point_base_c
        self.oil_c, self.injection_c, self.discharge_c = oil_c, oil_c, oil_c
        self.aftercooler_c, self.dew_point_c = room_c + 6.0, dew_point_base_c + 0.5
        self.recovered_kw = np.zeros_like(oil_c)

    def warm(self, seconds: float, now: CoolingState) -> None:
        heat_kw = 0.95 * now.shaft_kw
        warm_enough = np.clip((self.oil_c - 66) / 8, 0.0, 1.0)
        self.recovered_kw = self._recovery_share * now.wanted_heat_share * warm_enough * heat_kw
        cooler = now.clean_share * now.oil_share * (_CALM_KW_PER_K + self._cooler_kw_per_k * now.fan_share)
        cooler = np.where(now.is_on, cooler, _STILL_KW_PER_K)
        settled_c = now.room_c + (heat_kw - self.recovered_kw) / cooler
        self.oil_c = lag(self.oil_c, settled_c, seconds, self._stored_kj_per_k / cooler)

        stream_kw_per_k = _OIL_KW_PER_K * np.sqrt((now.sump_mpa + 0.1) / 0.85) * now.oil_share + _AIR_KW_PER_K
        taken_kw = cooler * (self.oil_c - now.room_c) + self.recovered_kw
        self.injection_c = np.where(now.is_on, self.oil_c - taken_kw / stream_kw_per_k, self.oil_c)
        self.discharge_c = np.where(now.is_on, self.injection_c + heat_kw / stream_kw_per_k, self.oil_c)

        approach_k = self._approach_k * now.flow_share / now.clean_share
        self.aftercooler_c = lag(self.aftercooler_c, now.room_c + approach_k, seconds, 120.0)
        lifted_k = np.maximum(self.aftercooler_c - 36, 0.0) * 0.12 + 0.6 * now.flow_share + now.dryer_lift_k
        self.dew_point_c = lag(self.dew_point_c, self._dew_point_base_c + lifted_k, seconds, 600.0)
