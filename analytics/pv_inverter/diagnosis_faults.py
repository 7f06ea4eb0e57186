"""The eighteen faults that the diagnosis of a photovoltaic inverter can name, and what is to be done."""

from analytics.pv_inverter import signs_machine as machine
from analytics.pv_inverter import signs_strings as strings
from analytics.spec import Fault, label

_APART = f"½ (I/I₀ − I'/I'₀) < −{100 * strings.LEAST_APART:g} %"

FAULTS = (
    Fault(
        "string_open",
        label("组串开路（熔断器熔断）", "String open (fuse blown)"),
        label("断开直流侧，检查该组串的熔断器、接插件和电缆", "Open the DC switch; check fuse, connectors and cable"),
        "high",
        f"I / I₀ < {100 * strings.OPEN_SHARE:g} %, I_med > 1 A",
        part="string",
    ),
    Fault(
        "string_shading",
        label("组串遮挡", "String shaded"),
        label("到现场查看遮挡物（树、烟囱、支架），清除或改接组串", "Find what throws the shadow; remove it, or rewire"),
        "low",
        "½ (I/I₀ − I'/I'₀) < −2 % 在固定时段，其余时段正常 / at the same hours of the day only",
        part="string",
    ),
    Fault(
        "bypass_short",
        label("旁路二极管短路", "Bypass diodes shorted"),
        label("用红外或 I-V 扫描找出该组串中无电压的组件，更换接线盒或组件", "Find the module without voltage; change it"),
        "medium",
        f"{_APART}, ½ ≤ N x ≤ 1; x(I/I₀, U/U₀): 单二极管 / single diode",
        part="string",
    ),
    Fault(
        "module_crack",
        label("组件隐裂", "Module cracked"),
        label("做 EL 或红外检查，更换隐裂组件", "Look at the string by electroluminescence or infra-red; change the module"),
        "medium",
        f"{_APART}, N x > 1; U ≈ U₀: ΔI ∝ I",
        part="string",
    ),
    Fault(
        "hot_spot",
        label("热斑", "Hot spot"),
        label("用红外找出发热电池片，清除遮挡或更换组件", "Find the hot cell by infra-red; clean it or change the module"),
        "high",
        f"{_APART}, N x < ½, 随电流增大 / grows with the current",
        part="string",
    ),
    Fault(
        "pid",
        label("电势诱导衰减（PID）", "Potential-induced degradation"),
        label("检查负极接地和夜间修复装置，必要时更换组件", "Check the earthing of the negative pole; recover by night"),
        "medium",
        f"{_APART}, U ≈ U₀, ΔI ≈ const",
        part="string",
    ),
    Fault(
        "mppt_missed",
        label("最大功率点跟踪偏离", "Tracker misses the maximum"),
        label("重启该路跟踪或更新逆变器软件", "Restart this tracker, or update the inverter's software"),
        "medium",
        "U/U₀ < 95 %, I > I₀",
        part="mppt",
    ),
    Fault(
        "soiling",
        label("积灰加剧", "Heavy soiling"),
        label("安排清洗，查找粉尘来源", "Have the modules cleaned, and look for where the dust comes from"),
        "low",
        f"−d(SR)/dt > {100 * machine.SOILING_PER_DAY:g} %/d",
    ),
    Fault(
        "snow",
        label("积雪或覆盖", "Snow or another cover"),
        label("核实气温与天气；在安全前提下清雪", "Compare with the weather; clear the snow where it is safe"),
        "medium",
        f"I/I₀(G) < {100 * (1 - machine.SNOW_SHARE):g} %, U > 0",
    ),
    Fault(
        "degradation",
        label("组件衰减", "Modules degraded"),
        label("测 I-V 曲线，与出厂值比较，联系组件厂家", "Take I-V curves, compare with those at delivery, call the maker"),
        "medium",
        f"I/I₀(G) − 1 < −{100 * machine.LEAST_LIGHT_LOSS:g} %, U/U₀(T, I) − 1 < −{100 * machine.LEAST_VOLTAGE_LOSS:g} %",
    ),
    Fault(
        "inverter_trip",
        label("逆变器故障停机", "Inverter tripped"),
        label("读取故障码，排除后重新启动", "Read the fault code, mend what it says, start again"),
        "critical",
        "state = fault, Evt1 无过温和接地 / neither over-temperature nor ground fault",
    ),
    Fault(
        "inverter_efficiency_drop",
        label("逆变器效率下降", "Inverter efficiency drop"),
        label("检查功率模块、接线端子和电量传感器", "Check power stages, terminals and the two power meters"),
        "medium",
        f"η − η₀(P) < −{100 * machine.LEAST_EFFICIENCY_LOSS:g} %",
    ),
    Fault(
        "cooling_blocked",
        label("散热风道堵塞", "Cooling blocked"),
        label("清理风道、滤网和散热片，检查风扇", "Clean duct, filter and heat sink; check the fans"),
        "high",
        f"ΔT − ΔT₀(P_loss) > max({machine.LEAST_HEAT_K:g} K, {100 * machine.LEAST_HEAT_SHARE:g} %)",
    ),
    Fault(
        "insulation_drop",
        label("绝缘下降", "Insulation drop"),
        label("逐串测绝缘，查找受潮接头、电缆或组件", "Measure string by string; find the wet connector, cable or module"),
        "high",
        f"R_iso < min({machine.LEAST_INSULATION_KOHM:g} kΩ, 0.3 R_min)",
    ),
    Fault(
        "curtailment",
        label("调度限电", "Curtailment"),
        label("核对调度指令，统计限电电量", "Check the grid operator's order, and record the energy that is lost"),
        "low",
        "P_set < P_set,0 − 2 %",
    ),
    Fault(
        "clock_shift",
        label("时钟偏移", "Clock wrong"),
        label("校准逆变器时钟和时区，启用对时", "Set clock and time zone of the inverter, and have them kept by a time server"),
        "low",
        f"|t(E_day → 0) − t₀| > {machine.LEAST_CLOCK_HOURS:g} h",
    ),
    Fault(
        "counter_reset",
        label("电量计数清零", "Counter reset"),
        label("记录清零前读数，重新建立电量基线", "Write down the last total, and begin a new baseline of energy"),
        "low",
        "E_total < E_total,0",
    ),
    Fault(
        "loose_terminal",
        label("汇流箱端子松动", "Loose terminal"),
        label("断电紧固汇流箱端子，用红外复查", "Switch off, tighten the terminals of the combiner box, look again by infra-red"),
        "critical",
        f"ΔT − ΔT₀(P²) > {machine.LEAST_COMBINER_K:g} K, 随功率增大 / grows with power",
    ),
)
