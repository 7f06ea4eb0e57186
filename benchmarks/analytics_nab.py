"""The Numenta Anomaly Benchmark (NAB): our streaming detector with one setting, beside published ones scored again by us.

``python -m benchmarks.analytics_nab`` scores the series in ``../shared/data/nab`` (18 of the corpus's 58). With
``--published FOLDER``, a checkout of github.com/numenta/NAB, published detectors are scored on the same series from the anomaly
scores that NAB keeps, and our scorer is held against NAB's own score of each of them on each series.

Scoring as NAB 1.1 does it (Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms"): the first detection in a
window earns by a sigmoid of its place in it, a missed window costs, a detection outside costs the more the farther it lies behind
the last window; one threshold over the whole corpus, the one that scores best; 0 is the detector that says nothing, 100 the
perfect one.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analytics.detection.streaming import surprise
from analytics.window import FloatArray
from benchmarks.bars import Bar

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "nab"
PROBATION_SHARE = 0.15
PROBATION_ROWS = 5_000
"""Of a longer series no more than the share of so many rows."""
PUBLISHED = (
    "ARTime",
    "numenta",
    "contextOSE",
    "htmjava",
    "numentaTM",
    "earthgeckoSkyline",
    "knncad",
    "relativeEntropy",
    "randomCutForest",
    "twitterADVec",
    "windowedGaussian",
    "skyline",
    "expose",
    "random",
    "null",
)

RESCORED = {"KNN-CAD": (43.7, 24.6, 53.1), "HTM": (61.3, 54.3, 66.2), "ARTime": (67.1, 58.1, 72.7)}
"""What ``--published`` says of NAB's own results (of December 2024) on these series: standard, low FP, low FN."""


class Profile(NamedTuple):
    """What a right, a false and a missed detection weigh."""

    right: float
    false: float
    missed: float


class Series(NamedTuple):
    """One series of the corpus."""

    name: str
    stamps: tuple[str, ...]
    values: FloatArray
    windows: tuple[tuple[int, int], ...]
    """First and last row of each labelled window."""


def read_corpus(folder: Path) -> list[Series]:
    """Read all series below a folder that is laid out as NAB's repository."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    corpus = []
    for path in sorted((folder / "data").glob("*/*.csv")):
        name = f"{path.parent.name}/{path.name}"
        with path.open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        stamps = tuple(row[0] for row in rows)
        at = {stamp: index for index, stamp in reversed(list(enumerate(stamps)))}
        windows = tuple((at[_second(first)], at[_second(last)]) for first, last in labels[name])
        corpus.append(Series(name, stamps, np.array([float(row[1]) for row in rows]), windows))
    return corpus


def read_profiles(folder: Path) -> dict[str, Profile]:
    """Read the application profiles: standard, few false positives, few false negatives."""
    found = json.loads((folder / "config" / "profiles.json").read_text())
    return {
        name: Profile(of["CostMatrix"]["tpWeight"], of["CostMatrix"]["fpWeight"], of["CostMatrix"]["fnWeight"])
        for name, of in found.items()
    }


def probation_rows(length: int) -> int:
    """So many rows at the start are for learning, and not scored."""
    return int(np.ceil(min(np.floor(PROBATION_SHARE * length), PROBATION_SHARE * PROBATION_ROWS)))


def row_weights(series: Series) -> tuple[FloatArray, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """Give what a detection at each row earns before the profile's weights, and the window that each row lies in.

    Returns
    -------
    weights : ndarray, shape (n,)
        0 to 1 within windows, -1 to 0 outside.
    inside : ndarray, shape (n,)
        Number of the window, or -1.
    """
    rows = np.arange(len(series.values))
    weights, inside = np.full(len(rows), -1.0), np.full(len(rows), -1, dtype=np.int64)
    for number, (first, last) in enumerate(series.windows):
        width = last - first + 1
        behind = rows > last
        position = (rows[behind] - last) / (width - 1)
        weights[behind] = np.where(position > 3, -1.0, _sigmoid(position))
        within = (rows >= first) & (rows <= last)
        weights[within] = _sigmoid(-(last - rows[within] + 1) / width) / _sigmoid(np.array(-1.0))
        inside[within] = number
    return weights, inside


def score_at(corpus: Sequence[Series], scores: Sequence[FloatArray], profile: Profile, threshold: float) -> FloatArray:
    """Give the score of each series, not normalised, at one threshold."""
    totals = []
    for series, of in zip(corpus, scores, strict=True):
        weights, inside = row_weights(series)
        counts = np.arange(len(of)) >= probation_rows(len(of))
        detected = (of >= threshold) & counts
        total = profile.false * weights[detected & (inside < 0)].sum()
        for number in np.unique(inside[counts & (inside >= 0)]):
            hits = weights[detected & (inside == number)]
            total += profile.right * hits.max() if len(hits) else -profile.missed
        totals.append(total)
    return np.array(totals)


def best_threshold(corpus: Sequence[Series], scores: Sequence[FloatArray], profile: Profile) -> tuple[float, float]:
    """Find the threshold whose score over the whole corpus is highest; give it with that score, not normalised."""
    columns: list[tuple[FloatArray, FloatArray, np.ndarray[tuple[int], np.dtype[np.int64]]]] = []
    windows = 0
    for series, of in zip(corpus, scores, strict=True):
        weights, inside = row_weights(series)
        counts = np.arange(len(of)) >= probation_rows(len(of))
        numbered = np.where(inside < 0, -1, inside + windows)
        windows += len(series.windows)
        columns.append((of[counts], weights[counts], numbered[counts]))
    score, weight, inside = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(-score, kind="stable")
    score, weight, inside = score[order], weight[order], inside[order]
    gains = np.where(inside < 0, profile.false * weight, 0.0)
    begin = 0.0
    for number in np.unique(inside[inside >= 0]):
        rows = np.flatnonzero(inside == number)
        best = np.maximum.accumulate(profile.right * weight[rows])
        gains[rows] = np.diff(best, prepend=-profile.missed)
        begin -= profile.missed
    totals = begin + np.cumsum(gains)
    ends = np.append(score[1:] != score[:-1], True)
    totals, thresholds = np.append(begin, totals[ends]), np.append(1.1, score[ends])
    return float(thresholds[totals.argmax()]), float(totals.max())


def normalised(score: float, corpus: Sequence[Series], profile: Profile) -> float:
    """Put a score on the scale on which saying nothing is 0 and perfection is 100."""
    windows = sum(len(series.windows) for series in corpus)
    nothing = -profile.missed * windows
    return 100 * (score - nothing) / (profile.right * windows - nothing)


def read_published(folder: Path, detector: str, corpus: Iterable[Series]) -> list[FloatArray]:
    """Read the anomaly scores that a published detector gave each series."""
    found = []
    for series in corpus:
        place, name = series.name.split("/")
        with (folder / "results" / detector / place / f"{detector}_{name}").open(newline="") as file:
            found.append(np.array([float(row["anomaly_score"]) for row in csv.DictReader(file)]))
    return found


def published_scores(folder: Path, detector: str, profile: str) -> dict[str, tuple[float, float]]:
    """Read NAB's own threshold and score of a detector on each series."""
    with (folder / "results" / detector / f"{detector}_{profile}_scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["File"]: (float(row["Threshold"]), float(row["Score"])) for row in rows if row["File"]}


def largest_difference(folder: Path, corpus: Sequence[Series], profiles: Mapping[str, Profile]) -> tuple[int, float, str]:
    """Hold our scorer against NAB's: number of scores compared, the largest difference, and where.

    ``random`` is left out: NAB's scores of it belong to other dice than the anomaly scores beside them.
    """
    compared, largest, where = 0, 0.0, ""
    for detector in (name for name in PUBLISHED if name != "random"):
        scores = read_published(folder, detector, corpus)
        for name, profile in profiles.items():
            theirs = published_scores(folder, detector, name)
            for series, of in zip(corpus, scores, strict=True):
                if series.name not in theirs:
                    continue  # NAB's files are not complete
                threshold, score = theirs[series.name]
                ours = float(score_at([series], [of], profile, threshold)[0])
                compared += 1
                if abs(ours - score) > largest:
                    largest, where = abs(ours - score), f"{detector} {name} {series.name}: {ours:.6f}, theirs {score:.6f}"
    return compared, largest, where


def _sigmoid(position: FloatArray) -> FloatArray:
    value: FloatArray = 2 / (1 + np.exp(5 * position)) - 1
    return value


def _second(text: str) -> str:
    return text.split(".", maxsplit=1)[0]


def our_scores(corpus: Iterable[Series]) -> list[FloatArray]:
    """Let our detector run over each series, with the one setting that it has."""
    return [surprise(series.values, learning_rows=probation_rows(len(series.values))) for series in corpus]


def trivial_scores(corpus: Sequence[Series], *, seed: int = 1) -> dict[str, list[FloatArray]]:
    """Give what says nothing and what throws dice."""
    dice = np.random.default_rng(seed)
    return {
        "null": [np.zeros(len(series.values)) for series in corpus],
        "random": [dice.random(len(series.values)) for series in corpus],
    }


def report(corpus: Sequence[Series], detectors: Mapping[str, Sequence[FloatArray]], profiles: Mapping[str, Profile]) -> None:
    """Print each detector's normalised score by profile, with the threshold that is best on these series."""
    print(f"{'detector':26}{''.join(f'{name:>22}' for name in profiles)}")
    for detector, scores in detectors.items():
        cells = []
        for profile in profiles.values():
            threshold, score = best_threshold(corpus, scores, profile)
            cells.append(f"{normalised(score, corpus, profile):.1f} (at {threshold:.3f})")
        print(f"{detector:26}{''.join(f'{cell:>22}' for cell in cells)}")


def bar() -> Bar:
    """Hold our detector against the published ones, as they score on these series."""
    corpus, profiles = read_corpus(DATA), read_profiles(DATA)
    scores = {"ours": our_scores(corpus), **trivial_scores(corpus)}
    found = {
        detector: {
            name: round(normalised(best_threshold(corpus, of, profile)[1], corpus, profile), 1)
            for name, profile in profiles.items()
        }
        for detector, of in scores.items()
    }
    ours, (knn, htm, artime) = tuple(found["ours"].values()), RESCORED.values()
    line = (
        f"{ours} standard, low FP, low FN on 18 series with one setting (on the same KNN-CAD {knn}, HTM {htm},"
        f" ARTime {artime}, random {found['random']['standard']}, null 0)"
    )
    return Bar("nab", all(found["ours"][name] > of for name, of in zip(profiles, RESCORED["KNN-CAD"], strict=True)), line, found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="laid out as NAB's repository")
    parser.add_argument("--published", type=Path, metavar="FOLDER", help="a checkout of github.com/numenta/NAB")
    parser.add_argument("--series", action="store_true", help="print our score of each series")
    args = parser.parse_args()
    corpus, profiles = read_corpus(args.data), read_profiles(args.data)
    print(f"{len(corpus)} series, {sum(len(series.windows) for series in corpus)} windows; 0 says nothing, 100 is perfect")
    begun = time.perf_counter()
    detectors: dict[str, Sequence[FloatArray]] = {"Shangyun": our_scores(corpus)}
    print(f"our detector took {time.perf_counter() - begun:.0f} s for {sum(len(one.values) for one in corpus):,} rows")
    detectors |= {f"{name} (ours)": of for name, of in trivial_scores(corpus).items()}
    if args.published is not None:
        compared, largest, where = largest_difference(args.published, corpus, profiles)
        print(f"{compared} scores of NAB's own compared with ours: largest difference {largest:.1e} {where}")
        detectors |= {name: read_published(args.published, name, corpus) for name in PUBLISHED}
    report(corpus, detectors, profiles)
    if args.series:
        threshold, _ = best_threshold(corpus, detectors["Shangyun"], profiles["standard"])
        for series, score in zip(corpus, score_at(corpus, detectors["Shangyun"], profiles["standard"], threshold), strict=True):
            print(f"  {series.name:58}{len(series.windows):3} windows {score:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
