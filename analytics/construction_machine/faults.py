"""What the diagnosis of construction machines can find: names, advice and what is compared with what."""

from analytics.construction_machine import fuel_theft, idling, meters, position
from analytics.construction_machine.signs import THRESHOLD
from analytics.spec import Fault, label

_S = f"{THRESHOLD:g} σ"

FAULTS = (
    Fault(
        "coolant_leak",
        label("冷却液泄漏", "Coolant leak"),
        label("停机降温后补液，检查水泵、软管、散热器和缸垫", "Let it cool, top up; check pump, hoses, radiator and head gasket"),
        "high",
        f"L − L₀ < −{_S} (σ ≥ 3 %)",
    ),
    Fault(
        "radiator_clog",
        label("散热器堵塞", "Radiator clogged"),
        label("吹洗散热器和油冷器，检查风扇与皮带", "Blow radiator and cooler clean, check fan and belt"),
        "medium",
        f"T_c − T_c(fuel, n, T_amb, T_hyd) > {_S}, L − L₀ ≈ 0",
    ),
    Fault(
        "oil_pressure_drop",
        label("机油压力下降", "Engine oil pressure drops"),
        label("立即停机，检查油位、泄漏、机油泵和轴瓦", "Stop at once; check oil level, leaks, pump and bearings"),
        "critical",
        f"p_oil / p₀(n, T_oil) − 1 < −{_S} (σ ≥ 3 %)",
    ),
    Fault(
        "injector_wear",
        label("喷油器磨损", "Injectors worn"),
        label("校验或更换喷油器，检查进气与增压", "Test or replace the injectors; check air and boost"),
        "medium",
        f"fuel / fuel₀(n, P) − 1 > {_S}, T_exh − T₀(P, T_amb) > {_S}",
    ),
    Fault(
        "hyd_pump_wear",
        label("液压主泵磨损", "Main pumps worn"),
        label("测泵效率和泄油量，化验液压油，计划更换主泵", "Measure delivery and case drain, sample the oil, plan new pumps"),
        "medium",
        f"(p·Q / P) / η₀ − 1 < −{_S}, t_cycle / t₀ − 1 > {_S}; (T_hyd − T₀ > {_S})",
    ),
    Fault(
        "alternator_fail",
        label("发电机失效", "Alternator fails"),
        label("检查皮带、发电机和调节器；停机后可能无法起动", "Check belt, alternator and regulator; it may not start again"),
        "high",
        f"U − U₀ < −{_S} (σ ≥ 0.25 V), n > 0",
    ),
    Fault(
        "fuel_theft",
        label("偷油", "Fuel theft"),
        label("核对加油记录和监控，装油箱锁", "Compare with the refuelling log and cameras, fit a lock"),
        "high",
        f"ΔL ≤ −{fuel_theft.LEAST_DROP_PERCENT:g} % / 5 min, n = 0",
    ),
    Fault(
        "gps_jam",
        label("卫星定位干扰", "Positioning jammed"),
        label("到现场查找干扰器，核对机器位置", "Look for a jammer on site, make sure where the machine is"),
        "medium",
        f"|Δx| > {position.JUMP_METRES:g} m + 1.5 v·Δt, ≥ {position.LEAST_JUMPS} × / 6 h; v_GPS ≈ 0 ∧ v_travel > 1.5 km/h",
    ),
    Fault(
        "antenna_tamper",
        label("天线被拆", "Antenna tampered with"),
        label("到现场检查终端和天线，联系承租人", "Inspect tracker and antenna on site, call the lessee"),
        "high",
        "antenna_ok = 0, 10 min",
    ),
    Fault(
        "counter_reset",
        label("计数器清零", "Counters reset"),
        label("核对维修记录；以终端累计值补正小时数", "Compare with service records; correct the hours by what was stored"),
        "medium",
        "H(t) < max H(≤ t) − 1",
    ),
    Fault(
        "hour_meter_tamper",
        label("小时计被篡改", "Hour meter tampered with"),
        label("检查小时计线路与终端，按发动机转速核算小时", "Inspect meter and wiring; count hours by engine speed"),
        "high",
        f"ΔH / ∫(n > 0)dt < {meters.LEAST_METERED:g}, 4 h",
    ),
    Fault(
        "excess_idle",
        label("怠速过多", "Excessive idling"),
        label("提醒操作手，启用自动怠速停机", "Talk to the operator, switch automatic stop on"),
        "low",
        f"s − s₀ > {100 * idling.LEAST_EXCESS:g} %, τ / τ₀ > {idling.LEAST_SPELL_RATIO:g}, {idling.RECENT_SECONDS / 3600:g} h",
    ),
    Fault(
        "geofence_violation",
        label("驶出电子围栏", "Geofence violated"),
        label("立即联系承租人，核对运输记录，必要时报警", "Call the lessee at once, check transport papers, call the police"),
        "critical",
        f"d(x, fence) > 50 m (drawn) | {position.LEARNED_MARGIN_METRES:g} m (learned), 2 fixes",
    ),
    Fault(
        "sensor_wiring",
        label("传感器断线", "Sensor's wire open"),
        label("检查该传感器的插头和线束", "Check plug and harness of this sensor"),
        "medium",
        "FMI ∈ {3, 4, 5, 6} ∨ (T_c < −35 °C ∧ T_oil > 40 °C)",
    ),
)
