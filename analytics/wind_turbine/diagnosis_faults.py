"""What the diagnosis of a wind turbine reads, gives and can find."""

from analytics.spec import Fault, Input, Output, label
from analytics.wind_turbine.healthy import INDICATORS

INPUTS = (
    Input("state", "1"),
    Input("active_power", "kW"),
    Input("rotor_speed", "rpm"),
    Input("wind_speed", "m/s", required=False),
    Input("yaw_error", "deg", required=False),
    Input("power_setpoint", "kW", required=False),
    Input("available_power", "kW", required=False),
    Input("energy_export", "kWh", required=False),
    Input("fault_code", "1", required=False),
    Input("ice_detected", "1", required=False),
    Input("ambient_temperature", "°C", required=False),
    Input("ambient_pressure", "kPa", required=False),
    Input("ambient_humidity", "%", required=False),
    Input("nacelle_temperature", "°C", required=False),
    Input("gearbox_oil_temperature", "°C", required=False),
    Input("gearbox_bearing_temperature_drive", "°C", required=False),
    Input("generator_bearing_temperature_drive", "°C", required=False),
    Input("generator_winding_temperature_{winding}", "°C", required=False),
    Input("current_{phase}", "A", required=False),
    Input("voltage_{phase}", "V", required=False),
    Input("frequency", "Hz", required=False),
    Input("dc_link_voltage", "V", required=False),
    Input("vibration_velocity_gearbox", "mm/s", required=False),
    Input("vibration_velocity_generator", "mm/s", required=False),
    Input("tower_acceleration_x", "m/s²", required=False),
    Input("pitch_angle_{blade}", "deg", required=False),
    Input("pitch_battery_voltage_{blade}", "V", required=False),
    Input("hydraulic_pressure", "MPa", required=False),
    Input("hydraulic_oil_level", "%", required=False),
)

SHOWN = {
    "gearbox_bearing": "gearbox_bearing_excess",
    "generator_bearing": "generator_bearing_excess",
    "windings": "windings_excess",
    "gearbox_vibration": "gearbox_vibration_excess",
    "generator_vibration": "generator_vibration_excess",
    "oil_cooler": "oil_cooler_change",
    "hydraulic_level": "hydraulic_level_change",
}
"""Indicators that are figures too, for curves over weeks."""

OUTPUTS = (
    Output(
        "healthy_power_loss",
        "%",
        label("低于健康功率曲线的损失（窗口内）", "Loss below the healthy power curve, over the window"),
    ),
    Output("recent_power_change", "%", label("近半日电量与健康曲线之差", "Energy against the healthy curve, last half day")),
    Output("wind_shift_by_rotor", "%", label("风轮转速反映的风速偏移", "Shift of the wind speed by the rotor's speed")),
    Output("best_vane_angle", "deg", label("功率最大时的风向标角（窗口内）", "Vane angle of most power, over the window")),
    Output("pitch_spread", "deg", label("桨距角最大偏差（与健康时相比）", "Largest pitch deviation of a blade, against healthy")),
    *(
        Output(
            output,
            "%",
            label(f"{INDICATORS[name].label.zh}（与健康时之差）", f"{INDICATORS[name].label.en}, difference from healthy"),
        )
        for name, output in SHOWN.items()
    ),
)

FAULTS = (
    Fault(
        "yaw_offset",
        label("偏航对风偏差", "Yaw offset"),
        label("按给出的角度校准风向标零位", "Calibrate the vane's zero by the angle given"),
        "medium",
        "P / P_0(v) = r · cos³(θ − θ_0): |Δθ_0| > 2.9 σ, ≥ 4°; with the loss 1 − r > 3.65 σ",
    ),
    Fault(
        "pitch_stuck",
        label("变桨卡涩", "Blade stuck"),
        label("停机，检查该叶变桨驱动、轴承和制动器", "Stop; inspect this blade's pitch drive, bearing and brake"),
        "critical",
        "β_i = const (±0.3°), max β_j − min β_j ≥ 5° ∨ |β_i − β_j| ≥ 10°",
        part="blade",
    ),
    Fault(
        "pitch_asymmetry",
        label("桨距角不一致", "Pitch asymmetry"),
        label("校准该叶桨距角编码器和零位", "Calibrate this blade's pitch encoder and zero"),
        "high",
        "|β_i − (β_j + β_k) / 2 − (…)_0| > 0.75° (6 h)",
        part="blade",
    ),
    Fault(
        "pitch_battery_weak",
        label("变桨电池衰退", "Pitch battery weak"),
        label("更换该叶变桨电池，检查充电器", "Replace this blade's pitch battery, check its charger"),
        "high",
        "U_i / mean(U_j) − (…)_0 < −5 %",
        part="blade",
    ),
    Fault(
        "anemometer_bias",
        label("风速计偏差", "Anemometer bias"),
        label("校验或更换机舱风速计", "Check or replace the nacelle's anemometer"),
        "medium",
        "|ΔE / E_0(v)| > 10 %, |Δv by n(v)| > 3.2 %, same sign; no ice",
    ),
    Fault(
        "anemometer_icing",
        label("风速计结冰", "Anemometer icing"),
        label(
            "检查风速计加热；回暖后仍偏低则更换", "Check the anemometer's heater; replace it if it still reads low in warm air"
        ),
        "high",
        "ΔE / E_0(v) > 10 %, Δv by n(v) > 14 % ∨ ΔE / E_0(v) > 50 %",
    ),
    Fault(
        "blade_icing",
        label("叶片结冰", "Blade icing"),
        label("按结冰规程限制或停机，开启除冰", "Limit or stop by the ice procedure, turn the de-icing on"),
        "high",
        "ΔE / E_0(v) < −14 %, a_tower / a_0(v, n) > 1.5 ∨ ice detector on",
    ),
    Fault(
        "power_curve_degradation",
        label("叶片侵蚀污染", "Blade erosion or soiling"),
        label("检查叶片前缘，清洗或修补", "Inspect the blades' leading edges, wash or repair them"),
        "medium",
        "1 − P / P_0(v) > 2.4 %, > 2.8 σ; θ_0 ≈ 0, β_i = β_j",
    ),
    Fault(
        "gearbox_bearing_wear",
        label("齿轮箱轴承磨损", "Gearbox bearing wear"),
        label(
            "取油样，内窥镜检查驱动端轴承，做振动诊断",
            "Sample the oil, look at the drive-end bearing by endoscope, diagnose by vibration",
        ),
        "high",
        "(T_b − T_oil) / (…)_0(P, n) > 1.4, v_rms / v_0(P, n) > 1.4",
    ),
    Fault(
        "oil_cooler_fouling",
        label("油冷却器堵塞", "Oil cooler fouled"),
        label("清洗油冷却器，检查风扇和节温阀", "Clean the oil cooler, check fan and thermostat"),
        "medium",
        "k / k_0 < 0.78, C·dT/dt = a n² + b P − (g + k s(T)) (T − T_nac)",
    ),
    Fault(
        "generator_bearing",
        label("发电机轴承磨损", "Generator bearing wear"),
        label("加注润滑脂，做振动诊断，备轴承", "Grease it, diagnose by vibration, have a bearing ready"),
        "high",
        "(T_b − T_nac) / (…)_0(P, n) > 1.2, v_rms / v_0(P, n) > 1.4",
    ),
    Fault(
        "winding_overheat",
        label("绕组过热", "Winding overheats"),
        label("测该相绝缘和直流电阻，检查接头", "Test this phase's insulation and resistance, check its joints"),
        "high",
        "T_i − mean(T_j) − (…)_0(P) > 8 K · (P / P_r)²",
        part="winding",
    ),
    Fault(
        "generator_cooling",
        label("发电机冷却不良", "Generator cooling poor"),
        label("检查发电机风扇、滤网和换热器", "Check the generator's fan, filter and heat exchanger"),
        "high",
        "mean(T_uvw − T_nac) / (…)_0(P, P², n) > 1.12",
    ),
    Fault(
        "hydraulic_leak",
        label("液压泄漏", "Hydraulic leak"),
        label("检查管路、接头和蓄能器，补油", "Inspect lines, joints and accumulator, top up"),
        "high",
        "L − L_0 < −8 %, p − p_0 < −1.5 MPa ∨ pump starts +3/h",
    ),
    Fault(
        "converter_trip",
        label("变流器跳闸", "Converter trips"),
        label(
            "读取变流器故障记录，检查冷却、功率模块和直流母线",
            "Read the converter's log; check cooling, power modules and DC link",
        ),
        "critical",
        "state = fault ≥ 3 h, nothing else beyond its limit before it, grid in range; or its fault code",
    ),
    Fault(
        "curtailment",
        label("限功率", "Curtailment"),
        label("核对限电指令和控制器设定，计入限电损失", "Check the order and the controller's setting, account the energy lost"),
        "low",
        "P_set < 95 % of usual for 9 of the last 12 h",
    ),
    Fault(
        "counter_reset",
        label("电量计数器清零", "Energy counter reset"),
        label("核对电量记录，重新登记计数器起点", "Check the energy records, enter the counter's new start"),
        "low",
        "E < E_learned",
    ),
)
