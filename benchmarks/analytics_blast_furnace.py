"""Silicon forecasts of simulated blast furnaces beside persistence and the mean, and how well their balances close.

Each furnace learns from its first week and is then foretold, cast by cast, for the rest. ``python -m
benchmarks.analytics_blast_furnace`` prints one row a furnace and the means. The records of the furnace in South China are for
research only and not at hand: its figures are printed as the bar, and not as a comparison.
"""

import argparse
import sys
from datetime import datetime
from pathlib import Path

import numpy as np

from analytics.blast_furnace import balance
from analytics.blast_furnace.silicon import Score, casts_of, fit, forecast, score_of
from analytics.result import NotEvaluated
from analytics.window import Window
from benchmarks.simulated_plant import at_days, simulate
from simulators.fleet import JINAN

TRAIN_DAYS = 7.0
FIRST_SEED = 400
BAR = "real furnace, 877 casts: persistence 0.0897, 80.1 %; ridge with five lags 0.0787, 83.0 %"


def silicon_scores(history: Window) -> tuple[Score, Score, Score, float]:
    """Score ridge, persistence and mean on what comes after the training, and the coverage of the 95 % interval."""
    model = fit(casts_of(history.between(history.start_us, at_days(history, TRAIN_DAYS))))
    casts = casts_of(history.between(at_days(history, TRAIN_DAYS), history.end_us))
    ours = forecast(casts, model)
    # All three are judged on the casts for which the ridge has its lags.
    persistence, mean = (
        np.where(np.isnan(ours), np.nan, other) for other in (casts.silicon_percent, np.full(len(ours), model["intercept"]))
    )
    scores = [score_of(each, casts) for each in (ours, persistence, mean)]
    error = np.abs(casts.next_percent - ours)
    covered = float((error[~np.isnan(error)] < 1.96 * model["deviation"]).mean())
    ridge, last, middle = scores
    assert ridge is not None
    assert last is not None
    assert middle is not None
    return ridge, last, middle, covered


def closures(history: Window) -> dict[str, float]:
    """Means of the daily figures of the balances, with the usual analyses."""
    found: dict[str, list[float]] = {}
    for day in range(int(TRAIN_DAYS), int(history.days)):
        window = history.between(at_days(history, day), at_days(history, day + 1))
        try:
            figures = balance.evaluate(window, balance.BalanceParameters()).figures
        except NotEvaluated:
            continue
        for figure in figures:
            if figure.value is not None:
                found.setdefault(figure.name, []).append(figure.value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machines", type=int, default=6)
    parser.add_argument("--days", type=float, default=28.0)
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keeps what was simulated")
    args = parser.parse_args()
    histories = simulate(
        "blast_furnace",
        range(FIRST_SEED, FIRST_SEED + args.machines),
        start=datetime(2026, 4, 1, tzinfo=JINAN),
        days=args.days,
        cache=None if args.cache is None else args.cache / f"silicon-{args.machines}-{args.days:g}",
    )
    print(f"{'':14}{'root mean square error, %':>27}{'hits, %':>18}")
    columns = ("ridge", "persist.", "mean", "ridge", "persist.")
    print(f"{'furnace':8}{'casts':>6}" + "".join(f"{name:>9}" for name in columns) + f"{'direction':>12}{'covered':>11}")
    rows = []
    for number, history in enumerate(histories):
        ridge, last, mean, covered = silicon_scores(history)
        rows.append(
            [ridge.rmse, last.rmse, mean.rmse, ridge.hit_percent, last.hit_percent, ridge.direction_percent, 100 * covered]
        )
        _print_row(str(number), ridge.casts, rows[-1])
    _print_row("mean", 0, np.mean(rows, axis=0).tolist())
    print(f"bar: {BAR}")
    for number, history in enumerate(histories):
        print(number, ", ".join(f"{name} {value:.4g}" for name, value in closures(history).items()))
    return 0


def _print_row(name: str, casts: int, row: list[float]) -> None:
    errors, shares = row[:3], row[3:]
    print(f"{name:8}{casts or '':>6}" + "".join(f"{value:9.4f}" for value in errors), end="")
    print(f"{shares[0]:9.1f}{shares[1]:9.1f}{shares[2]:12.1f}{shares[3]:11.1f}")


if __name__ == "__main__":
    sys.exit(main())
