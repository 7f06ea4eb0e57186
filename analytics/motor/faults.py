"""What a motor's diagnosis can find, and how its quantities are called."""

from analytics.motor.quantities import ENDS
from analytics.spec import Fault, label
from device_profiles.kind import Label

_QUANTITIES = {
    "slip": (label("转差", "Slip"), "rpm"),
    "current": (label("电机电流", "Motor current"), "A"),
    "current_swing": (label("电流波动", "Swing of the current"), "A"),
    "current_negative": (label("负序电流", "Negative-sequence current"), "A"),
    "distortion": (label("电流谐波畸变率", "Distortion of the current"), "%"),
    "insulation": (label("绝缘电阻的自然对数", "Natural logarithm of the insulation resistance in MΩ"), "1"),
    "velocity": (label("振动速度的平方", "Square of the vibration velocity"), "mm²/s²"),
    "swing": (label("振动速度的波动", "Swing of the vibration velocity"), "mm/s"),
    "acceleration": (label("高频振动加速度", "High-frequency acceleration"), "m/s²"),
    "shock": (label("轴承冲击值", "Bearing shock value"), "g"),
    "bearing_rise": (label("轴承温升", "Bearing's rise over the ambient"), "K"),
    "winding_rise": (label("绕组温升", "Winding's rise over the cooling air"), "K"),
    "winding_spread": (label("最热绕组测点与均值之差", "Hottest winding sensor over the mean"), "K"),
    "air_rise": (label("冷却风温升", "Cooling air's rise"), "K"),
    "torque": (label("转矩占额定的比例", "Share of the rated torque"), "1"),
    "voltage_unbalance": (label("负序电压", "Negative-sequence voltage"), "%"),
}
_DIRECTIONS = {"h": label("水平", "horizontal"), "v": label("垂直", "vertical"), "a": label("轴向", "axial")}
_ENDS = {"drive": label("驱动端", "drive end"), "non_drive": label("非驱动端", "non-drive end")}


def quantity(name: str) -> tuple[Label, str]:
    """Give the label and unit of a quantity: ``velocity_drive_h``, ``slip``."""
    if name in _QUANTITIES:
        return _QUANTITIES[name]
    direction = name[-1] if name[-2:] in {"_h", "_v", "_a"} else ""
    place = name.removesuffix(f"_{direction}") if direction else name
    # The longer name first: every non_drive ends with drive.
    end = next(end for end in reversed(ENDS) if place.endswith(f"_{end}"))
    text, unit = _QUANTITIES[place.removesuffix(f"_{end}")]
    where, way = _ENDS[end], _DIRECTIONS.get(direction)
    if way is None:
        return label(f"{text.zh}（{where.zh}）", f"{text.en}, {where.en}"), unit
    return label(f"{text.zh}（{where.zh}，{way.zh}）", f"{text.en}, {where.en}, {way.en}"), unit


FAULTS = (
    Fault(
        "broken_rotor_bar",
        label("转子断条", "Broken rotor bars"),
        label(
            "在满负荷下做电流频谱分析确认；减少直接启动次数，安排转子检查。",
            "Confirm by the current's spectrum at full load; start it less often and plan an inspection of the rotor.",
        ),
        "high",
        "s / s(T) ≥ 1.15（按绕组温度修正 / corrected for temperature），σ(v) ↑",
    ),
    Fault(
        "inter_turn_short",
        label("定子匝间短路", "Inter-turn short circuit"),
        label(
            "尽快停机，测三相直流电阻、绝缘和匝间耐压；准备备用电机。",
            "Stop it soon; measure resistances, insulation and surge comparison, and have a spare motor ready.",
        ),
        "critical",
        "I₂ ↑ 而 V₂ 不变 / while V₂ stays; max(T) − mean(T) ↑; R_ins ↓（至少两项 / at least two）",
    ),
    Fault(
        "eccentricity_static",
        label("静态气隙偏心", "Static eccentricity"),
        label(
            "停机测量气隙，检查端盖止口、轴承座和定子机座变形。",
            "Stop it, measure the air gap; check end shields, bearing seats and frame.",
        ),
        "medium",
        "v² − v²(T, n) ↑，不随转速增长 / does not grow with speed (2f), THD(I) ↑",
    ),
    Fault(
        "eccentricity_dynamic",
        label("动态气隙偏心", "Dynamic eccentricity"),
        label("检查轴弯曲、转子跳动和轴承磨损。", "Check for a bent shaft, rotor run-out and worn bearings."),
        "medium",
        "v ~ n¹（1×），THD(I) ↑",
    ),
    Fault(
        "bearing_damage",
        label("轴承损伤", "Bearing damage"),
        label(
            "看包络分析判断损伤部位（需要振动波形）；备好同型号轴承，安排停机更换。",
            "Look at its envelope analysis (of vibration records) for the damaged part; have a bearing of its type ready.",
        ),
        "high",
        "冲击值与加速度同升，峰值因数升高 / shock and acceleration ↑, (shock / acceleration) ↑",
        "bearing",
    ),
    Fault(
        "imbalance",
        label("转子不平衡", "Imbalance"),
        label(
            "清理叶轮积灰，检查平衡块；做现场动平衡。", "Clean the impeller, look for lost balance weights; balance it in place."
        ),
        "medium",
        "v ~ n²，水平为主 / mostly horizontal, THD(I) 不变 / stays",
    ),
    Fault(
        "misalignment",
        label("不对中", "Misalignment"),
        label("停机用激光重新对中，检查联轴器和管道应力。", "Stop it and align anew by laser; check coupling and pipe strain."),
        "medium",
        "v_a / v_r ≥ 0.5",
    ),
    Fault(
        "looseness",
        label("地脚松动", "Looseness"),
        label("紧固地脚螺栓，检查垫片与基础裂纹。", "Tighten the foot bolts; look for bad shims and a cracked foundation."),
        "medium",
        "v_v / v_h ≥ 1.4，σ(v_v) ↑",
    ),
    Fault(
        "voltage_unbalance",
        label("电源电压不平衡", "Unbalanced supply voltage"),
        label(
            "按降容系数降低负荷；查单相负荷、接头、熔断器和变压器。",
            "Shed load by the derating factor; look for single-phase loads, bad joints, fuses and the transformer.",
        ),
        "high",
        "V₂ / V₁ ≥ 1 %",
    ),
    Fault(
        "cooling_blocked",
        label("冷却风道堵塞", "Cooling air blocked"),
        label("清理风罩、滤网和散热筋，检查风扇。", "Clean fan cover, filter and fins; check the fan."),
        "high",
        "ΔT / ΔT(T, n) ≥ 1.12，风温升同升 / with the air's rise",
    ),
    Fault(
        "overload",
        label("过载", "Overload"),
        label(
            "检查被驱动设备是否卡涩、阀门开度和工艺变化；必要时降负荷。",
            "Check the driven machine for rubbing, valves and a changed process; shed load if need be.",
        ),
        "high",
        "T / T(往常 / usual) ≥ 1.10，≥ 0.90 T_N",
    ),
    Fault(
        "lubrication_poor",
        label("润滑不良", "Poor lubrication"),
        label(
            "按铭牌牌号和量加脂，复测加速度；无改善则检查轴承。",
            "Grease it by type and amount of the plate and measure again; if it stays, inspect the bearing.",
        ),
        "medium",
        "加速度 ↑ 而冲击值升得少 / acceleration ↑, (shock / acceleration) ↓",
        "bearing",
    ),
    Fault(
        "unknown_anomaly",
        label("异常，原因未定", "Anomaly, cause not told"),
        label("采集振动和电流波形，由专家分析。", "Take records of vibration and current and have them analysed."),
        "low",
        "v² − v²(T, n) ↑",
    ),
)
