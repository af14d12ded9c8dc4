"""What the course prints of its anomaly detectors, made again, and what their thresholds keep.

The course fits a Gaussian to each input of X, tries a thousand thresholds on its validation set and
prints the best F1 there.  Beside it stand the best of all thresholds, the F1 of flagging
everything, and the honest one: the best threshold of one half of the validation set, judged on the
other half.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.core.seeds import generator
from foursplit.data import fetch
from foursplit_courses.from_scratch.gaussian_density import fit_independent, select_threshold

ENTRY = "course_server_anomaly_ex8"
COURSE = DatasetSpec(
    title="Anomalies of the course",
    provenance="",
    files=(RemoteFiles(entry=ENTRY),),
    target="",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What the course learns from, and what it chooses the threshold on."""

    x: np.ndarray  # (example, input)
    judged: np.ndarray  # (example, input)
    anomalous: np.ndarray  # (example,) bool, of `judged`


def read() -> dict[int, Servers]:
    """Fetch the course's two data sets, by the number of their part."""
    with tempfile.TemporaryDirectory(prefix="foursplit-published-") as folder:
        fetch.fetch(COURSE, Path(folder) / "raw")
        return {part: _part(Path(folder) / "raw" / ENTRY, part) for part in (1, 2)}


def _part(folder: Path, part: int) -> Servers:
    x, judged, labels = (
        np.load(folder / f"{name}_part{part}.npy", allow_pickle=False)
        for name in ("X", "X_val", "y_val")
    )
    return Servers(x=x, judged=judged, anomalous=labels.ravel() == 1)


def course_threshold(p: np.ndarray, anomalous: np.ndarray, n_steps: int) -> tuple[float, float]:
    """Try densities from the least of (example,) `p` in equal steps; give the best and its F1."""
    best, best_f1 = 0.0, 0.0
    for threshold in np.arange(p.min(), p.max(), (p.max() - p.min()) / n_steps):
        found = f1(p < threshold, anomalous)
        if found > best_f1:
            best, best_f1 = float(threshold), found
    return best, best_f1


def f1(flagged: np.ndarray, anomalous: np.ndarray) -> float:
    """Give F1; 0 where nothing is found."""
    return float(2 * (flagged & anomalous).sum() / max(int(flagged.sum() + anomalous.sum()), 1))


def reproduce(servers: Servers, n_steps: int) -> dict[str, Any]:
    """Make all figures of one data set but the held-out ones, and time the course's own way."""
    start = time.perf_counter()
    learnt = fit_independent(servers.x)
    p = np.exp(learnt.log_density(servers.judged))  # the course's: small, but still numbers
    threshold, score = course_threshold(p, servers.anomalous, n_steps)
    flagged = int((np.exp(learnt.log_density(servers.x)) < threshold).sum())
    seconds = time.perf_counter() - start
    exact = select_threshold(learnt.log_density(servers.judged), servers.anomalous)
    share = float(servers.anomalous.mean())
    return {
        "n": len(servers.judged),
        "n_anomalous": int(servers.anomalous.sum()),
        "seconds": round(seconds, 2),
        "course": {"f1": score, "threshold": threshold, "anomalies_found": float(flagged)},
        "converged": {"f1": exact.f1, "threshold": float(np.exp(exact.value))},
        "trivial": {"f1": 2 * share / (1 + share)},
    }


def halves(
    anomalous: np.ndarray, repeats: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Part the examples in two, `repeats` times, anomalies alike in both; each half judges once."""
    for repeat in range(repeats):
        rng = generator("published anomalies", seed, repeat)
        first = np.zeros(len(anomalous), bool)
        for kind in (False, True):
            of_kind = rng.permutation(np.flatnonzero(anomalous == kind))
            first[of_kind[repeat % 2 :: 2]] = True  # an odd one goes to each half in turn
        yield first, ~first
        yield ~first, first


def held_out(servers: Servers, repeats: int, seed: int) -> dict[str, Any]:
    """Choose the threshold on a half of the validation set, and give F1 on the other."""
    from published import estimate

    p = fit_independent(servers.x).log_density(servers.judged)
    values = [
        f1(
            p[rest] < select_threshold(p[chosen], servers.anomalous[chosen]).value,
            servers.anomalous[rest],
        )
        for chosen, rest in halves(servers.anomalous, repeats, seed)
    ]
    result = estimate(values, n_folds=2)
    # Student's t knows no ends, and F1 has two.
    return {"course": {"f1": {name: min(max(value, 0.0), 1.0) for name, value in result.items()}}}


def tables(recipes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Make the figures of every recipe, by its name."""
    parts = read()
    return {
        name: {
            **reproduce(parts[recipe["part"]], recipe["n_steps"]),
            "held_out": held_out(parts[recipe["part"]], recipe["repeats"], recipe["seed"]),
        }
        for name, recipe in recipes.items()
    }


if __name__ == "__main__":
    import yaml
    from published import PUBLISHED

    print(json.dumps(tables(yaml.safe_load(PUBLISHED.read_text())["anomalies"]), indent=1))
