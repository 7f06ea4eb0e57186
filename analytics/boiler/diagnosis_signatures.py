"""What each fault of a boiler does to residuals and motions, and what it leaves alone.

Signs after the reference's matrix of boiler faults, refined by balances: a meter that reads wrong contradicts the air and the
other meter, false air only the other meter and the heat; scale heats the tubes, soot closes the flue.
"""

from analytics.diagnosis.signatures import DOWN, STILL, UP, Signature

_AT_WORK = {"air_standing": STILL, "oxygen_standing": STILL, "low_water": STILL}
"""What would make every residual worthless."""

SIGNATURES: tuple[Signature, ...] = (
    Signature(
        "gas_side_fouling",
        _AT_WORK
        | {
            "outlet_temperature": UP,
            "log_resistance": UP,
            "tube_temperature": STILL,
            "oxygen": STILL,
            "oxygen_after_furnace": STILL,
            "water_balance": STILL,
        },
    ),
    Signature(
        "water_side_scale",
        _AT_WORK
        | {
            "tube_temperature": UP,
            "economiser_temperature": UP,
            "log_resistance": STILL,
            "oxygen": STILL,
            "oxygen_after_furnace": STILL,
            "water_balance": STILL,
        },
    ),
    Signature(
        "excess_air_high",
        _AT_WORK
        | {
            "oxygen": UP,
            "log_air_per_fuel": UP,
            "oxygen_gap": STILL,
            "oxygen_after_furnace": STILL,
            "log_fuel_per_load": STILL,
            "water_balance": STILL,
        },
    ),
    Signature(
        "air_in_leakage",
        _AT_WORK
        | {
            "oxygen_after_furnace": UP,
            "stack_cooling": UP,
            "oxygen": STILL,
            "oxygen_gap": STILL,
            "log_carbon_monoxide": STILL,
            "log_air_per_fuel": STILL,
        },
    ),
    Signature(
        "air_shortage",
        _AT_WORK
        | {
            "oxygen": DOWN,
            "log_carbon_monoxide": UP,
            "oxygen_gap": STILL,
            "oxygen_after_furnace": STILL,
            "log_fuel_per_load": STILL,
        },
    ),
    Signature(
        "burner_wear",
        _AT_WORK
        | {
            "log_carbon_monoxide": UP,
            "log_flame_noise": UP,
            "flame_level": STILL,
            "oxygen": STILL,
            "oxygen_gap": STILL,
            "oxygen_after_furnace": STILL,
        },
    ),
    Signature(
        "flame_instability",
        _AT_WORK
        | {
            "log_flame_noise": UP,
            "flame_level": DOWN,
            "oxygen": STILL,
            "oxygen_gap": STILL,
            "oxygen_after_furnace": STILL,
        },
    ),
    Signature(
        "tube_leak",
        _AT_WORK | {"water_balance": UP, "economiser_temperature": DOWN, "drain_temperature": STILL, "oxygen": STILL},
    ),
    Signature(
        "blowdown_valve_passing",
        {"water_balance": UP, "drain_temperature": UP, "economiser_temperature": STILL, "low_water": STILL},
    ),
    # A meter that differs from the one at the stack is itself wrong where air and fuel contradict it, or where the trim that
    # follows it has changed the burning.
    *(
        Signature(
            "oxygen_sensor_bias",
            _AT_WORK
            | {"oxygen_after_furnace": -high, contradiction: high}
            | {"stack_cooling": STILL, "log_fuel_per_load": STILL, "log_flame_noise": STILL},
        )
        for high in (UP, DOWN)
        for contradiction in ("oxygen_gap", "log_carbon_monoxide")
    ),
    Signature("oxygen_sensor_stuck", {"oxygen_standing": UP, "air_standing": STILL, "low_water": STILL}),
    Signature("damper_stuck", {"air_standing": UP, "oxygen_standing": STILL, "low_water": STILL}),
    Signature(
        "fuel_heating_value_shift",
        _AT_WORK
        | {
            "log_fuel_per_heat": UP,
            "oxygen_gap": UP,
            "log_air_per_fuel": DOWN,
            "oxygen_after_furnace": STILL,
            "log_fuel_per_load": STILL,
            "water_balance": STILL,
        },
    ),
    Signature("feedwater_valve_stiction", {"level_cycle": UP, "air_standing": STILL, "low_water": STILL}),
    Signature("feedwater_loss", {"low_water": UP}),
)
