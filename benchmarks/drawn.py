"""Heart disease split at random as the course does, but many times, with and without a leak.

The course's extract of the four hospitals' files has no gap: where a hospital wrote no slope of the
ST segment, the extract says "up" of every healthy patient and "flat" of every ill one (its counts
are those of the files plus exactly these).  The label stands among the inputs.  So everything is
measured twice: with slopes filled in that way, as published, and with gaps left as gaps.

One draw of 184 rows says little of the next: the range over draws stands beside the mean.  And a
random split has every hospital on both sides, so each is left out in turn as well.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from published import PUBLISHED, estimate, rows
from repro import ROOT, processor

from foursplit import plugins
from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit.io import artifacts
from foursplit.training.manifest import arguments

RESULT = ROOT / "benchmarks" / "results" / "drawn.json"
RANGE = (0.025, 0.975)  # of single draws


def leaked(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill in slopes as the extract does: by the label."""
    gap = frame[["slope_up", "slope_flat", "slope_down"]].sum(axis=1) == 0
    ill = frame["disease"] == 1
    return frame.assign(
        slope_up=frame["slope_up"].mask(gap & ~ill, 1),
        slope_flat=frame["slope_flat"].mask(gap & ill, 1),
    )


FILLED = {"gaps": lambda frame: frame, "leak": leaked}
"""How a slope that nobody wrote down is treated."""


def distinct(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop the rows that repeat another to the digit, as the extract does."""
    return frame.drop_duplicates().reset_index(drop=True)


def draws(recipe: Mapping[str, Any], n: int) -> Iterator[np.ndarray]:
    """Mark the rows to learn from, again for each repeat."""
    n_train = round(recipe["train"] * n)
    for repeat in range(recipe["repeats"]):
        order = generator("drawn splits", recipe["seed"], repeat).permutation(n)
        yield np.isin(np.arange(n), order[:n_train])


def accuracies(
    recipe: Mapping[str, Any], frame: pd.DataFrame, train: np.ndarray
) -> dict[str, float]:
    """Train every model on the marked rows and judge it on the others; "trivial" among them."""
    declared = plugins.dataset(recipe["dataset"]).SPEC
    features = [name for name in declared.features if name not in recipe["leave_out"]]
    x = frame[features].to_numpy(np.float32)
    y = frame[declared.target].to_numpy(np.int64)
    shape = DataSpec(inputs=x.shape[1:], classes=declared.classes)
    found = {"trivial": float((y[~train] == np.bincount(y[train]).argmax()).mean())}
    for name, block in recipe["models"].items():
        args = arguments(block["model"], dict(block["model_args"]), f"drawn.{name}")
        model = plugins.model(block["model"]).build(args, shape, 1)
        model.fit(x[train], y[train])
        answers = model.predict_proba(x[~train]).argmax(axis=1)
        found[name] = float((answers == y[~train]).mean())
    return found


def measured(recipe: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    """Give means, intervals and ranges over draws, and the accuracy at each hospital left out."""
    frame = distinct(frame)
    ways = {}
    for way, fill in FILLED.items():
        filled, domains = fill(frame), frame["domain"].to_numpy()
        over = [accuracies(recipe, filled, train) for train in draws(recipe, len(frame))]
        unseen = {str(d): accuracies(recipe, filled, domains != d) for d in np.unique(domains)}
        ways[way] = {
            name: {
                **summary([row[name] for row in over], recipe["train"]),
                "unseen": {domain: row[name] for domain, row in unseen.items()},
            }
            for name in ("trivial", *recipe["models"])
        }
    n_judged = len(frame) - round(recipe["train"] * len(frame))
    return {"n": len(frame), "n_judged": n_judged, "repeats": recipe["repeats"], **ways}


def summary(values: Sequence[float], train: float) -> dict[str, float]:
    """Give mean, its interval corrected for overlapping training sets, and the range of draws."""
    # Training on all but one of k folds is training on the share 1 - 1/k.
    low, high = np.quantile(values, RANGE)
    return {**estimate(values, round(1 / (1 - train))), "low": float(low), "high": float(high)}


def main() -> None:
    published = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    found = {name: measured(r, rows(r["dataset"])) for name, r in published["drawn"].items()}
    artifacts.write_json(RESULT, {"device": processor(), "tables": found})
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
